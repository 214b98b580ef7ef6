"""Numbers, sizes, durations and foreign texts in the form that people read, in terminals, findings and reports."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 2000
"""Maximum length of a text that is shown (characters)."""
_JOINERS: Final = "\u200c\u200d"  # part of ordinary Persian and of emoji


def numbered(number: int, word: str) -> str:
    """Return a number with its noun: "1 page", "1,200 pages"."""
    return f"{number:,} {plural(word, number)}"


def plural(word: str, number: int) -> str:
    """Return a noun as it follows a number: "page" after 1, else "pages"."""
    return word if number == 1 else f"{word}s"


def shown_duration(seconds: float) -> str:
    """Return a duration as text: "0.4 s", "12 s", "3 min 05 s", "2 h 10 min", "5 min", "11 d 03 h"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    large, small, names = (whole // 60, whole % 60, ("min", "s"))
    if whole >= 3600:
        large, small, names = (whole // 3600, whole % 3600 // 60, ("h", "min"))
    if whole >= 86400:
        large, small, names = (whole // 86400, whole % 86400 // 3600, ("d", "h"))
    return f"{large} {names[0]}" + (f" {small:02} {names[1]}" if small else "")


def shown_size(amount: float) -> str:
    """Return a size in bytes as text: "512 B", "1.4 MB"."""
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 100 or amount == int(amount) else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"


def printable(text: str) -> str:
    """Return a text that is safe to show, and not longer than anybody reads."""
    return visible(text if len(text) <= LONGEST else text[:LONGEST] + "…")


def visible(text: str) -> str:
    """Return a text in which control characters, escapes and changes of direction are visible codes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _JOINERS else _code(char) for char in text)


def _code(char: str) -> str:
    return " " if char.isspace() and char.isascii() else char.encode("unicode_escape").decode("ascii")


FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a text begins that a spreadsheet takes for a formula: also in full width."""


def cell(text: str) -> str:
    """Return a text for a spreadsheet, with an apostrophe before what that would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
