"""Shards: which hosts belong to which part of a crawl that runs on several machines.

All hosts of one registrable domain are in one shard, and so are mostly the hosts of one IP address, the links of a
sequence, and the target of a seed's redirect. A host without such a domain counts alone.
"""

from __future__ import annotations

from functools import lru_cache

from xxhash import xxh3_64_intdigest

from gossamer.rules.scope import registrable_domain
from gossamer.rules.urls import host_key
from gossamer.values.model import Outlink, Outlinks


class Territory:
    """The hosts of one shard among `shards`, numbered from 0. The number of shards of a crawl never changes."""

    __slots__ = ("shard", "shards")

    def __init__(self, shard: int, shards: int) -> None:
        assert 0 <= shard < shards, f"there is no shard {shard} of {shards}"
        self.shard = shard
        """The number of this shard."""
        self.shards = shards
        """The number of shards."""

    def shard_of(self, key: str) -> int:
        """Return the shard of a host, given by its host key (scheme and authority)."""
        return _shard_of(key, self.shards)

    def shard_of_url(self, url: str) -> int:
        """Return the shard of a canonical URL."""
        return _shard_of(host_key(url), self.shards)

    def owns(self, url: str) -> bool:
        """Whether a canonical URL is on a host of this shard."""
        return self.shard_of_url(url) == self.shard

    def split(self, outlinks: Outlinks) -> tuple[Outlinks, dict[int, Outlinks]]:
        """Return the links on hosts of this shard, and those of every other shard by its number."""
        if self.shards == 1:
            return outlinks, {}
        shards = [_shard_of(host_key(url), self.shards) for url in outlinks.urls]
        if shards.count(self.shard) == len(shards):
            return outlinks, {}
        parts: dict[int, list[Outlink]] = {}
        for shard, outlink in zip(shards, outlinks, strict=True):
            parts.setdefault(shard, []).append(outlink)
        own = Outlinks.of(parts.pop(self.shard, ()))
        return own, {shard: Outlinks.of(part) for shard, part in parts.items()}


@lru_cache(maxsize=65_536)
def _shard_of(key: str, shards: int) -> int:
    """Return the shard of a host by a hash of its registrable domain, the same on every machine."""
    return xxh3_64_intdigest(registrable_domain(key).encode()) % shards
