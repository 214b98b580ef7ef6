"""Blocks of Markdown (paragraphs, headings, code and so on), and the lists and quotations around them."""

from __future__ import annotations

from typing import NamedTuple


class Block(NamedTuple):
    """A block of Markdown that contains no other block."""

    first: str
    """Prefix of its first line: list markers, quotation marks and indentation."""
    rest: str
    """Prefix of its other lines."""
    text: str
    """Its lines, without prefixes."""
    item: bool
    """Whether it is the first block of a list item."""
    at: int = 0
    """Its number (from 0) on the page, in document order."""
    size: int = 0
    """Length of its text (characters), without markup."""
    linked: int = 0
    """Length of the part of its text that is links (characters)."""
    heading: int = 0
    """Level of the heading (1 to 6), or 0 if it is not a heading."""
    quotes: tuple[int, ...] = ()
    """The numbers of the quotations around it, outermost first."""

    def written(self) -> str:
        """Return its lines with their prefixes."""
        head, *others = self.text.split("\n")
        return "\n".join([self.first + head, *[(self.rest + line).rstrip() for line in others]])


def joined(blocks: list[Block]) -> str:
    """Return blocks as one text, separated by blank lines, but by none between the items of a list."""
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
    """Return the line between two blocks: blank, except for the marks of quotations that contain both."""
    shared = sum([one == other for one, other in zip(before.quotes, block.quotes, strict=False)])
    pieces = block.rest.split(">", shared)
    return ">".join([*pieces[:shared], ""]) if shared else ""


class Container:
    """An open list or quotation.

    `kind` is the element's name: "ul", "ol" or "blockquote". `number` is that of a list's next item, or of the
    quotation on its page; `step` is the difference between items. `marker` precedes the first block of an item and is
    "" after that; `width` is the indentation of the item's other blocks (characters). A list whose items are sections
    is layout: it is `flat`, without markers and indentation. `delimiter` follows the number of an item: with another
    one than that of the list before, a list is a new one (CommonMark section 5.3).
    """

    __slots__ = ("delimiter", "flat", "interrupts", "kind", "marker", "number", "step", "width")

    def __init__(self, kind: str, number: int, *, step: int = 1, delimiter: str = ".") -> None:
        self.kind, self.number, self.marker, self.width, self.flat = kind, number, "", 0, False
        self.step, self.delimiter = step, delimiter
        self.interrupts = True  # whether its open item may follow a paragraph at once (CommonMark section 5.3)

    def begin_item(self, number: int | None = None) -> None:
        """Start the next item, with a number of its own if it has one."""
        if self.flat:
            return
        if number is not None:
            self.number = number
        self.interrupts = self.kind != "ol" or self.number == 1 or self.width > 0
        self.marker = f"{self.number}{self.delimiter} " if self.kind == "ol" else "- "
        self.number = max(0, self.number + self.step)
        self.width = len(self.marker)

    @property
    def begins(self) -> bool:
        """Whether it is a list whose open item has no block yet, or that has no item."""
        return self.kind != "blockquote" and not self.flat and (self.marker != "" or self.width == 0)

    def flatten(self) -> None:
        """Treat a list as layout from here on; a quotation is unchanged."""
        if self.kind != "blockquote":
            self.flat, self.marker, self.width = True, "", 0
