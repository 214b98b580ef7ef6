"""The places that point to a finding, as lines for people: the first ones, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gossamer.check.findings import Finding, FindingKind, Referrer

SHOWN: Final = 20
"""Maximum number of places that are named; JSON and CSV have all of them."""


_MOVED: Final = frozenset((FindingKind.REDIRECT, FindingKind.REDIRECT_CHAIN))


def suggested(finding: Finding) -> str:
    """Return what to write instead, as a sentence; "" if nothing is known."""
    if not finding.suggestion:
        return ""
    return f"Write {finding.suggestion}" if finding.kind in _MOVED else f"Did you mean {finding.suggestion}?"


def place_lines(finding: Finding, most: int = SHOWN) -> Iterator[str]:
    """Yield a line for each of the first places, and one that counts the rest."""
    for referrer in finding.referrers[:most]:
        yield place(referrer)
    if (more := len(finding.referrers) - most) > 0:
        yield f"and {more:,} more place{'s' if more > 1 else ''}"


def place(referrer: Referrer) -> str:
    """Return a place in a line: the page and its line, the element, and the text of the link."""
    line = f", line {referrer.line}" if referrer.line else ""
    element = f" {referrer.element}" if referrer.element else ""
    text = f" {referrer.text!r}" if referrer.text else ""
    return f"{referrer.page}{line}{':' if element or text else ''}{element}{text}"
