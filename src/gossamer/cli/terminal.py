"""The terminal: its console, and text that is safe to show on it."""

from __future__ import annotations

import os
import sys
from shutil import get_terminal_size
from textwrap import wrap
from typing import IO, TYPE_CHECKING, cast

from gossamer.cli.streams import messages
from gossamer.values.formatting import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Lines = list[tuple[int, "Text"]]
"""Lines of text, each with the indent of its wrapped lines (columns)."""


def console() -> Console:
    """Return a console on stderr, coloured only on a terminal and without NO_COLOR."""
    from rich.console import Console

    class VisibleCursor(Console):
        """A console that never hides the cursor: nothing could show it again after ^Z, or where a signal kills."""

        def show_cursor(self, show: bool = True) -> bool:  # as rich has it
            return show

    return VisibleCursor(
        file=cast("IO[str]", messages()), highlight=False, markup=False, emoji=False, width=None if is_screen() else 80
    )


def is_screen() -> bool:
    """Whether messages are read on a screen, or made for one of a given width; a log has URLs whole."""
    return sys.stderr.isatty() or "COLUMNS" in os.environ


def is_live(screen: Console) -> bool:
    """Whether lines on the console can be overwritten."""
    return screen.is_terminal and not screen.is_dumb_terminal


def say(screen: Console, text: Text, hang: int = 0) -> None:
    """Print a line, wrapped between words with an indent of `hang` columns; a URL that fits no line is folded."""
    hang = hang if screen.width >= hang + 20 else min(hang, 2)
    head, rest = text[:hang], text[hang:]
    for piece in rest.wrap(screen, max(screen.width - hang, 1), overflow="fold"):
        piece.rstrip()
        screen.print(head + piece, soft_wrap=True)
        head = line(" " * hang)


def fitted(text: str, hang: int = 0) -> str:
    """Return a text in printable lines that fit stdout (80 columns if it is no terminal), indented by `hang`."""
    width = get_terminal_size().columns
    indent = " " * (hang if width >= hang + 20 else min(hang, 2))
    lines = wrap(printable(text), max(width, 20), subsequent_indent=indent, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def cut_inside(text: str, room: int, mark: str) -> str:
    """Return a URL without its middle, because its host and the end of its path mean most."""
    kept = max(room - len(mark), 2)
    return text if len(text) <= room else text[: kept - kept // 2] + mark + text[-(kept // 2) :]


def line(*parts: str | tuple[str, str]) -> Text:
    """Return a line of texts and (text, style) pairs, all of them printable."""
    from rich.text import Text

    safe = [printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts]
    return Text.assemble(*safe)


def more(number: int) -> Lines:
    """Return a line with the number of those that are not named; no line for none."""
    return [(2, line((f"  and {number:,} more in the results", "dim")))] if number > 0 else []
