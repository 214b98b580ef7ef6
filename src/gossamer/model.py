"""The values everything else speaks in: links, requests, responses, outcomes, counts.

All are frozen. Times are seconds as float; `fetched_at` is seconds since the Unix epoch, every other moment is on
the driver's own clock; sizes are bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.reasons import FinishReason, Reason, Waiting


class Purpose(IntEnum):
    """What a fetch is for."""

    PAGE = 0
    ROBOTS = 1
    SITEMAP = 2
    PROBE = 3  # a page that cannot exist, to see what the server shows then


class OutcomeKind(StrEnum):
    """How the visit to a link ended."""

    DONE = "done"
    REDIRECTED = "redirected"
    RETRY = "retry"
    FAILED = "failed"
    SKIPPED = "skipped"


class Change(StrEnum):
    """What has become of a page since an earlier crawl."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GONE = "gone"


class Link(Struct, frozen=True, array_like=True):
    """A canonical URL and how we came to know it.

    `id` is the order of discovery, `via` the URL of the page that led here ("" for a seed), `depth` the number of links
    from a seed, `hops` how many redirects in a row led here.
    """

    id: int
    url: str
    depth: int = 0
    hops: int = 0
    via: str = ""


class Request(Struct, frozen=True, array_like=True):
    """One fetch to make: a link, what it is for, and which attempt this is (0 is the first).

    `adopted` are URLs outside the scope that seeds redirected to; they widen the scope as if they were seeds. `usage`
    is what robots.txt says of how the page may be used, to be recorded with it; `earlier` is what an earlier crawl
    found there, where this one is its update; `missing` is the sketch of what the host shows for a page that cannot
    exist, where it does not say that there is none.
    """

    link: Link
    purpose: Purpose = Purpose.PAGE
    attempt: int = 0
    adopted: tuple[str, ...] = ()
    usage: tuple[str, ...] = ()
    earlier: Earlier | None = None
    missing: bytes = b""

    @property
    def url(self) -> str:
        """Name the URL to fetch."""
        return self.link.url


class Timings(Struct, frozen=True, array_like=True):
    """Where the time of one fetch went, in seconds; each phase alone, `total` their sum. 0.0: it did not happen."""

    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    first_byte: float = 0.0
    body: float = 0.0
    total: float = 0.0


class Archived(Struct, frozen=True, array_like=True):
    """What of an answer goes into a WARC file: its compressed record; and header and payload digest, for a revisit."""

    record: bytes
    header: bytes
    payload: str


class Response(Struct, frozen=True, array_like=True, tag="response"):
    """What a server answered, whole: a truncated or oversized answer is a `Failure` instead.

    `headers` maps lower-case names to values, repeated ones joined by ", " (`set-cookie` and `x-robots-tag` by
    newlines: their commas mean something else); `raw_header` is the header block as it came (status line included),
    `raw_body` the body before Content-Encoding was undone, `body` after. `peer` is the address connected to. Where a
    worker process has `archived` it, these three are empty.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    raw_header: bytes = b""
    raw_body: bytes = b""
    timings: Timings = Timings()
    peer: str = ""
    http_version: str = "1.1"
    fetched_at: float = 0.0
    archived: Archived | None = None

    @property
    def held(self) -> int:
        """Count the bytes that it holds in memory, nearly."""
        return len(self.body) + len(self.raw_body) if self.archived is None else len(self.archived.record)


class Failure(Struct, frozen=True, array_like=True, tag="failure"):
    """Why a fetch gave no whole answer: a reason, the detail in plain words, and what it cost (seconds, bytes read)."""

    reason: Reason
    detail: str = ""
    elapsed: float = 0.0
    size: int = 0


class PageRecord(Struct, frozen=True):
    """The facts of one visit, flat: this is a line of `pages.jsonl` and a row of the pages table.

    `status` is None where no answer came; `reason` is None where nothing was wrong; `location` is the target of a
    redirect; `size` counts decoded body bytes, `outlinks` the distinct followable links of the page; `content_hash` is
    of the decoded body of a page, `simhash` of its visible text, where the crawl asks for that; `change` is None but in
    an update; `soft_404` tells, where the crawl asks for that, whether the page looks like what its host shows for one
    that cannot exist. `noindex` and `nofollow` are what the page asks of crawlers by meta robots or X-Robots-Tag,
    `unavailable_after` when it is to be gone; `usage` is what the site says of how it may be used, by AI above all
    ("noai", "content-signal: ai-train=no").
    """

    url: str
    outcome: OutcomeKind
    status: int | None = None
    reason: Reason | None = None
    detail: str = ""
    depth: int = 0
    via: str = ""
    location: str = ""
    title: str = ""
    language: str = ""
    canonical: str = ""
    noindex: bool = False
    nofollow: bool = False
    unavailable_after: datetime | None = None
    usage: tuple[str, ...] = ()
    content_type: str = ""
    encoding: str = ""
    size: int = 0
    content_hash: str = ""
    simhash: str = ""
    soft_404: bool = False
    outlinks: int = 0
    change: Change | None = None
    attempts: int = 1
    timings: Timings = Timings()
    peer: str = ""
    fetched_at: datetime | None = None


class Earlier(Struct, frozen=True):
    """What an earlier crawl found at a URL: its record and memo; neither where it did not know the URL."""

    record: PageRecord | None = None
    memo: bytes = b""


_ENCODER: Final = msgspec.json.Encoder()
_RECORD: Final = msgspec.json.Decoder(PageRecord)


def line_of(record: PageRecord) -> bytes:
    """Write a record as its line of JSON, newline included; a worker does so, once for journal and outputs alike."""
    return _ENCODER.encode(record) + b"\n"


def record_of(line: bytes) -> PageRecord:
    """Read a record back from its line of JSON."""
    return _RECORD.decode(line)


class Field(Struct, frozen=True, array_like=True):
    """A field of an item: its name, the kind of its value (see `kinds.py`), and whether anything is in it."""

    name: str
    kind: str
    filled: bool = True


class Item(Struct, frozen=True, array_like=True):
    """What a handler yielded: the names of handler and type, its line of `items.jsonl`, and what its fields are."""

    handler: str
    type: str
    line: bytes
    fields: tuple[Field, ...] = ()


class Refusal(Struct, frozen=True, array_like=True):
    """A link that was not admitted, by its fingerprint, and why; `trap` names the one it is part of."""

    fingerprint: int
    reason: Reason
    trap: str = ""


class Outlink(Struct, frozen=True):
    """A link found on a page and accepted by scope: fingerprint and canonical URL."""

    fingerprint: int
    url: str


class Outlinks(Struct, frozen=True, array_like=True):
    """The links of one page, packed: `marks` are their fingerprints, uint64 in the machine's byte order."""

    marks: bytes = b""
    urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, several: Sequence[Outlink]) -> Outlinks:
        """Pack links."""
        marks = array("Q", [outlink.fingerprint for outlink in several]).tobytes()
        return cls(marks, tuple([outlink.url for outlink in several])) if several else NO_OUTLINKS

    @property
    def fingerprints(self) -> array[int]:
        """Unpack the fingerprints."""
        return array("Q", self.marks)

    def __len__(self) -> int:
        return len(self.urls)

    def __iter__(self) -> Iterator[Outlink]:
        return map(Outlink, self.fingerprints, self.urls)


NO_OUTLINKS: Final = Outlinks()


class Counts(Struct, frozen=True):
    """How many links ended how. `done + redirected + failed + skipped` is every link that ended."""

    done: int = 0
    redirected: int = 0
    failed: int = 0
    skipped: int = 0
    retried: int = 0
    refused: int = 0
    by_reason: Mapping[str, int] = {}

    @property
    def ended(self) -> int:
        """Count the links that ended in an outcome."""
        return self.done + self.redirected + self.failed + self.skipped


class HostAudit(Struct, frozen=True):
    """How one host was treated: fetches, and the shortest time between the end of one and the start of the next."""

    host: str
    fetches: int = 0
    smallest_gap: float | None = None
    most_at_once: int = 0


class Audit(Struct, frozen=True):
    """How a crawl behaved, as seen from where fetches are handed out; the gaps are from an end to the next start.

    `violations` of what was promised (rests, requests at once) and of robots.txt are bugs, and `examples` tell of the
    first; `by_host` are the first hosts only. Gaps across a stop and a resume are not among these.
    """

    fetches: int = 0
    smallest_gap: float | None = None
    smallest_gap_host: str = ""
    most_at_once: int = 0
    most_at_once_host: str = ""
    robots_violations: int = 0
    violations: int = 0
    examples: tuple[str, ...] = ()
    by_host: tuple[HostAudit, ...] = ()

    @property
    def clean(self) -> bool:
        """Tell whether all promises were kept."""
        return not self.violations and not self.robots_violations


class FieldBook(Struct, frozen=True):
    """What is known of a field: its kind, how many items have something in it, and the number of the last of them."""

    kind: str = "null"
    filled: int = 0
    last: int = 0


class TypeBook(Struct, frozen=True):
    """What is known of the items of one type: how many, and their fields by name."""

    items: int = 0
    fields: Mapping[str, FieldBook] = {}


class Coverage(Struct, frozen=True):
    """How full the items of one type are: how many there are, and in what share of them each field says something.

    `gone` are fields that used to be filled and are suddenly always empty, each with the number of items since.
    """

    items: int
    fields: Mapping[str, float] = {}
    gone: Mapping[str, int] = {}


class Books(Struct, frozen=True):
    """What a crawl has counted so far, as the journal keeps it: a resumed crawl goes on counting from here.

    `kinds` counts outcomes, `by_reason` outcomes and refusals, `seconds` are slot-seconds by category, `adopted` the
    URLs outside the scope that seeds redirected to; `unread` are the hosts whose sitemaps have not all been read, each
    with the depth of its first page; `resting` are the hosts that were being spared, each with the seconds left;
    `audit` is what the driver saw of the crawl's manners, `changes` counts what an update found, `duplicates` the pages
    with the content of another; `items` are the items by type; `soft_404s` counts pages that look like missing ones.
    """

    kinds: Mapping[str, int] = {}
    by_reason: Mapping[str, int] = {}
    refused: int = 0
    bytes: int = 0
    fetches: int = 0
    elapsed: float = 0.0
    seconds: Mapping[str, float] = {}
    adopted: tuple[str, ...] = ()
    unread: Mapping[str, int] = {}
    resting: Mapping[str, float] = {}
    audit: Audit | None = None
    changes: Mapping[str, int] = {}
    duplicates: int = 0
    items: Mapping[str, TypeBook] = {}
    soft_404s: int = 0


class TrapSeen(Struct, frozen=True):
    """An endless set of pages: the name of its pattern, and how many links of it were refused (or known as one)."""

    name: str
    links: int


class SitemapBook(Struct, frozen=True):
    """What came of sitemaps: files read and failed, and the links they name that no page of the crawl has.

    `whole` is False where there were more of these than could be watched; `examples` are the first few; `notes` say of
    the first few files what was wrong with them.
    """

    files: int = 0
    failed: int = 0
    orphans: int = 0
    examples: tuple[str, ...] = ()
    whole: bool = True
    notes: tuple[str, ...] = ()


class Duplicates(Struct, frozen=True):
    """Pages that have the same content as another, which is not counted; a few of them, each with that other one."""

    pages: int = 0
    examples: tuple[tuple[str, str], ...] = ()


class Alike(Struct, frozen=True):
    """Pages with nearly the same text: how many, and the first few URLs in alphabetical order."""

    pages: int
    urls: tuple[str, ...] = ()


class NearDuplicates(Struct, frozen=True):
    """Pages with nearly the same visible text as another, in groups; the largest groups as examples.

    Copies are among them. There are none while a crawl runs, and none where it did not ask for them.
    """

    pages: int = 0
    groups: int = 0
    examples: tuple[Alike, ...] = ()


class SoftErrors(Struct, frozen=True):
    """Pages that came with status 200 and look like what their host shows for a page that cannot exist.

    `examples` are a few of them, each with the page that links to it; `hosts` are those of this run that show something
    for such a page in place of saying that there is none.
    """

    pages: int = 0
    examples: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()


class Changes(Struct, frozen=True):
    """What an update found: how many pages were added, changed, not changed, and gone.

    `examples` are the first few URLs of each kind, but for those not changed.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    examples: Mapping[str, tuple[str, ...]] = {}


BUSY: Final = 0.8
"""From this share of a core on the processor is what a crawl waits for: it is never busy to the last cycle."""


class Snapshot(Struct, frozen=True):
    """The crawl at one moment: what is done, what waits, where the time went.

    `seconds` maps each category of time to slot-seconds; their sum is `elapsed * slots`. `processor` is how much of one
    core the processes that read pages used, each, in this run (0 to 1, or more where threads compute natively).
    `bytes` counts decoded body bytes; `items` are what handlers yielded, by type.
    """

    elapsed: float = 0.0
    slots: int = 1
    counts: Counts = Counts()
    known: int = 0
    queued: int = 0
    in_flight: int = 0
    hosts: int = 0
    bytes: int = 0
    fetches: int = 0
    seconds: Mapping[Waiting, float] = {}
    processor: float = 0.0
    finish_reason: FinishReason | None = None
    sitemaps: SitemapBook = SitemapBook()
    traps: tuple[TrapSeen, ...] = ()
    changes: Changes = Changes()
    duplicates: Duplicates = Duplicates()
    near_duplicates: NearDuplicates = NearDuplicates()
    soft_404s: SoftErrors = SoftErrors()
    items: Mapping[str, Coverage] = {}

    @property
    def limiting_factor(self) -> Waiting:
        """Name what took most of the time of slots that had work; the processor, where it was busy nearly all the time.

        A process that computes takes in no answers, which looks like a slow server: only its CPU time tells.
        """
        if self.processor >= BUSY:
            return Waiting.CPU
        with_work = {waiting: spent for waiting, spent in self.seconds.items() if waiting is not Waiting.NO_WORK}
        return max(with_work, key=lambda waiting: with_work[waiting]) if any(with_work.values()) else Waiting.NO_WORK

    @property
    def limiting_share(self) -> float:
        """Tell how much of the time of the slots that had work the limiting factor took, 0 to 1."""
        factor = self.limiting_factor
        if factor is Waiting.CPU and self.processor >= BUSY:
            return min(self.processor, 1.0)
        spare = 0.0 if factor is Waiting.NO_WORK else self.seconds.get(Waiting.NO_WORK, 0.0)
        whole = sum(self.seconds.values()) - spare
        return self.seconds.get(factor, 0.0) / whole if whole > 0 else 0.0

    @property
    def pages_per_second(self) -> float:
        """Tell the mean speed since the start, in links ended a second."""
        return self.counts.ended / self.elapsed if self.elapsed > 0 else 0.0
