"""Patterns of URLs as users write them: globs, and regular expressions after `re:`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from gossamer.values.errors import UserError

if TYPE_CHECKING:
    pass


_ORIGIN = re.compile(r"^https?://[^/*?]*", re.IGNORECASE)
_UNSPELT = re.compile(r"[^\x21-\x7e]|%[0-9a-fA-F]{2}")
Pattern = Callable[[str], object]


def compiled(pattern: str) -> Pattern:
    """Make the function that tells whether a canonical URL matches a pattern. Raises UserError for what is none."""
    if pattern.startswith("re:"):
        try:
            return re.compile(pattern[3:]).search
        except re.error as error:
            raise UserError(f"The pattern {pattern!r} is not a valid regular expression: {error}.") from error
    spelt = _spelt(pattern)
    if not spelt.startswith(("/", "*", "?", "http")):
        raise UserError(f"The pattern {pattern!r} can match no URL; start it with /, http or *, such as '*{pattern}*'.")
    matches = re.compile(_glob(spelt), re.DOTALL).fullmatch
    if pattern.startswith("/"):
        return lambda url: matches(url, url.find("/", 8))
    return matches


def _spelt(pattern: str) -> str:
    """Spell a glob as canonical URLs are spelt, so that /café/* and HTTPS://Example.org/* match what they mean."""
    lowered = (
        _ORIGIN.sub(lambda match: match[0].lower(), pattern, count=1) if pattern[:4].lower() == "http" else pattern
    )
    return _UNSPELT.sub(_escape, lowered)


def _escape(match: re.Match[str]) -> str:
    text = match[0]
    return text.upper() if text[0] == "%" else "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "replace"))


def _glob(pattern: str) -> str:
    """Translate a glob to a regular expression that never backtracks from one star into an earlier one.

    The leftmost place for each piece between stars leaves most room for the rest, so it is final (an atomic group), and
    the time is at most the pattern's length times the URL's. Only the last piece, tied to the end, is sought from
    there.
    """
    first, *rest = (re.escape(piece).replace(r"\?", ".") for piece in re.sub(r"\*+", "*", pattern).split("*"))
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>.*?{piece})" for piece in middle) + f".*{last}"
