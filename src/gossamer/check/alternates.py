"""Alternates: what pages say of their other addresses, which are canonical URLs and language versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gossamer.check.collector import Collector, Problem
from gossamer.check.findings import FindingKind, Verdict
from gossamer.check.known_urls import KnownUrls, RedirectPath, path_in_words
from gossamer.check.language_codes import DEFAULT, code_problem
from gossamer.check.pointers import Pointers
from gossamer.check.verdicts import SOFT_404
from gossamer.values.references import Reference, ReferenceKind

_TOLD: Final = 3
"""Maximum number of things wrong with one page that its finding names."""


class Alternates:
    """Judges the canonical URLs and language versions that pages declare.

    A version must be known before it can be said to link back. Pages that are versions of each other mostly name the
    same ones, so one set stands for all of these: memory grows with the pages, not with pages times languages.
    """

    def __init__(self, known: KnownUrls, collector: Collector) -> None:
        self._known = known
        self._collector = collector
        self._versions: dict[str, frozenset[str]] = {}
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    def take(self, page: Pointers) -> None:
        """Take which language versions a page names."""
        if versions := page.of_kind(ReferenceKind.HREFLANG):
            named = frozenset(self._known.follow(one.url).url for one in versions)
            self._versions[page.url] = self._sets.setdefault(named, named)

    def judge(self, page: Pointers) -> None:
        """Judge what a page declares, once all pages have been taken and what they name is known."""
        canonical, versions = page.of_kind(ReferenceKind.CANONICAL), page.of_kind(ReferenceKind.HREFLANG)
        known = self._known.get(page.url) if canonical or versions else None
        if known is None or not known.is_page or known.verdict is not Verdict.OK:
            return
        if self._collector.is_on(FindingKind.CANONICAL):
            self._report(FindingKind.CANONICAL, page.url, self._canonical_problems(page.url, canonical))
        if versions and not known.canonical and self._collector.is_on(FindingKind.HREFLANG):
            self._report(FindingKind.HREFLANG, page.url, self._version_problems(page.url, versions))

    def _report(self, kind: FindingKind, page: str, found: Iterable[tuple[str, Reference | None]]) -> None:
        wrong = list(found)
        if not wrong:
            return
        sentences = list(dict.fromkeys(sentence for sentence, _ in wrong))
        more = f" And {len(sentences) - _TOLD} more." if len(sentences) > _TOLD else ""
        detail = " ".join(sentences[:_TOLD]) + more
        known = self._known.get(page)
        status = known.status if known is not None else None
        problem = self._collector.add(Problem(kind, page, Verdict.OK, reason=kind.value, status=status, detail=detail))
        for reference in dict.fromkeys(reference for _, reference in wrong):
            if reference is None:
                problem.place(page)
            else:
                problem.point(page, reference)

    # ------------------------------------------------------------ canonical URLs

    def _canonical_problems(self, page: str, declared: list[Reference]) -> Iterator[tuple[str, Reference]]:
        targets = dict.fromkeys(one.url for one in declared)
        if len(targets) > 1:
            sentence = f"It names {len(targets)} different canonical addresses: {', '.join(targets)}."
            yield from ((sentence, one) for one in declared)
            return
        for one in declared[:1]:
            if self._known.url_of(one.url) != page and (wrong := self._wrong_target(self._known.follow(one.url))):
                yield f"Its canonical address {one.url} {wrong}.", one

    def _wrong_target(self, path: RedirectPath) -> str:
        """Return what is wrong with a URL that stands for a page, as the end of a sentence; "" for nothing."""
        known = path.known
        if path.loops:
            return "redirects in a circle"
        if known is not None and known.verdict is Verdict.BROKEN:
            return f"does not work: {known.detail.rstrip('.')}"
        if path.hops:
            return path_in_words(path).removeprefix("It ")
        if known is None or known.verdict is Verdict.UNVERIFIABLE:
            return ""
        if known.moved:
            return f"has moved to {known.moved}"
        if known.reason == SOFT_404:
            return "does not exist, though it answers 200"
        if known.noindex:
            return "must not be indexed (noindex)"
        return f"names another canonical address: {known.canonical}" if known.canonical else ""

    # ------------------------------------------------------------ language versions

    def _version_problems(self, page: str, versions: list[Reference]) -> Iterator[tuple[str, Reference | None]]:
        by_code: dict[str, str] = {}
        for one in versions:
            if wrong := code_problem(one.text):
                yield f"{wrong[:1].upper()}{wrong[1:]}.", one
            code = one.text.lower()
            if code != DEFAULT and by_code.setdefault(code, one.url) != one.url:
                yield f"It names several pages for {one.text!r}.", one
            if (path := self._known.follow(one.url)).url == page and not path.hops:
                continue
            if wrong := self._wrong_target(path):
                yield f"Its version {one.url} ({one.text}) {wrong}.", one
            elif self._links_not_back(path.url, page):
                yield f"Its version {one.url} ({one.text}) does not name it in return.", one
        if page not in self._versions.get(page, ()):
            yield "It does not name itself among its language versions.", None

    def _links_not_back(self, version: str, page: str) -> bool:
        known = self._known.get(version)
        return known is not None and known.is_page and page not in self._versions.get(version, ())
