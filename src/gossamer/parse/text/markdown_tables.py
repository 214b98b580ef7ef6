"""Tables on their way to Markdown: what reads as a table becomes one, what only lays out a page becomes its paragraphs.

Tables of `div` are known by their roles (WAI-ARIA), those of javadoc by their classes.
"""

from __future__ import annotations

from typing import Final

from turbohtml import Token

from gossamer.parse.text.blocks import Block
from gossamer.parse.text.cell_grid import MAX_COLUMNS, MAX_SPAN, GridCell, grid, span
from gossamer.parse.text.markdown_syntax import LINE_BREAK, code_span, unmarked

MAX_CELL: Final = 2000
MAX_HEADED_CELL: Final = 20_000
"""Characters of a cell beyond which a table is taken for layout: one without, and one with heads of columns."""

MAX_CODE: Final = 12
"""Lines of code in a cell, of a table with heads of columns, beyond which it is taken for layout."""

MAX_ROW: Final = 500
"""Characters of a table's only row beyond which it is taken for layout."""

_SIGNATURES: Final = frozenset({"member-signature", "type-signature"})
_GRIDS: Final = frozenset({"summary-table", "details-table"})
_ROLES: Final = {"table": "table", "grid": "table", "row": "row"} | dict.fromkeys(
    ("cell", "gridcell", "columnheader", "rowheader"), "cell"
)


class _MarkdownTable:
    """An open table: where its blocks begin, and its cells as long as they can be written in one line each."""

    __slots__ = ("begins", "cell", "columns", "headed", "in_row", "of_javadoc", "reaches", "rows", "simple", "size")

    def __init__(self, begins: int) -> None:
        self.begins = begins
        self.headed = False
        self.of_javadoc = self.in_row = False  # javadoc only says which cell is the last of its row
        self.rows: list[list[GridCell]] = []
        self.simple = True
        self.size = 0
        self.cell: int | None = None
        self.columns = self.reaches = 1  # of the open cell

    def lines(self) -> list[list[str]]:
        """Give its rows and columns, but those that hold nothing; none where it does not read as a table."""
        if not self.simple:
            return []
        lines = [line for line in grid(self.rows, repeat=False) if any(line)]
        columns = [number for number in range(len(lines[0]) if lines else 0) if any(line[number] for line in lines)]
        if len(columns) < (1 if self.headed else 2) or not lines:
            return []
        if len(lines) == 1 and (len(columns) < 2 or self.size > MAX_ROW):
            return []
        return [[line[number] for number in columns] for line in lines]


class Tables:
    """The open tables of a page, innermost last. Every call comes after the block before it has ended."""

    def __init__(self, blocks: list[Block], *, plain: bool) -> None:
        self._blocks = blocks
        self._plain = plain
        self._open: list[_MarkdownTable] = []
        self._divs: list[str] = []  # what each open one is

    def begin(self) -> None:
        """Begin a table; the one around it only lays it out."""
        self.give_up()
        self._open.append(_MarkdownTable(len(self._blocks)))

    def give_up(self) -> None:
        """Take the innermost table for layout: something in it cannot be written in a cell."""
        if self._open:
            self._open[-1].simple = False

    def begin_row(self) -> None:
        """Begin a row."""
        self.end_cell()
        if self._open:
            table = self._open[-1]
            if not table.rows:
                table.begins = len(self._blocks)
            table.rows.append([])

    def begin_cell(self, token: Token) -> None:
        """Begin a cell."""
        self.end_cell()
        table = self._open[-1] if self._open else None
        if table is not None and table.rows:
            table.headed = table.headed or token.tag == "th"
            table.cell = len(self._blocks)
            table.columns = span(token.attr("colspan"), MAX_COLUMNS)
            table.reaches = span(token.attr("rowspan"), MAX_SPAN)

    def end_cell(self) -> None:
        """End the cell, if one is open."""
        table = self._open[-1] if self._open else None
        if table is None or table.cell is None or not table.simple:
            return
        blocks = self._blocks[table.cell :]
        table.cell = None
        size = sum(block.size for block in blocks)
        table.size += size
        headed = table.headed or table.of_javadoc
        if size > (MAX_HEADED_CELL if headed else MAX_CELL) or any(_is_too_much(block, headed) for block in blocks):
            table.simple = False
            return
        listed = any(block.item for block in blocks[1:])  # the first may be an item of a list around the table
        lines = [("- " if block.item and listed else "") + _in_cell(block.text) for block in blocks]
        text = "<br>".join(lines).replace(LINE_BREAK, "<br>").replace("|", r"\|")
        table.rows[-1].append(GridCell(text, table.columns, table.reaches))

    def end(self) -> None:
        """End the innermost table, and put it in the place of its blocks."""
        self.end_cell()
        table = self._open.pop() if self._open else None
        lines = table.lines() if table is not None else []
        if table is None or not lines:
            return
        blocks = self._blocks[table.begins :]
        size, linked = sum(block.size for block in blocks), sum(block.linked for block in blocks)
        text = _plain(lines) if self._plain else _written(lines)
        self._blocks[table.begins :] = [blocks[0]._replace(text=text, size=size, linked=linked)]

    # ------------------------------------------------------------ tables of div

    def begin_div(self, classes: str, token: Token) -> bool:
        """Take a `div` for what it is; True where it is code, whose end comes to others."""
        meaning = self._meaning(classes.split(), token.attr("role") or "")
        if meaning == "signature":
            return True
        self._divs.append(meaning)
        match meaning:
            case "table":
                self.begin()
                self._open[-1].of_javadoc = not token.attr("role")
            case "row":
                self.begin_row()
            case "cell":
                self.begin_cell(token)
            case "next" | "last":
                if not self._open[-1].in_row:
                    self.begin_row()
                self._open[-1].in_row = meaning == "next"
                self.begin_cell(token)
        return False

    def end_div(self) -> None:
        """End what the innermost `div` was."""
        match self._divs.pop() if self._divs else "":
            case "table":
                self.end()
            case "cell" | "next" | "last":
                self.end_cell()

    def _meaning(self, names: list[str], role: str) -> str:
        """Tell what a `div` is; javadoc has cells without rows: next, and last in its row."""
        if not _SIGNATURES.isdisjoint(names):
            return "signature"
        if not _GRIDS.isdisjoint(names):
            return "table"
        if self._open and self._open[-1].of_javadoc and any(name.startswith("col-") for name in names):
            return "last" if "col-last" in names else "next"
        return _ROLES.get(role, "")


def _is_too_much(block: Block, headed: bool) -> bool:
    """Tell whether a block cannot be written in a cell: a heading of a section, or code that is not a few lines."""
    if 0 < block.heading < 4:
        return True
    return _is_code(block.text) and (not headed or block.text.count("\n") - 1 > MAX_CODE)


def _is_code(text: str) -> bool:
    return text.startswith("```") and "\n" in text


def _in_cell(text: str) -> str:
    """Write a block in one line: of code, each of its lines as code."""
    if not _is_code(text):
        return unmarked(text)
    lines = [line for line in text.split("\n")[1:-1] if line.strip()]
    return "<br>".join([code_span(line) for line in lines])


def _written(lines: list[list[str]]) -> str:
    """Write rows as a table of GitHub's Markdown; the first row is the head."""
    first, *others = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([first, f"|{' --- |' * len(lines[0])}", *others])


def _plain(lines: list[list[str]]) -> str:
    return "\n".join(["\t".join(line).replace("<br>", " ").replace(r"\|", "|") for line in lines])
