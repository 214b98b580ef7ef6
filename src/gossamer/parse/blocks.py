"""What Markdown is made of: paragraphs and the like, the lists and quotations around them, and tables."""

from __future__ import annotations

from typing import NamedTuple


class Block(NamedTuple):
    """A paragraph or the like: what goes before its first line and before the others, and whether it begins an item."""

    first: str
    rest: str
    text: str
    item: bool

    def written(self) -> str:
        """Give its lines, each with what goes before it."""
        head, *others = self.text.split("\n")
        return "\n".join([self.first + head, *[(self.rest + line).rstrip() for line in others]])


class Container:
    """An open list or quotation; `marker` waits for the first block of an item, `width` indents the others."""

    __slots__ = ("kind", "marker", "number", "width")

    def __init__(self, kind: str, number: int = 1) -> None:
        self.kind, self.number, self.marker, self.width = kind, number, "", 0

    def begin_item(self) -> None:
        """Begin the next item."""
        self.marker = f"{self.number}. " if self.kind == "ol" else "- "
        self.number += 1
        self.width = len(self.marker)


class Table:
    """An open table: where its blocks begin, and its cells as long as they can be written in one line each."""

    __slots__ = ("begins", "cell", "depth", "rows", "simple")

    def __init__(self, begins: int) -> None:
        self.begins = begins
        self.depth = 1
        self.rows: list[list[str]] = []
        self.simple = True
        self.cell: int | None = None

    @property
    def is_grid(self) -> bool:
        """Tell whether it reads well as a table: several columns, and no row longer than the first."""
        if not (self.simple and len(self.rows) > 1 and len(self.rows[0]) > 1):
            return False
        return all(0 < len(row) <= len(self.rows[0]) for row in self.rows)

    def written(self) -> str:
        """Give it as a table of GitHub's Markdown; the first row is the head."""
        first, *others = [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join([first, f"|{' --- |' * len(self.rows[0])}", *others])
