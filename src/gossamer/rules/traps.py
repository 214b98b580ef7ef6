"""Crawler traps: endless sets of pages. This module recognises them by one URL alone, `core/trap_budgets.py` by number.

A false positive loses pages, a false negative only costs requests. So a large number of pages alone is never a trap:

- A sequence (a calendar, an endless "next page") must be long, and each page must have been found on the one before.
- A faceted search must combine ever new parameters.
- Subdomains must each have been found on another one.
- URLs of any form must be links of pages that say what other pages said before (`core/text_budgets.py`).

Not recognised: pages with a new text each, such as text made up at random.
Session ids are no trap, because `url_identity` removes them from a link's identity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gossamer.rules.policy import Policy
from gossamer.rules.urls import host_key
from gossamer.values.reasons import Reason

LONGEST_PERIOD: Final = 8
"""Maximum length (path segments) of a group whose repetition is recognised."""
SAME_SEGMENTS: Final = 4
"""Minimum number of times that one segment occurs in a row in a trap."""
SAME_GROUPS: Final = 3
"""Minimum number of times that a group of two or more segments occurs in a row in a trap."""
SAME_ANYWHERE: Final = 5
"""Minimum number of times that one segment occurs anywhere in a path in a trap."""
SAME_KEYS: Final = 9
"""Minimum number of query parameters of the same name in a trap."""
SAME_PAIRS: Final = 4
"""Minimum number of query parameters of the same name and value in a trap."""
MOST_PARAMETERS: Final = 50
"""Maximum number of parameters in a query; one with more is a trap."""
_DIGITS: Final = re.compile("[0-9]+")
_NUMERIC_TAIL: Final = re.compile(r"(?:/#)+(?=/?(?:\?|$))")


def judge(url: str, policy: Policy) -> Reason | None:
    """Return SKIP_TRAP if a canonical URL by itself is part of a trap, or else None."""
    return Reason.SKIP_TRAP if recognised(url, policy) else None


def recognised(url: str, policy: Policy) -> str:
    """Return a description of the trap that a canonical URL is part of, or "" if there is none."""
    # Nearly every link ends here: a URL with few segments and no query is never part of a trap.
    if ("?" not in url and url.count("/") < SAME_SEGMENTS + 2) or not policy.traps:
        return ""
    location, _, query = url.partition("?")
    segments = location.split("/")[3:]
    if policy.trap_depth and len(segments) > policy.trap_depth:
        return f"{host_key(url)}: paths of more than {policy.trap_depth} segments"
    if repeated := _repetition(segments):
        return f"{host_key(url)}: paths that repeat /{repeated}"
    if query and (growth := _growth(query)):
        return f"{location}: a query that grows ({growth})"
    return ""


def folded(url: str) -> str:
    """Return a canonical URL with each number as "#", and numbers that end its path as one: "…/calendar/#"."""
    host = host_key(url)
    bare = _DIGITS.sub("#", url[len(host) :])
    return host + (_NUMERIC_TAIL.sub("/#", bare) if "/#/#" in bare else bare)


def is_variant(url: str, other: str, *, alone: bool) -> bool:
    """Whether a page that a refresh leads to is the same with another query, or with other numbers.

    The numbers of a path only count if the refresh is the page's only link: slides may lead on like that.
    """
    return url.partition("?")[0] == other.partition("?")[0] or (alone and folded(url) == folded(other))


def _repetition(segments: Sequence[str]) -> str:
    """Return the group of segments that repeats in a row, or the segment that occurs too often, or "".

    Groups of numbers are ignored, as in dates and pagination.
    """
    if len(segments) - len(set(segments)) < SAME_SEGMENTS - 1:
        return ""
    for period in range(1, min(LONGEST_PERIOD, len(segments) // 2) + 1):
        needed = period * ((SAME_SEGMENTS if period == 1 else SAME_GROUPS) - 1)
        run = 0
        for at in range(period, len(segments)):
            run = run + 1 if segments[at] == segments[at - period] else 0
            group = segments[at - period + 1 : at + 1]
            if run >= needed and not all(segment.isdigit() for segment in group):
                return "/".join(group)[:80] or "/"
    if len(segments) >= SAME_ANYWHERE:
        for segment in set(segments):
            if len(segment) > 2 and not segment.isdigit() and segments.count(segment) >= SAME_ANYWHERE:
                return segment[:80]
    return ""


def _growth(query: str) -> str:
    """Return what makes a query look as if each page added to it, or "" if nothing does."""
    if "%252525" in query:
        return "an address within an address"
    pairs = query.split("&")
    if len(pairs) < SAME_PAIRS:
        return ""
    if len(pairs) > MOST_PARAMETERS:
        return f"more than {MOST_PARAMETERS} parameters"
    keys = [pair.partition("=")[0] for pair in pairs]
    for key, pair in zip(keys, pairs, strict=True):
        if pairs.count(pair) >= SAME_PAIRS or keys.count(key) >= SAME_KEYS:
            return f"{key[:40]} again and again"
    return ""
