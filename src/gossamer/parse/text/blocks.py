"""What Markdown is made of: paragraphs and the like, and the lists and quotations around them."""

from __future__ import annotations

from typing import NamedTuple


class Block(NamedTuple):
    """A paragraph or the like: what goes before its first line and before the others, and whether it begins an item.

    `at` numbers the blocks of a page as they were heard. `size` counts the characters of its text and `linked` those
    of them that are links; `heading` is its level, 0 for none; `quotes` number the quotations around it.
    """

    first: str
    rest: str
    text: str
    item: bool
    at: int = 0
    size: int = 0
    linked: int = 0
    heading: int = 0
    quotes: tuple[int, ...] = ()

    def written(self) -> str:
        """Give its lines, each with what goes before it."""
        head, *others = self.text.split("\n")
        return "\n".join([self.first + head, *[(self.rest + line).rstrip() for line in others]])


def joined(blocks: list[Block]) -> str:
    """Write blocks one below the other, the items of a list without blank lines between them."""
    parts: list[str] = []
    before: Block | None = None
    for block in blocks:
        if before is not None:
            tight = block.item and (before.item or before.rest)
            parts.append("\n" if tight else f"\n{_between(before, block)}\n")
        parts.append(block.written())
        before = block
    return "".join(parts)


def _between(before: Block, block: Block) -> str:
    """Write the line between two blocks: blank, but for the marks of the quotations that go on."""
    going_on = sum([one == other for one, other in zip(before.quotes, block.quotes, strict=False)])
    pieces = block.rest.split(">", going_on)
    return ">".join([*pieces[:going_on], ""]) if going_on else ""


class Container:
    """An open list or quotation; `marker` waits for the first block of an item, `width` indents the others.

    A list with headings in it is only how a page is laid out: `flat`, it has neither marks nor indentation. `number` is
    that of a list's next item, or of the quotation on its page.
    """

    __slots__ = ("flat", "kind", "marker", "number", "width")

    def __init__(self, kind: str, number: int) -> None:
        self.kind, self.number, self.marker, self.width, self.flat = kind, number, "", 0, False

    def begin_item(self) -> None:
        """Begin the next item."""
        if self.flat:
            return
        self.marker = f"{self.number}. " if self.kind == "ol" else "- "
        self.number += 1
        self.width = len(self.marker)

    def flatten(self) -> None:
        """Take it for layout from here on."""
        if self.kind != "blockquote":
            self.flat, self.marker, self.width = True, "", 0
