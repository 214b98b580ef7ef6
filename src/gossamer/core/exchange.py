"""What a shard exchanges with the others: links that are theirs go into the outbox, and their mail comes in.

A commit sends the outbox, and records up to where the mail was read, together with the links that came of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from gossamer.core.frontier import Frontier
from gossamer.rules.territory import Territory
from gossamer.values.cluster import Mail, Parcel
from gossamer.values.model import Outlinks
from gossamer.values.protocol import Batch


class Exchange:
    """The outbox of a shard, and how far it has read what the others sent."""

    def __init__(self, territory: Territory, frontier: Frontier) -> None:
        self._territory = territory
        self._frontier = frontier
        self._outbox: dict[int, list[Parcel]] = {}
        self._read: dict[int, int] = {}
        self._fresh: dict[int, int] = {}
        self._received = 0

    def owns(self, url: str) -> bool:
        """Whether a canonical URL is on a host of this shard."""
        return self._territory.owns(url)

    def restore(self, positions: Mapping[int, int]) -> None:
        """Continue from the number of the last commit of each shard whose mail was read."""
        self._read = dict(positions)

    @property
    def positions(self) -> Mapping[int, int]:
        """Return the number of the last commit of each shard whose mail came, whether it is committed or not."""
        return self._read

    # ------------------------------------------------------------ going out

    def offer(self, outlinks: Outlinks, *, depth: int, hops: int, via: str) -> None:
        """Offer the links that are this shard's own, all found on one page; the others go into the outbox."""
        self._frontier.offer(self.own(outlinks, depth, hops, via), depth=depth, hops=hops, via=via)

    def own(self, outlinks: Outlinks, depth: int, hops: int, via: str, *, from_sitemap: bool = False) -> Outlinks:
        """Return the links that are this shard's own; the others go into the outbox."""
        own, others = self._territory.split(outlinks)
        for shard, part in others.items():
            self._send(shard, Parcel(depth, hops, via, part, from_sitemap))
        return own

    def adopt(self, url: str) -> None:
        """Send every other shard the URL by which a seed's redirect widened the scope."""
        for shard in range(self._territory.shards):
            if shard != self._territory.shard:
                self._send(shard, Parcel(adopted=url))

    def request_sitemap(self, parcel: Parcel) -> None:
        """Have the shard of a sitemap, the only one in the parcel, request it."""
        self._send(self._territory.shard_of_url(parcel.sitemaps[0]), parcel)

    def _send(self, shard: int, parcel: Parcel) -> None:
        self._outbox.setdefault(shard, []).append(parcel)

    # ------------------------------------------------------------ coming in

    def arrived(self, mail: Iterable[Mail]) -> Iterator[Parcel]:
        """Yield the parcels of mail that did not come before."""
        for one in mail:
            if one.seq > self._read.get(one.source, 0):
                self._read[one.source] = self._fresh[one.source] = one.seq
                self._received += 1
                yield from one.parcels

    # ------------------------------------------------------------ commits

    def settle(self, batch: Batch) -> Batch:
        """Return a batch with what it makes permanent besides: the outbox, and how far the mail was read."""
        outbox = {shard: tuple(parcels) for shard, parcels in self._outbox.items()}
        lowest_open = self._frontier.lowest_open_without([ended.link for ended in batch.ended])
        settled = replace(batch, outbox=outbox, positions=self._fresh, received=self._received, lowest_open=lowest_open)
        self._outbox, self._fresh, self._received = {}, {}, 0
        return settled
