"""Judge: the second reading of all references, which finds every place that points to something wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from gossamer.check.collector import Collector, Problem
from gossamer.check.findings import FindingKind, Verdict
from gossamer.check.fragments import nearest
from gossamer.check.known_urls import KnownUrls, RedirectPath, path_in_words
from gossamer.check.pointers import Pointers
from gossamer.check.suggestions import suggestions
from gossamer.check.survey import SHOWING, Survey
from gossamer.check.verdicts import MOVED, SOFT_404, KnownUrl, misfit
from gossamer.values.reasons import Reason
from gossamer.values.references import RESOURCES, Reference, ReferenceKind

_DECLARED: Final = frozenset((ReferenceKind.CANONICAL, ReferenceKind.HREFLANG))
"""References that nobody follows: they have findings of their own."""
_NESTING: Final = frozenset(("object[data]", "embed[src]"))
"""Elements that show a page as well as a film, like a frame."""
_BROKEN: Final = (FindingKind.BROKEN_LINK, FindingKind.BROKEN_RESOURCE)
_GONE: Final = frozenset((404, 410))
_ACTIVE: Final = frozenset((ReferenceKind.SCRIPT, ReferenceKind.STYLESHEET, ReferenceKind.FRAME, ReferenceKind.FONT))


_BLOCKED: Final = "Browsers block it, because the page itself comes by https."
_BEHIND_LOGIN: Final = "A login came in its place, so that what is there was not seen."
_UPGRADED: Final = "Browsers try https instead, and show nothing or warn if that fails."


class _Wrong(Struct, frozen=True):
    """What is wrong with a URL as far as references of some kind are concerned."""

    kind: FindingKind
    verdict: Verdict
    reason: str = ""
    status: int | None = None
    detail: str = ""
    suggestion: str = ""


class Judge:
    """Judges each reference by what is known of its URL, and collects those that point to something wrong."""

    def __init__(self, known: KnownUrls, survey: Survey, collector: Collector) -> None:
        self._known = known
        self._survey = survey
        self._collector = collector
        self._external = survey.external
        self._missing = survey.missing_fragments()
        self._memo: dict[tuple[str, ReferenceKind], _Wrong | None] = {}
        self._anchors: dict[tuple[str, str], str] = {}
        self._declared: set[str] = set()
        self._fragments: dict[str, set[str]] = {}  # of what is broken, as far as it matters whether they are one
        self._suspects = None if known.has_aliases else self._suspicious()

    def take(self, page: Pointers) -> None:
        """Judge what one page points to."""
        if (missing := self._missing.get(page.url)) is not None:
            meant = nearest(missing, page.page.anchors)
            self._anchors |= {(page.url, one): anchor for one, anchor in meant.items()}
        if page.is_redirect:
            self._judge_fragment(page.url, page.links[0])
            return
        links, suspects = page.links, self._suspects
        if suspects is not None:
            links = [one for one in links if one.url in suspects or one.nofollow]
        for one in (*links, *page.others):
            known = self._known.get(one.url)
            if known is None or not known.is_good or one.kind in RESOURCES:
                self._judge_url(page.url, one, known)
            if one.fragment and self._missing:
                self._judge_fragment(page.url, one)
            if one.nofollow:
                self._judge_nofollow(page.url, one)
        if self._survey.is_exposed(page):
            self._judge_mixed(page)

    def _suspicious(self) -> set[str]:
        """Return the URLs that a link must be looked at for; most links lead to others, and nothing is wrong."""
        wrong = {url for url, known in self._known if not known.is_good}
        return wrong.union(self._survey.invalid, self._missing)

    def _judge_url(self, page: str, reference: Reference, known: KnownUrl | None) -> None:
        if reference.kind in _DECLARED:
            if known is not None and known.verdict is Verdict.BROKEN:
                self._declared.add(reference.url)
        elif known is not None:
            kind = ReferenceKind.FRAME if reference.element in _NESTING else reference.kind
            self._collect(page, reference, self._wrong(reference.url, kind))
        elif reference.url in self._survey.invalid:
            self._collect(page, reference, _INVALID)

    def _collect(self, page: str, reference: Reference, wrong: _Wrong | None, url: str = "") -> None:
        if wrong is None or not self._collector.is_on(wrong.kind):
            return
        url = url or reference.url
        problem = self._collector.find(wrong.kind, url)
        if problem is None:
            problem = self._collector.add(
                Problem(
                    wrong.kind,
                    url,
                    wrong.verdict,
                    reason=wrong.reason,
                    status=wrong.status,
                    detail=wrong.detail,
                    suggestion=wrong.suggestion,
                )
            )
        problem.point(page, reference)
        if wrong.kind in _BROKEN and len(fragments := self._fragments.setdefault(url, set())) < 2:
            fragments.add(reference.fragment or "")

    # ------------------------------------------------------------ what is wrong with a URL

    def _wrong(self, url: str, kind: ReferenceKind) -> _Wrong | None:
        """Return what is wrong with a URL that is used for something; None if nothing is."""
        key = (url, kind)
        if key not in self._memo:
            self._memo[key] = self._judged(url, kind)
        return self._memo[key]

    def _judged(self, url: str, kind: ReferenceKind) -> _Wrong | None:
        path = self._known.follow(url)
        if path.loops:
            return _loop(path)
        if path.behind_login and kind is not ReferenceKind.FORM:
            detail = f"{path_in_words(path)}. {_BEHIND_LOGIN}"
            status = path.hops[0].status
            return _Wrong(FindingKind.UNVERIFIABLE, Verdict.UNVERIFIABLE, "login", status, detail)
        end = path.known
        if end is None:
            return None
        if found := misfit(kind, end):
            reason, detail = found
            return _Wrong(_broken_kind(kind), Verdict.BROKEN, reason, end.status, detail)
        if end.reason == SOFT_404:
            return _Wrong(FindingKind.SOFT_404, Verdict.CHANGED, SOFT_404, end.status, _led(path, end.detail))
        match end.verdict:
            case Verdict.BROKEN:
                return self._broken(path, end, kind)
            case Verdict.UNVERIFIABLE:
                return self._unverifiable(path, end, kind)
            case _:
                return _moved(path, end)

    def _broken(self, path: RedirectPath, end: KnownUrl, kind: ReferenceKind) -> _Wrong | None:
        if kind is ReferenceKind.FORM and end.status is not None and end.status not in _GONE:
            return None  # it was asked for without what people fill in
        return _Wrong(_broken_kind(kind), Verdict.BROKEN, end.reason, end.status, _led(path, end.detail))

    def _unverifiable(self, path: RedirectPath, end: KnownUrl, kind: ReferenceKind) -> _Wrong | None:
        if kind is ReferenceKind.FORM:
            return None
        found = FindingKind.UNVERIFIABLE
        if kind in RESOURCES and end.reason == Reason.SKIP_ROBOTS and path.url not in self._external:
            found = FindingKind.ROBOTS_BLOCKED_RESOURCE
        return _Wrong(found, Verdict.UNVERIFIABLE, end.reason, end.status, _led(path, end.detail))

    # ------------------------------------------------------------ single references

    def _judge_fragment(self, page: str, reference: Reference) -> None:
        target = self._survey.shown(reference.url) if reference.kind in SHOWING else None
        fragment = reference.fragment or ""
        if target is None or fragment not in self._missing.get(target, ()):
            return
        where = "The page" if target == reference.url else f"The page that it redirects to, {target},"
        detail = f"{where} has no element with the id or name {fragment!r}."
        wrong = _Wrong(FindingKind.BROKEN_FRAGMENT, Verdict.BROKEN, "fragment", 200, detail)
        if (partly := self._survey.omitted.get(target)) is not None and partly.omitted_anchors:
            detail = f"{where} has {partly.omitted_anchors:,} ids more than a check reads; {fragment!r} may be one."
            wrong = _Wrong(FindingKind.UNVERIFIABLE, Verdict.UNVERIFIABLE, "fragment", 200, detail)
        self._collect(page, reference, wrong, f"{reference.url}#{fragment}")

    def _judge_nofollow(self, page: str, reference: Reference) -> None:
        known = self._known.get(reference.url)
        if reference.kind is not ReferenceKind.LINK or known is None or known.location or not known.is_page:
            return
        if known.verdict is Verdict.OK and not known.noindex:
            wrong = _Wrong(FindingKind.NOFOLLOW_INTERNAL, Verdict.OK, "nofollow", known.status)
            self._collect(page, reference, wrong)

    def _judge_mixed(self, page: Pointers) -> None:
        for one in page.others:
            if one.kind in RESOURCES and one.url.startswith("http:"):
                known = self._known.get(one.url)
                verdict = self._known.follow(one.url).verdict or Verdict.UNVERIFIABLE
                status = known.status if known is not None else None
                detail = _BLOCKED if one.kind in _ACTIVE else _UPGRADED
                self._collect(page.url, one, _Wrong(FindingKind.MIXED_CONTENT, verdict, "http", status, detail))

    # ------------------------------------------------------------ at the end

    def finish(self, ways: Mapping[str, str]) -> None:
        """Add what is broken and nobody points to, by the pages on which it was found; then suggest what was meant.

        `ways` has for each URL that failed the page by which the crawl found it; "" for a seed.
        """
        for url, via in ways.items():
            self._add_unreferenced(url, via)
        self._suggest([problem for problem in self._collector if problem.verdict is Verdict.BROKEN])

    def _add_unreferenced(self, url: str, via: str) -> None:
        if url in self._declared or url in self._survey.resources:
            return
        if any(self._collector.find(kind, url) for kind in _BROKEN):
            return
        origin = self._known.get(via) if via else None
        wrong = self._wrong(url, ReferenceKind.LINK)
        if wrong is None or wrong.verdict is not Verdict.BROKEN or (origin is not None and origin.location):
            return  # what redirects there is a finding itself
        problem = self._collector.add(
            Problem(wrong.kind, url, wrong.verdict, reason=wrong.reason, status=wrong.status, detail=wrong.detail)
        )
        if via and not problem.referrers:
            problem.place(via)

    def _suggest(self, broken: Iterable[Problem]) -> None:
        lost = {}
        for problem in broken:
            if problem.kind is FindingKind.BROKEN_FRAGMENT:
                url, _, fragment = problem.url.partition("#")
                anchor = self._anchors.get((self._survey.shown(url) or "", fragment))
                problem.suggestion = f"{self._survey.shown(url)}#{anchor}" if anchor else ""
            elif problem.kind in _BROKEN:
                lost[problem.url] = self._known.follow(problem.url).url
        good = [
            url for url, known in self._known if known.verdict is Verdict.OK and not known.location and not known.empty
        ]
        meant = suggestions({*lost, *lost.values()}, good)
        for kind in _BROKEN:
            for url, end in lost.items():
                if (found := self._collector.find(kind, url)) is not None:
                    found.suggestion = self._with_fragment(url, meant.get(end) or meant.get(url) or "")

    def _with_fragment(self, broken: str, suggestion: str) -> str:
        """Return a suggestion with the fragment that all who point to the broken URL have, if that page has it too."""
        fragments = self._fragments.get(broken, set())
        if not suggestion or len(fragments) != 1:
            return suggestion
        [fragment] = fragments
        target = self._survey.shown(suggestion)
        return f"{suggestion}#{fragment}" if fragment and target and self._survey.has(target, fragment) else suggestion


_INVALID: Final = _Wrong(
    FindingKind.BROKEN_LINK,
    Verdict.BROKEN,
    Reason.SKIP_INVALID.value,
    detail="It is no address that a browser can open.",
)


def _broken_kind(kind: ReferenceKind) -> FindingKind:
    return FindingKind.BROKEN_RESOURCE if kind in RESOURCES else FindingKind.BROKEN_LINK


def _loop(path: RedirectPath) -> _Wrong:
    status = path.hops[0].status if path.hops else path.known.status if path.known is not None else None
    detail = f"{path_in_words(path)}, and so on in a circle."
    if not path.hops:
        detail = path.known.detail if path.known is not None else ""
    return _Wrong(FindingKind.REDIRECT_LOOP, Verdict.BROKEN, Reason.FAIL_REDIRECT_LOOP.value, status, detail)


def _led(path: RedirectPath, detail: str) -> str:
    """Return what is wrong at the end of a path, with the path."""
    return f"{path_in_words(path)}. There: {detail}" if path.hops else detail


def _moved(path: RedirectPath, end: KnownUrl) -> _Wrong | None:
    """Return what is wrong with a path that ends well: a redirect for good, or a chain with one; None if nothing is."""
    if end.moved and not path.hops:  # on another site, whose chains are its own business
        return _Wrong(FindingKind.REDIRECT, Verdict.CHANGED, MOVED, end.status, end.detail, end.moved)
    if not any(hop.is_permanent for hop in path.hops):
        return None
    kind = FindingKind.REDIRECT_CHAIN if len(path.hops) > 1 else FindingKind.REDIRECT
    verdict, address = (Verdict.CHANGED, path.url) if path.has_moved else (Verdict.OK, "")
    return _Wrong(kind, verdict, MOVED, path.hops[0].status, f"{path_in_words(path)}.", address)
