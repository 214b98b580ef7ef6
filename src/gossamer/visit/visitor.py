"""The visit of one answer: decode it, read it, judge its links, run its handler. It does no I/O and never raises.

A redirect is read as a page with one outlink, its target, which the crawl treats like any other link.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import TypeGuard

from msgspec import Struct, structs

from gossamer.parse import challenge, encoding, html
from gossamer.parse.directives import PageRules, names_of, rules_of
from gossamer.parse.javascript import needs_javascript
from gossamer.parse.references.quick import read_references
from gossamer.parse.similarity.simhash import simhash
from gossamer.parse.similarity.text_hash import text_hash
from gossamer.parse.text import extract
from gossamer.rules import headers, retries
from gossamer.rules.policy import Policy
from gossamer.rules.recrawl import PageMemo, change_of, conditions, pack_memo
from gossamer.rules.urls import UrlResolver
from gossamer.values.model import (
    Failure,
    OutcomeKind,
    Outlink,
    Outlinks,
    PageRecord,
    Purpose,
    Refusal,
    Request,
    Response,
)
from gossamer.values.protocol import Failed, Outcome, RobotsRead, Visited
from gossamer.values.reasons import Reason
from gossamer.values.references import PageReferences, references_line
from gossamer.visit import login_page, start_page
from gossamer.visit.handlers import Choice, Due, Handled, Handler
from gossamer.visit.links import LinkContext, LinkJudge
from gossamer.visit.missing_pages import looks_missing, read_probe
from gossamer.visit.page import Page
from gossamer.visit.reading import PageFacts, Reading, record_answer
from gossamer.visit.redirects import read_redirect, take_refresh
from gossamer.visit.references import ReferenceMaker, fetched_with
from gossamer.visit.sitemaps import read_sitemap
from gossamer.visit.unchanged import read_unchanged

Read = Reading | Failed | RobotsRead
"""The result of reading an answer: a reading, which Markdown and handlers may follow, or already an event."""
VisitEvent = Visited | Failed | RobotsRead


class Work(Struct, frozen=True):
    """The arguments of a `Visitor`, the same for every worker of a crawl. Unlike a visitor it can be pickled."""

    policy: Policy
    """The settings of the crawl."""
    key: int = 0
    """The key of the crawl's fingerprints."""
    markdown: bool = False
    """Whether every HTML page is converted to a Markdown document."""
    handlers: tuple[Handler, ...] = ()
    """The user's handlers."""
    references: bool = False
    """Whether what pages and stylesheets point to is recorded."""

    def visitor(self) -> Visitor:
        """Return a visitor for one worker."""
        return Visitor(
            self.policy, key=self.key, markdown=self.markdown, handlers=self.handlers, references=self.references
        )


class Visitor:
    """Reads answers for one worker.

    It is safe to share between threads: its only state is the cache of the links that it has reported.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        key: int = 0,
        markdown: bool = False,
        handlers: Sequence[Handler] = (),
        references: bool = False,
    ) -> None:
        self._policy = policy
        self._names = names_of(policy.user_agent)
        self._markdown = markdown
        self._choice = Choice(handlers) if handlers else None
        # While a handler awaits, other pages are read; these must not rely on links that only its page will report.
        self._links = LinkJudge(policy, key, remembers=not any(handler.awaits for handler in handlers))
        self._writes_references = references
        self._references = ReferenceMaker(policy) if references or policy.resources else None

    def visit(self, request: Request, answer: Response | Failure) -> VisitEvent:
        """Read the answer to a request, make Markdown and run the handler, and return the event for the crawl."""
        reading = self.read(request, answer)
        if not self.has_work(reading):
            return event_of(reading)
        self.write_markdown(reading)
        due = self.due(reading)
        return reading.event() if due is None else self.handled(reading, due, due.run())

    def read(self, request: Request, answer: Response | Failure) -> Read:
        """Return the reading of an answer, without Markdown and handlers, which may take long."""
        if request.purpose is Purpose.ROBOTS:
            return RobotsRead(request, answer)
        if isinstance(answer, Failure):
            return self._failed(request, answer)
        try:
            match request.purpose:
                case Purpose.PAGE:
                    return self._visited(request, answer)
                case Purpose.SITEMAP:
                    return read_sitemap(
                        self._policy, self._links, request, answer, writes_references=self._writes_references
                    )
                case _:
                    return read_probe(self._policy, self._links, request, answer)
        except MemoryError:
            return self.out_of_memory(request)
        except Exception:  # noqa: BLE001  # a bug fails only this page, with its traceback
            return self._bug(request)

    # ------------------------------------------------------------ Markdown and handlers

    def has_work(self, reading: Read) -> TypeGuard[Reading]:
        """Whether Markdown or a handler may follow: only for a whole page."""
        return (self._markdown or self._choice is not None) and type(reading) is Reading and reading.is_page

    def write_markdown(self, reading: Reading) -> None:
        """Convert an HTML page to a Markdown document, if the crawl has that output."""
        if not self._markdown or reading.text is None:
            return
        try:
            reading.write(extract.markdown(reading.text, reading.request.url, self._policy.text))
        except MemoryError:
            reading.fail(Failure(Reason.FAIL_HANDLER_MEMORY))
        except Exception:  # noqa: BLE001  # as in `read`: a bug fails only this page
            reading.fail(Failure(Reason.FAIL_BUG, traceback.format_exc(limit=-3)))

    def due(self, reading: Reading) -> Due | None:
        """Return the page with the handler that must run on it; None if it has none, or has already failed."""
        handler = self._choice.of(reading.request.url) if self._choice is not None and reading.is_page else None
        if handler is None:
            return None
        page = Page(reading.record, reading.response, html=reading.text)
        return Due(handler, page, self._policy.handler_timeout)

    def handled(self, reading: Reading, due: Due, result: Handled) -> VisitEvent:
        """Return the event of a page whose handler has run: with items and more links, or as a failure."""
        try:
            self._take(reading, due.page, result)
            return reading.event()
        except Exception:  # noqa: BLE001  # as in `read`: a bug fails only this page
            return self._bug(reading.request)

    def _take(self, reading: Reading, page: Page, result: Handled) -> None:
        """Record the result of a handler. Links that it followed are judged like any other, except for nofollow."""
        if result.followed:
            context = LinkContext(reading.request, page.base, reading.record.encoding or "utf-8")
            judged = self._links.new(context, result.followed)
            reading.outlinks = Outlinks.of([*reading.outlinks, *(one for one in judged if type(one) is Outlink)])
            reading.refusals += tuple([one for one in judged if type(one) is Refusal])
            if reading.outlinks:
                reading.start = None
        reading.items = result.items
        if result.trouble:
            reading.fail(Failure(result.reason, result.trouble))

    # ------------------------------------------------------------ failures

    def out_of_memory(self, request: Request) -> Failed:
        """Return a failure for a page that ran out of memory, and clear the link cache.

        Otherwise other pages would leave out links that this page has not reported.
        """
        self._links = self._links.anew()
        return self._failed(request, Failure(Reason.FAIL_HANDLER_MEMORY))

    def _bug(self, request: Request) -> Failed:
        self._links = self._links.anew()
        return self._failed(request, Failure(Reason.FAIL_BUG, traceback.format_exc(limit=-3)))

    def _failed(self, request: Request, failure: Failure) -> Failed:
        decision = retries.judge_failure(self._policy, request.attempt, self._links.fingerprint(request.url), failure)
        record = PageRecord.without_answer(
            request.link, decision.kind, failure.reason, failure.detail, attempts=request.attempt + 1
        )
        change = change_of(request.previous, decision.kind, None)
        record = record if change is None else structs.replace(record, change=change)
        return Failed(request, Outcome.of(record), failure, decision.retry_after)

    # ------------------------------------------------------------ answers of each kind

    def _visited(self, request: Request, response: Response) -> Reading:
        if response.status == 304 and conditions(request.previous):
            return read_unchanged(self._policy, self._links, request, response)
        decision = retries.judge(
            self._policy,
            request.attempt,
            self._links.fingerprint(request.url),
            response,
            conditional=request.previous is not None and bool(conditions(request.previous)),
        )
        match decision.kind:
            case OutcomeKind.REDIRECTED:
                return read_redirect(
                    self._policy, self._links, request, response, writes_references=self._writes_references
                )
            case OutcomeKind.DONE if html.is_html(response.headers.get("content-type", ""), response.body):
                return self._page(request, response)
            case OutcomeKind.DONE:
                return self._file(request, response)
            case _:
                rules, reason, facts = (
                    self._rules(request, response),
                    decision.reason,
                    PageFacts(detail=decision.detail),
                )
                if decision.kind is OutcomeKind.FAILED and (service := _challenger(response)):
                    reason, facts = Reason.FAIL_BLOCKED, PageFacts(detail=service)
                record = record_answer(request, response, decision.kind, reason, rules=rules, facts=facts)
                return Reading(
                    request, response, record, retry_after=decision.retry_after, host_pause=decision.host_pause
                )

    def _file(self, request: Request, response: Response) -> Reading:
        """Read what is not HTML: only its header may have links."""
        rules, found = self._rules(request, response), _with_header_links(html.Scan(), request.url, response)
        record = record_answer(
            request,
            response,
            OutcomeKind.DONE,
            None,
            rules=rules,
            facts=PageFacts(canonical=_canonical(request.url, found), outlinks=len(found.hrefs)),
        )
        reading, context = Reading(request, response, record), LinkContext(request, request.url, "utf-8")
        reading.is_file = self._policy.resources and request.link.depth > 0
        memo = PageMemo()
        if found.hrefs or found.nofollow_hrefs:
            memo = PageMemo("", "", request.url, rules.nofollow, found.hrefs, found.nofollow_hrefs)
            judged = self._links.of_page(context, found, page_nofollow=rules.nofollow)
            reading.outlinks, reading.refusals = judged
        reading.memo = pack_memo(response, memo)
        if request.link.depth == 0:
            reading.start = start_page.problem(self._policy, self._links.scope(request), reading, context.base, found)
        if self._references is not None and (made := self._references.of_file(context, response)) is not None:
            self._take_references(reading, context, made, len(found.hrefs))
        return reading

    def _page(self, request: Request, response: Response) -> Reading:
        text, name = encoding.decode(response.body, response.headers.get("content-type", ""))
        octets, reader = encoding.utf_8_of(text, response.body, name), None
        if self._references is None:
            found = html.scan(text, octets)
        else:
            found, reader = read_references(text, octets)
        if len(found.hrefs) <= challenge.MAX_LINKS and (service := _challenger(response)):
            facts = PageFacts(detail=service)
            record = record_answer(request, response, OutcomeKind.FAILED, Reason.FAIL_BLOCKED, facts=facts)
            return Reading(request, response, record)
        found = _with_header_links(found, request.url, response)
        rules = self._rules(request, response, found.meta_robots)
        context = LinkContext(request, html.base_url(request.url, found.base), name)
        hrefs, unfollowed = (some[: self._policy.max_links_per_page] for some in (found.hrefs, found.nofollow_hrefs))
        memo = pack_memo(response, PageMemo("", "", context.base, rules.nofollow, hrefs, unfollowed))
        visible = html.visible_text(text) if self._policy.near_duplicates or request.missing else ""
        needs_js = needs_javascript(text, len(found.hrefs), leads_on=found.refresh is not None)
        facts = PageFacts(
            found.title,
            found.language,
            _canonical(context.base, found),
            name,
            self._simhash(visible),
            self._policy.soft_404 and looks_missing(request, found.title, text, visible),
            needs_js,
            login_page.is_login_page(request.link, found, text, needs_js=needs_js),
            len(found.hrefs),
        )
        record = record_answer(request, response, OutcomeKind.DONE, None, rules=rules, facts=facts)
        made = self._references.of_page(reader, context, response, text) if self._references and reader else None
        # The last thing that can be done: from now on these links count as reported.
        outlinks, refusals = self._links.of_page(context, found, page_nofollow=rules.nofollow)
        reading = Reading(request, response, record, text, outlinks, refusals, memo=memo)
        if request.hashes_text and outlinks:
            reading.text_hash = text_hash(text, request.url)
        if found.refresh is not None:
            take_refresh(self._policy, self._links, reading, context, found)
        if record.login:
            reading.behind_login = login_page.page_behind(request.link)
        if request.link.depth == 0:
            reading.start = start_page.problem(self._policy, self._links.scope(request), reading, context.base, found)
        if made is not None:
            self._take_references(reading, context, made, len(found.hrefs))
        return reading

    def _take_references(self, reading: Reading, context: LinkContext, made: PageReferences, links: int) -> None:
        """Take the line of a page's references, and the resources among them as links, if the crawl fetches these."""
        if self._writes_references:
            reading.references = references_line(made)
        if self._policy.resources:
            outlinks, refusals = self._links.of_resources(context, fetched_with(made), links)
            reading.outlinks = Outlinks.of([*reading.outlinks, *outlinks]) if outlinks else reading.outlinks
            reading.refusals += refusals

    def _simhash(self, visible: str) -> str:
        """Return the simhash of a text in hexadecimal digits; "" if the crawl needs none or the text is too short."""
        if not self._policy.near_duplicates:
            return ""
        found = simhash(visible)
        return f"{found:016x}" if found else ""

    def _rules(self, request: Request, response: Response, meta: tuple[tuple[str, str], ...] = ()) -> PageRules:
        return rules_of(meta, response.headers, self._names, at=response.fetched_at, usage=request.usage)


def event_of(reading: Read) -> VisitEvent:
    """Return the event of an answer that needs neither Markdown nor a handler."""
    return reading.event() if isinstance(reading, Reading) else reading


def _challenger(response: Response) -> str:
    """Return who checks for bots with an answer; "" if it is none of these checks."""
    return challenge.service(response.status, response.headers, response.body)


def _with_header_links(found: html.Scan, url: str, response: Response) -> html.Scan:
    """Add the links of the header, which are relative to the URL and not to the base element (RFC 8288, 3.1)."""
    more = headers.links(response.headers)
    if more is headers.NO_LINKS:
        return found
    resolve = UrlResolver(url).canonical
    hrefs = [resolve(href) or href for href in map(html.tidy, more.hrefs) if href]
    unfollowed = [resolve(href) or href for href in map(html.tidy, more.nofollow_hrefs) if href]
    followed = tuple(dict.fromkeys((*found.hrefs, *hrefs)))
    return structs.replace(
        found,
        hrefs=followed,
        nofollow_hrefs=tuple(dict.fromkeys(x for x in (*found.nofollow_hrefs, *unfollowed) if x not in followed)),
        canonical=found.canonical or (more.canonical and resolve(more.canonical)) or None,
    )


def _canonical(base: str, found: html.Scan) -> str:
    return (found.canonical and UrlResolver(base).canonical(found.canonical)) or ""
