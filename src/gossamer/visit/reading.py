"""The state of a visit while it reads an answer: the record as a value, the decoded text, the judged links."""

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
    """The facts that only the body of an answer contains: the fields of `PageRecord` with the same names."""

    title: str = ""
    language: str = ""
    canonical: str = ""
    encoding: str = ""
    simhash: str = ""
    soft_404: bool = False
    needs_js: bool = False
    login: bool = False
    outlinks: int = 0
    detail: str = ""


NO_FACTS: Final = PageFacts()


class Reading(Struct):
    """One answer while it is being read: owned by one visit, and turned into an event at the end.

    The body is decoded once, for links, Markdown and handlers alike, and the record is encoded once, at the end. Where
    a worker sends the record before Markdown and handlers, its line is kept; only a later failure encodes it again.
    """

    request: Request
    """The request that was answered."""
    response: Response
    """The answer."""
    record: PageRecord
    """The record of the visit."""
    text: str | None = None
    """The decoded body of an HTML page; None for anything else."""
    outlinks: Outlinks = NO_OUTLINKS
    """The accepted links of the page that were not reported before."""
    refusals: tuple[Refusal, ...] = ()
    """The refused links of the page that were not reported before."""
    retry_after: float = 0.0
    """Seconds until the request may be repeated, where the outcome is a retry."""
    host_pause: float = 0.0
    """Seconds for which the whole host must rest (Retry-After, 429, 503)."""
    adopts: str = ""
    """The URL outside the scope to which a seed redirected; "" for none."""
    sitemaps: tuple[str, ...] = ()
    """The URLs of more sitemaps: those in an index, or the target of a redirect."""
    sketch: bytes = b""
    """The sketch of an answer for a page that cannot exist; b"" for none."""
    text_hash: int = 0
    """The hash of the page's text without links and numbers; 0 for none."""
    start: StartPage | None = None
    """Why the page leads to no other page, or to few, if it is a start page."""
    is_file: bool = False
    """Whether it is no HTML page, and was perhaps fetched only because pages load it."""
    behind_login: str = ""
    """The URL in place of whose page a login came; "" for none."""
    refresh: Outlinks = NO_OUTLINKS
    """The target of the page's refresh, if it is a variant of the page."""
    memo: bytes = b""
    """What a later update needs to know of the page (`rules/recrawl.py`)."""
    markdown: str = ""
    """The page as a Markdown document; "" for none."""
    references: bytes = b""
    """The references of the page or stylesheet as a line of JSON; b"" for none."""
    items: tuple[Item, ...] = ()
    """The items that the page's handler yielded."""
    line: bytes = b""
    """The record as a line of JSON; empty until it is encoded."""

    @property
    def is_page(self) -> bool:
        """Whether the answer is a whole page, which Markdown is made of and handlers get."""
        return self.record.outcome is OutcomeKind.DONE and self.request.purpose is Purpose.PAGE

    def write(self, markdown: str) -> None:
        """Record the Markdown of the page, with the facts of its record on top."""
        self.markdown = extract.document(self.record, markdown)

    def fail(self, failure: Failure) -> None:
        """Record a failure after the page was read: its outcome is a failure, but its status and links count."""
        self.record, self.line = _failed(self.record, failure), b""
        self.markdown, self.references = "", b""

    def event(self) -> Visited:
        """Return the event for the crawl."""
        record, response = self.record, self.response
        self.line = self.line or line_of(record)
        request = self.request
        sent: tuple[tuple[str, str], ...] = ()
        if request.previous is not None:  # not needed any more, and large
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
            self.behind_login,
            self.references,
            self.is_file,
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
    """Return the failed event, with its links, of a page whose worker ended after it had sent the first one."""
    record = _failed(event.outcome.record, failure)
    outcome = replace(
        event.outcome,
        line=line_of(record),
        kind=record.outcome,
        reason=record.reason,
        markdown="",
        items=(),
        references=b"",
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
    """Return the record of an answer; `location` is the canonical URL of a redirect's target."""
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
        login=facts.login,
        outlinks=facts.outlinks,
        change=change_of(request.previous, kind, response.status, content, location),
        attempts=request.attempt + 1,
        timings=response.timings,
        peer=response.peer,
        fetched_at=datetime.fromtimestamp(response.fetched_at, UTC),
    )
