"""The links proposed since the last commit, packed, and which of them are new.

Most links of a page are known, because the pages of a site link to each other. So a link stays a fingerprint in a
packed array until a whole batch is looked up at once. Only new links become values.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gossamer.core.seen import Seen
from gossamer.values.model import Outlinks

Candidate = tuple[int, str, int, int, str]
"""Fingerprint, URL, depth, hops, via."""

_HOPS_BITS = 8


class CandidateLinks:
    """The candidate links of one batch, in order of discovery."""

    __slots__ = ("_counts", "_marks", "_urls", "_ways")

    def __init__(self) -> None:
        self._marks: list[bytes] = []
        self._urls: list[str] = []
        self._ways: list[tuple[int, int, str]] = []  # for each page: depth and hops of its links, and the page's URL
        self._counts: list[int] = []

    def __len__(self) -> int:
        return len(self._urls)

    def add(self, outlinks: Outlinks, depth: int, hops: int, via: str) -> None:
        """Append the links of one page."""
        self._marks.append(outlinks.marks)
        self._urls.extend(outlinks.urls)
        self._ways.append((depth, hops, via))
        self._counts.append(len(outlinks.urls))

    @property
    def fingerprints(self) -> list[int]:
        """Return the fingerprints in order of discovery, each as often as it was added."""
        listed: list[int] = self._all_marks().tolist()
        return listed

    def new_to(self, seen: Seen) -> Iterator[Candidate]:
        """Add all links to `seen` and yield the new ones, in order of discovery, each by its shortest path."""
        if not self._urls:
            return
        marks = self._all_marks()
        distinct, first = np.unique(marks, return_index=True)
        pages = np.repeat(np.arange(len(self._counts)), self._counts)
        best = self._best(marks, pages) if len({way[:2] for way in self._ways}) > 1 else first
        order = np.argsort(first)
        new = order[np.array(seen.add(distinct[order]), np.bool_)]
        for mark, at, page in zip(distinct[new].tolist(), best[new].tolist(), pages[best[new]].tolist(), strict=True):
            yield mark, self._urls[at], *self._ways[page]

    def _best(self, marks: NDArray[np.uint64], pages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each distinct fingerprint, ascending, the index of its shortest path: by depth, then by hops."""
        places = np.array([depth << _HOPS_BITS | hops for depth, hops, _ in self._ways])[pages]
        order = np.lexsort((places, marks))  # stable: of equal paths the first one counts
        sorted_marks = marks[order]
        begins = np.flatnonzero(np.concatenate(([True], sorted_marks[1:] != sorted_marks[:-1])))
        best: NDArray[np.int64] = order[begins]
        return best

    def _all_marks(self) -> NDArray[np.uint64]:
        return np.frombuffer(b"".join(self._marks), np.uint64)
