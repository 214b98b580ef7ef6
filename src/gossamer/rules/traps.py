"""Traps: endless sets of pages, told by one URL alone, or by how many of a kind were admitted and from where.

A wrong guess loses pages, a missed one only costs requests; so size alone never condemns anything. A sequence (a
calendar, "next page" for ever) must be long *and* have been followed link by link; a faceted search must combine ever
new parameters; subdomains must lead from one to the next. What is known to slip through: pages that each invent many
random addresses, and facets written into the path.

Session ids are no trap once they are left out of a link's identity: each page is fetched once, under the first id seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gossamer.rules.policy import Policy
from gossamer.rules.urls import host_key, path
from gossamer.values.reasons import Reason

LONGEST_PERIOD: Final = 8
SAME_SEGMENTS: Final = 4
SAME_GROUPS: Final = 3
SAME_ANYWHERE: Final = 5
"""How often segments repeat in a trap: in a row, alone or in groups of up to `LONGEST_PERIOD`, or anywhere."""
SAME_KEYS: Final = 9
SAME_PAIRS: Final = 4
MOST_PARAMETERS: Final = 50


# ---------------------------------------------------------------- by one URL alone


def judge(url: str, policy: Policy) -> Reason | None:
    """Tell whether a canonical URL is part of a trap, by itself."""
    return Reason.SKIP_TRAP if recognised(url, policy) else None


def recognised(url: str, policy: Policy) -> str:
    """Name the trap that a canonical URL is part of; "" where nothing about it is suspicious."""
    # Nearly every link ends here: nothing short and without a query can be suspicious.
    if ("?" not in url and url.count("/") < SAME_SEGMENTS + 2) or not policy.traps:
        return ""
    where, _, query = path(url).partition("?")
    segments = where.split("/")[1:]
    if policy.trap_depth and len(segments) > policy.trap_depth:
        return f"{host_key(url)}: paths of more than {policy.trap_depth} segments"
    if repeated := _repetition(segments):
        return f"{host_key(url)}: paths that repeat /{repeated}"
    if query and (grown := _growth(query)):
        return f"{host_key(url)}{where}: a query that grows ({grown})"
    return ""


def _repetition(segments: Sequence[str]) -> str:
    """Find the group of segments that repeats in a row, or the segment that comes again and again."""
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
    """Say what of a query grows from page to page."""
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


# ---------------------------------------------------------------- session ids


# ---------------------------------------------------------------- by how many were admitted
