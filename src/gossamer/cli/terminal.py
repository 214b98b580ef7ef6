"""The terminal: its console, and text that is safe to show on it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_JOINERS: Final = "\u200c\u200d"  # part of ordinary Persian and of emoji
LONGEST: Final = 2000

Lines = list[tuple[int, "Text"]]
"""Lines of text, each with the indent of its wrapped lines (columns)."""


def printable(text: str) -> str:
    """Return a text that is safe to show: control characters, escapes and changes of direction become visible codes."""
    if text.isprintable() and len(text) <= LONGEST:
        return text
    cut = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return "".join(char if char.isprintable() or char in _JOINERS else _code(char) for char in cut)


def _code(char: str) -> str:
    return " " if char.isspace() and char.isascii() else char.encode("unicode_escape").decode("ascii")


def console() -> Console:
    """Return a console on stderr, coloured only on a terminal and without NO_COLOR."""
    from rich.console import Console

    piped = not sys.stderr.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=True, highlight=False, markup=False, emoji=False, width=100 if piped else None)


def is_live(screen: Console) -> bool:
    """Whether lines on the console can be overwritten."""
    return screen.is_terminal and not screen.is_dumb_terminal


def say(screen: Console, text: Text, hang: int = 0) -> None:
    """Print a line, wrapped between words with an indent of `hang` columns, but never within a URL."""
    if "://" in text.plain or screen.width < hang + 20:
        screen.print(text, soft_wrap=True)
        return
    head, rest = text[:hang], text[hang:]
    for piece in rest.wrap(screen, screen.width - hang):
        piece.rstrip()
        screen.print(head + piece, soft_wrap=True)
        head = line(" " * hang)


def line(*parts: str | tuple[str, str]) -> Text:
    """Return a line of texts and (text, style) pairs, all of them printable."""
    from rich.text import Text

    safe = [printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts]
    return Text.assemble(*safe)


def more(number: int) -> Lines:
    """Return a line with the number of those that are not named; no line for none."""
    return [(2, line((f"  and {number:,} more in the results", "dim")))] if number > 0 else []
