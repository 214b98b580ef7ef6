"""The basic values: links, requests, responses, outcomes, records.

All are frozen. Durations are seconds as float and sizes are bytes. `Response.fetched_at` is seconds since the Unix
epoch; every other moment is on the driver's clock.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final, Literal

import msgspec
from msgspec import Struct

from gossamer.values.reasons import Reason


class Purpose(IntEnum):
    """What a fetch is for."""

    PAGE = 0
    ROBOTS = 1
    SITEMAP = 2
    PROBE = 3  # a page that cannot exist, to learn how the server answers then
    EXTERNAL = 4  # a URL outside the scope, to learn whether it is there: the start of the answer is enough


Method = Literal["GET", "HEAD"]
"""The method of a request; HEAD asks for the header of the answer alone."""


class OutcomeKind(StrEnum):
    """How the visit to a link ended."""

    DONE = "done"
    REDIRECTED = "redirected"
    RETRY = "retry"
    FAILED = "failed"
    SKIPPED = "skipped"


class Change(StrEnum):
    """What happened to a page since the previous crawl."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GONE = "gone"
    UNKNOWN = "unknown"


class Link(Struct, frozen=True, array_like=True):
    """A canonical URL and the path by which it was found."""

    id: int
    """The order of discovery; negative for requests that are no links of the crawl."""
    url: str
    """The canonical URL."""
    depth: int = 0
    """The number of links from a seed."""
    hops: int = 0
    """The number of redirects in a row that led here."""
    via: str = ""
    """The URL of the page that linked or redirected here; "" for a seed."""


class Request(Struct, frozen=True, array_like=True):
    """One fetch to make."""

    link: Link
    """The link to fetch."""
    purpose: Purpose = Purpose.PAGE
    """What the fetch is for."""
    attempt: int = 0
    """The number of earlier attempts."""
    adopted: tuple[str, ...] = ()
    """The URLs outside the scope to which seeds redirected; they widen the scope as if they were seeds."""
    usage: tuple[str, ...] = ()
    """The usage statements for the page in robots.txt, to be recorded with it."""
    previous: PreviousVisit | None = None
    """The page in the previous crawl, in an update."""
    missing: bytes = b""
    """The sketch of the host's answer for a page that cannot exist; b"" if the host answers with an error status."""
    hashes_text: bool = False
    """Whether the crawl needs the hash of the page's text, if the page has new links."""
    method: Method = "GET"
    """The method of the request."""

    @property
    def url(self) -> str:
        """Return the URL to fetch."""
        return self.link.url


class Timings(Struct, frozen=True):
    """The time of each phase of a fetch, in seconds; 0.0 for a phase that did not happen."""

    dns: float = 0.0
    """Resolving the host name."""
    connect: float = 0.0
    """Connecting to the server."""
    tls: float = 0.0
    """The TLS handshake."""
    first_byte: float = 0.0
    """Sending the request and waiting for the first byte of the answer."""
    body: float = 0.0
    """Receiving the rest of the answer."""
    total: float = 0.0
    """The sum of all phases."""


class Archived(Struct, frozen=True, array_like=True):
    """An answer in the form in which a WARC file stores it, made by a worker process."""

    record: bytes
    """The compressed response record."""
    header: bytes
    """The header block, for a revisit record."""
    payload: str
    """The digest of the payload, for a revisit record."""


class Response(Struct, frozen=True, array_like=True, tag="response"):
    """A server's whole answer. A truncated or oversized page is a `Failure` instead.

    A redirect or an error is known by its header, so it is a response even if its body is not whole or not decodable.
    """

    url: str
    """The URL that was fetched."""
    status: int
    """The HTTP status code."""
    headers: Mapping[str, str]
    """The header fields by lower-case name, with one character for each octet. Repeated ones are joined by ", ", except
    those that are no lists, such as `location` and `set-cookie`: they are joined by newlines, mostly only if they
    differ."""
    body: bytes = b""
    """The body, after decoding its Content-Encoding; empty if `archived` is set."""
    raw_header: bytes = b""
    """The header block as received, with the status line; empty if `archived` is set."""
    raw_body: bytes = b""
    """The body as received, before decoding its Content-Encoding; empty if `archived` is set."""
    timings: Timings = Timings()
    """The time of each phase of the fetch."""
    peer: str = ""
    """The IP address of the server."""
    http_version: str = "1.1"
    """The HTTP version of the answer."""
    fetched_at: float = 0.0
    """When the fetch was made (seconds since the Unix epoch)."""
    archived: Archived | None = None
    """The answer as a WARC file stores it, where a worker process has made that."""
    truncated: str = ""
    """Why the body of a redirect or an error is not whole, by a word of WARC ("disconnect", "length", "time" or
    "unspecified"); `raw_body` is then what came of it, and `body` is empty. "" if it is whole."""

    @property
    def held(self) -> int:
        """Return the approximate memory (bytes) of the bodies or of the archived record."""
        return len(self.body) + len(self.raw_body) if self.archived is None else len(self.archived.record)


class Failure(Struct, frozen=True, array_like=True, tag="failure"):
    """Why a fetch got no whole answer."""

    reason: Reason
    """The reason, by its code."""
    detail: str = ""
    """An explanation for users."""
    elapsed: float = 0.0
    """Seconds that the fetch took."""
    size: int = 0
    """Bytes that were received."""


class PageRecord(Struct, frozen=True):
    """The facts of one visit: a line of `pages.jsonl` and a row of the pages table."""

    url: str
    """The canonical URL of the link."""
    outcome: OutcomeKind
    """How the visit ended."""
    status: int | None = None
    """The HTTP status code; None if there was no answer."""
    reason: Reason | None = None
    """Why the link was refused or failed; None if nothing was wrong."""
    detail: str = ""
    """An explanation of `reason`."""
    depth: int = 0
    """The number of links from a seed, by the path on which the link was found first."""
    via: str = ""
    """The URL of the page on which the link was found first; "" for a seed."""
    location: str = ""
    """The canonical URL of a redirect's target."""
    title: str = ""
    """The title of the page, with white space collapsed."""
    language: str = ""
    """The language that the page declares."""
    canonical: str = ""
    """The canonical URL that the page declares (link rel=canonical), resolved."""
    noindex: bool = False
    """Whether the page forbids indexing, by meta robots or X-Robots-Tag, or since `unavailable_after`."""
    nofollow: bool = False
    """Whether the page forbids following its links, by meta robots or X-Robots-Tag."""
    unavailable_after: datetime | None = None
    """From when on the page forbids indexing."""
    usage: tuple[str, ...] = ()
    """The site's statements on how the page may be used, mostly by AI ("noai", "content-signal: ai-train=no")."""
    content_type: str = ""
    """The Content-Type of the answer."""
    encoding: str = ""
    """The character encoding of the page."""
    size: int = 0
    """Bytes of the decoded body."""
    content_hash: str = ""
    """The hash of the decoded body of a page."""
    simhash: str = ""
    """The simhash of the visible text in hexadecimal digits, if the crawl looks for near duplicates."""
    soft_404: bool = False
    """Whether the page looks like its host's answer for a page that cannot exist, or says so, if the crawl looks."""
    needs_js: bool = False
    """Whether the page shows its content or its links only with JavaScript."""
    login: bool = False
    """Whether the link redirects to a login, or the page is a login form that came in place of another page."""
    outlinks: int = 0
    """The number of distinct links of the page that may be followed."""
    change: Change | None = None
    """What happened to the page since the previous crawl; None except in an update."""
    attempts: int = 1
    """The number of fetches, including retries."""
    timings: Timings = Timings()
    """The time of each phase of the last fetch."""
    peer: str = ""
    """The IP address of the server."""
    fetched_at: datetime | None = None
    """When the page was fetched (UTC)."""

    @classmethod
    def without_answer(cls, link: Link, kind: OutcomeKind, reason: Reason, detail: str, *, attempts: int) -> PageRecord:
        """Return the record of a link without an answer, whether it was fetched or not."""
        return cls(link.url, kind, reason=reason, detail=detail, depth=link.depth, via=link.via, attempts=attempts)


class PreviousVisit(Struct, frozen=True):
    """What the previous crawl found at a URL."""

    record: PageRecord | None = None
    """The record of the page; None if the previous crawl has none."""
    memo: bytes = b""
    """The memo of the page (`rules/recrawl.py`); b"" if there is none."""


_ENCODER: Final = msgspec.json.Encoder()
_RECORD: Final = msgspec.json.Decoder(PageRecord)


def line_of(record: PageRecord) -> bytes:
    """Return a record as a line of JSON with its newline, as journal and outputs store it; a worker makes it once."""
    return _ENCODER.encode(record) + b"\n"


def record_of(line: bytes) -> PageRecord:
    """Return the record that a line of JSON contains."""
    return _RECORD.decode(line)


class Field(Struct, frozen=True, array_like=True):
    """A field of an item."""

    name: str
    """The name of the field."""
    kind: str
    """The kind of its value (`item_schema.py`)."""
    filled: bool = True
    """Whether the value is neither None nor empty."""


class Item(Struct, frozen=True, array_like=True):
    """What a handler yielded."""

    handler: str
    """The name of the handler."""
    type: str
    """The name of the item's type; for a dict, the name of the handler."""
    line: bytes
    """The line of `items.jsonl`."""
    fields: tuple[Field, ...] = ()
    """The fields that are declared or present."""


class Refusal(Struct, frozen=True, array_like=True):
    """A link that was not admitted."""

    fingerprint: int
    """The fingerprint of the URL."""
    reason: Reason
    """Why it was not admitted."""
    trap: str = ""
    """The name of the trap that the link is part of; "" for none."""
    url: str = ""
    """The canonical URL, or what is no URL as written; "" where the crawl keeps no refused links."""


class SkippedLink(Struct, frozen=True, omit_defaults=True):
    """A refused link as it is kept: one line of `skipped.jsonl`."""

    url: str
    """The canonical URL, or what is no URL as written."""
    reason: Reason
    """Why it was refused."""
    via: str = ""
    """The URL of the page that it was found on, the first one that was recorded; "" for a seed."""
    trap: str = ""
    """The name of the trap that the link is part of; "" for none."""


class Outlink(Struct, frozen=True):
    """A link found on a page and accepted by the scope."""

    fingerprint: int
    """The fingerprint of the URL."""
    url: str
    """The canonical URL."""


class Outlinks(Struct, frozen=True, array_like=True):
    """The accepted links of one page, packed."""

    packed: bytes = b""
    """The fingerprints, uint64 in the machine's byte order."""
    urls: tuple[str, ...] = ()
    """The canonical URLs, in the same order."""

    @classmethod
    def of(cls, several: Sequence[Outlink]) -> Outlinks:
        """Return several links, packed."""
        packed = array("Q", [outlink.fingerprint for outlink in several]).tobytes()
        return cls(packed, tuple([outlink.url for outlink in several])) if several else NO_OUTLINKS

    @property
    def fingerprints(self) -> array[int]:
        """Return the fingerprints, unpacked."""
        return array("Q", self.packed)

    def __len__(self) -> int:
        return len(self.urls)

    def __iter__(self) -> Iterator[Outlink]:
        return map(Outlink, self.fingerprints, self.urls)


NO_OUTLINKS: Final = Outlinks()


DEEPEST: Final = 0xFFF
"""Maximum depth that is stored, in 12 bits; a link below it is stored with this depth."""


def priority_of(link: Link) -> int:
    """Return a link's priority in its queue, 16 bits, the smallest first: the depth (12 bits), then the hops (4)."""
    return link.depth << 4 | min(link.hops, 15)
