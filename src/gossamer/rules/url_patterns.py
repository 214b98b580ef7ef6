"""URL patterns of users: globs, or regular expressions after `re:` (described in `scope.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable

from gossamer.rules import urls
from gossamer.values.errors import UserError

_ORIGIN = re.compile(r"^https?://[^/*?]*", re.IGNORECASE)
_NOT_CANONICAL = re.compile(r"[^\x21-\x7e]")
Pattern = Callable[[str], object]
"""Whether a canonical URL matches: any true value if so."""


def compiled(pattern: str) -> Pattern:
    """Return the predicate of a pattern. Raises UserError for an invalid pattern."""
    if pattern.startswith("re:"):
        try:
            return re.compile(pattern[3:]).search
        except re.error as error:
            raise UserError(f"The pattern {pattern!r} is not a valid regular expression: {error}.") from error
    glob = _canonical_glob(pattern)
    if not glob.startswith(("/", "*", "?", "http")):
        raise UserError(f"The pattern {pattern!r} can match no URL; start it with /, http or *, such as '*{pattern}*'.")
    matches = re.compile(_glob(glob), re.DOTALL).fullmatch
    if pattern.startswith("/"):
        return lambda url: matches(url, url.find("/", 8))
    return matches


def _canonical_glob(pattern: str) -> str:
    """Canonicalise a glob as URLs are, so that /café/* and HTTPS://Example.org/* match what they mean."""
    lowered = (
        _ORIGIN.sub(lambda match: match[0].lower(), pattern, count=1) if pattern[:4].lower() == "http" else pattern
    )
    return urls.with_usual_escapes(_NOT_CANONICAL.sub(_escape, lowered))


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "replace"))


def _glob(pattern: str) -> str:
    """Translate a glob to a regular expression that never backtracks from one star into an earlier one.

    The leftmost match of each piece between stars leaves most of the URL to the rest, so it is final (an atomic group).
    The time is at most the product of the lengths of pattern and URL. Only the last piece is anchored to the end.
    """
    first, *rest = (re.escape(piece).replace(r"\?", ".") for piece in re.sub(r"\*+", "*", pattern).split("*"))
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>.*?{piece})" for piece in middle) + f".*{last}"
