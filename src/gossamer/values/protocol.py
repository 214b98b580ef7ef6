"""What the core and its driver say to each other: commands are imperatives, events are past participles.

The driver asks `Crawl.poll` for a command, does it, and reports what came of it with `Crawl.handle`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

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
from gossamer.values.snapshot import SavedStats, StartPage

# ---------------------------------------------------------------- values that cross the border with the journal


class Outcome(Struct, frozen=True, array_like=True):
    """How a request ended, with all that is kept of it: made once by the visit, then carried unchanged to the disk."""

    line: bytes
    """The record as a line of JSON."""
    kind: OutcomeKind
    """The record's outcome, at hand without decoding the line."""
    reason: Reason | None = None
    """The record's reason."""
    change: Change | None = None
    """The record's change: what became of the page since the crawl before."""
    response: Response | None = None
    """The answer, where an output or the caller wants it."""
    markdown: str = ""
    """The page as a Markdown document, where the crawl wants that."""
    content: int = 0
    """64 bits of the hash of the body; 0 where the body is too small to compare."""
    simhash: int = 0
    """The simhash of the visible text; 0 for none."""
    memo: bytes = b""
    """What a later update needs to know of the page (`rules/recrawl.py`)."""
    conditions: tuple[tuple[str, str], ...] = ()
    """The conditional header fields that were sent (name, value)."""
    items: tuple[Item, ...] = ()
    """What the page's handler yielded."""
    soft_404: bool = False
    """Whether the page looks like one that cannot exist."""
    needs_js: bool = False
    """Whether the page shows its content or its links only with JavaScript."""
    start: StartPage | None = None
    """Why the page leads to no other, if it is a start page."""

    @classmethod
    def of(cls, record: PageRecord, response: Response | None = None) -> Outcome:
        """Return the outcome that a record describes, without anything that only reading a page can tell."""
        return cls(line_of(record), record.outcome, record.reason, record.change, response)

    @property
    def record(self) -> PageRecord:
        """Return the record, decoded anew at each call: few ever ask."""
        return record_of(self.line)

    @property
    def held_bytes(self) -> int:
        """Return roughly how many bytes of memory it holds until the commit."""
        return (self.response.held if self.response else 0) + sum([len(item.line) for item in self.items])


class Ended(Struct, frozen=True):
    """A link with its one outcome."""

    link: Link
    outcome: Outcome


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
    """A request got a whole answer, which was read. The outcome's kind is done, redirected, failed or retry."""

    request: Request
    outcome: Outcome
    answered_in: float
    """Seconds the server took."""
    size: int
    """Bytes of the decoded body."""
    peer: str = ""
    """The IP address that answered."""
    outlinks: Outlinks = NO_OUTLINKS
    """The links of the page that were not reported before and belong to the crawl."""
    refusals: tuple[Refusal, ...] = ()
    """The links of the page that do not."""
    retry_after: float = 0.0
    """Seconds until the request may be repeated, where the kind is retry."""
    host_pause: float = 0.0
    """Seconds the whole host asked to be left alone (Retry-After, 429, 503)."""
    adopts: str = ""
    """The URL a seed redirected to, where that lies outside the scope."""
    sitemaps: tuple[str, ...] = ()
    """The files that a sitemap index names, or where a sitemap redirects to."""
    sketch: bytes = b""
    """What the host shows for a page that cannot exist, where the request asked for one."""
    text_hash: int = 0
    """The hash of the page's text without links and numbers, where the request asked for it."""
    refresh: Outlinks = NO_OUTLINKS
    """The target of the page's refresh, where it is a variant of the page and not among the other links."""

    def with_response(self, response: Response | None) -> Visited:
        """Return the same event with another answer in it, or none: what travels between processes."""
        return replace(self, outcome=replace(self.outcome, response=response))


class Failed(Struct, frozen=True, array_like=True, tag="failed"):
    """A request got no whole answer. The outcome's kind is failed or retry."""

    request: Request
    outcome: Outcome
    failure: Failure
    retry_after: float = 0.0
    """Seconds until the request may be repeated, where the kind is retry."""


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
    "Outcome",
    "Recall",
    "Recalled",
    "RobotsRead",
    "Saved",
    "Stop",
    "Visited",
    "Wait",
]
