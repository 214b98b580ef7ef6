"""Read the tables of a page as rows of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from turbohtml import Token, TokenType

from gossamer.parse.links.scan import Reader
from gossamer.parse.links.visible import listen
from gossamer.parse.text.cell_grid import MAX_COLUMNS, MAX_SPAN, GridCell, grid, span

MAX_CELLS: Final = 200_000
"""Cells of a page beyond which no more are read."""


class Table(Struct, frozen=True):
    """A table of a page: its caption, the row of heads ("" and () where there is none), and the other rows.

    All rows have the same number of columns; what a cell over several rows or columns says is in each of them.
    """

    caption: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def tables(text: str) -> tuple[Table, ...]:
    """List the tables of a decoded HTML page that have cells, in the order in which they end. Never raises.

    A table inside another one is a table of its own.
    """
    reader = _TableReader(text)
    reader.read()
    return reader.found()


class _OpenTable:
    def __init__(self) -> None:
        self.rows: list[list[GridCell]] = []
        self.heads: list[bool] = []  # of each row: whether all its cells are heads
        self.caption = ""
        self.parts: list[str] | None = None  # of the cell or caption that is open
        self.cell: tuple[int, int] | None = None  # how far it reaches, where it is a cell


class _TableReader(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._open: list[_OpenTable] = []
        self._tables: list[Table] = []
        self._room = MAX_CELLS

    def tokens(self, text: str) -> Iterator[Token]:
        """Cut text into tokens, and listen to them."""
        return listen(super().tokens(text), self.nesting, self._hear_text, self._hear_tag)

    def found(self) -> tuple[Table, ...]:
        """Give what was read."""
        while self._open:
            self._end_table()
        return tuple(self._tables)

    def _hear_text(self, text: str) -> None:
        if self._open and self._open[-1].parts is not None:
            self._open[-1].parts.append(text)

    def _hear_tag(self, tag: str, token: Token) -> None:
        begins = token.type is TokenType.START_TAG
        if tag == "table":
            if begins:
                self._open.append(_OpenTable())
            elif self._open:
                self._end_table()
        elif self._open and tag in ("tr", "td", "th", "caption"):
            self._hear_part(self._open[-1], tag, token, begins=begins)
        else:
            self._hear_text(" ")

    def _hear_part(self, table: _OpenTable, tag: str, token: Token, *, begins: bool) -> None:
        self._end_cell(table)
        if not begins:
            return
        if tag == "caption":
            table.parts = []
        elif tag == "tr" or not table.rows:
            table.rows.append([])
            table.heads.append(True)
        if tag in ("td", "th") and self._room:
            self._room -= 1
            table.parts = []
            table.cell = span(token.attr("colspan"), MAX_COLUMNS), span(token.attr("rowspan"), MAX_SPAN)
            table.heads[-1] = table.heads[-1] and tag == "th"

    def _end_cell(self, table: _OpenTable) -> None:
        text = self.written(" ".join("".join(table.parts or ()).split()))
        if table.cell is not None:
            table.rows[-1].append(GridCell(text, *table.cell))
        elif table.parts is not None:
            table.caption = text
        table.parts = table.cell = None

    def _end_table(self) -> None:
        table = self._open.pop()
        self._end_cell(table)
        laid = [tuple(row) for row in grid(table.rows, repeat=True)]
        headed = [head and bool(row) for head, row in zip(table.heads, table.rows, strict=True)]
        lines = [(head, row) for head, row in zip(headed, laid, strict=True) if row]
        if lines:
            header = lines[0][1] if lines[0][0] and len(lines) > 1 else ()
            rows = [row for _, row in lines[1 if header else 0 :]]
            self._tables.append(Table(table.caption, header, tuple(rows)))
