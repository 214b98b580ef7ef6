"""The grid of a table, with cells that span several rows or columns (HTML section 4.9.12)."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final, NamedTuple

MAX_COLUMNS: Final = 100
"""Maximum number of columns of a table, and thus of a colspan."""
MAX_SPAN: Final = 1000
"""Maximum rowspan (rows)."""
TO_END: Final = 0
"""The rowspan of a cell that spans all further rows of its row group."""

_NUMBER: Final = re.compile(r"[\t\n\f\r ]*\+?([0-9]{1,9})")


class GridCell(NamedTuple):
    """A cell of a table."""

    text: str
    """The cell's text."""
    columns: int = 1
    """Number of columns that it spans."""
    rows: int = 1
    """Number of rows that it spans, or `TO_END`."""


def grid(rows: list[list[GridCell]], *, repeat: bool, groups: Container[int] = ()) -> list[list[str]]:
    """Return the texts of cells as rows of equal length.

    The text of a cell that spans several rows or columns stands in each of them (`repeat`) or only in the first.
    `groups` are the indices of the rows that begin a row group: no cell reaches into another group. The last cell of a
    row reaches no further than the rows that end in a cell of one column.
    """
    width = _width(rows)
    lines: list[list[str]] = []
    rowspans: dict[int, tuple[int, str]] = {}  # by column: number of further rows, and the text in them
    for number, row in enumerate(rows):
        if number in groups:
            rowspans.clear()
        line: list[str] = []
        for index, cell in enumerate(row):
            _continue_rowspans(line, rowspans)
            repeated = cell.text if repeat else ""
            most = max(1, width - len(line)) if index == len(row) - 1 else cell.columns
            for column in range(min(cell.columns, most, MAX_COLUMNS - len(line))):
                if cell.rows != 1:
                    rowspans[len(line)] = (cell.rows - 1 if cell.rows else len(rows), repeated)
                line.append(repeated if column else cell.text)
        _continue_rowspans(line, rowspans)
        lines.append(line)
    width = max(map(len, lines), default=0)
    return [line + [""] * (width - len(line)) for line in lines]


def _continue_rowspans(line: list[str], rowspans: dict[int, tuple[int, str]]) -> None:
    while (open_span := rowspans.get(len(line))) is not None:
        rows_left, text = open_span
        if rows_left > 1:
            rowspans[len(line)] = (rows_left - 1, text)
        else:
            del rowspans[len(line)]
        line.append(text)


def _width(rows: list[list[GridCell]]) -> int:
    """Return the number of columns of the rows that end in a cell of one column; `MAX_COLUMNS` if there is none."""
    widths = [sum([cell.columns for cell in row]) for row in rows if row and row[-1].columns == 1]
    return max(widths, default=MAX_COLUMNS)


def colspan(written: str | None) -> int:
    """Parse a colspan: 1 if it is absent, invalid or 0."""
    return max(1, _number(written, MAX_COLUMNS))


def rowspan(written: str | None) -> int:
    """Parse a rowspan: 1 if it is absent or invalid; 0 is `TO_END`."""
    return _number(written, MAX_SPAN)


def _number(written: str | None, limit: int) -> int:
    """Parse a number by the rules for non-negative integers (HTML section 2.3.4.2); it is at most `limit`."""
    found = _NUMBER.match(written) if written else None
    return min(int(found[1]), limit) if found else 1
