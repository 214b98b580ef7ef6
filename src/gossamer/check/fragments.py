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
_NOT_ANCHORS: Final = ("/", "!", "elementor-action")
"""How fragments begin that a script reads: the routes of an application, the actions of a widespread page builder."""
_STATE: Final = re.compile(r"[A-Za-z]\w*=[^=&]+(?:&[A-Za-z]\w*=[^=&]*)*")
"""Fragments that are parameters: a moment of a film (t=10), a page of a PDF (page=3), the state of a script (tab=2)."""
_COMPARED: Final = 5000
"""Maximum number of anchors of a page among which the nearest is searched."""
_COMPARISONS: Final = 20_000
"""Maximum number of comparisons for all fragments that one page lacks: a hostile page has 100,000 of both."""
_LONGEST: Final = 100
"""Maximum length of a fragment whose nearest anchor is searched (characters); comparing takes the square of it."""
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


def nearest(fragments: Iterable[str], anchors: Iterable[str]) -> dict[str, str]:
    """Return the anchor of a page that is probably meant by each of some fragments, for which there is one."""
    several = tuple(anchors)
    by_key: dict[str, str] = {}
    for anchor in several:
        by_key.setdefault(_key(anchor), anchor)
    found, room = dict[str, str](), _COMPARISONS
    for fragment in sorted(fragments):
        if not (wanted := indicated(fragment)):
            continue
        meant = by_key.get(_key(wanted[-1]), "")
        if not meant and len(wanted[-1]) <= _LONGEST and room > 0:
            like = _of_like_length(several, len(wanted[-1]))
            room -= len(like)
            meant = _close(wanted[-1], like)
        if meant:
            found[fragment] = meant
    return found


def _close(wanted: str, anchors: Sequence[str]) -> str:
    """Return the anchor that is most like the one that is wanted; "" for none."""
    close = get_close_matches(wanted, anchors, 1, _LIKENESS)
    return close[0] if close and not _differ_in_digits(close[0], wanted) else ""


def _key(anchor: str) -> str:
    """Return what two spellings of an anchor have in common: neither case nor separators count."""
    return re.sub(r"[\W_]+", "", anchor).lower() or anchor


def _of_like_length(anchors: Sequence[str], length: int) -> list[str]:
    return [anchor for anchor in anchors if abs(len(anchor) - length) <= length // 2 + 1][:_COMPARED]


def _differ_in_digits(one: str, other: str) -> bool:
    """Whether two anchors are equal but for their numbers: "section-4" is not meant by "section-9"."""
    return re.sub(r"\d+", "", one) == re.sub(r"\d+", "", other)
