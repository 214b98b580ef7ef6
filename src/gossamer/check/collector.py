"""Collector: findings in the making, each with every place that points there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gossamer.check.filters import Filters
from gossamer.check.findings import Finding, FindingKind, Referrer, Severity, Verdict
from gossamer.check.kinds import KINDS
from gossamer.values.references import Reference

_ORDER = {severity: place for place, severity in enumerate(Severity)}
_KINDS = {kind: place for place, kind in enumerate(FindingKind)}


class Problem:
    """What is wrong with a URL, and the places that point to it."""

    __slots__ = ("detail", "kind", "last", "pages", "reason", "referrers", "status", "suggestion", "url", "verdict")

    def __init__(
        self,
        kind: FindingKind,
        url: str,
        verdict: Verdict = Verdict.OK,
        *,
        reason: str = "",
        status: int | None = None,
        detail: str = "",
        suggestion: str = "",
    ) -> None:
        self.kind = kind
        self.url = url
        self.verdict = verdict
        self.reason = reason
        self.status = status
        self.detail = detail or KINDS[kind].sentence
        self.suggestion = suggestion
        self.referrers: list[Referrer] = []
        self.pages = 0
        self.last = ""

    def point(self, page: str, reference: Reference) -> None:
        """Add a reference of a page that points there; those of one page come one after the other."""
        self.place(page, reference.element, reference.text, reference.line)

    def place(self, page: str, element: str = "", text: str = "", line: int = 0) -> None:
        """Add a place on a page."""
        self.referrers.append(Referrer(page, element, text, line))
        if page != self.last:
            self.pages += 1
            self.last = page


class Collector:
    """Collects problems, without those that the settings accept, ignore or turn off."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._problems: dict[tuple[FindingKind, str], Problem] = {}

    def is_on(self, kind: FindingKind) -> bool:
        """Whether findings of a kind are wanted."""
        return self._filters.severity_of(kind) is not Severity.OFF

    def find(self, kind: FindingKind, url: str) -> Problem | None:
        """Return the problem of a kind with a URL; None if there is none so far."""
        return self._problems.get((kind, url))

    def add(self, problem: Problem) -> Problem:
        """Keep a problem, and return the one that is kept: the first of its kind with its URL."""
        return self._problems.setdefault((problem.kind, problem.url), problem)

    def drop(self, kinds: Iterable[FindingKind], urls: Iterable[str]) -> None:
        """Forget the problems of some kinds with some URLs."""
        several = tuple(kinds)
        for url in urls:
            for kind in several:
                self._problems.pop((kind, url), None)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems.values())

    def findings(self) -> list[Finding]:
        """Return what was found, the most severe first, then by kind and URL."""
        found = [made for problem in self if (made := self._finding(problem)) is not None]
        return sorted(found, key=lambda one: (_ORDER[one.severity], _KINDS[one.kind], one.url))

    def _finding(self, problem: Problem) -> Finding | None:
        if not self.is_on(problem.kind) or self._filters.leaves_out(problem.url, problem.status, problem.verdict):
            return None
        referrers = [one for one in problem.referrers if not self._filters.ignores(one.page)]
        if problem.referrers and not referrers:
            return None
        same = len(referrers) == len(problem.referrers)
        return Finding(
            problem.kind,
            problem.verdict,
            problem.url,
            problem.reason,
            problem.status,
            problem.detail,
            problem.suggestion,
            self._filters.severity_of(problem.kind),
            problem.pages if same else len({one.page for one in referrers}),
            tuple(referrers),
        )
