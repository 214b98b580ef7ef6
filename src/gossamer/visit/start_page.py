"""Why a start page leads to no other page, or to few: told so that nobody takes what came for a small site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from gossamer.parse import html
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.rules.urls import UrlResolver, host_key
from gossamer.values.model import Request, Response
from gossamer.values.reasons import Reason, StartProblem
from gossamer.values.snapshot import StartPage
from gossamer.visit import login_page
from gossamer.visit.reading import Reading

FIRST_BYTES: Final = 24
"""How many bytes of what is no HTML are shown."""


def problem(policy: Policy, scope: Scope, reading: Reading, base: str, found: html.Scan) -> StartPage | None:
    """Return why a start page leads to no other page, or to few; None if it does, or need not."""
    request, needs_js = reading.request, reading.record.needs_js
    if reading.record.login:
        return login_page.start_page(request.link)
    if found.refresh is not None and (refreshing := login_page.refreshing(request.link, found, base)):
        return refreshing
    if is_elsewhere(request, scope):
        return elsewhere(request)
    if policy.max_depth == 0:
        return None
    hrefs = found.hrefs
    if not policy.nofollow:
        hrefs += found.nofollow_hrefs
    elif reading.record.nofollow:
        hrefs = ()
    is_left = reading.refresh or any(url != request.url for url in reading.outlinks.urls)
    if is_left or leads_on(request, scope, base, hrefs):
        return StartPage(request.url, StartProblem.SHELL) if needs_js else None
    if reading.text is None:
        return not_html(request, reading.response)
    if needs_js:
        return StartPage(request.url, StartProblem.NEEDS_JS)
    return without_links(request, scope, base, found, reading.text)


def is_elsewhere(request: Request, scope: Scope) -> bool:
    """Whether a page was only fetched because a seed redirects there, to another site."""
    return request.link.depth == 0 and scope.judge(request.url) is Reason.SKIP_SCOPE


def elsewhere(request: Request) -> StartPage:
    """Describe the page of another site that a seed redirects to."""
    return StartPage(request.url, StartProblem.ELSEWHERE, request.link.via)


def not_html(request: Request, response: Response) -> StartPage:
    """Describe a start page that is no HTML."""
    kind = response.headers.get("content-type", "") or "no Content-Type"
    first = f"begins with {repr(response.body[:FIRST_BYTES])[1:]}" if response.body else "has no content"
    return StartPage(request.url, StartProblem.NOT_HTML, f"{kind}, {first}")


def leads_on(request: Request, scope: Scope, base: str, hrefs: Iterable[str]) -> bool:
    """Whether some of the hrefs lead to other pages of the crawl, even if all of these were known before."""
    urls = map(UrlResolver(base).canonical, hrefs)
    return any(url is not None and url != request.url and scope.judge(url) is None for url in urls)


def without_links(request: Request, scope: Scope, base: str, found: html.Scan, text: str) -> StartPage:
    """Describe an HTML page that leads to no other page of the crawl."""
    targets = map(UrlResolver(base).canonical, (*found.hrefs, *found.nofollow_hrefs))
    urls = [url for url in targets if url is not None and url != request.url]
    if not urls:
        shows = found.title or html.visible_text(text)
        return StartPage(request.url, StartProblem.NO_LINKS if shows else StartProblem.EMPTY)
    if all(scope.judge(url) is Reason.SKIP_SCOPE for url in urls):
        most, _ = Counter(map(host_key, urls)).most_common(1)[0]
        return StartPage(request.url, StartProblem.LINKS_ELSEWHERE, f"{most}/")
    return StartPage(request.url, StartProblem.NOT_FOLLOWED)
