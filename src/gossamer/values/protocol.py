"""The commands and events between the core and its driver: commands are imperatives, events are past participles.

The driver gets a command from `Crawl.poll`, carries it out, and reports the result to `Crawl.handle`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gossamer.values.cluster import Mail, Parcel
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
    SkippedLink,
    line_of,
    record_of,
)
from gossamer.values.reasons import FinishReason, Reason
from gossamer.values.snapshot import SavedStats, StartPage

NoteT = TypeVar("NoteT")

# ---------------------------------------------------------------- values that the journal saves or returns


class Outcome(Struct, frozen=True, array_like=True):
    """How a request ended, with all data to be saved: made once by the visit, then passed unchanged to the disk."""

    line: bytes
    """The record as a line of JSON."""
    kind: OutcomeKind
    """The record's outcome, available without decoding the line."""
    reason: Reason | None = None
    """The record's reason."""
    change: Change | None = None
    """The record's change: what happened to the page since the previous crawl."""
    response: Response | None = None
    """The answer; None if neither an output nor the caller needs it."""
    markdown: str = ""
    """The page as a Markdown document; "" for none."""
    content: int = 0
    """64 bits of the hash of the body; 0 where the body is too small to compare."""
    simhash: int = 0
    """The simhash of the visible text; 0 for none."""
    memo: bytes = b""
    """What a later update needs to know of the page (`rules/recrawl.py`)."""
    conditions: tuple[tuple[str, str], ...] = ()
    """The conditional header fields that were sent (name, value)."""
    items: tuple[Item, ...] = ()
    """The items that the page's handler yielded."""
    soft_404: bool = False
    """Whether the page looks like one that cannot exist."""
    needs_js: bool = False
    """Whether the page shows its content or its links only with JavaScript."""
    start: StartPage | None = None
    """Why the page leads to no other, or to few, if it is a start page."""
    behind_login: str = ""
    """The URL in place of whose page a login came: that of this link, or of one that redirected here; "" for none."""
    references: bytes = b""
    """The references of the page as a line of JSON (`values/references.py`); b"" for none."""
    is_file: bool = False
    """Whether it is no HTML page, in a crawl that fetches what pages load."""

    @classmethod
    def of(cls, record: PageRecord, response: Response | None = None) -> Outcome:
        """Return the outcome that a record describes, without the results of reading a page."""
        return cls(line_of(record), record.outcome, record.reason, record.change, response)

    @property
    def record(self) -> PageRecord:
        """Return the record, decoded again at each call, because few callers need it."""
        return record_of(self.line)

    @property
    def held_bytes(self) -> int:
        """Return the approximate memory (bytes) that the outcome holds until the commit."""
        made = len(self.references) + sum([len(item.line) for item in self.items])
        return (self.response.held if self.response else 0) + made


class Ended(Struct, frozen=True):
    """A link that has ended."""

    link: Link
    """The link."""
    outcome: Outcome
    """The link's one outcome."""


class HostNotes(Struct, frozen=True, array_like=True):
    """What is to be remembered of hosts, written when it changes: not with every commit, as statistics are."""

    crawl_delays: Mapping[str, float | None] = {}
    """The Crawl-delays (seconds) in robots.txt, by host; None: there is none any more."""
    unread: Mapping[str, int | None] = {}
    """The hosts whose sitemaps have not all been read, each with the depth of its first page; None: they have been."""
    requested: Mapping[str, Parcel | None] = {}
    """The sitemaps that this shard has to request for hosts of others, by host and URL; None: they have been read."""

    def __bool__(self) -> bool:
        return bool(self.crawl_delays or self.unread or self.requested)

    def __or__(self, later: HostNotes) -> HostNotes:
        return HostNotes(
            {**self.crawl_delays, **later.crawl_delays},
            {**self.unread, **later.unread},
            {**self.requested, **later.requested},
        )

    def holding(self) -> HostNotes:
        """Return the notes without those that say that something does not hold any more."""
        return HostNotes(_told(self.crawl_delays), _told(self.unread), _told(self.requested))

    def about_read(self) -> tuple[HostNotes, HostNotes]:
        """Return the notes in two: those that say that sitemaps have been read, and all others."""
        read = HostNotes({}, _ended(self.unread), _ended(self.requested))
        return read, HostNotes(self.crawl_delays, _told(self.unread), _told(self.requested))


def _told(notes: Mapping[str, NoteT | None]) -> dict[str, NoteT | None]:
    return {key: note for key, note in notes.items() if note is not None}


def _ended(notes: Mapping[str, NoteT | None]) -> dict[str, NoteT | None]:
    return {key: note for key, note in notes.items() if note is None}


NO_NOTES: Final = HostNotes()


class Batch(Struct, frozen=True):
    """What one commit makes permanent."""

    ended: tuple[Ended, ...]
    """The links that have ended."""
    links: tuple[Link, ...]
    """The new links, with consecutive ids."""
    fingerprints: tuple[int, ...]
    """The fingerprints of `links`, in the same order."""
    refused: tuple[int, ...] = ()
    """The hashes of the refusals that are counted for the first time: each of a fingerprint and a reason."""
    stats: SavedStats = SavedStats()
    """The statistics after this commit."""
    skipped: tuple[SkippedLink, ...] = ()
    """The links that are refused for the first time, if the crawl keeps them."""
    sitemaps: tuple[bytes, ...] = ()
    """The pages that sitemaps name, a line of JSON for each sitemap, like `Outcome.references`."""
    notes: HostNotes = NO_NOTES
    """What is to be remembered of hosts besides, as far as it has changed since the last commit."""
    outbox: Mapping[int, tuple[Parcel, ...]] = {}
    """What goes to other shards, by the number of the shard."""
    positions: Mapping[int, int] = {}
    """The number of the last commit of each shard whose mail this batch contains, by the number of that shard."""
    received: int = 0
    """The number of `Mail` values that this batch contains."""
    lowest_open: int | None = None
    """The smallest depth of a link that has not ended once this batch is permanent; None if there is none, or if the
    crawl is not a shard that goes level by level."""


class Chunk(Struct, frozen=True):
    """The links of one commit, packed: entry i describes link `first_id + i`. All in the machine's byte order."""

    first_id: int
    """The id of the first link."""
    fingerprints: bytes
    """The fingerprints, uint64."""
    hosts: bytes
    """Indices into `Saved.hosts`, uint32."""
    priorities: bytes
    """Priorities (`model.priority_of`), uint16."""
    refused: bytes = b""
    """Refusal hashes, uint64; these belong to no entry."""


class Saved(Struct, frozen=True):
    """The state that a journal returns when it is opened: all that a crawl needs to continue."""

    key: int = 0
    """The key of the crawl's fingerprints."""
    hosts: tuple[str, ...] = ()
    """The keys of the hosts of all links."""
    chunks: tuple[Chunk, ...] = ()
    """All links, by commit."""
    ended: bytes = b""
    """The ids of the links that have ended, packed as uint64."""
    contents: bytes = b""
    """The content hashes of the pages, packed as uint64."""
    simhashes: bytes = b""
    """The simhashes of the pages, packed as uint64."""
    offsets: Mapping[str, int] = {}
    """The offset (bytes) up to which each output is complete, by its name."""
    stats: SavedStats | None = None
    """The statistics after the last commit; None before the first."""
    saved_at: float = 0.0
    """When the last commit was made (Unix time)."""
    in_order: bool = False
    """Whether the run before ended at that time, in order; else it may have gone on for a while after its commit."""
    notes: HostNotes = NO_NOTES
    """What is to be remembered of hosts."""
    positions: Mapping[int, int] = {}
    """The number of the last commit of each other shard whose mail was read, by the number of that shard."""

    @property
    def known(self) -> int:
        """Return the number of links."""
        return self.chunks[-1].first_id + len(self.chunks[-1].priorities) // 2 if self.chunks else 0

    @property
    def pending(self) -> int:
        """Return the number of links that have not ended."""
        return self.known - len(self.ended) // 8


# ---------------------------------------------------------------- commands: what the driver must do now


class Fetch(Struct, frozen=True):
    """Start these fetches now: robots.txt and politeness allow each of them."""

    requests: tuple[Request, ...]
    """The requests, at most `core.crawl.AT_ONCE`."""


class Recall(Struct, frozen=True):
    """Read these links back from the journal and report them as `Recalled`."""

    ids: tuple[int, ...]
    """The ids of the links, in ascending order."""


class Commit(Struct, frozen=True):
    """Write the batch to the outputs, flush them, then commit it to the journal, and report `Committed`."""

    batch: Batch
    """The batch to commit."""


class Wait(Struct, frozen=True):
    """Wait for an event, because nothing is due now."""

    until: float
    """When to poll at the latest; infinity if nothing is due before an event."""


class Stop(Struct, frozen=True):
    """End the crawl: all results are committed."""

    reason: FinishReason
    """Why the crawl has ended."""


Command = Fetch | Recall | Commit | Wait | Stop

# ---------------------------------------------------------------- events: the results of commands


class Visited(Struct, frozen=True, array_like=True, tag="visited"):
    """A request got a whole answer, which was read. The outcome's kind is done, redirected, failed or retry."""

    request: Request
    """The request that was answered."""
    outcome: Outcome
    """The outcome of the request."""
    answered_in: float
    """Seconds that the server took."""
    size: int
    """Bytes of the decoded body."""
    peer: str = ""
    """The IP address that answered."""
    outlinks: Outlinks = NO_OUTLINKS
    """The accepted links of the page that were not reported before."""
    refusals: tuple[Refusal, ...] = ()
    """The refused links of the page that were not reported before."""
    retry_after: float = 0.0
    """Seconds until the request may be repeated, if the kind is retry."""
    host_pause: float = 0.0
    """Seconds for which the whole host must rest (Retry-After, 429, 503)."""
    adopts: str = ""
    """The URL outside the scope to which a seed redirected; "" for none."""
    sitemaps: tuple[str, ...] = ()
    """The URLs of more sitemaps: those in an index, or the target of a redirect."""
    sketch: bytes = b""
    """The sketch of the answer for a page that cannot exist; b"" for none."""
    text_hash: int = 0
    """The hash of the page's text without links and numbers, where the request asked for it."""
    refresh: Outlinks = NO_OUTLINKS
    """The target of the page's refresh, where it is a variant of the page and not among the other links."""
    unstarted: float = 0.0
    """Seconds that the request waited for its worker process to start."""

    def with_response(self, response: Response | None) -> Visited:
        """Return the event with another answer, or none, as it is sent between processes."""
        return replace(self, outcome=replace(self.outcome, response=response))


class Failed(Struct, frozen=True, array_like=True, tag="failed"):
    """A request got no whole answer. The outcome's kind is failed or retry."""

    request: Request
    """The request that failed."""
    outcome: Outcome
    """The outcome of the request."""
    failure: Failure
    """Why it failed."""
    retry_after: float = 0.0
    """Seconds until the request may be repeated, if the kind is retry."""
    unstarted: float = 0.0
    """Seconds that the request waited for its worker process to start."""


class RobotsRead(Struct, frozen=True, array_like=True, tag="robots"):
    """A robots.txt request ended, with an answer or a failure."""

    request: Request
    """The request for robots.txt."""
    answer: Response | Failure
    """The answer, or why there is none."""
    unstarted: float = 0.0
    """Seconds that the request waited for its worker process to start."""


class Lost(Struct, frozen=True):
    """The result of a request is unknown, because its worker process has ended. The request must be repeated."""

    request: Request
    """The request that was lost."""


class Recalled(Struct, frozen=True):
    """Links were read back from the journal."""

    links: tuple[Link, ...]
    """The links of the last `Recall`, in the same order."""


class Committed(Struct, frozen=True):
    """The last `Commit` is permanent."""

    computed: float = 0.0
    """Time (seconds) that the processor worked for it, on compression mostly; the rest it waited for the disk."""


class Arrived(Struct, frozen=True):
    """Mail of other shards came, in the order of `Mail.seq` for each of them; what came before is ignored."""

    mail: tuple[Mail, ...]
    """The mail."""


class LevelOpened(Struct, frozen=True):
    """No shard has a link of a smaller depth that has not ended: links of this depth may start."""

    depth: int
    """The depth."""


class PagesGranted(Struct, frozen=True):
    """The shard may record more pages, a part of `max_pages`."""

    pages: int
    """Number of pages in all, earlier ones included."""


class BytesGranted(Struct, frozen=True):
    """The shard may receive more, a part of `max_bytes`."""

    size: int
    """Size (bytes) of all decoded bodies, earlier ones included."""


FromShards = Arrived | LevelOpened | PagesGranted | BytesGranted
"""What only a shard of a crawl on several machines is told."""
Event = Visited | Failed | RobotsRead | Lost | Recalled | Committed | FromShards

__all__ = [
    "Arrived",
    "Batch",
    "BytesGranted",
    "Chunk",
    "Command",
    "Commit",
    "Committed",
    "Ended",
    "Event",
    "Failed",
    "Fetch",
    "FromShards",
    "HostNotes",
    "LevelOpened",
    "Lost",
    "Outcome",
    "PagesGranted",
    "Recall",
    "Recalled",
    "RobotsRead",
    "Saved",
    "Stop",
    "Visited",
    "Wait",
]
