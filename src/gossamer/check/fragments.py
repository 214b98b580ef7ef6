"""Fragments: which places on a page they mean, and which anchor was probably meant.

By the HTML Standard, "find a potential indicated element": the fragment as it is in the URL counts first, then
percent-decoded. Upper and lower case differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final
from urllib.parse import quote, unquote

_LEFT_OUT: Final = re.compile("[\t\n\r]")
_ENCODED: Final = re.compile('[\x00-\x20"<>`\x7f-\U0010ffff]')
"""What is percent-encoded in a fragment (URL Standard, fragment percent-encode set)."""
_DIRECTIVE: Final = ":~:"
_NOT_ANCHORS: Final = ("/", "!")
"""How fragments begin that are the routes of an application, which its script shows."""
_STATE: Final = re.compile(r"[A-Za-z]\w*=[^=&]+(?:&[A-Za-z]\w*=[^=&]*)*")
"""Fragments that are parameters: a moment of a film (t=10), a page of a PDF (page=3), the state of a script (tab=2)."""
_COMPARED: Final = 5000
"""Maximum number of anchors of a page among which the nearest is searched."""
_LIKENESS: Final = 0.75
"""Least likeness (0 to 1) of an anchor that was probably meant."""


def indicated(fragment: str) -> tuple[str, ...]:
    """Return the ids of which a page must have one, so that a fragment as written leads somewhere; () for any page.

    Any page has a top. A text fragment, after ":~:", is searched for by the browser, which shows the page otherwise.
    """
    plain = _LEFT_OUT.sub("", fragment).partition(_DIRECTIVE)[0]
    if not plain or plain.startswith(_NOT_ANCHORS) or _STATE.fullmatch(plain):
        return ()
    raw = _ENCODED.sub(lambda found: quote(found[0], safe="", errors="replace"), plain)
    decoded = unquote(raw, errors="replace")
    if decoded.lower() == "top":
        return ()
    return (raw, decoded) if raw != decoded else (raw,)


def nearest(fragment: str, anchors: Iterable[str]) -> str:
    """Return the anchor of a page that a fragment probably means; "" for none."""
    wanted = indicated(fragment)
    if not wanted:
        return ""
    key, several = _key(wanted[-1]), tuple(anchors)
    if same := [anchor for anchor in several if _key(anchor) == key]:
        return same[0]
    close = get_close_matches(wanted[-1], _of_like_length(several, len(wanted[-1])), 1, _LIKENESS)
    return close[0] if close and not _differ_in_digits(close[0], wanted[-1]) else ""


def _key(anchor: str) -> str:
    """Return what two spellings of an anchor have in common: neither case nor separators count."""
    return re.sub(r"[\W_]+", "", anchor).lower() or anchor


def _of_like_length(anchors: Sequence[str], length: int) -> list[str]:
    return [anchor for anchor in anchors if abs(len(anchor) - length) <= length // 2 + 1][:_COMPARED]


def _differ_in_digits(one: str, other: str) -> bool:
    """Whether two anchors are equal but for their numbers: "section-4" is not meant by "section-9"."""
    return re.sub(r"\d+", "", one) == re.sub(r"\d+", "", other)
