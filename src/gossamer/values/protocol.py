"""What the core and its driver say to each other: commands are imperatives, events are past participles.

The driver asks `Crawl.poll` for a command, does it, and reports what came of it with `Crawl.handle`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gossamer.values.model import (
    NO_OUTLINKS,
    Change,
    Failure,
    Item,
    Link,
    OutcomeKind,
    Outlinks,
    PageRecord,
    Refusal,
    Request,
    Response,
    line_of,
    record_of,
)
from gossamer.values.reasons import FinishReason, Reason
from gossamer.values.snapshot import SavedStats

# ---------------------------------------------------------------- values that cross the border with the journal


class Ended(Struct, frozen=True):
    """A link that ended in its one outcome: its record as a line of JSON, and the answer if one came and is wanted.

    `kind`, `reason` and `change` are those of the record, at hand without reading it. `markdown` is an HTML page as a
    document of Markdown, where the crawl asked its workers for it; `content` is 64 bits of its content's hash (0: too
    small to compare), `simhash` that of its text (0: none), `memo` what a later crawl needs to know of the page;
    `asked` are the conditions of the request (name, value); `items` are what the handler of the page yielded, and are
    recorded with it; `soft_404` tells that it looks like a page that cannot exist.
    """

    link: Link
    line: bytes
    kind: OutcomeKind
    reason: Reason | None = None
    response: Response | None = None
    markdown: str = ""
    change: Change | None = None
    content: int = 0
    memo: bytes = b""
    asked: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    simhash: int = 0
    soft_404: bool = False

    @property
    def held(self) -> int:
        """Count the bytes that it holds in memory until the commit, nearly."""
        return (self.response.held if self.response else 0) + sum([len(item.line) for item in self.items])

    @classmethod
    def of(cls, link: Link, record: PageRecord, response: Response | None = None) -> Ended:
        """End a link with a record that is not written yet."""
        return cls(link, line_of(record), record.outcome, record.reason, response)

    @property
    def record(self) -> PageRecord:
        """Read the record; each time anew, for few ever ask."""
        return record_of(self.line)


class Batch(Struct, frozen=True):
    """What one commit makes permanent: outcomes, what was discovered with them, and the statistics after it.

    `links` have consecutive ids from `first_id`; `fingerprints[i]` belongs to `links[i]`; `refused` are the marks of
    refusals counted for the first time.
    """

    ended: tuple[Ended, ...]
    links: tuple[Link, ...]
    fingerprints: tuple[int, ...]
    refused: tuple[int, ...] = ()
    stats: SavedStats = SavedStats()


class Chunk(Struct, frozen=True):
    """The links of one commit, packed: entry i describes link `first_id + i`.

    `fingerprints` are uint64, `hosts` uint32 indices into `Saved.hosts`, `places` uint16 of `depth << 4 | hops`;
    `refused` are uint64 marks of refusals. All in the machine's byte order.
    """

    first_id: int
    fingerprints: bytes
    hosts: bytes
    places: bytes
    refused: bytes = b""


class Saved(Struct, frozen=True):
    """What a journal remembers when it is opened: everything a crawl needs to go on.

    `ended` are the ids that have their outcome, packed as uint64, `contents` the hashes of their contents and
    `simhashes` those of their texts; `offsets` tell up to where each output is whole; `saved_at` is when the last
    commit was made (Unix time).
    """

    key: int = 0
    hosts: tuple[str, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    ended: bytes = b""
    contents: bytes = b""
    simhashes: bytes = b""
    offsets: Mapping[str, int] = {}
    stats: SavedStats | None = None
    saved_at: float = 0.0

    @property
    def known(self) -> int:
        """Count the links."""
        return self.chunks[-1].first_id + len(self.chunks[-1].places) // 2 if self.chunks else 0

    @property
    def pending(self) -> int:
        """Count the links that have not ended."""
        return self.known - len(self.ended) // 8


# ---------------------------------------------------------------- commands: what the driver shall do now


class Fetch(Struct, frozen=True):
    """Start these fetches now: each is due, polite and allowed."""

    requests: tuple[Request, ...]


class Recall(Struct, frozen=True):
    """Read these links back from the journal and report them as `Recalled`."""

    ids: tuple[int, ...]


class Commit(Struct, frozen=True):
    """Write the batch to the outputs, flush them, then commit it to the journal; report `Committed`."""

    batch: Batch


class Wait(Struct, frozen=True):
    """Nothing is due before `until` (infinity: only an event can help)."""

    until: float


class Stop(Struct, frozen=True):
    """The crawl is over; everything that landed is committed."""

    reason: FinishReason


Command = Fetch | Recall | Commit | Wait | Stop

# ---------------------------------------------------------------- events: what came of it


class Visited(Struct, frozen=True, array_like=True, tag="visited"):
    """A request for a page or a sitemap got a whole answer and was read.

    `line` is the record as JSON, written by the worker; `kind` and `reason` judge the answer (done, redirected, failed,
    or retry after `retry_after` seconds); `answered_in` is the seconds the server took and `size` the bytes of the
    decoded body; `response` is the answer itself, where it is wanted. `host_pause` is how long the whole host asked to
    be left alone (Retry-After, 429, 503); `adopts` is the URL a seed redirected to, where that lies outside the scope;
    `sitemaps` are the files an index names, or where a sitemap redirects to; `markdown` is the page as a document,
    where the crawl wants that; `peer` is the address the answer came from. `change` tells what became of a page since
    an earlier crawl, `memo` is what a later one needs to know of it, `content` is 64 bits of its content's hash (0: too
    small to compare), and `asked` are the conditions of the request; `items` are what a handler yielded,
    and `simhash` is that of the visible text (0: none). `soft_404` is that of the record; `sketch` is what a host shows
    for a page that cannot exist, when that was asked.
    """

    request: Request
    line: bytes
    kind: OutcomeKind
    reason: Reason | None
    answered_in: float
    size: int
    response: Response | None
    outlinks: Outlinks = NO_OUTLINKS
    refusals: tuple[Refusal, ...] = ()
    retry_after: float = 0.0
    host_pause: float = 0.0
    adopts: str = ""
    sitemaps: tuple[str, ...] = ()
    markdown: str = ""
    peer: str = ""
    change: Change | None = None
    content: int = 0
    memo: bytes = b""
    asked: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    simhash: int = 0
    soft_404: bool = False
    sketch: bytes = b""

    @property
    def record(self) -> PageRecord:
        """Read the record; each time anew, for few ever ask."""
        return record_of(self.line)


class Failed(Struct, frozen=True, array_like=True, tag="failed"):
    """A request for a page or a sitemap got no whole answer. `kind` is failed, or retry after `retry_after` seconds."""

    request: Request
    line: bytes
    failure: Failure
    kind: OutcomeKind
    retry_after: float = 0.0

    @property
    def record(self) -> PageRecord:
        """Read the record; each time anew, for few ever ask."""
        return record_of(self.line)


class RobotsRead(Struct, frozen=True, array_like=True, tag="robots"):
    """A robots.txt request ended, one way or the other."""

    request: Request
    answer: Response | Failure


class Lost(Struct, frozen=True):
    """Nobody knows what came of a request, for the process that had it has ended: it is to be made again."""

    request: Request


class Recalled(Struct, frozen=True):
    """The journal gave back these links."""

    links: tuple[Link, ...]


class Committed(Struct, frozen=True):
    """The last `Commit` is permanent."""


Event = Visited | Failed | RobotsRead | Lost | Recalled | Committed

__all__ = [
    "Batch",
    "Chunk",
    "Command",
    "Commit",
    "Committed",
    "Ended",
    "Event",
    "Failed",
    "Fetch",
    "Lost",
    "Recall",
    "Recalled",
    "RobotsRead",
    "Saved",
    "Stop",
    "Visited",
    "Wait",
]
