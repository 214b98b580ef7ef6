"""Boilerplate detection: blocks of Markdown that repeat on most pages of a host, such as headers, footers and banners.

A block is what stands between blank lines. It is boilerplate

- above or below a page's own text, if more than half of the host's pages have it, or
- anywhere, if four of five pages have it and it has at least eight words.

Texts are compared without the targets of their links. Code and tables are never boilerplate, a heading only together
with all under it. No page is left empty. Hosts of fewer than `FEWEST` pages have no boilerplate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

FEWEST: Final = 10
"""Minimum number of pages of a host for detection."""

AT_EDGES: Final = 0.5
"""Share of a host's pages that a block at the start or end of a page must exceed."""
ANYWHERE: Final = 0.8
"""Minimum share of a host's pages for a block anywhere in a page."""
FEWEST_WORDS: Final = 8
"""Minimum length (words) of a block that is boilerplate anywhere in a page."""
_REMEMBERED: Final = 200_000
"""Maximum number of distinct blocks that are counted before rare ones are dropped."""

_FENCE: Final = re.compile(r"[ >]*(?:(?:-|\d+[.)]) +)*(`{3,})")
_TARGET: Final = re.compile(r"\]\((?:<[^<>]*>|[^()\s]*)\)")
_HEADING: Final = re.compile(r"[ >]*(?:(?:-|\d+[.)]) +)*#{1,6} ")
_TABLE: Final = re.compile(r"[ >]*(?:(?:-|\d+[.)]) +)*\|")
_WITHOUT_WORDS: Final = re.compile(r"[\W_]*")


def blocks_of(text: str) -> list[str]:
    """Split Markdown at its blank lines, but not inside code. `joined` is the inverse."""
    blocks: list[str] = []
    fence = ""
    for piece in text.split("\n\n"):
        if fence:
            blocks[-1] += "\n\n" + piece
        else:
            blocks.append(piece)
        for line in piece.split("\n"):
            if fence:
                fence = "" if line.strip(" >") == fence else fence
            elif (found := _FENCE.match(line)) is not None:
                fence = found[1]
    return blocks


def joined(blocks: Iterable[str]) -> str:
    """Return blocks joined by blank lines."""
    return "\n\n".join(blocks)


def shares(pages: Iterable[str]) -> dict[str, float]:
    """Return the blocks that more than half of the pages (Markdown) of one host have, each with its share of the pages.

    The keys are blocks as they are compared: in case-folded text without link targets. Empty for fewer than `FEWEST`
    pages.
    """
    counts: Counter[str] = Counter()
    number = 0
    for page in pages:
        number += 1
        counts.update({_comparable(block) for block in blocks_of(page)})
        if len(counts) > _REMEMBERED:  # rare blocks of many pages do not repeat on most
            counts = Counter({block: count for block, count in counts.items() if count > 1 + number // 4})
    if number < FEWEST:
        return {}
    return {block: count / number for block, count in counts.items() if count > AT_EDGES * number}


def boilerplate(blocks: Sequence[str], repeated: Mapping[str, float]) -> list[int]:
    """Return the sorted indices of a page's blocks that are boilerplate; `repeated` is the result of `shares`."""
    if not repeated:
        return []
    block_shares = [repeated.get(_comparable(block), 0.0) if _is_prose(block) else 0.0 for block in blocks]
    indices = {index for index, share in enumerate(block_shares) if share >= ANYWHERE and _is_long(blocks[index])}
    indices |= _above(blocks, block_shares) | _below(blocks, block_shares)
    own = [index for index, block in enumerate(blocks) if index not in indices and not _HEADING.match(block)]
    return sorted(indices) if any(not _WITHOUT_WORDS.fullmatch(blocks[index]) for index in own) else []


def _above(blocks: Sequence[str], block_shares: Sequence[float]) -> set[int]:
    """Return the indices of the boilerplate above a page's own text.

    A heading does not end the search, and is boilerplate only if another heading follows before the own text.
    """
    indices: set[int] = set()
    heading: int | None = None  # the last heading, if it repeats on other pages
    for index, block in enumerate(blocks):
        if _HEADING.match(block):
            if heading is not None:
                indices.add(heading)
            heading = index if block_shares[index] else None
        elif block_shares[index]:
            indices.add(index)
        else:
            break
    return indices


def _below(blocks: Sequence[str], block_shares: Sequence[float]) -> set[int]:
    indices: set[int] = set()
    for index in range(len(blocks) - 1, -1, -1):
        if not block_shares[index]:
            break
        indices.add(index)
    return indices


def _is_prose(block: str) -> bool:
    return not _FENCE.match(block) and not _TABLE.match(block)


def _is_long(block: str) -> bool:
    return not _HEADING.match(block) and len(_comparable(block).split()) >= FEWEST_WORDS


def _comparable(block: str) -> str:
    return " ".join(_TARGET.sub("]", block).casefold().split())
