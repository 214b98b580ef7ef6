"""The values everything else speaks in: links, requests, responses, outcomes, records.

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

from gossamer.values.reasons import Reason


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
    exist, where it does not say that there is none; `hashes_text` is whether the crawl wants the hash of its text,
    should it have new links.
    """

    link: Link
    purpose: Purpose = Purpose.PAGE
    attempt: int = 0
    adopted: tuple[str, ...] = ()
    usage: tuple[str, ...] = ()
    previous: PreviousVisit | None = None
    missing: bytes = b""
    hashes_text: bool = False

    @property
    def url(self) -> str:
        """Name the URL to fetch."""
        return self.link.url


class Timings(Struct, frozen=True):
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

    `status` is None where no answer came; `reason` is None where nothing was wrong, and `detail` says it in words;
    `depth` and `via` are of the way on which the link was found first; `location` is the target of a redirect; `size`
    counts decoded body bytes, `outlinks` the distinct followable links of the page; `content_hash` is of the decoded
    body of a page, `simhash` of its visible text, where the crawl asks for that; `change` is None but in an update;
    `soft_404` tells, where the crawl asks for that, whether the page looks like what its host shows for one that cannot
    exist; `needs_js` whether it shows its content or links only with JavaScript. `noindex` and `nofollow` are what the
    page asks of crawlers by meta robots or X-Robots-Tag, `unavailable_after` when it is to be gone; `usage` is what the
    site says of how it may be used, by AI above all ("noai", "content-signal: ai-train=no").
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
    needs_js: bool = False
    outlinks: int = 0
    change: Change | None = None
    attempts: int = 1
    timings: Timings = Timings()
    peer: str = ""
    fetched_at: datetime | None = None

    @classmethod
    def without_answer(cls, link: Link, kind: OutcomeKind, reason: Reason, detail: str, *, attempts: int) -> PageRecord:
        """Return the record of a link that got no answer, be it that none came or that none was asked for."""
        return cls(link.url, kind, reason=reason, detail=detail, depth=link.depth, via=link.via, attempts=attempts)


class PreviousVisit(Struct, frozen=True):
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


DEEPEST: Final = 0xFFF
"""What lies deeper counts as being there: a depth has 12 bits."""


def place_of(link: Link) -> int:
    """Pack what decides a link's place in its queue, 16 bits: the depth, at most `DEEPEST`, then the hops."""
    return link.depth << 4 | min(link.hops, 15)
