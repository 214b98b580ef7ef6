"""What a worker does with one answer: decode it, read it, judge its links, run its handler. Pure, and never raises."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import TypeGuard

from msgspec import Struct, structs

from gossamer.parse import encoding, html, sitemap
from gossamer.parse.directives import PageRules, names_of, rules_of
from gossamer.parse.javascript import needs_javascript
from gossamer.parse.similarity import soft_404
from gossamer.parse.similarity.not_found import says_not_found
from gossamer.parse.similarity.simhash import simhash
from gossamer.parse.similarity.text_hash import text_hash
from gossamer.parse.text import extract
from gossamer.rules import retries, traps
from gossamer.rules.policy import Policy
from gossamer.rules.recrawl import PageMemo, conditions, pack_memo, unpack_memo
from gossamer.rules.urls import UrlResolver, path
from gossamer.values.model import (
    Change,
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
from gossamer.values.reasons import Reason, StartProblem
from gossamer.values.snapshot import StartPage
from gossamer.visit import start_page
from gossamer.visit.handlers import Choice, Due, Handled, Handler
from gossamer.visit.links import LinkJudge, Place
from gossamer.visit.page import Page
from gossamer.visit.reading import PageFacts, Reading, record_answer

Read = Reading | Failed | RobotsRead
"""What reading an answer comes to: a reading that more can be done with, or an event already."""
VisitEvent = Visited | Failed | RobotsRead


class Work(Struct, frozen=True):
    """What every worker of a crawl does with an answer, wherever it runs: it can be pickled, a visitor cannot.

    `key` is that of the crawl's fingerprints; with `markdown` every HTML page is made a Markdown document.
    """

    policy: Policy
    key: int = 0
    markdown: bool = False
    handlers: tuple[Handler, ...] = ()

    def visitor(self) -> Visitor:
        """Return a visitor for one worker."""
        return Visitor(self.policy, key=self.key, markdown=self.markdown, handlers=self.handlers)


class Visitor:
    """Read answers for one worker.

    Safe to share between threads: its only state is the cache of which links it has reported.
    """

    def __init__(
        self, policy: Policy, *, key: int = 0, markdown: bool = False, handlers: Sequence[Handler] = ()
    ) -> None:
        self._policy = policy
        self._names = names_of(policy.user_agent)
        self._markdown = markdown
        self._choice = Choice(handlers) if handlers else None
        # While a handler awaits, other pages are read, which must not rely on links that only its page has reported.
        self._links = LinkJudge(policy, key, remembers=not any(handler.awaits for handler in handlers))

    def visit(self, request: Request, answer: Response | Failure) -> VisitEvent:
        """Read the answer to a request, do all that is wanted with its page, and return what the crawl is told."""
        reading = self.read(request, answer)
        if not self.has_work(reading):
            return event_of(reading)
        self.write_markdown(reading)
        due = self.due(reading)
        return reading.event() if due is None else self.handled(reading, due, due.run())

    def read(self, request: Request, answer: Response | Failure) -> Read:
        """Read the answer to a request: everything but Markdown and handlers, which may take long."""
        if request.purpose is Purpose.ROBOTS:
            return RobotsRead(request, answer)
        if isinstance(answer, Failure):
            return self._failed(request, answer)
        try:
            match request.purpose:
                case Purpose.PAGE:
                    return self._visited(request, answer)
                case Purpose.SITEMAP:
                    return self._sitemap(request, answer)
                case _:
                    return self._probe(request, answer)
        except MemoryError:
            return self.out_of_memory(request)
        except Exception:  # noqa: BLE001  # a bug of ours costs this page, and is reported with its traceback; never the crawl
            return self._bug(request)

    # ------------------------------------------------------------ what is done with a page that came

    def has_work(self, reading: Read) -> TypeGuard[Reading]:
        """Whether Markdown or a handler is still to come: only for a page that came whole."""
        return (self._markdown or self._choice is not None) and type(reading) is Reading and reading.is_page

    def write_markdown(self, reading: Reading) -> None:
        """Make an HTML page a Markdown document, where the crawl wants that."""
        if not self._markdown or reading.text is None:
            return
        try:
            reading.write(extract.markdown(reading.text, reading.request.url, self._policy.text))
        except MemoryError:
            reading.fail(Failure(Reason.FAIL_HANDLER_MEMORY))
        except Exception:  # noqa: BLE001  # as in `read`: a bug of ours costs this page
            reading.fail(Failure(Reason.FAIL_BUG, traceback.format_exc(limit=-3)))

    def due(self, reading: Reading) -> Due | None:
        """Return the page with the handler that must run on it; None where it has none, or has failed by now."""
        handler = self._choice.of(reading.request.url) if self._choice is not None and reading.is_page else None
        if handler is None:
            return None
        page = Page(reading.record, reading.response, html=reading.text)
        return Due(handler, page, self._policy.handler_timeout)

    def handled(self, reading: Reading, due: Due, result: Handled) -> VisitEvent:
        """Return what the crawl is told of a page whose handler has run: items and more links, or that it failed."""
        try:
            self._take(reading, due.page, result)
            return reading.event()
        except Exception:  # noqa: BLE001  # as in `read`: a bug of ours costs this page
            return self._bug(reading.request)

    def _take(self, reading: Reading, page: Page, result: Handled) -> None:
        """Judge the links that a handler followed like any other, but for nofollow: somebody asked for these."""
        if result.followed:
            place = Place(reading.request, page.base, reading.record.encoding or "utf-8")
            judged = self._links.new(place, result.followed)
            reading.outlinks = Outlinks.of([*reading.outlinks, *(one for one in judged if type(one) is Outlink)])
            reading.refusals += tuple([one for one in judged if type(one) is Refusal])
            if reading.outlinks:
                reading.start = None
        reading.items = result.items
        if result.trouble:
            reading.fail(Failure(result.reason, result.trouble))

    # ------------------------------------------------------------ failures

    def out_of_memory(self, request: Request) -> Failed:
        """Return the failure of a page that ran out of memory; forget reported links: some of its own may be lost."""
        self._links = self._links.anew()
        return self._failed(request, Failure(Reason.FAIL_HANDLER_MEMORY))

    def _bug(self, request: Request) -> Failed:
        self._links = self._links.anew()
        return self._failed(request, Failure(Reason.FAIL_BUG, traceback.format_exc(limit=-3)))

    def _failed(self, request: Request, failure: Failure) -> Failed:
        decision = retries.judge_failure(self._policy, request.attempt, self._links.mark(request.url), failure)
        record = PageRecord.without_answer(
            request.link, decision.kind, failure.reason, failure.detail, attempts=request.attempt + 1
        )
        return Failed(request, Outcome.of(record), failure, decision.retry_after)

    # ------------------------------------------------------------ answers of each kind

    def _visited(self, request: Request, response: Response) -> Reading:
        if response.status == 304 and conditions(request.previous):
            return self._unchanged(request, response)
        decision = retries.judge(self._policy, request.attempt, self._links.mark(request.url), response)
        match decision.kind:
            case OutcomeKind.REDIRECTED:
                return self._redirected(request, response)
            case OutcomeKind.DONE if html.is_html(response.headers.get("content-type", ""), response.body):
                return self._page(request, response)
            case _:
                rules = self._rules(request, response)
                reading = Reading(
                    request,
                    response,
                    record_answer(request, response, decision.kind, decision.reason, rules=rules),
                    retry_after=decision.retry_after,
                    host_pause=decision.host_pause,
                    memo=pack_memo(response, PageMemo()) if decision.kind is OutcomeKind.DONE else b"",
                )
                if request.link.depth == 0 and reading.is_page:
                    reading.start = start_page.not_html(request, response, self._links.scope(request))
                return reading

    def _redirected(self, request: Request, response: Response) -> Reading:
        """Read a redirect as a page with one outlink: same depth, one hop more (RFC 9110, 15.4)."""
        link = request.link
        location = response.headers.get("location", "")
        target = self._links.target(link.url, location) if location.strip() else None
        if target is None:
            return _bad_redirect(request, response, Reason.FAIL_BAD_REDIRECT, "")
        if target == link.url:
            return _bad_redirect(request, response, Reason.FAIL_REDIRECT_LOOP, target)
        if link.hops >= self._policy.max_redirects:
            return _bad_redirect(request, response, Reason.FAIL_TOO_MANY_REDIRECTS, target)
        scope, adopts = self._links.scope(request), ""
        reason = scope.judge(target)
        if reason is Reason.SKIP_SCOPE and link.depth == 0:
            # On another site only this page is fetched: a domain that was sold is not the site that was meant.
            reason = scope.with_seed(target).judge(target)
            adopts = target if reason is None and scope.moves_to(target) else ""
        reading = Reading(
            request, response, record_answer(request, response, OutcomeKind.REDIRECTED, reason, location=target)
        )
        if reason is None:
            reading.outlinks, reading.adopts = Outlinks.of([self._links.outlink(target)]), adopts
        return reading

    def _page(self, request: Request, response: Response) -> Reading:
        text, name = encoding.decode(response.body, response.headers.get("content-type", ""))
        found = html.scan(text, encoding.utf_8_of(text, response.body, name))
        rules = self._rules(request, response, found.meta_robots)
        place = Place(request, html.base_url(request.url, found.base), name)
        hrefs, unfollowed = (some[: self._policy.max_links_per_page] for some in (found.hrefs, found.nofollow_hrefs))
        memo = pack_memo(response, PageMemo("", "", place.base, rules.nofollow, hrefs, unfollowed))
        visible = html.visible_text(text) if self._policy.near_duplicates or request.missing else ""
        facts = PageFacts(
            found.title,
            found.language,
            (found.canonical and UrlResolver(place.base).canonical(found.canonical)) or "",
            name,
            self._simhash(visible),
            self._is_soft_404(request, found.title, text, visible),
            needs_javascript(text, len(found.hrefs), leads_on=found.refresh is not None),
            len(found.hrefs),
        )
        record = record_answer(request, response, OutcomeKind.DONE, None, rules=rules, facts=facts)
        # The last thing that can be done: from now on these links count as reported.
        outlinks, refusals = self._links.of_page(place, found, page_nofollow=rules.nofollow)
        reading = Reading(request, response, record, text, outlinks, refusals, memo=memo)
        if request.hashes_text and outlinks:
            reading.text_hash = text_hash(text, request.url)
        if found.refresh is not None:
            self._take_refresh(reading, place, found)
        if request.link.depth == 0:
            reading.start = self._start_page(reading, place, found)
        return reading

    def _start_page(self, reading: Reading, place: Place, found: html.Scan) -> StartPage | None:
        """Return why a start page leads to no other page; None if it does, or need not."""
        request, scope = reading.request, self._links.scope(reading.request)
        if start_page.is_elsewhere(request, scope):
            return start_page.elsewhere(request)
        is_left = reading.refresh or any(url != request.url for url in reading.outlinks.urls)
        if is_left or self._policy.max_depth == 0:
            return None
        hrefs = found.hrefs
        if not self._policy.nofollow:
            hrefs += found.nofollow_hrefs
        elif reading.record.nofollow:
            hrefs = ()
        if start_page.leads_on(request, scope, place.base, hrefs):
            return None
        if reading.record.needs_js:
            return StartPage(request.url, StartProblem.NEEDS_JS)
        return start_page.without_links(request, scope, place.base, found, reading.text or "")

    def _take_refresh(self, reading: Reading, place: Place, found: html.Scan) -> None:
        """Take a refresh to a variant of the page itself as one hop more, like a redirect: it may go on for ever."""
        link = reading.request.link
        target = self._links.target(place.base, found.refresh or "")
        alone = len(found.hrefs) == 1
        if target is None or target == link.url or not traps.is_variant(link.url, target, alone=alone):
            return
        refreshes = [one for one in reading.outlinks if one.url == target]
        reading.outlinks = Outlinks.of([one for one in reading.outlinks if one.url != target])
        if link.hops < self._policy.max_redirects or not self._policy.traps:
            reading.refresh = Outlinks.of(refreshes)
            return
        name = f"{traps.folded(target).partition('?')[0]}: refreshes without end"
        reading.refusals += tuple([Refusal(one.fingerprint, Reason.SKIP_TRAP, name) for one in refreshes])

    def _is_soft_404(self, request: Request, title: str, text: str, visible: str) -> bool:
        """Whether a page that came looks like one that cannot exist, or says that it does not."""
        if not self._policy.soft_404 or path(request.url) == "/":  # shown for missing pages, it may exist itself
            return False
        return _looks_missing(request, title, visible) or says_not_found(title, text)

    def _simhash(self, visible: str) -> str:
        """Return the simhash of a text in hexadecimal digits; "" where none is wanted or there is too little text."""
        if not self._policy.near_duplicates:
            return ""
        found = simhash(visible)
        return f"{found:016x}" if found else ""

    def _unchanged(self, request: Request, response: Response) -> Reading:
        """Read a page by what an earlier crawl remembers of it: the server says that it is still the same (304)."""
        assert request.previous is not None
        before, memo = request.previous.record, unpack_memo(request.previous.memo)
        assert before is not None, "only a page that was there is asked for conditionally"
        now = record_answer(request, response, OutcomeKind.DONE, None)
        end, moment = before.unavailable_after, now.fetched_at
        record = structs.replace(
            before,
            noindex=before.noindex or (end is not None and moment is not None and end <= moment),
            status=now.status,
            depth=now.depth,
            via=now.via,
            change=Change.UNCHANGED,
            soft_404=before.soft_404 and self._policy.soft_404,
            attempts=now.attempts,
            timings=now.timings,
            peer=now.peer,
            fetched_at=now.fetched_at,
        )
        reading = Reading(request, response, record, memo=pack_memo(response, memo))
        if memo.base:
            found = html.Scan(memo.hrefs, memo.nofollow_hrefs)
            place = Place(request, memo.base, before.encoding)
            reading.outlinks, reading.refusals = self._links.of_page(place, found, page_nofollow=memo.nofollow)
        return reading

    def _probe(self, request: Request, response: Response) -> Reading:
        """Sketch what a host shows for a page that cannot exist; an error status there is as it should be."""
        decision = retries.judge(self._policy, request.attempt, self._links.mark(request.url), response)
        reading = Reading(
            request,
            response,
            record_answer(request, response, decision.kind, decision.reason),
            host_pause=decision.host_pause,
        )
        content_type = response.headers.get("content-type", "")
        if decision.kind is OutcomeKind.DONE and html.is_html(content_type, response.body):
            text, _ = encoding.decode(response.body, content_type)
            reading.sketch = soft_404.sketch(html.scan(text).title, html.visible_text(text), request.url)
        return reading

    def _rules(self, request: Request, response: Response, meta: tuple[tuple[str, str], ...] = ()) -> PageRules:
        return rules_of(meta, response.headers, self._names, at=response.fetched_at, usage=request.usage)

    def _sitemap(self, request: Request, response: Response) -> Reading:
        """Read a sitemap as a page of links, all of which must pass the scope; a redirect, as an index of one."""
        decision = retries.judge(self._policy, request.attempt, self._links.mark(request.url), response)
        kind, found = decision.kind, sitemap.Sitemap()
        if kind is OutcomeKind.REDIRECTED:
            target = UrlResolver(request.url).canonical(response.headers.get("location", ""))
            found = sitemap.Sitemap(sitemaps=(target,) if target else ())
        elif kind is OutcomeKind.DONE:
            found = sitemap.parse(response.body, request.url, response.headers.get("content-type", ""))
        judged = self._links.named(request, [page.url for page in sitemap.in_order(found.urls)])
        facts = PageFacts(detail="; ".join(found.notes), outlinks=len(found.urls))
        return Reading(
            request,
            response,
            record_answer(request, response, kind, decision.reason, facts=facts),
            outlinks=Outlinks.of([one for one in judged if type(one) is Outlink]),
            refusals=tuple(one for one in judged if type(one) is Refusal),
            retry_after=decision.retry_after,
            host_pause=decision.host_pause,
            sitemaps=found.sitemaps,
        )


def event_of(reading: Read) -> VisitEvent:
    """Return what the crawl is told of an answer with which nothing more is done."""
    return reading.event() if isinstance(reading, Reading) else reading


def _bad_redirect(request: Request, response: Response, reason: Reason, target: str) -> Reading:
    record = record_answer(request, response, OutcomeKind.FAILED, reason, location=target)
    return Reading(request, response, record)


def _looks_missing(request: Request, title: str, visible: str) -> bool:
    """Whether a page looks like what its host shows for one that cannot exist."""
    if not request.missing:
        return False
    # With and without what names the page: an error page repeats its address, but that may also be a word of it.
    return any(soft_404.same(request.missing, soft_404.sketch(title, visible, url)) for url in (request.url, ""))
