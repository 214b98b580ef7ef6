"""Survey: the first reading of all references, which learns what there is and what must still be asked for."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from gossamer.check.findings import Verdict
from gossamer.check.fragments import indicated
from gossamer.check.known_urls import KnownUrls
from gossamer.check.pointers import Pointers
from gossamer.check.verdicts import KnownUrl
from gossamer.rules import traps
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.rules.urls import canonical
from gossamer.values.reasons import Reason
from gossamer.values.references import RESOURCES, PageReferences, Reference, ReferenceKind

SHOWING: Final = frozenset((ReferenceKind.LINK, ReferenceKind.FRAME))
"""The kinds of references that show a page, at a place that a fragment names."""
_LEADING: Final = frozenset((ReferenceKind.FORM, ReferenceKind.PAGINATION))
"""The kinds beside links by which visitors reach a page."""
_WEB: Final = ("http://", "https://")


class Survey:
    """Learns from the references of each page what they point to.

    Its memory grows with the URLs and the anchors there are, not with the references.
    """

    def __init__(self, known: KnownUrls, scope: Scope, policy: Policy, *, complete: bool) -> None:
        self._known = known
        self._scope = scope
        self._policy = policy
        self._complete = complete
        self._anchors: dict[str, array[int]] = {}
        self._asked: dict[str, set[str]] = {}
        self._placed: set[str] = set()
        self._unlinked = {url for url, one in known if one.is_page or one.location}
        self._unloaded = set(self._unlinked)
        self._unframed = set(self._unlinked)
        self.external: dict[str, None] = {}
        """The URLs outside the crawl, in the order found."""
        self.missed: dict[str, None] = {}
        """The URLs of the site itself that the crawl did not visit and that may be asked for, in the order found."""
        self.invalid: set[str] = set()
        """What looks like the URL of a page and is none."""
        self.resources: set[str] = set()
        """The URLs that pages load by themselves."""
        self.references = 0
        """The number of references."""
        self.omitted: dict[str, PageReferences] = {}
        """The pages with more references or ids than are recorded, by their URLs."""
        self._exposed: set[str] = set()
        self._imports: dict[str, set[str]] = {}

    def take(self, page: Pointers) -> None:
        """Take what one page points to."""
        linked = {one.url for one in page.links}
        self.references += len(page.links) + len(page.others)
        if page.page.omitted or page.page.omitted_anchors:
            self.omitted[page.url] = PageReferences(
                page.url, omitted=page.page.omitted, omitted_anchors=page.page.omitted_anchors
            )
        fresh = self._known.unknown(linked.union([one.url for one in page.others]) if page.others else linked)
        if fresh and (fresh := fresh.difference(self.external, self.missed, self.invalid)):
            self._classify(page.url, [one for one in page.all if one.url in fresh])
        if page.page.is_sitemap:
            return
        if page.is_redirect:
            self._placed.add(page.url)
            self._take_fragments(page)
            return
        linked.discard(page.url)
        self._unlinked -= linked
        if page.others:
            self._take_others(page)
        self._take_fragments(page)

    def _take_others(self, page: Pointers) -> None:
        self._unlinked -= {one.url for one in page.others if one.kind in _LEADING and one.url != page.url}
        resources = {one.url for one in page.others if one.kind in RESOURCES}
        self.resources |= resources
        self._unloaded -= resources
        self._unframed -= {one.url for one in page.others if one.kind is ReferenceKind.FRAME}
        if stylesheets := {one.url for one in page.of_kind(ReferenceKind.STYLESHEET)}:
            if self._is_page(page.url):
                self._exposed |= stylesheets if is_exposed_page(page) else set()
            else:
                self._imports[page.url] = stylesheets

    def finish(self) -> None:
        """Take what redirects lead to, once all pages have been taken."""
        for location in dict.fromkeys([known.location for _, known in self._known if known.location]):
            if self._known.get(location) is None:
                self._place(location)
        for url in [url for url, known in self._known if known.location and url not in self._unlinked]:
            self._unlinked.discard(self._known.follow(url).url)
        self._spread_exposure()

    def _spread_exposure(self) -> None:
        """Add to the stylesheets that are exposed to mixed content those that they lead to or import."""
        waiting, exposed = list(self._exposed), set[str]()
        while waiting:
            end = self._known.follow(waiting.pop()).url
            if end not in exposed:
                exposed.add(end)
                waiting += self._imports.get(end, ())
        self._exposed = exposed

    def is_exposed(self, page: Pointers) -> bool:
        """Whether what a page, or a stylesheet, loads by http is mixed content.

        The policy of a page holds for its stylesheets too: what counts is who loads them.
        """
        if self._is_page(page.url):
            return is_exposed_page(page)
        return page.url in self._exposed and page.url.startswith("https:")  # else the stylesheet itself is blocked

    def _is_page(self, url: str) -> bool:
        known = self._known.get(url)
        return known is None or known.is_page

    # ------------------------------------------------------------ what must be asked for

    def _classify(self, page: str, references: Iterable[Reference]) -> None:
        here = self._known.get(page)
        for one in references:
            if self._known.get(one.url) is not None:  # under another spelling
                continue
            if not one.url.startswith(_WEB) or canonical(one.url) is None:
                if _is_mistake(one.url):
                    self.invalid.add(one.url)
            elif self._place(one.url) and self._may_ask(one, here):
                self.missed[one.url] = None

    def _place(self, url: str) -> bool:
        """Keep a URL of another site; return whether it is one of the site itself, and not left out by the user."""
        refused = self._scope.judge(url)
        if refused is Reason.SKIP_TOO_LONG:
            limit = f"{self._policy.max_url_length:,} (max_url_length)"
            detail = f"It was not asked for: it has {len(url):,} characters, and the limit is {limit}."
            self._known.add(url, KnownUrl(Verdict.UNVERIFIABLE, refused.value, detail=detail))
            return False
        if refused is Reason.SKIP_SCOPE:
            self.external[url] = None
            return False
        return refused in (None, Reason.SKIP_NOT_INCLUDED) and not traps.recognised(url, self._policy)

    def _may_ask(self, reference: Reference, page: KnownUrl | None) -> bool:
        """Whether a URL that the crawl did not visit may be asked for alone.

        Of links these are the ones beyond the greatest depth, and those with nofollow, if they have no query: that may
        do something, such as filling a cart. Other links were left out as part of an endless set.
        """
        if not self._complete:
            return False
        if reference.kind in RESOURCES or reference.kind is ReferenceKind.FORM:
            return True
        if self._policy.nofollow and (reference.nofollow or (page is not None and page.nofollow)):
            return "?" not in reference.url
        return self._policy.max_depth is not None or not self._scope_includes(reference.url)

    def _scope_includes(self, url: str) -> bool:
        return self._scope.judge(url) is None

    # ------------------------------------------------------------ fragments

    def _take_fragments(self, page: Pointers) -> None:
        own, asked, here = frozenset(page.page.anchors), self._asked, page.url
        for one in (*page.links, *page.of_kind(ReferenceKind.FRAME)):
            fragment = one.fragment
            if not fragment or (fragment in own and one.url == here):
                continue
            target = self.shown(one.url)
            if target is None or fragment in asked.get(target, ()):
                continue
            if target != here:
                there = self.has(target, fragment)
            else:
                there = not (wanted := indicated(fragment)) or not own.isdisjoint(wanted)
            if not there:
                asked.setdefault(target, set()).add(fragment)
        known = self._known.get(here)
        if known is not None and known.is_page:
            self._anchors[here] = array("q", sorted(map(hash, own)))
            if (waiting := asked.get(here)) is not None:
                asked[here] = {fragment for fragment in waiting if not self.has(here, fragment)}

    def shown(self, url: str) -> str | None:
        """Return the URL of the page that is shown for a URL, if its anchors tell where a fragment leads."""
        known = self._known.get(url)
        if known is None:
            return None
        if known.location:
            path = self._known.follow(url)
            if not self._placed.isdisjoint(path.through):  # that redirect has a fragment of its own
                return None
            url, known = path.url, None if path.behind_login else path.known
        elif self._known.has_aliases:
            url = self._known.url_of(url)
        return url if known is not None and known.is_page and not known.needs_js else None

    def has(self, target: str, fragment: str) -> bool:
        """Whether a page has the place that a fragment names; not as long as it has not been read."""
        anchors = self._anchors.get(target)
        if anchors is None:
            return False
        if _holds(anchors, hash(fragment)):  # as nearly always
            return True
        wanted = indicated(fragment)
        return not wanted or any(_holds(anchors, hash(name)) for name in wanted)

    def missing_fragments(self) -> dict[str, set[str]]:
        """Return the fragments that pages do not have, as far as their ids are recorded, by the URL of the page."""
        return {url: some for url, some in self._asked.items() if some and url in self._anchors}

    # ------------------------------------------------------------ pages

    def unlinked(self) -> set[str]:
        """Return the pages that no other page links to."""
        return self._pages_among(self._unlinked)

    def framed(self) -> set[str]:
        """Return the pages that are shown in frames, and not linked to."""
        return self._unlinked - self._unframed

    def misused(self) -> set[str]:
        """Return what is a page by its type, but is only loaded by pages, as an image for example."""
        return self._pages_among((self._unlinked - self._unloaded) & self._unframed)

    def _pages_among(self, urls: set[str]) -> set[str]:
        return {url for url in urls if (known := self._known.get(url)) is not None and known.is_page}


def is_exposed_page(page: Pointers) -> bool:
    """Whether what a page loads by http is mixed content: it came by https, and its policy upgrades no requests."""
    return page.url.startswith("https:") and not page.page.facts.upgrades


def _holds(anchors: array[int], one: int) -> bool:
    at = bisect_left(anchors, one)
    return at < len(anchors) and anchors[at] == one


def _is_mistake(text: str) -> bool:
    """Whether a text that is no HTTP URL was meant as one, or leads to a file on somebody's own machine."""
    scheme, colon, _ = text.partition(":")
    scheme = scheme.strip().lower()
    if not colon or "/" in scheme or scheme in ("http", "https", "file"):
        return True
    return bool(get_close_matches(scheme, ("http", "https"), 1, 0.75))
