"""The tables of a page as rows of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from gossamer.parse.characters import collapsed, scalar
from gossamer.parse.links.scan import Reader
from gossamer.parse.links.visible import observed
from gossamer.parse.scripts import TAGS as SCRIPTS
from gossamer.parse.scripts import Scripts
from gossamer.parse.text.cell_grid import GridCell, colspan, grid, rowspan
from gossamer.parse.tokenizer import Token, TokenType

_IN_WORDS: Final = frozenset(
    "a abbr b bdi bdo cite code data del dfn em font i ins kbd mark q s samp small span strong sub sup time tt u var "
    "wbr annotation annotation-xml math mi mn mo mrow ms mtext semantics".split()
)
"""The elements that begin and end within a word."""

MAX_CELLS: Final = 200_000
"""Maximum number of cells that are read from one page."""


class Table(Struct, frozen=True):
    """A table of a page. All its rows have the same number of columns.

    The text of a cell that spans several rows or columns is repeated in each of them.
    """

    caption: str = ""
    """The caption; "" if there is none."""
    header: tuple[str, ...] = ()
    """The first row if all its cells are `th` and other rows follow, or else ()."""
    rows: tuple[tuple[str, ...], ...] = ()
    """The other rows."""


def tables(text: str) -> tuple[Table, ...]:
    """Return the tables of a decoded HTML page that have cells, in the order in which they end. Never raises.

    A nested table is a separate one, and comes before the table around it.
    """
    reader = _TableReader(text)
    reader.read()
    return reader.found()


class _OpenTable:
    def __init__(self) -> None:
        self.rows: list[list[GridCell]] = []
        self.all_th: list[bool] = []  # for each row: whether all its cells are `th`
        self.groups: set[int] = set()  # indices of the rows that begin a row group
        self.caption = ""
        self.parts: list[str] | None = None  # texts of the open cell or caption
        self.cell: tuple[int, int] | None = None  # columns and rows of the open cell
        self.scripts = Scripts(escaped=False)


class _TableReader(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._open: list[_OpenTable] = []
        self._tables: list[Table] = []
        self._cells_left = MAX_CELLS

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of a text, and read the tables from them."""
        return observed(super().tokens(text), self.nesting, self._on_text, self._on_tag)

    def found(self) -> tuple[Table, ...]:
        """Return the tables read so far; those that are open are closed."""
        while self._open:
            self._end_table()
        return tuple(self._tables)

    def _on_text(self, text: str) -> None:
        if self._open and self._open[-1].parts is not None:
            self._open[-1].parts.append(text)

    def _on_tag(self, tag: str, token: Token) -> None:
        begins = token.type is TokenType.START_TAG
        if tag == "table":
            if begins:
                self._open.append(_OpenTable())
            elif self._open:
                self._end_table()
        elif self._open and tag in ("tr", "td", "th", "caption"):
            self._on_table_tag(self._open[-1], tag, token, begins=begins)
        elif self._open and tag in ("thead", "tbody", "tfoot"):
            self._end_cell(self._open[-1])
            self._open[-1].groups.add(len(self._open[-1].rows))
        elif self._open and tag in SCRIPTS:
            self._on_script(self._open[-1], tag, begins=begins)
        elif tag not in _IN_WORDS:
            self._on_text(" ")

    def _on_script(self, table: _OpenTable, tag: str, *, begins: bool) -> None:
        if table.parts is not None:
            (table.scripts.begin if begins else table.scripts.end)(tag, table.parts)

    def _on_table_tag(self, table: _OpenTable, tag: str, token: Token, *, begins: bool) -> None:
        self._end_cell(table)
        if not begins:
            return
        if tag == "caption":
            table.parts = []
        elif tag == "tr" or not table.rows:
            table.rows.append([])
            table.all_th.append(True)
        if tag in ("td", "th") and self._cells_left:
            self._cells_left -= 1
            table.parts = []
            table.cell = colspan(token.attr("colspan")), rowspan(token.attr("rowspan"))
            table.all_th[-1] = table.all_th[-1] and tag == "th"

    def _end_cell(self, table: _OpenTable) -> None:
        text = self.restored(scalar(collapsed("".join(table.parts or ()))))
        table.scripts.clear()
        if table.cell is not None:
            table.rows[-1].append(GridCell(text, *table.cell))
        elif table.parts is not None:
            table.caption = text
        table.parts = table.cell = None

    def _end_table(self) -> None:
        table = self._open.pop()
        self._end_cell(table)
        grid_rows = [tuple(row) for row in grid(table.rows, repeat=True, groups=table.groups)]
        headed = [head and bool(row) for head, row in zip(table.all_th, table.rows, strict=True)]
        lines = [(head, row) for head, row in zip(headed, grid_rows, strict=True) if row]
        if lines:
            header = lines[0][1] if lines[0][0] and len(lines) > 1 else ()
            rows = [row for _, row in lines[1 if header else 0 :]]
            self._tables.append(Table(table.caption, header, tuple(rows)))
