"""Tables of a page in Markdown: data tables become tables, layout tables the paragraphs that they contain.

Tables made of `div` are recognised by their roles (WAI-ARIA), those of javadoc by their classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gossamer.parse.text.blocks import Block
from gossamer.parse.text.cell_grid import GridCell, colspan, grid, rowspan
from gossamer.parse.text.markdown_syntax import LINE_BREAK, code_span, without_line_start
from gossamer.parse.text.preformatted import are_line_numbers, holds_line_numbers
from gossamer.parse.tokenizer import Token

MAX_CELL: Final = 2000
"""Maximum length of a cell (characters) in a data table without header cells."""
MAX_HEADED_CELL: Final = 20_000
"""Maximum length of a cell (characters) in a data table with header cells."""

MAX_CODE: Final = 12
"""Maximum number of lines of a code block in a cell of a data table with header cells; without them there is none."""

MAX_ROW: Final = 500
"""Maximum length of the only row of a data table (characters)."""

# Classes of javadoc.
_SIGNATURES: Final = frozenset({"member-signature", "type-signature"})
_GRIDS: Final = frozenset({"summary-table", "details-table"})
_ROLES: Final = {"table": "table", "grid": "table", "row": "row"} | dict.fromkeys(
    ("cell", "gridcell", "columnheader", "rowheader"), "cell"
)


class _MarkdownTable:
    """An open table.

    `begins` is the index of its first block, `cell` that of the first block of the open cell (None: no cell is open).
    `simple` is whether all its cells so far can be written in one line each; else the table is layout. `headed` is
    whether it has header cells, `size` its length (characters). The spans are those of the open cell.
    """

    __slots__ = (
        "begins",
        "cell",
        "columns_spanned",
        "groups",
        "has_line_numbers",
        "headed",
        "in_row",
        "is_javadoc",
        "may_be_numbers",
        "rows",
        "rows_spanned",
        "simple",
        "size",
    )

    def __init__(self, begins: int) -> None:
        self.begins = begins
        self.headed = False
        self.is_javadoc = self.in_row = False  # javadoc has no rows, but marks the last cell of each
        self.rows: list[list[GridCell]] = []
        self.groups: set[int] = set()  # indices of the rows that begin a row group
        self.has_line_numbers = self.may_be_numbers = False  # in the open row; in the open cell, by its name
        self.simple = True
        self.size = 0
        self.cell: int | None = None
        self.columns_spanned = self.rows_spanned = 1  # of the open cell

    def lines(self) -> list[list[str]]:
        """Return its texts by row, without empty rows and columns; [] if it is a layout table."""
        if not self.simple:
            return []
        lines = [line for line in grid(self.rows, repeat=False, groups=self.groups) if any(line)]
        columns = [number for number in range(len(lines[0]) if lines else 0) if any(line[number] for line in lines)]
        if len(columns) < (1 if self.headed else 2) or not lines:
            return []
        if len(lines) == 1 and (len(columns) < 2 or self.size > MAX_ROW):
            return []
        return [[line[number] for number in columns] for line in lines]


class Tables:
    """Replaces blocks of a page by tables, as elements begin and end.

    The caller must have ended the open block before each call. `plain` writes rows as tab-separated text.
    `on_left_out` is called with the number of the first of several blocks that are left out.
    """

    def __init__(self, blocks: list[Block], *, plain: bool, on_left_out: Callable[[int], None]) -> None:
        self._blocks = blocks
        self._on_left_out = on_left_out
        self._is_plain = plain
        self._open: list[_MarkdownTable] = []  # innermost last
        self._divs: list[str] = []  # the meaning of each open div

    def begin(self) -> None:
        """Begin a table; a table around it is a layout table."""
        self.treat_as_layout()
        self._open.append(_MarkdownTable(len(self._blocks)))

    def treat_as_layout(self) -> None:
        """Treat the innermost table as layout, because something in it cannot be written in a cell."""
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
            table.has_line_numbers = False

    def begin_group(self) -> None:
        """Begin or end a group of rows."""
        self.end_cell()
        if self._open:
            self._open[-1].groups.add(len(self._open[-1].rows))

    @property
    def in_cell(self) -> bool:
        """Whether a cell is open."""
        return bool(self._open) and self._open[-1].cell is not None

    @property
    def has_line_numbers(self) -> bool:
        """Whether the open row has a cell with the numbers of lines of code, which was left out."""
        return bool(self._open) and self._open[-1].has_line_numbers

    def begin_cell(self, token: Token) -> None:
        """Begin a cell."""
        self.end_cell()
        table = self._open[-1] if self._open else None
        if table is not None and table.rows:
            table.headed = table.headed or token.tag == "th"
            table.cell = len(self._blocks)
            table.columns_spanned = colspan(token.attr("colspan"))
            table.rows_spanned = rowspan(token.attr("rowspan"))
            table.may_be_numbers = holds_line_numbers(token)

    def end_cell(self) -> None:
        """End the open cell, if any; the table becomes layout if its content does not fit a cell."""
        table = self._open[-1] if self._open else None
        if table is None or table.cell is None:
            return
        if table.may_be_numbers and not table.headed and self._has_only_numbers(table.cell):
            if table.cell < len(self._blocks):
                self._on_left_out(self._blocks[table.cell].at)
            del self._blocks[table.cell :]
            table.cell, table.has_line_numbers = None, True
            return
        if not table.simple:
            return
        blocks = self._blocks[table.cell :]
        table.cell = None
        size = sum(block.size for block in blocks)
        table.size += size
        headed = table.headed or table.is_javadoc
        if size > (MAX_HEADED_CELL if headed else MAX_CELL) or any(_does_not_fit(block, headed) for block in blocks):
            table.simple = False
            return
        listed = any(block.item for block in blocks[1:])  # the first block may be the item of a list around the table
        lines = [("- " if block.item and listed else "") + _in_cell(block.text) for block in blocks]
        text = "<br>".join(lines).replace(LINE_BREAK, "<br>").replace("|", r"\|")
        table.rows[-1].append(GridCell(text, table.columns_spanned, table.rows_spanned))

    def _has_only_numbers(self, first: int) -> bool:
        return all(are_line_numbers(block.text.strip("`\n")) for block in self._blocks[first:])

    def end(self) -> None:
        """End the innermost table; if it is not layout, replace its blocks by one with the table."""
        self.end_cell()
        table = self._open.pop() if self._open else None
        lines = table.lines() if table is not None else []
        if table is None or not lines:
            return
        blocks = self._blocks[table.begins :]
        size, linked = sum(block.size for block in blocks), sum(block.linked for block in blocks)
        text = _as_plain_text(lines) if self._is_plain else _as_markdown(lines)
        self._blocks[table.begins :] = [blocks[0]._replace(text=text, size=size, linked=linked)]

    # ------------------------------------------------------------ tables of div

    def begin_div(self, classes: str, token: Token) -> bool:
        """Begin a `div`; return True if it is a javadoc signature, which the caller must handle, and end, as code."""
        meaning = self._meaning(classes.split(), token.attr("role") or "")
        if meaning == "signature":
            return True
        self._divs.append(meaning)
        match meaning:
            case "table":
                self.begin()
                self._open[-1].is_javadoc = not token.attr("role")
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
        """End the innermost `div`, and what it is a part of a table."""
        match self._divs.pop() if self._divs else "":
            case "table":
                self.end()
            case "cell" | "next" | "last":
                self.end_cell()

    def _meaning(self, names: list[str], role: str) -> str:
        """Return the meaning of a `div`: "signature", "table", "row", "cell" or "".

        Cells of javadoc, which has no rows, are "next", or "last" if they end a row.
        """
        if not _SIGNATURES.isdisjoint(names):
            return "signature"
        if not _GRIDS.isdisjoint(names):
            return "table"
        if self._open and self._open[-1].is_javadoc and any(name.startswith("col-") for name in names):
            return "last" if "col-last" in names else "next"
        return _ROLES.get(role, "")


def _does_not_fit(block: Block, headed: bool) -> bool:
    """Whether a block cannot be written in a cell: a heading of level 1 to 3, or too long a code block."""
    if 0 < block.heading < 4:
        return True
    return _is_code(block.text) and (not headed or block.text.count("\n") - 1 > MAX_CODE)


def _is_code(text: str) -> bool:
    return text.startswith("```") and "\n" in text


def _in_cell(text: str) -> str:
    """Return a block in one line; of a code block each line is a code span."""
    if not _is_code(text):
        return without_line_start(text)
    lines = [line for line in text.split("\n")[1:-1] if line.strip()]
    return "<br>".join([code_span(line) for line in lines])


def _as_markdown(lines: list[list[str]]) -> str:
    """Return rows as a table of GitHub Flavored Markdown; the first row is the header."""
    first, *others = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([first, f"|{' --- |' * len(lines[0])}", *others])


def _as_plain_text(lines: list[list[str]]) -> str:
    return "\n".join(["\t".join(line).replace("<br>", " ").replace(r"\|", "|") for line in lines])
