"""What differs between two crawls as one HTML file; of many differences of a kind it has the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Annotated, Final

from msgspec import Struct

from gossamer.report.diff_result import UNMET, DiffResult, ExpectationCounts, sentences
from gossamer.report.difference import TITLES, Difference, DifferenceKind
from gossamer.report.html.frame import Overview, Section, framed
from gossamer.report.html.tables import TableWriter
from gossamer.report.site_report import KeyFigure
from gossamer.report.tables import Column, Kind, ReportTable
from gossamer.values.formatting import numbered

MADE_BY: Final = "gossamer diff"
"""The name by which the page is known as one."""
MOST: Final = 2000
"""Maximum number of rows of a table."""
LARGEST: Final = 400_000
"""Maximum size of a table (characters); there are at most ten."""
_FIGURES: Final = (DifferenceKind.GONE, DifferenceKind.STATUS, DifferenceKind.NEW_FAILURE, DifferenceKind.ADDED)
"""The kinds that are counted at the top."""


class DifferingPage(Struct, frozen=True):
    """A row: what differs at a URL."""

    url: Annotated[str, Column("URL", Kind.URL)]
    old: Annotated[str, Column("old")]
    new: Annotated[str, Column("new")]


class UnmetAddress(Struct, frozen=True):
    """A row: an old address that does not work."""

    url: Annotated[str, Column("old address", Kind.URL)]
    detail: Annotated[str, Column("what became of it")]
    expected: Annotated[str, Column("expected", Kind.URL)]


def diff_page(result: DiffResult) -> Iterator[str]:
    """Yield the page."""
    sections = [
        Section(kind.value, TITLES[kind], _table(result, kind, several))
        for kind, several in groupby(result.differences(), key=lambda one: one.kind)
    ]
    counts = ExpectationCounts()
    unmet = [
        UnmetAddress(one.url, one.detail, one.expected)
        for one in counts.counting(result.expectations())
        if not one.is_met
    ]
    if unmet:
        table = ReportTable("unmet", _addresses(len(unmet)), UnmetAddress, tuple(unmet[:MOST]), len(unmet))
        sections.append(Section("unmet", UNMET, TableWriter().html(table, LARGEST)))
    said = list(sentences(result.summary, counts.told()))
    overview = _overview(result, _verdict(result, len(unmet), counts.total), said)
    yield framed(MADE_BY, "diff", _title(result), _about(result), overview, sections)


def _table(result: DiffResult, kind: DifferenceKind, several: Iterable[Difference]) -> str:
    rows = tuple(DifferingPage(one.url, one.old, one.new) for one in islice(several, MOST))
    hidden = tuple(name for name in ("old", "new") if not any(getattr(row, name) for row in rows))
    number = result.count(kind)
    table = ReportTable(kind.value, numbered(number, "URL"), DifferingPage, rows, number)
    return TableWriter().html(table, LARGEST, hidden)


def _verdict(result: DiffResult, unmet: int, addresses: int) -> str:
    """Return the most important thing in a sentence or two."""
    said: list[str] = []
    if (summary := result.summary) is not None:
        differs = any(number for name, number in summary.counts.items() if name != "same")
        matters = "Something that matters differs." if summary.matters else "Nothing that matters differs."
        said.append(matters if differs else "Nothing differs.")
    if addresses:
        said.append(f"{unmet:,} of {_addresses(addresses)} do not work." if unmet else "All old addresses work.")
    return " ".join(said)


def _overview(result: DiffResult, verdict: str, said: Iterable[str]) -> Overview:
    summary = result.summary
    notes = summary.notes if summary is not None else ()
    mood = "complete" if summary is None or summary.complete else "interrupted"
    figures = [KeyFigure(f"{result.count(kind):,}", TITLES[kind].lower()) for kind in _FIGURES] if summary else []
    return Overview(verdict, " ".join([*said, *notes]), mood, figures)


def _title(result: DiffResult) -> str:
    return "Old addresses" if result.summary is None else "What differs between two crawls"


def _about(result: DiffResult) -> str:
    summary = result.summary
    return "held against a crawl of the new site" if summary is None else f"{summary.old} and {summary.new}"


def _addresses(number: int) -> str:
    return f"{number:,} old address{'es' if number > 1 else ''}"
