"""Pages with the same content, or nearly the same text: counted and named, never left out.

Which of two such pages comes first is a matter of speed, so neither is treated differently: whatever is the result must
be the same on every engine. Their links cost nothing twice (a known link is dropped), and WARC keeps the content once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gossamer.core.seen import Seen
from gossamer.parse.similarity.simhash import NEAR
from gossamer.values.snapshot import Alike, Duplicates, NearDuplicates, SavedStats

EXAMPLES: Final = 5
REMEMBERED: Final = 20_000
"""How many pages are remembered by URL, the first, to name the one that another is the same as; about 3 MB."""

BAND: Final = 16
"""Where at most 3 of 64 bits differ, one of four bands of 16 bits at least is the same in both."""
COMPARED: Final = 256
"""With how many of its neighbours a simhash is compared in a band: all there are, up to some ten million pages."""


class DuplicateCounter:
    """Count the pages whose content another page had before, by 64 bits of its hash: 13 to 27 bytes a page."""

    def __init__(self) -> None:
        self.pages = 0
        self._seen = Seen()
        self._waiting: list[tuple[int, str]] = []
        self._first: dict[int, str] = {}
        self._examples: tuple[tuple[str, str], ...] = ()

    def note(self, content: int, url: str) -> None:
        """Take note of the content of a page."""
        self._waiting.append((content, url))

    def settle(self) -> None:
        """Compare what was noted since the last call; together, because a table is asked in batches."""
        first = dict(reversed(self._waiting))
        new = self._seen.add(list(first))
        if len(first) == len(self._waiting) and all(new):  # as nearly always
            self._first.update(self._waiting[: max(0, REMEMBERED - len(self._first))])
            self._waiting.clear()
            return
        fresh = {content for content, is_new in zip(first, new, strict=True) if is_new}
        for content, url in self._waiting:
            if content in fresh:
                fresh.discard(content)
                if len(self._first) < REMEMBERED:
                    self._first[content] = url
                continue
            self.pages += 1
            if len(self._examples) < EXAMPLES and content in self._first:
                self._examples += ((url, self._first[content]),)
        self._waiting.clear()

    def restore(self, stats: SavedStats, contents: bytes) -> None:
        """Go on from saved statistics; `contents` are those of all pages so far, packed as uint64."""
        self.pages = stats.duplicates
        self._seen.add(np.unique(np.frombuffer(contents, np.uint64)))

    def duplicates(self) -> Duplicates:
        """Give what was found as a value."""
        return Duplicates(self.pages, self._examples)


class NearDuplicateCounter:
    """Keep the simhash of each page, 8 bytes a page, and find at the end which are nearly the same."""

    def __init__(self) -> None:
        self._simhashes = array("Q")
        self._named: list[tuple[int, str]] = []

    def note(self, simhash: int, url: str) -> None:
        """Take note of the simhash of a page."""
        self._simhashes.append(simhash)
        if len(self._named) < REMEMBERED:
            self._named.append((simhash, url))

    def restore(self, simhashes: bytes) -> None:
        """Go on with the simhashes of all pages so far, packed as uint64."""
        self._simhashes.frombytes(simhashes)

    def found(self) -> NearDuplicates:
        """Group the pages. The order in which they came does not matter."""
        distinct, counts = np.unique(np.array(self._simhashes, np.uint64), return_counts=True)
        groups = grouped(distinct)
        pages = np.bincount(groups, weights=counts, minlength=len(distinct)).astype(np.int64)
        alike = pages > 1
        names: dict[int, list[str]] = {}
        for simhash, url in sorted(self._named, key=lambda named: named[1]):
            group = int(groups[np.searchsorted(distinct, np.uint64(simhash))])
            if alike[group]:
                names.setdefault(group, []).append(url)
        largest = sorted(names, key=lambda group: (-pages[group], names[group]))[:EXAMPLES]
        examples = tuple(Alike(int(pages[group]), tuple(names[group][:EXAMPLES])) for group in largest)
        return NearDuplicates(int(pages[alike].sum()), int(alike.sum()), examples)


def grouped(simhashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Tell for each of some distinct simhashes its group, by the place of the first in it.

    Two are in one group if few of their bits differ, or if there is a chain of such pairs between them.
    """
    groups = np.arange(len(simhashes))
    for one, other in _pairs(simhashes):
        while (apart := groups[one] != groups[other]).any():
            first, second = groups[one[apart]], groups[other[apart]]
            np.minimum.at(groups, np.maximum(first, second), np.minimum(first, second))
            while (nearer := groups[groups]).tobytes() != groups.tobytes():
                groups = nearer
    return groups


def _pairs(simhashes: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """List pairs that differ in few bits, by their places, some at a time."""
    for turn in range(0, 64, BAND):
        # The band comes to the front by rotation: those that share it are neighbours then.
        turned = simhashes if not turn else simhashes << np.uint64(turn) | simhashes >> np.uint64(64 - turn)
        order = np.argsort(turned, kind="stable")
        turned = turned[order]
        bands = turned >> np.uint64(64 - BAND)
        for apart in range(1, min(COMPARED, len(turned) - 1) + 1):
            same = np.flatnonzero(bands[:-apart] == bands[apart:])
            if not same.size:
                break
            near = same[np.bitwise_count(turned[same] ^ turned[same + apart]) <= NEAR]
            yield order[near], order[near + apart]
