"""The grid of a table, with cells that span several rows or columns."""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_COLUMNS: Final = 100
"""Maximum number of columns of a table, and thus of a colspan."""
MAX_SPAN: Final = 1000
"""Maximum rowspan (rows)."""


class GridCell(NamedTuple):
    """A cell of a table."""

    text: str
    """The cell's text."""
    columns: int = 1
    """Number of columns that it spans."""
    rows: int = 1
    """Number of rows that it spans."""


def grid(rows: list[list[GridCell]], *, repeat: bool) -> list[list[str]]:
    """Return the texts of cells as rows of equal length.

    The text of a cell that spans several rows or columns stands in each of them (`repeat`) or only in the first.
    """
    lines: list[list[str]] = []
    rowspans: dict[int, tuple[int, str]] = {}  # by column: number of further rows, and the text in them
    for row in rows:
        line: list[str] = []
        for cell in row:
            _continue_rowspans(line, rowspans)
            repeated = cell.text if repeat else ""
            for column in range(min(cell.columns, MAX_COLUMNS - len(line))):
                if cell.rows > 1:
                    rowspans[len(line)] = (cell.rows - 1, repeated)
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


def span(written: str | None, limit: int) -> int:
    """Parse a colspan or rowspan: 1 if it is absent or invalid, at most `limit`."""
    text = (written or "").strip()
    return max(1, min(int(text), limit)) if text.isascii() and text.isdigit() and len(text) < 9 else 1
