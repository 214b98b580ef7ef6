"""A code block of a page: its lines, which may be elements, without the numbers of the lines."""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.scripts import TAGS as SCRIPTS
from gossamer.parse.scripts import Scripts
from gossamer.parse.text.markdown_syntax import language_of
from gossamer.parse.tokenizer import Token

TAGS: Final = frozenset({"pre", "listing", "xmp"})
"""The elements whose text is preformatted (HTML section 15.3.3)."""

_LINES: Final = frozenset(
    "address article aside blockquote center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr li main menu nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
"""The elements that begin and end a line."""
_NUMBER_ELEMENTS: Final = frozenset({"a", "code", "div", "pre", "span", "td", "th"})
_NUMBER_NAMES: Final = re.compile(
    r"(?:^|[\s_-])(?:linenos?|linenodiv|line-?numbers?|linenr|lnum|lnt|ln|gutter|blob-num|lines-num|hljs-ln-n(?:umbers)?)"
    r"(?=$|[\s_-])"
)
_NUMBERS: Final = re.compile(r"(?:\s*+\d++[.:|]?)*+\s*+")
_CODE_CELL: Final = re.compile(r"(?:^|\s)(?:blob-code|lines-code|hljs-ln-code)(?=$|\s)")


def holds_line_numbers(token: Token) -> bool:
    """Whether an element is called so by highlighters that it may hold the numbers of lines."""
    return token.tag in _NUMBER_ELEMENTS and _NUMBER_NAMES.search(token.attr("class") or "") is not None


def is_code_cell(token: Token) -> bool:
    """Whether a cell is a line of code: code hosts and highlighters make a table of it, with a row for each line."""
    return _CODE_CELL.search(token.attr("class") or "") is not None


def are_line_numbers(text: str) -> bool:
    """Whether a text has only numbers, in lines."""
    return _NUMBERS.fullmatch(text) is not None


def count_up(text: str) -> bool:
    """Whether the lines of a text, at least two, are consecutive numbers."""
    lines = text.split()
    if len(lines) < 2 or not all(line.isascii() and line.isdigit() and len(line) < 9 for line in lines):
        return False
    first = int(lines[0])
    return all(int(line) == number for number, line in enumerate(lines, first))


class Preformatted:
    """Collects the code of an element, from its start tag to its end tag, or that of the `depth` innermost ones.

    `parts` are the texts so far, `language` is that of the code, or "".
    """

    __slots__ = (
        "_depth",
        "_has_lines",
        "_item",
        "_numbers",
        "_scripts",
        "_span",
        "_tables",
        "_tag",
        "language",
        "parts",
    )

    def __init__(self, tag: str, language: str, *, depth: int = 1) -> None:
        self._tag = tag
        self._depth = depth  # number of open elements of that name
        self._scripts = Scripts(escaped=False)
        self._has_lines = False  # whether some of its lines are elements
        self._item = -1  # number of parts at the start of a list item
        self._tables = int(tag in ("table", "td"))
        self._numbers: tuple[str, int, int] | None = None  # element with line numbers, its depth, index in parts
        self._span: tuple[int, str] | None = None  # number of parts at the end of a `code`, and its classes
        self.language = language
        self.parts: list[str] = []

    def on_tag(self, tag: str, token: Token, *, begins: bool) -> bool:
        """Process a tag; return whether it ends the code."""
        if tag == self._tag and self._is_end(begins=begins):
            return True
        if self._tag == "td" and self._tables == 1 and (tag == "tr" or (tag == "table" and not begins)):
            return True  # the end tag of the cell is missing
        if tag == "br":
            self.parts.append("\n")  # "</br>", too
        elif tag in _LINES:
            self._end_line()
            self._has_lines = True
            self._tables += (tag == "table") * (1 if begins else -1)
            if tag == "li" and begins:
                self._begin_item()
        elif begins and tag in ("td", "th"):
            self._end_cell()
        elif tag == "code":
            self._on_code(token, begins=begins)
        elif tag in SCRIPTS:
            (self._scripts.begin if begins else self._scripts.end)(tag, self.parts)
        if tag in _NUMBER_ELEMENTS:
            self._on_numbers(tag, token, begins=begins)
        return False

    def is_cell_without_text(self) -> bool:
        """Whether this is a cell of a table, and white space so far."""
        return self._tag == "td" and not any(map(str.strip, self.parts))

    def text(self) -> str:
        """Return the code."""
        code = "".join(self.parts).removeprefix("\n").rstrip()
        return code.replace("\xa0", " ") if self._tag not in TAGS else code

    def _is_end(self, *, begins: bool) -> bool:
        """Count the elements of the code's own name; a `pre` in another one is a mistake, unless in a table."""
        if not begins:
            self._depth -= 1
            return self._depth <= 0
        self._depth += self._tag not in TAGS or self._tables > 0
        return False

    def _end_line(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")
        self._span = None

    def _begin_item(self) -> None:
        """Begin a list item; the one before is a line even if it is empty."""
        if self._item == len(self.parts):
            self.parts.append("\n")
        self._item = len(self.parts)

    def _end_cell(self) -> None:
        """Separate a cell from the one before in its row."""
        if self.parts and not self.parts[-1][-1:].isspace():
            self.parts.append("\t")

    def _on_code(self, token: Token, *, begins: bool) -> None:
        """Read `code`; several of one class that touch are a line each, because they are no words in a line."""
        classes = token.attr("class") or ""
        if not begins:
            self._span = (len(self.parts), self._span[1]) if self._span is not None else None
            return
        self.language = self.language or language_of(classes)
        if self._span == (len(self.parts), classes) and not self._has_lines:
            self._end_line()
        self._span = -1, classes

    def _on_numbers(self, tag: str, token: Token, *, begins: bool) -> None:
        """Remove the numbers of lines, at the end of their element."""
        if self._numbers is None:
            if begins and holds_line_numbers(token):
                self._numbers = tag, 1, len(self.parts)
            return
        element, depth, first = self._numbers
        if begins and tag == element == "td":
            self._end_numbers()  # the end tag of the cell before is missing
        elif tag == element:
            self._numbers = element, depth + (1 if begins else -1), first
            if not self._numbers[1]:
                self._end_numbers()

    def _end_numbers(self) -> None:
        if self._numbers is not None:
            first, self._numbers = self._numbers[2], None
            if are_line_numbers("".join(self.parts[first:])):
                del self.parts[first:]
