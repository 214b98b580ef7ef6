"""Visit: what a worker does with one answer: decode, parse, judge the outlinks. Pure, and never raises."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct, structs

from gossamer.parse import encoding, html, sitemap
from gossamer.parse.directives import NO_RULES, PageRules, names_of, rules_of
from gossamer.parse.similarity import soft_404
from gossamer.parse.similarity.simhash import simhash
from gossamer.parse.text import extract
from gossamer.rules import retries
from gossamer.rules.policy import Policy
from gossamer.rules.recrawl import PageMemo, change_of, conditions, content_hash, content_of, pack_memo, unpack_memo
from gossamer.rules.urls import UrlResolver, path
from gossamer.values.model import (
    NO_OUTLINKS,
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
    line_of,
)
from gossamer.values.protocol import Failed, RobotsRead, Visited
from gossamer.values.reasons import Reason
from gossamer.visit.handlers import Choice, Due, Handled, Handler
from gossamer.visit.links import LinkJudge, Place
from gossamer.visit.page import Page


class Work(Struct, frozen=True):
    """Say what every worker of a crawl does with an answer, wherever it runs: it can be pickled, a visitor cannot.

    `key` is that of the crawl's fingerprints; with `markdown` every page comes with its text.
    """

    policy: Policy
    key: int = 0
    markdown: bool = False
    handlers: tuple[Handler, ...] = ()

    def visitor(self) -> Visitor:
        """Make a visitor for one worker."""
        return Visitor(self.policy, key=self.key, markdown=self.markdown, handlers=self.handlers)


class Visitor:
    """Read answers for one worker.

    Safe to share between threads: all it remembers is which links it reported.
    """

    def __init__(
        self, policy: Policy, *, key: int = 0, markdown: bool = False, handlers: Sequence[Handler] = ()
    ) -> None:
        self._policy = policy
        self._names = names_of(policy.user_agent)
        self._markdown = markdown
        self._choice = Choice(handlers) if handlers else None
        # A handler that awaits lets other pages pass, which shall not rely on links that only this one has reported.
        self._links = LinkJudge(policy, key, remembers=not any(handler.awaits for handler in handlers))

    def visit(self, request: Request, answer: Response | Failure) -> Visited | Failed | RobotsRead:
        """Read the answer to a request, do what is to be done with its page, and say what came of it."""
        event = self.written(self.read(request, answer))
        due = self.due(event)
        return event if due is None else self.handled(event, due, due.run())

    def read(self, request: Request, answer: Response | Failure) -> Visited | Failed | RobotsRead:
        """Read the answer to a request and say what came of it: all but what may take long, or all."""
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
            return self.starved(request)
        except Exception:  # noqa: BLE001  # a bug of ours costs this page, and is reported with its traceback; never the crawl
            return self._broken(request)

    # ------------------------------------------------------------ what is done with a page that came

    def works_on(self, event: Visited | Failed | RobotsRead) -> TypeGuard[Visited]:
        """Tell whether there is more to do with what an event is about: it is a page that came whole."""
        if (self._choice is None and not self._markdown) or type(event) is not Visited:
            return False
        return event.kind is OutcomeKind.DONE and event.request.purpose is Purpose.PAGE

    def written(self, event: Visited | Failed | RobotsRead) -> Visited | Failed | RobotsRead:
        """Add an HTML page as a document of Markdown, where the crawl wants that."""
        if not self._markdown or not self.works_on(event) or event.response is None:
            return event
        response, record = event.response, event.record
        if response.status == 304 or not html.is_html(response.headers.get("content-type", ""), response.body):
            return event
        try:
            text, _ = encoding.decode(response.body, response.headers.get("content-type", ""))
            markdown = extract.markdown(text, event.request.url, self._policy.text)
            return structs.replace(event, markdown=extract.document(record, markdown))
        except MemoryError:
            return self.spoiled(event, Failure(Reason.FAIL_HANDLER_MEMORY))
        except Exception:  # noqa: BLE001  # as in `read`: a bug of ours costs this page
            return self.spoiled(event, Failure(Reason.FAIL_BUG, traceback.format_exc(limit=-3)))

    def due(self, event: Visited | Failed | RobotsRead) -> Due | None:
        """Give the page of an event with its handler, where it has one: it came whole, and is no error or redirect."""
        if self._choice is None or not self.works_on(event):
            return None
        handler = self._choice.of(event.request.url)
        page = Page(event.record, event.response)
        return None if handler is None else Due(handler, page, self._policy.handler_timeout)

    def handled(self, event: Visited | Failed | RobotsRead, due: Due, came: Handled) -> Visited | Failed | RobotsRead:
        """Say what came of a page once its handler has run: items, more links, or a failure in place of its success."""
        assert type(event) is Visited, "only a page has a handler"
        try:
            return self._with_handler(event, due.page, came)
        except Exception:  # noqa: BLE001  # as in `read`: a bug of ours costs this page
            return self._broken(event.request)

    def spoiled(self, event: Visited, failure: Failure) -> Visited:
        """Say that what was to be done with a page failed; the page itself did come, and its links count."""
        failed = {"outcome": OutcomeKind.FAILED, "reason": failure.reason, "detail": failure.detail}
        record = structs.replace(event.record, **failed)
        return structs.replace(event, line=line_of(record), kind=record.outcome, reason=record.reason, markdown="")

    def _with_handler(self, event: Visited, page: Page, came: Handled) -> Visited:
        """Judge the links that a handler followed like any other, but for nofollow: somebody asked for these."""
        outlinks, refusals = event.outlinks, event.refusals
        if came.followed:
            place = Place(event.request, page.base, page.record.encoding or "utf-8")
            judged = self._links.new(place, came.followed)
            outlinks = Outlinks.of([*outlinks, *(one for one in judged if type(one) is Outlink)])
            refusals += tuple([one for one in judged if type(one) is Refusal])
        event = structs.replace(event, outlinks=outlinks, refusals=refusals, items=came.items)
        return self.spoiled(event, Failure(came.reason, came.trouble)) if came.trouble else event

    # ------------------------------------------------------------ answers of each kind

    def starved(self, request: Request) -> Failed:
        """Say that there was not enough memory for a page; other pages shall report its links: perhaps it did not."""
        self._links = self._links.anew()
        return self._failed(request, Failure(Reason.FAIL_HANDLER_MEMORY))

    def _broken(self, request: Request) -> Failed:
        self._links = self._links.anew()
        return self._failed(request, Failure(Reason.FAIL_BUG, traceback.format_exc(limit=-3)))

    def _failed(self, request: Request, failure: Failure) -> Failed:
        verdict = retries.judge_failure(self._policy, request.attempt, self._links.mark(request.url), failure)
        link = request.link
        record = PageRecord(
            link.url,
            verdict.kind,
            reason=verdict.reason,
            detail=failure.detail,
            depth=link.depth,
            via=link.via,
            attempts=request.attempt + 1,
        )
        return Failed(request, line_of(record), failure, verdict.kind, verdict.retry_after)

    def _visited(self, request: Request, response: Response) -> Visited:
        if response.status == 304 and conditions(request.previous):
            return self._unchanged(request, response)
        verdict = retries.judge(self._policy, request.attempt, self._links.mark(request.url), response)
        match verdict.kind:
            case OutcomeKind.REDIRECTED:
                return self._redirected(request, response)
            case OutcomeKind.DONE if html.is_html(response.headers.get("content-type", ""), response.body):
                return self._page(request, response)
            case _:
                rules = self._rules(request, response)
                record = _record(request, response, verdict.kind, verdict.reason, rules)
                memo = pack_memo(response, PageMemo()) if verdict.kind is OutcomeKind.DONE else b""
                return _told(
                    request,
                    record,
                    response,
                    retry_after=verdict.retry_after,
                    host_pause=verdict.host_pause,
                    memo=memo,
                )

    def _redirected(self, request: Request, response: Response) -> Visited:
        """Take a redirect as a page with one outlink: same depth, one hop more (RFC 9110, 15.4)."""
        link = request.link
        location = response.headers.get("location", "")
        target = self._links.target(link.url, location) if location.strip() else None
        if target is None:
            return self._bad_redirect(request, response, Reason.FAIL_BAD_REDIRECT, "")
        if target == link.url:
            return self._bad_redirect(request, response, Reason.FAIL_REDIRECT_LOOP, target)
        if link.hops >= self._policy.max_redirects:
            return self._bad_redirect(request, response, Reason.FAIL_TOO_MANY_REDIRECTS, target)
        refused = self._links.scope(request).judge(target)
        adopts = target if refused is Reason.SKIP_SCOPE and link.depth == 0 else ""
        kind = OutcomeKind.REDIRECTED
        if refused is None or adopts:
            record = _record(request, response, kind, None, location=target)
            return _told(request, record, response, Outlinks.of([self._links.outlink(target)]), adopts=adopts)
        return _told(request, _record(request, response, kind, refused, location=target), response)

    def _bad_redirect(self, request: Request, response: Response, reason: Reason, target: str) -> Visited:
        record = _record(request, response, OutcomeKind.FAILED, reason, location=target)
        return _told(request, record, response)

    def _page(self, request: Request, response: Response) -> Visited:
        text, name = encoding.decode(response.body, response.headers.get("content-type", ""))
        found = html.scan(text, encoding.utf_8_of(text, response.body, name))
        rules = self._rules(request, response, found.meta_robots)
        place = Place(request, html.base_url(request.url, found.base), name)
        hrefs, unfollowed = (some[: self._policy.max_links_per_page] for some in (found.hrefs, found.nofollow_hrefs))
        memo = pack_memo(response, PageMemo("", "", place.base, rules.nofollow, hrefs, unfollowed))
        visible = html.visible_text(text) if self._policy.near_duplicates or request.missing else ""
        record = _record(
            request,
            response,
            OutcomeKind.DONE,
            None,
            rules,
            title=found.title,
            language=found.language,
            canonical=(found.canonical and UrlResolver(place.base).canonical(found.canonical)) or "",
            encoding=name,
            simhash=self._simhash(visible),
            soft_404=_is_soft_404(request, found.title, visible),
            outlinks=len(found.hrefs),
        )
        # The last thing that can be done: from now on these links count as reported.
        outlinks, refusals = self._links.of_page(place, found, page_nofollow=rules.nofollow)
        return _told(request, record, response, outlinks, refusals, memo=memo)

    def _simhash(self, visible: str) -> str:
        """Tell the simhash of a page in hexadecimal digits, where the crawl asks for it and there is enough text."""
        if not self._policy.near_duplicates:
            return ""
        found = simhash(visible)
        return f"{found:016x}" if found else ""

    def _unchanged(self, request: Request, response: Response) -> Visited:
        """Visit a page by what an earlier crawl remembers of it: the server says that it is still the same."""
        assert request.previous is not None
        before, memo = request.previous.record, unpack_memo(request.previous.memo)
        assert before is not None, "only a page that was there is asked for conditionally"
        outlinks, refusals = NO_OUTLINKS, tuple[Refusal, ...]()
        if memo.base:
            found = html.Scan(memo.hrefs, memo.nofollow_hrefs)
            place = Place(request, memo.base, before.encoding)
            outlinks, refusals = self._links.of_page(place, found, page_nofollow=memo.nofollow)
        now = _record(request, response, OutcomeKind.DONE, None)
        end, moment = before.unavailable_after, now.fetched_at
        record = msgspec.structs.replace(
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
        return _told(request, record, response, outlinks, refusals, memo=pack_memo(response, memo))

    def _probe(self, request: Request, response: Response) -> Visited:
        """Sketch what a host shows for a page that cannot exist; where it says that there is none, all is well."""
        verdict = retries.judge(self._policy, request.attempt, self._links.mark(request.url), response)
        drawn = b""
        if verdict.kind is OutcomeKind.DONE and html.is_html(response.headers.get("content-type", ""), response.body):
            text, _ = encoding.decode(response.body, response.headers.get("content-type", ""))
            drawn = soft_404.sketch(html.scan(text).title, html.visible_text(text), request.url)
        record = _record(request, response, verdict.kind, verdict.reason)
        return _told(request, record, response, host_pause=verdict.host_pause, sketch=drawn)

    def _rules(self, request: Request, response: Response, meta: tuple[tuple[str, str], ...] = ()) -> PageRules:
        return rules_of(meta, response.headers, self._names, at=response.fetched_at, usage=request.usage)

    def _sitemap(self, request: Request, response: Response) -> Visited:
        """Take a sitemap as a page of links, all of which must pass the scope; a redirect, as an index of one."""
        verdict = retries.judge(self._policy, request.attempt, self._links.mark(request.url), response)
        kind, found = verdict.kind, sitemap.Sitemap()
        if kind is OutcomeKind.REDIRECTED:
            target = UrlResolver(request.url).canonical(response.headers.get("location", ""))
            found = sitemap.Sitemap(sitemaps=(target,) if target else ())
        elif kind is OutcomeKind.DONE:
            found = sitemap.parse(response.body, request.url, response.headers.get("content-type", ""))
        judged = self._links.named(request, [page.url for page in sitemap.in_order(found.urls)])
        record = _record(
            request, response, kind, verdict.reason, detail="; ".join(found.notes), outlinks=len(found.urls)
        )
        return _told(
            request,
            record,
            response,
            Outlinks.of([one for one in judged if type(one) is Outlink]),
            tuple(one for one in judged if type(one) is Refusal),
            retry_after=verdict.retry_after,
            host_pause=verdict.host_pause,
            sitemaps=found.sitemaps,
        )


def _is_soft_404(request: Request, title: str, visible: str) -> bool:
    """Tell whether a page that came looks like one that cannot exist."""
    if not request.missing:
        return False
    if path(request.url) == "/":  # it may be shown for missing pages, and is there itself
        return False
    # With and without what names the page: an error page repeats its address, but that may also be a word of it.
    return any(soft_404.same(request.missing, soft_404.sketch(title, visible, url)) for url in (request.url, ""))


def _told(
    request: Request,
    record: PageRecord,
    response: Response,
    outlinks: Outlinks = NO_OUTLINKS,
    refusals: tuple[Refusal, ...] = (),
    **more: Any,
) -> Visited:
    """Tell what came of an answer; `more` is by field of `Visited`."""
    seconds, size = response.timings.total, len(response.body)
    line = line_of(record)
    if compared := content_of(record.content_hash, record.size):
        more["content"] = compared
    if record.simhash:
        more["simhash"] = int(record.simhash, 16)
    if record.soft_404:
        more["soft_404"] = True
    if request.previous is not None:  # read, and large
        more |= {"change": record.change, "asked": conditions(request.previous)}
        request = msgspec.structs.replace(request, previous=None)
    return Visited(
        request, line, record.outcome, record.reason, seconds, size, response, outlinks, refusals,
        peer=response.peer, **more,
    )  # fmt: skip


def _record(
    request: Request,
    response: Response,
    kind: OutcomeKind,
    reason: Reason | None,
    rules: PageRules = NO_RULES,
    location: str = "",
    **said: Any,
) -> PageRecord:
    """Record an answer; `said` is what else is known of the page, by field of `PageRecord`."""
    link = request.link
    extract = content_hash(response.body) if kind is OutcomeKind.DONE and request.purpose is Purpose.PAGE else ""
    return PageRecord(
        link.url,
        kind,
        status=response.status,
        reason=reason,
        depth=link.depth,
        via=link.via,
        location=location,
        noindex=rules.noindex,
        nofollow=rules.nofollow,
        unavailable_after=rules.unavailable_after,
        usage=rules.usage,
        content_type=response.headers.get("content-type", ""),
        size=len(response.body),
        content_hash=extract,
        change=change_of(request.previous, kind, response.status, extract, location),
        attempts=request.attempt + 1,
        timings=response.timings,
        peer=response.peer,
        fetched_at=datetime.fromtimestamp(response.fetched_at, UTC),
        **said,
    )
