"""The result of a comparison, which every format is made from, and the words that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct

from gossamer.report.difference import Difference, DifferenceKind, DiffSummary, ExpectationKind, ExpectedAddress
from gossamer.values.formatting import numbered

UNMET: Final = "Old addresses that do not work"
"""The heading of these."""


class DiffResult(Struct, frozen=True):
    """What every format is made from; each call makes the differences again."""

    summary: DiffSummary | None
    """What the comparison came to; None if only old addresses were looked for."""
    differences: Callable[[], Iterable[Difference]]
    """Return the differences, kind by kind."""
    expectations: Callable[[], Iterable[ExpectedAddress]]
    """Return what became of the old addresses, in the order of their list; none if there is no list."""

    def count(self, kind: DifferenceKind) -> int:
        """Return how many differences of a kind there are."""
        return 0 if self.summary is None else self.summary.counts.get(kind, 0)


def sentences(summary: DiffSummary | None, expected: str = "") -> Iterator[str]:
    """Yield the result in a few sentences."""
    if summary is not None:
        counts = summary.counts
        told = [_COUNTED[kind](counts[kind]) for kind in DifferenceKind if counts.get(kind)]
        same = f"{numbered(counts['same'], 'URL')} the same"
        yield f"{', '.join([*told, same]) if told else f'No difference: {same}'}."
        if summary.unvisited:
            yield f"{numbered(summary.unvisited, 'URL')} of the old crawl not visited yet by the new one."
    if expected:
        yield expected


_COUNTED: Final[dict[DifferenceKind, Callable[[int], str]]] = {
    DifferenceKind.GONE: lambda number: f"{number:,} gone",
    DifferenceKind.STATUS: lambda number: f"{number:,} with another status",
    DifferenceKind.NEW_FAILURE: lambda number: (
        f"{numbered(number, 'new link')} that {'fails' if number == 1 else 'fail'}"
    ),
    DifferenceKind.NEW_FINDING: lambda number: numbered(number, "new finding"),
    DifferenceKind.REDIRECT: lambda number: f"{number:,} redirecting elsewhere",
    DifferenceKind.ADDED: lambda number: f"{number:,} added",
    DifferenceKind.TITLE: lambda number: f"{number:,} with another title",
    DifferenceKind.CONTENT: lambda number: f"{number:,} with another content",
    DifferenceKind.MENDED: lambda number: f"{numbered(number, 'finding')} mended",
}


class ExpectationCounts:
    """Counts old addresses by what became of them, while they pass."""

    def __init__(self) -> None:
        self._counts: dict[ExpectationKind, int] = {}

    @property
    def total(self) -> int:
        """Return how many there were."""
        return sum(self._counts.values())

    def counting(self, several: Iterable[ExpectedAddress]) -> Iterator[ExpectedAddress]:
        """Yield all and count them."""
        for one in several:
            self._counts[one.kind] = self._counts.get(one.kind, 0) + 1
            yield one

    def told(self) -> str:
        """Return the counts in a sentence; "" for none."""
        if not self.total:
            return ""
        counted = [f"{self._counts[kind]:,} {kind}" for kind in ExpectationKind if kind in self._counts]
        return f"{self.total:,} old address{'es' if self.total > 1 else ''}: {', '.join(counted)}."
