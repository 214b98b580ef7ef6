"""What a correct crawler finds on the demo site, computed from the site's definition without crawling it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from gossamer.demo.edge_cases import TOO_LONG
from gossamer.demo.markup import Anchor, Document
from gossamer.values.model import OutcomeKind
from gossamer.values.reasons import Reason

MAX_BODY = 10 * 1024 * 1024
"""Default of the crawler's setting `max_body`, in bytes."""


FINDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "broken_link": (
        "//", "/cabinet/broken-loom", "/cabinet/lost-web", "/cabinet/signpost", "/cabinet/torn-page",
        "/cabinet/withdrawn",
    ),
    "broken_resource": ("/images/lost-web.png",),
    "broken_fragment": ("/visit/#opening-hours",),
    "unverifiable": ("/calendar/2026/05", "/private/vault", TOO_LONG),
    "redirect": ("/collection",),
    "redirect_chain": ("/old/visit.html",),
    "redirect_loop": ("/cabinet/left", "/cabinet/ouroboros"),
    "soft_404": ("/mistakes/mislaid",),
    "orphan": ("/attic/",),
    "duplicate_content": ("/mistakes/label",),
    "duplicate_title": ("/cabinet/twin-left",),
    "missing_title": ("/mistakes/nameless",),
    "missing_description": ("/mistakes/undescribed",),
    "missing_alt": ("/mistakes/silent-picture",),
    "canonical": ("/mistakes/wrong-name",),
    "hreflang": ("/mistakes/one-sided",),
    "noindex_in_sitemap": ("/mistakes/listed-and-hidden",),
    "nofollow_internal": ("/events/silk-night",),
    "insecure_form": ("/mistakes/cloakroom",),
    "large": ("/mistakes/endless-scroll",),
    "slow": ("/cabinet/patient-thread",),
    "deep": ("/mistakes/corridor/4",),
    "needs_js": ("/mistakes/empty-hall",),
    "encoding": ("/mistakes/wrong-letters",),
    "robots_blocked_resource": ("/private/plan.png",),
}  # fmt: skip
"""What `gossamer check` must find on the site, and nothing else, by kind and path; what others have is left out."""
OFF_BY_DEFAULT: Final[Mapping[str, tuple[str, ...]]] = {
    "multiple_h1": ("/mistakes/two-headings",),
    "near_duplicate": ("/cabinet/twin-left",),
    "security_header": ("/",),
}
"""What it must find besides where it is asked to look for it."""
BY_HTTPS: Final[Mapping[str, tuple[str, ...]]] = {"mixed_content": ("/style.css",)}
"""What it must find on `/mistakes/by-http` where that comes by https."""


class Found(Struct, frozen=True):
    """The required outcome of the visit to one path."""

    outcome: OutcomeKind
    """The outcome."""

    status: int | None = None
    """The HTTP status; None if there is no complete response."""

    reason: Reason | None = None
    """The reason of the outcome, or the reason to refuse the target of a redirect that leaves the site."""

    location: str = ""
    """The target of a redirect, as a path or a URL of another site."""

    title: str = ""
    """The title as text, with character references decoded."""

    noindex: bool = False
    """Whether the page asks not to be indexed, in its HTML or its header."""

    depth: int | None = None
    """The minimum number of links from the home page, not counting redirects; None if only a sitemap lists it."""


class Expectation(Struct, frozen=True):
    """The required result of a crawl of the demo site from its home page with default settings."""

    pages: Mapping[str, Found]
    """The outcome by path and query; nothing else may be admitted. Style sheets, images and icons are not links."""

    refused: Mapping[str, Reason]
    """The reason by link (a path or URL as written), for links that must not be admitted."""

    def paths(self, outcome: OutcomeKind) -> list[str]:
        """Return the paths with this outcome, sorted."""
        return sorted(path for path, found in self.pages.items() if found.outcome == outcome)


def expect(documents: Mapping[str, Document], disallowed: Callable[[str], bool], orphans: Iterable[str]) -> Expectation:
    """Return what a crawl must find.

    The links of the definition are followed breadth first, from the home page and then from `orphans`, which are the
    paths in the sitemaps. `disallowed` is whether robots.txt disallows a path.
    """
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
    """Return the required outcome of the visit to one document."""
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
    """Yield the targets of a document's links or redirect, each with the reason to refuse it or None."""
    if found.outcome is OutcomeKind.REDIRECTED:
        yield found.location, found.reason
    elif found.outcome is OutcomeKind.DONE and document is not None:
        nofollow = "nofollow" in document.robots
        if document.canonical:
            yield document.canonical, None
        yield from ((anchor.leads_to, _refusal(anchor, nofollow)) for anchor in document.anchors if anchor.leads_to)


def _refusal(anchor: Anchor, nofollow: bool) -> Reason | None:
    if anchor.refused is not None:
        return anchor.refused
    return Reason.SKIP_NOFOLLOW if nofollow else None
