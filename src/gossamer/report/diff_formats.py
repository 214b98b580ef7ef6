"""A comparison of two crawls as text, JSON, CSV and HTML, made piece by piece, however many differences there are."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from textwrap import wrap
from typing import Final

import msgspec

from gossamer.check.formats.csv_rows import safe
from gossamer.report.diff_result import UNMET, DiffResult, ExpectationCounts, sentences
from gossamer.report.difference import TITLES, Difference, ExpectedAddress
from gossamer.report.html.diff_page import diff_page
from gossamer.values.formatting import printable

_WIDTH: Final = 80
"""Width of sentences (columns)."""
SHOWN: Final = 20
"""Maximum number of differences of a kind that the text names."""
COLUMNS: Final = ("kind", "url", "matters", "old", "new", "old_url")
"""The columns of the CSV: a row for each difference, then one for each old address that does not work."""


def diff_text(result: DiffResult) -> Iterator[str]:
    """Yield the result for people: the first few of each kind."""
    for kind, several in groupby(result.differences(), key=lambda one: one.kind):
        yield from _section(TITLES[kind], result.count(kind), (_line(one) for one in several))
    expected = ExpectationCounts()
    unmet = [one for one in expected.counting(result.expectations()) if not one.is_met]
    if expected.total:
        yield from _section(UNMET, len(unmet), map(_expectation_line, unmet))
    notes = [f"Note: {note}" for note in result.summary.notes] if result.summary is not None else []
    for sentence in (*notes, *sentences(result.summary, expected.told())):
        yield "\n".join(wrap(sentence, _WIDTH)) + "\n"


def diff_json(result: DiffResult) -> Iterator[str]:
    """Yield the result as JSON; the summary comes first, then every difference, then every old address."""
    summary = msgspec.to_builtins(result.summary) if result.summary is not None else {"version": 1}
    yield msgspec.json.encode(summary).decode()[:-1]
    yield ',"differences":['
    yield from _elements(result.differences())
    yield '],"expectations":['
    yield from _elements(result.expectations())
    yield "]}\n"


def diff_csv(result: DiffResult) -> Iterator[str]:
    """Yield the result as CSV (RFC 4180), safe to open in a spreadsheet."""
    yield _row(COLUMNS)
    for one in result.differences():
        matters = "yes" if one.matters else "no"
        yield _row((one.kind.value, safe(one.url), matters, safe(one.old), safe(one.new), safe(one.old_url)))
    for old in result.expectations():
        matters = "no" if old.is_met else "yes"
        yield _row((f"expected_{old.kind}", safe(old.url), matters, safe(old.expected), safe(old.detail), ""))


FORMATS: Final[dict[str, Callable[[DiffResult], Iterator[str]]]] = {
    "text": diff_text,
    "json": diff_json,
    "csv": diff_csv,
    "html": diff_page,
}
"""What yields each format, by its name on the command line."""


def _section(title: str, number: int, lines: Iterable[str]) -> Iterator[str]:
    """Yield a heading and the first few lines below it."""
    if not number:
        return
    yield f"{title} ({number:,})\n"
    yield from (f"  {line}\n" for line in islice(lines, SHOWN))
    if number > SHOWN:
        yield f"  and {number - SHOWN:,} more\n"
    yield "\n"


def _line(one: Difference) -> str:
    """Return a difference as a line: the URL, and what it was and is."""
    was = f"{one.old} -> {one.new}" if one.old and one.new else one.old or one.new
    return printable(f"{one.url}  {was}".rstrip())


def _expectation_line(one: ExpectedAddress) -> str:
    return printable(f"{one.url}  {one.detail}")


def _elements(several: Iterable[Difference | ExpectedAddress]) -> Iterator[str]:
    """Yield the elements of a JSON array."""
    for number, one in enumerate(several):
        yield ("," if number else "") + msgspec.json.encode(one).decode()


def _row(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
