"""The numbers of the items of ordered lists (HTML section 4.4.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from turbohtml import TokenType, tokenize

_INTEGER: Final = re.compile(r"[\t\n\f\r ]*\+?([0-9]{1,9})(?![0-9])")
_LISTS: Final = frozenset({"ol", "ul", "menu"})


def integer(written: str | None) -> int | None:
    """Parse an integer as HTML does (section 2.3.4.1); None if it is absent or invalid, or Markdown cannot have it."""
    found = _INTEGER.match(written or "")
    return int(found[1]) if found else None


def lengths_of_reversed(text: str) -> Iterator[int]:
    """Return the number of items of each reversed ordered list of a decoded page, in document order."""
    lengths: list[int] = []
    opened: list[tuple[str, int]] = []  # name of the list, and its index in lengths; -1 if it is not reversed
    depths = dict.fromkeys(_LISTS, 0)
    for token in tokenize(text, resolve_references=False):
        tag = token.tag or ""
        if tag == "li" and token.type is TokenType.START_TAG:
            if opened and opened[-1][1] >= 0:
                lengths[opened[-1][1]] += 1
        elif tag not in _LISTS:
            pass
        elif token.type is TokenType.START_TAG:
            is_reversed = tag == "ol" and token.attr("reversed") is not None
            opened.append((tag, len(lengths) if is_reversed else -1))
            depths[tag] += 1
            lengths += [0] * is_reversed
        elif depths[tag]:
            ended = ""
            while ended != tag:
                ended, _ = opened.pop()
                depths[ended] -= 1
    return iter(lengths)
