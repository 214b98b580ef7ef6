"""The marks of Markdown: what text must be escaped with, and how code, links and breaks are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

BREAK: Final = "\x1e"
"""A break in heard text: white space to str.split, so text of the page can never smuggle in anything by it."""

LINE_BREAK: Final = "\\\n"
"""A break in written text."""

# What Markdown would take for its own marks (CommonMark section 2.4); "_" only where it could begin or end emphasis.
_MARKS: Final = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)|&(?=#?\w{1,31};)")
_REFERENCE_REST: Final = re.compile(r"#?\w{1,31};")
_LINE_MARK: Final = re.compile(r"[>=~]|#(?=#{0,5}(?:\s|$))|\+(?=\s|$)|-(?=[\s-]|$)|\d{1,9}(?=[.)](?:\s|$))")
_MARKED: Final = re.compile(r"\\(?=[#>=+~-])|#{4,6} ")
_TICKS: Final = re.compile(r"`+")
_LANGUAGE: Final = re.compile(r"(?:^|\s)(?:language|lang|highlight|brush|source)[-:]\s?(?:source-)?([\w+#-]{1,20})")
_NO_LANGUAGE: Final = frozenset({"default", "none", "nohighlight", "plaintext"})


def line(parts: Sequence[str]) -> str:
    """Collapse white space; a break stays one, as a backslash at the end of the line."""
    pieces = [" ".join(piece.split()) for piece in "".join(parts).split(BREAK)]
    return LINE_BREAK.join([piece for piece in pieces if piece])


def escaped(text: str) -> str:
    """Escape what would be a mark anywhere."""
    return _MARKS.sub(r"\\\g<0>", text)


def line_escaped(text: str) -> str:
    """Escape what would be a mark at the beginning of a paragraph."""
    mark = _LINE_MARK.match(text)
    if mark is None:
        return text
    rest = text[mark.end() :]
    return f"{mark[0]}\\{rest}" if mark[0].isdigit() else f"\\{mark[0]}{rest}"


def unmarked(text: str) -> str:
    """Undo that, and take a small heading for a paragraph: in the cell of a table nothing begins a line."""
    mark = _MARKED.match(text)
    return text[mark.end() :] if mark else text


def is_rest_of_reference(text: str) -> bool:
    """Tell whether "&" and this would be read as a character reference."""
    return _REFERENCE_REST.match(text) is not None


def shown(target: str) -> str:
    """Write the target of a link."""
    return f"<{target}>" if "(" in target or ")" in target else target


def fence(code: str, least: int) -> str:
    """Give the marks around code: more ticks than it has in a row."""
    longest = max((len(run) for run in _TICKS.findall(code)), default=0)
    return "`" * max(least, longest + 1)


def code_span(text: str) -> str:
    """Write code within a line."""
    ticks = fence(text, 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def language_of(classes: str | None) -> str:
    """Read the language of code from the class of an element, as highlighters write it; "" where there is none."""
    found = _LANGUAGE.search(classes or "")
    return found[1] if found and found[1] not in _NO_LANGUAGE else ""
