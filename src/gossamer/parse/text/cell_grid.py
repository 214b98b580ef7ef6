"""Cells of a table laid out in rows and columns, also where some reach over several."""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_COLUMNS: Final = 100
MAX_SPAN: Final = 1000
"""How far one cell may reach over columns and rows."""


class GridCell(NamedTuple):
    """A cell of a table, and how many columns and rows it reaches over."""

    text: str
    columns: int = 1
    rows: int = 1


def grid(rows: list[list[GridCell]], *, repeat: bool) -> list[list[str]]:
    """Lay cells out so that every row has all columns; a cell over several is repeated in each, or left empty there."""
    laid: list[list[str]] = []
    reaching: dict[int, tuple[int, str]] = {}  # column: how many more rows, and what
    for row in rows:
        line: list[str] = []
        for cell in row:
            _reach_down(line, reaching)
            again = cell.text if repeat else ""
            for column in range(min(cell.columns, MAX_COLUMNS - len(line))):
                if cell.rows > 1:
                    reaching[len(line)] = (cell.rows - 1, again)
                line.append(again if column else cell.text)
        _reach_down(line, reaching)
        laid.append(line)
    width = max(map(len, laid), default=0)
    return [line + [""] * (width - len(line)) for line in laid]


def _reach_down(line: list[str], reaching: dict[int, tuple[int, str]]) -> None:
    while (above := reaching.get(len(line))) is not None:
        left, text = above
        if left > 1:
            reaching[len(line)] = (left - 1, text)
        else:
            del reaching[len(line)]
        line.append(text)


def span(written: str | None, most: int) -> int:
    """Read how far a cell reaches."""
    text = (written or "").strip()
    return max(1, min(int(text), most)) if text.isascii() and text.isdigit() and len(text) < 9 else 1
