"""The lists and quotations that are open on a page, and the numbers of the items (HTML section 4.4.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gossamer.parse.text.blocks import Container
from gossamer.parse.tokenizer import Token, TokenType, tokenize

MAX_INDENT: Final = 12
"""Maximum number of nested lists and quotations with indentation; deeper ones have the same."""

MINOR: Final = 3
"""Level of a heading from which on it may be part of an item."""

_INTEGER: Final = re.compile(r"[\t\n\f\r ]*\+?([0-9]{1,9})(?![0-9])")
_LISTS: Final = frozenset({"ol", "ul", "menu"})


def integer(written: str | None) -> int | None:
    """Parse an integer as HTML does (section 2.3.4.1); None if it is absent or invalid, or Markdown cannot have it."""
    found = _INTEGER.match(written or "")
    return int(found[1]) if found else None


def lengths_of_reversed(text: str) -> Iterator[int]:
    """Return the number of items of each reversed ordered list of a decoded page, in document order."""
    lengths: list[int] = []
    opened: list[tuple[str, int]] = []  # name of the list, and its index in lengths; -1 if it is not reversed
    depths = dict.fromkeys(_LISTS, 0)
    for token in tokenize(text, resolve_references=False):
        tag = token.tag or ""
        if tag == "li" and token.type is TokenType.START_TAG:
            if opened and opened[-1][1] >= 0:
                lengths[opened[-1][1]] += 1
        elif tag not in _LISTS:
            pass
        elif token.type is TokenType.START_TAG:
            is_reversed = tag == "ol" and token.attr("reversed") is not None
            opened.append((tag, len(lengths) if is_reversed else -1))
            depths[tag] += 1
            lengths += [0] * is_reversed
        elif depths[tag]:
            ended = ""
            while ended != tag:
                ended, _ = opened.pop()
                depths[ended] -= 1
    return iter(lengths)


class Containers:
    """The open lists and quotations of a page, innermost last. `text` is the page."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._containers: list[Container] = []
        self._quotes = 0  # number of quotations begun
        self._open = {"ul": 0, "ol": 0, "blockquote": 0}
        self._ended: tuple[int, int, str] | None = None  # depth, next block and delimiter of the last ordered list
        self._markers: tuple[int, list[tuple[Container, str]]] = 0, []  # the block with the last markers, and these
        self._reversed: Iterator[int] | None = None  # the lengths of the lists that count down

    def __bool__(self) -> bool:
        return bool(self._containers)

    @property
    def in_quotation(self) -> bool:
        """Whether a quotation is open."""
        return self._open["blockquote"] > 0

    def begin(self, token: Token, count: int) -> None:
        """Begin a list or quotation; `count` is the number of blocks before it."""
        kind = token.tag or ""
        if kind == "blockquote":
            self._quotes += 1
            container = Container(kind, self._quotes)
        elif kind == "ol":
            container = self._ordered(token, count)
        else:
            container = Container(kind, 1)
        self._containers.append(container)
        self._open[kind] += 1

    def _ordered(self, token: Token, count: int) -> Container:
        number, step = integer(token.attr("start")), 1
        if token.attr("reversed") is not None:
            if self._reversed is None:
                self._reversed = lengths_of_reversed(self._text)
            length, step = next(self._reversed, 1), -1
            number = length if number is None else number
        touches = self._ended is not None and self._ended[:2] == (len(self._containers), count)
        delimiter = ")" if touches and self._ended is not None and self._ended[2] == "." else "."
        return Container("ol", 1 if number is None else number, step=step, delimiter=delimiter)

    def end(self, kind: str, count: int) -> None:
        """End the innermost list or quotation of a kind, and all inside."""
        if not self._open[kind]:
            return
        while True:
            ended = self._containers.pop()
            self._open[ended.kind] -= 1
            if ended.kind == kind:
                break
        if kind == "ol":
            self._ended = len(self._containers), count, ended.delimiter

    def begin_item(self, token: Token) -> None:
        """Begin an item of the innermost list."""
        if self._containers and self._containers[-1].kind != "blockquote":
            self._containers[-1].begin_item(integer(token.attr("value")))

    def on_heading(self, level: int) -> None:
        """Treat all open lists as layout, because there is a heading inside.

        They are not if it is a small one in an item that has text before it: the title of a note, mostly.
        """
        if level < MINOR or any(container.begins for container in self._containers):
            for container in self._containers:
                container.flatten()

    def restore(self, number: int) -> None:
        """Keep the markers of items for the next block, because the blocks from `number` on were left out."""
        if self._markers[0] >= number:
            for container, marker in self._markers[1]:
                container.marker = marker

    def prefixes(self, number: int) -> tuple[str, str, bool, tuple[int, ...]]:
        """Return the prefixes of block `number` (first and other lines), whether it is an item, and its quotations."""
        if not self._containers:
            return "", "", False, ()
        first, rest, quoted = [], [], []
        markers = [(container, container.marker) for container in self._containers if container.marker]
        if markers:
            self._markers = number, markers
        for container in self._containers[:MAX_INDENT]:
            is_quotation = container.kind == "blockquote"
            first.append("> " if is_quotation else container.marker or " " * container.width)
            rest.append("> " if is_quotation else " " * container.width)
            container.marker = ""
            if is_quotation:
                quoted.append(container.number)
        item = bool(markers) and markers[0][0].interrupts
        return "".join(first), "".join(rest), item, tuple(quoted)
