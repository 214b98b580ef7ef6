"""Why a start page leads to no other page: told only of those that do not, so that nobody takes it for a small site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from gossamer.parse import html
from gossamer.rules.scope import Scope
from gossamer.rules.urls import UrlResolver, host_key
from gossamer.values.model import Request, Response
from gossamer.values.reasons import Reason, StartProblem
from gossamer.values.snapshot import StartPage

FIRST_BYTES: Final = 24
"""How many bytes of what is no HTML are shown."""


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
