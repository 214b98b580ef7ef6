"""Pages with the same content, or nearly the same text: counted and reported, never left out.

Which of two such pages arrives first depends on timing, so neither is treated differently: the results must be the same
on every engine. A duplicate adds no new links, and WARC stores its content once.
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
"""Maximum number of examples in the statistics."""
REMEMBERED: Final = 20_000
"""Maximum number of pages whose URL is kept, to report which page another duplicates; about 3 MB."""

BAND: Final = 16
"""Bits of a simhash per band. If at most 3 of 64 bits differ, at least one of the four bands is equal."""
COMPARED: Final = 256
"""Maximum number of neighbours with which a simhash is compared per band: all of them, up to some ten million pages."""


class DuplicateCounter:
    """Counts the pages whose content an earlier page had, by 64 bits of its hash: 13 to 27 bytes a page."""

    def __init__(self) -> None:
        self.pages = 0
        self._seen = Seen()
        self._waiting: list[tuple[int, str]] = []
        self._first: dict[int, str] = {}
        self._examples: tuple[tuple[str, str], ...] = ()

    def note(self, content: int, url: str) -> None:
        """Record the content of a page: 64 bits of its hash."""
        self._waiting.append((content, url))

    def settle(self) -> None:
        """Compare the pages recorded since the last call, in one batch, because single look-ups are slow."""
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
        """Continue from saved statistics; `contents` are the hashes of all pages so far, packed as uint64."""
        self.pages = stats.duplicates
        self._seen.add(np.unique(np.frombuffer(contents, np.uint64)))

    def duplicates(self) -> Duplicates:
        """Return the counts and examples as a value."""
        return Duplicates(self.pages, self._examples)


class NearDuplicateCounter:
    """Keeps the simhash of each page, 8 bytes a page, and groups similar pages at the end."""

    def __init__(self) -> None:
        self._simhashes = array("Q")
        self._named: list[tuple[int, str]] = []

    def note(self, simhash: int, url: str) -> None:
        """Record the simhash of a page."""
        self._simhashes.append(simhash)
        if len(self._named) < REMEMBERED:
            self._named.append((simhash, url))

    def restore(self, simhashes: bytes) -> None:
        """Continue with the simhashes of all pages so far, packed as uint64."""
        self._simhashes.frombytes(simhashes)

    def found(self) -> NearDuplicates:
        """Return the groups of similar pages. The result does not depend on the order of arrival."""
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
    """Return the group of each simhash: the index of the group's first member. The simhashes must be distinct.

    Two are in one group if at most `NEAR` of their bits differ, or if a chain of such pairs connects them.
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
    """Yield arrays of pairs, as two arrays of indices, that differ in at most `NEAR` bits. A pair may come twice."""
    for turn in range(0, 64, BAND):
        # Rotation moves the band to the highest bits, so that sorting puts equal bands next to each other.
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
