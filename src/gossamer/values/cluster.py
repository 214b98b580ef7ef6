"""What the shards of a crawl send each other: each shard crawls the hosts that are its own, and no others."""

from __future__ import annotations

from msgspec import Struct

from gossamer.values.model import NO_OUTLINKS, Outlinks


class Parcel(Struct, frozen=True, array_like=True):
    """What one page or sitemap leads to in another shard."""

    depth: int = 0
    """The depth of the links; of `sitemaps`, the depth of the first page of the host that they are for."""
    hops: int = 0
    """The number of redirects in a row that led to the links or sitemaps."""
    via: str = ""
    """The URL of the page or file that names them."""
    outlinks: Outlinks = NO_OUTLINKS
    """The accepted links on hosts of the other shard."""
    from_sitemap: bool = False
    """Whether a sitemap names the links."""
    sitemaps: tuple[str, ...] = ()
    """The URLs of sitemaps on hosts of the other shard, which has to request them."""
    nesting: int = 0
    """The depth of `sitemaps` within indexes."""
    home: str = ""
    """The key of the host that `sitemaps` are for."""
    adopted: str = ""
    """The URL outside the scope to which a seed redirected; it goes to every shard. "" for none."""


class Mail(Struct, frozen=True, array_like=True):
    """The parcels that one commit of another shard sent to this one."""

    source: int
    """The number of the shard that sent them."""
    seq: int
    """The number of the commit, which grows with every commit of `source`."""
    parcels: tuple[Parcel, ...]
    """The parcels, in the order in which they were made."""
