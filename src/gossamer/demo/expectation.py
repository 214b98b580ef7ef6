"""What a correct crawler finds on the demo site, told by the site's own definition instead of by crawling it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from gossamer.demo.markup import Anchor, Document
from gossamer.values.model import OutcomeKind
from gossamer.values.reasons import Reason

MAX_BODY = 10 * 1024 * 1024


class Found(Struct, frozen=True):
    """How the visit to one path must end.

    `status` is None where no whole answer can come; `location` is the target of a redirect as a path or foreign URL;
    `title` is decoded text; `depth` the least number of links from the home page, where following a redirect costs
    none (None: only known from a sitemap). A redirect that leaves the site carries the reason its target is refused.
    """

    outcome: OutcomeKind
    status: int | None = None
    reason: Reason | None = None
    location: str = ""
    title: str = ""
    noindex: bool = False
    depth: int | None = None


class Expectation(Struct, frozen=True):
    """Everything a crawl of the demo site from its home page with default settings must find.

    `pages` maps path and query to what comes of it; nothing else may be admitted. `refused` maps links (a path or
    URL as written) that must never be admitted to the reason. Style sheets, images in pages and icons are no links.
    """

    pages: Mapping[str, Found]
    refused: Mapping[str, Reason]

    def paths(self, outcome: OutcomeKind) -> list[str]:
        """List the paths that end so, sorted."""
        return sorted(path for path, found in self.pages.items() if found.outcome == outcome)


def expect(documents: Mapping[str, Document], disallowed: Callable[[str], bool], orphans: Iterable[str]) -> Expectation:
    """Follow the definition from the home page, then from `orphans` (the paths of the sitemaps), breadth first."""
    pages: dict[str, Found] = {}
    refused: dict[str, Reason] = {}
    for start in (("/", 0), *((path, None) for path in orphans)):
        queue: deque[tuple[str, int | None]] = deque([start])
        while queue:
            path, depth = queue.popleft()
            if path in pages:
                continue
            pages[path] = _judge(path, documents.get(path), disallowed(path), depth)
            for target, reason in _outlinks(pages[path], documents.get(path)):
                if reason is not None:
                    refused[target] = reason
                elif pages[path].outcome is OutcomeKind.REDIRECTED:
                    queue.appendleft((target, depth))
                else:
                    queue.append((target, None if depth is None else depth + 1))
    return Expectation(pages, {target: reason for target, reason in refused.items() if target not in pages})


def _judge(path: str, document: Document | None, disallowed: bool, depth: int | None) -> Found:
    """Decide how the visit to one document must end."""
    if disallowed:
        return Found(OutcomeKind.SKIPPED, None, Reason.SKIP_ROBOTS, depth=depth)
    if document is None:
        return Found(OutcomeKind.FAILED, 404, Reason.FAIL_HTTP_4XX, depth=depth)
    if document.location is not None:
        return _judge_redirect(path, document, depth)
    if document.status >= 400:
        reason = Reason.FAIL_HTTP_4XX if document.status < 500 else Reason.FAIL_HTTP_5XX
        return Found(OutcomeKind.FAILED, document.status, reason, depth=depth)
    if document.cut:
        return Found(OutcomeKind.FAILED, None, Reason.FAIL_TRUNCATED, depth=depth)
    if document.content is not None and len(document.content) > MAX_BODY:
        return Found(OutcomeKind.FAILED, None, Reason.FAIL_TOO_LARGE, depth=depth)
    noindex = "noindex" in document.robots + document.robots_header
    return Found(OutcomeKind.DONE, document.status, title=document.title, noindex=noindex, depth=depth)


def _judge_redirect(path: str, document: Document, depth: int | None) -> Found:
    location = document.location or ""
    if not location:
        return Found(OutcomeKind.FAILED, document.status, Reason.FAIL_BAD_REDIRECT, depth=depth)
    if location == path:
        return Found(OutcomeKind.FAILED, document.status, Reason.FAIL_REDIRECT_LOOP, location, depth=depth)
    reason = None if location.startswith("/") else Reason.SKIP_SCOPE
    return Found(OutcomeKind.REDIRECTED, document.status, reason, location, depth=depth)


def _outlinks(found: Found, document: Document | None) -> Iterator[tuple[str, Reason | None]]:
    """List where a visited document leads, each with the reason to refuse it or None."""
    if found.outcome is OutcomeKind.REDIRECTED:
        yield found.location, found.reason
    elif found.outcome is OutcomeKind.DONE and document is not None:
        silent = "nofollow" in document.robots
        yield from ((anchor.leads_to, _refusal(anchor, silent)) for anchor in document.anchors if anchor.leads_to)


def _refusal(anchor: Anchor, silent: bool) -> Reason | None:
    if anchor.refused is not None:
        return anchor.refused
    return Reason.SKIP_NOFOLLOW if silent else None
