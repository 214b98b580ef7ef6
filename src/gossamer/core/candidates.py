"""The links found since the last commit, packed, not yet compared with those seen before.

Most links of a page are known, because the pages of a site link to each other. So a link stays a fingerprint in a
packed array until a whole batch is looked up at once. Only new links become `Link` values.
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

    __slots__ = ("_counts", "_fingerprints", "_paths", "_urls")

    def __init__(self) -> None:
        self._fingerprints: list[bytes] = []
        self._urls: list[str] = []
        self._paths: list[tuple[int, int, str]] = []  # for each page: depth and hops of its links, and the page's URL
        self._counts: list[int] = []

    def __len__(self) -> int:
        return len(self._urls)

    def add(self, outlinks: Outlinks, depth: int, hops: int, via: str) -> None:
        """Append the links of one page."""
        self._fingerprints.append(outlinks.packed)
        self._urls.extend(outlinks.urls)
        self._paths.append((depth, hops, via))
        self._counts.append(len(outlinks.urls))

    @property
    def fingerprints(self) -> list[int]:
        """Return the fingerprints in order of discovery, each as often as it was added."""
        listed: list[int] = self._all_fingerprints().tolist()
        return listed

    def new_to(self, seen: Seen) -> Iterator[Candidate]:
        """Add all links to `seen` and yield the new ones, in order of discovery, each by its shortest path."""
        if not self._urls:
            return
        fingerprints = self._all_fingerprints()
        distinct, first = np.unique(fingerprints, return_index=True)
        pages = np.repeat(np.arange(len(self._counts)), self._counts)
        best = self._best(fingerprints, pages) if len({path[:2] for path in self._paths}) > 1 else first
        order = np.argsort(first)
        new = order[np.array(seen.add(distinct[order]), np.bool_)]
        for fingerprint, at, page in zip(
            distinct[new].tolist(), best[new].tolist(), pages[best[new]].tolist(), strict=True
        ):
            yield fingerprint, self._urls[at], *self._paths[page]

    def _best(self, fingerprints: NDArray[np.uint64], pages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each distinct fingerprint, ascending, the index of its shortest path: by depth, then by hops."""
        distances = np.array([depth << _HOPS_BITS | hops for depth, hops, _ in self._paths])[pages]
        order = np.lexsort((distances, fingerprints))  # stable: of equal paths the first one counts
        sorted_fingerprints = fingerprints[order]
        begins = np.flatnonzero(np.concatenate(([True], sorted_fingerprints[1:] != sorted_fingerprints[:-1])))
        best: NDArray[np.int64] = order[begins]
        return best

    def _all_fingerprints(self) -> NDArray[np.uint64]:
        return np.frombuffer(b"".join(self._fingerprints), np.uint64)
