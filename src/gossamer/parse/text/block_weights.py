"""How much prose blocks hold, and regions of them: sentences count in full, other words little, links hardly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from gossamer.parse.text.blocks import Block
from gossamer.parse.text.regions import Region

SENTENCE_END: Final = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964]"  # of Latin, Chinese, Arabic, Urdu, Hindi
    r"(?=[\s\"'\u2019\u201d\u00bb\uff09\u300d\u300f)\]*_]|\Z)"
)
"""A mark that ends a sentence, in the scripts that have one."""

LEAST_SENTENCE: Final = 30
"""Characters outside links from which a block with such a mark is a sentence."""

LEAST_PROSE: Final = 100
"""Characters outside links from which a block is prose without any mark."""

_DENSE_SCRIPT: Final = 2.5
"""How many characters one counts for in scripts that need fewer, as the Chinese does."""

_WORDS_WEIGHT: Final = 0.25
_LINKS_WEIGHT: Final = 0.05
"""What a character counts that is not of a sentence, and one of a link."""


def is_prose(block: Block) -> bool:
    """Return whether a block is sentences, or long, and not half of it links."""
    free = block.size - block.linked
    if block.heading or 2 * free < block.size or _DENSE_SCRIPT * free < LEAST_SENTENCE:
        return False
    if free >= LEAST_PROSE:
        return True
    return (free >= LEAST_SENTENCE or _is_dense(block.text)) and SENTENCE_END.search(block.text) is not None


def weight(block: Block) -> float:
    """Return how much prose a block holds."""
    free = block.size - block.linked
    words = free if is_prose(block) else _WORDS_WEIGHT * free
    return (words + _LINKS_WEIGHT * block.linked) * (_DENSE_SCRIPT if _is_dense(block.text) else 1)


def _is_dense(text: str) -> bool:
    """Return whether a text is written without spaces."""
    return not text.isascii() and 12 * text.count(" ") < len(text)


class Weights:
    """Sums over the blocks of a page that are kept, from one to another in constant time."""

    def __init__(self, blocks: Sequence[Block], regions: Sequence[Region]) -> None:
        self.count = max([blocks[-1].at + 1 if blocks else 0, *[region.last for region in regions]])
        self.kept = [True] * self.count
        # Of the block numbered n, at n + 1: sums up to one block and another differ by what lies between.
        self._of_blocks = [[0.0] * (self.count + 1) for _ in range(4)]
        sizes, links, titles, weights = self._of_blocks
        for block in blocks:
            place = block.at + 1
            sizes[place], links[place], titles[place] = block.size, block.linked, block.heading == 1
            weights[place] = weight(block)
        self._sum()

    def _sum(self) -> None:
        self._sizes, self._links, self._titles, self._weights = [list(accumulate(one)) for one in self._of_blocks]

    def drop(self, regions: Iterable[Region]) -> None:
        """Leave regions out from here on."""
        # Nested regions would be walked once for each: what begins and ends is counted instead.
        steps = [0] * (self.count + 1)
        for region in regions:
            steps[region.first] += 1
            steps[region.last] -= 1
        depth = 0
        for place in range(self.count):
            depth += steps[place]
            if depth and self.kept[place]:
                self.kept[place] = False
                for values in self._of_blocks:
                    values[place + 1] = 0
        self._sum()

    @property
    def total(self) -> float:
        """The prose of the page."""
        return self._weights[-1]

    def weight(self, region: Region) -> float:
        """Return how much prose a region holds."""
        return self._weights[region.last] - self._weights[region.first]

    def outside(self, region: Region) -> tuple[float, float]:
        """Return how much prose lies above and below a region."""
        return self._weights[region.first], self.total - self._weights[region.last]

    def size(self, region: Region) -> float:
        """Count the characters of text in a region."""
        return self._sizes[region.last] - self._sizes[region.first]

    def links(self, region: Region) -> float:
        """Count the characters of links in a region."""
        return self._links[region.last] - self._links[region.first]

    def linked(self, region: Region) -> float:
        """Return the share of links in the text of a region."""
        return self.links(region) / max(1, self.size(region))

    def titles(self, region: Region) -> float:
        """Count the headings of the first level in a region."""
        return self._titles[region.last] - self._titles[region.first]

    def holds_all_titles(self, region: Region) -> bool:
        """Return whether a region has all headings of the first level that the page has."""
        return 0 < self.titles(region) == self._titles[-1]
