"""What a visit knows of an answer while it reads it: the record as a value, the text decoded, the links judged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gossamer.parse.directives import NO_RULES, PageRules
from gossamer.parse.text import extract
from gossamer.rules.recrawl import change_of, conditions, content_hash, content_of
from gossamer.values.model import (
    NO_OUTLINKS,
    Failure,
    Item,
    OutcomeKind,
    Outlinks,
    PageRecord,
    Purpose,
    Refusal,
    Request,
    Response,
    line_of,
)
from gossamer.values.protocol import Outcome, Visited
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import StartPage


class PageFacts(Struct, frozen=True):
    """What only reading a body can tell: the fields of `PageRecord` with these names."""

    title: str = ""
    language: str = ""
    canonical: str = ""
    encoding: str = ""
    simhash: str = ""
    soft_404: bool = False
    needs_js: bool = False
    outlinks: int = 0
    detail: str = ""


NO_FACTS: Final = PageFacts()


class Reading(Struct):
    """One answer as it is being read: owned by one visit, and turned into an event when all is done with it.

    The body is decoded once, for links, Markdown and handlers alike, and the record is encoded once, at the end. Where
    a worker reports what it has read before it goes on, its line is kept: only a failure afterwards makes it anew.
    """

    request: Request
    response: Response
    record: PageRecord
    text: str | None = None
    """The decoded body of an HTML page; None for anything else."""
    outlinks: Outlinks = NO_OUTLINKS
    refusals: tuple[Refusal, ...] = ()
    retry_after: float = 0.0
    host_pause: float = 0.0
    adopts: str = ""
    sitemaps: tuple[str, ...] = ()
    sketch: bytes = b""
    text_hash: int = 0
    start: StartPage | None = None
    refresh: Outlinks = NO_OUTLINKS
    memo: bytes = b""
    markdown: str = ""
    items: tuple[Item, ...] = ()
    line: bytes = b""
    """The record as a line of JSON; empty until it is encoded."""

    @property
    def is_page(self) -> bool:
        """Whether it is a page that came whole: what Markdown is made of, and what handlers get."""
        return self.record.outcome is OutcomeKind.DONE and self.request.purpose is Purpose.PAGE

    def write(self, markdown: str) -> None:
        """Take the text of the page as Markdown, with the facts of its record on top."""
        self.markdown = extract.document(self.record, markdown)

    def fail(self, failure: Failure) -> None:
        """Take a failure in what was done with the page: the page has failed, but it did come, and its links count."""
        self.record, self.line, self.markdown = _failed(self.record, failure), b"", ""

    def event(self) -> Visited:
        """Return what the crawl is told."""
        record, response = self.record, self.response
        self.line = self.line or line_of(record)
        request = self.request
        sent: tuple[tuple[str, str], ...] = ()
        if request.previous is not None:  # read by now, and large
            sent = conditions(request.previous)
            request = replace(request, previous=None)
        outcome = Outcome(
            self.line,
            record.outcome,
            record.reason,
            record.change,
            response,
            self.markdown,
            content_of(record.content_hash, record.size),
            int(record.simhash, 16) if record.simhash else 0,
            self.memo,
            sent,
            self.items,
            record.soft_404,
            record.needs_js,
            self.start,
        )
        return Visited(
            request,
            outcome,
            response.timings.total,
            len(response.body),
            response.peer,
            self.outlinks,
            self.refusals,
            self.retry_after,
            self.host_pause,
            self.adopts,
            self.sitemaps,
            self.sketch,
            self.text_hash,
            self.refresh,
        )


def spoiled(event: Visited, failure: Failure) -> Visited:
    """Return the event of a page whose worker ended while it did more with it: failed, with its links."""
    record = _failed(event.outcome.record, failure)
    outcome = replace(
        event.outcome, line=line_of(record), kind=record.outcome, reason=record.reason, markdown="", items=()
    )
    return replace(event, outcome=outcome)


def _failed(record: PageRecord, failure: Failure) -> PageRecord:
    return replace(record, outcome=OutcomeKind.FAILED, reason=failure.reason, detail=failure.detail)


def record_answer(
    request: Request,
    response: Response,
    kind: OutcomeKind,
    reason: Reason | None,
    *,
    rules: PageRules = NO_RULES,
    location: str = "",
    facts: PageFacts = NO_FACTS,
) -> PageRecord:
    """Return the record of an answer; `location` is the canonical URL it redirects to."""
    link = request.link
    content = content_hash(response.body) if kind is OutcomeKind.DONE and request.purpose is Purpose.PAGE else ""
    return PageRecord(
        link.url,
        kind,
        status=response.status,
        reason=reason,
        detail=facts.detail,
        depth=link.depth,
        via=link.via,
        location=location,
        title=facts.title,
        language=facts.language,
        canonical=facts.canonical,
        noindex=rules.noindex,
        nofollow=rules.nofollow,
        unavailable_after=rules.unavailable_after,
        usage=rules.usage,
        content_type=response.headers.get("content-type", ""),
        encoding=facts.encoding,
        size=len(response.body),
        content_hash=content,
        simhash=facts.simhash,
        soft_404=facts.soft_404,
        needs_js=facts.needs_js,
        outlinks=facts.outlinks,
        change=change_of(request.previous, kind, response.status, content, location),
        attempts=request.attempt + 1,
        timings=response.timings,
        peer=response.peer,
        fetched_at=datetime.fromtimestamp(response.fetched_at, UTC),
    )
