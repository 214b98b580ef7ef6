"""Find in a site's Markdown what repeats on most of its pages: what is left of headers, footers and offers.

A block (what stands between blank lines) is taken for boilerplate of a host

- where it stands above or below a page's own text, and more than half of the host's pages have it, or
- anywhere, where four of five pages have it and it has at least eight words.

Compared is the text, not where its links lead. Code and tables are never taken, a heading only along with everything
under it, and no page is left empty. On hosts of fewer than `FEWEST` pages nothing is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

FEWEST: Final = 10
"""Pages a host must have before anything is taken from them."""

AT_EDGES: Final = 0.5
ANYWHERE: Final = 0.8
FEWEST_WORDS: Final = 8
_REMEMBERED: Final = 200_000

_FENCE: Final = re.compile(r"[ >]*(?:(?:-|\d+\.) +)*(`{3,})")
_TARGET: Final = re.compile(r"\]\((?:<[^<>]*>|[^()\s]*)\)")
_HEADING: Final = re.compile(r"[ >]*(?:(?:-|\d+\.) +)*#{1,6} ")
_TABLE: Final = re.compile(r"[ >]*(?:(?:-|\d+\.) +)*\|")
_MEANINGLESS: Final = re.compile(r"[\W_]*")


def blocks_of(text: str) -> list[str]:
    """Cut Markdown at its blank lines, but never inside code. Joined by blank lines again it is the same."""
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
    """Join blocks by blank lines."""
    return "\n\n".join(blocks)


def shares(pages: Iterable[str]) -> dict[str, float]:
    """Tell which blocks more than half of the pages of one host have, and how many do: their share.

    Empty where there are too few pages to tell. The blocks are named by what is compared of them.
    """
    counts: Counter[str] = Counter()
    number = 0
    for page in pages:
        number += 1
        counts.update({_same(block) for block in blocks_of(page)})
        if len(counts) > _REMEMBERED:  # what was seen once of many pages is not what repeats
            counts = Counter({block: count for block, count in counts.items() if count > 1 + number // 4})
    if number < FEWEST:
        return {}
    return {block: count / number for block, count in counts.items() if count > AT_EDGES * number}


def boilerplate(blocks: Sequence[str], repeated: Mapping[str, float]) -> list[int]:
    """Tell which of a page's blocks are boilerplate, by their places; `repeated` comes from `shares`."""
    if not repeated:
        return []
    known = [repeated.get(_same(block), 0.0) if _is_prose(block) else 0.0 for block in blocks]
    taken = {place for place, share in enumerate(known) if share >= ANYWHERE and _is_long(blocks[place])}
    taken |= _above(blocks, known) | _below(blocks, known)
    own = [place for place, block in enumerate(blocks) if place not in taken and not _HEADING.match(block)]
    return sorted(taken) if any(not _MEANINGLESS.fullmatch(blocks[place]) for place in own) else []


def _above(blocks: Sequence[str], known: Sequence[float]) -> set[int]:
    """Take from the top down to the page's own text; a heading is stepped over, and taken where another one follows."""
    taken: set[int] = set()
    heading: int | None = None  # one of the site, maybe: known from everywhere
    for place, block in enumerate(blocks):
        if _HEADING.match(block):
            if heading is not None:
                taken.add(heading)
            heading = place if known[place] else None
        elif known[place]:
            taken.add(place)
        else:
            break
    return taken


def _below(blocks: Sequence[str], known: Sequence[float]) -> set[int]:
    taken: set[int] = set()
    for place in range(len(blocks) - 1, -1, -1):
        if not known[place]:
            break
        taken.add(place)
    return taken


def _is_prose(block: str) -> bool:
    return not _FENCE.match(block) and not _TABLE.match(block)


def _is_long(block: str) -> bool:
    return not _HEADING.match(block) and len(_same(block).split()) >= FEWEST_WORDS


def _same(block: str) -> str:
    return " ".join(_TARGET.sub("]", block).casefold().split())
