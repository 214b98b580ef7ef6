"""The links of a crawl in a temporary file, 4 bytes each, read in blocks: as many times as a computation needs."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Final, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gossamer.api.link_graph import Ids

AT_ONCE: Final = 500_000
"""Approximate number of links in a block: about 20 MB of memory with what is computed from it."""
_UNFOLLOWED: Final = 1 << 31
"""Marks a link that is not to be followed (nofollow)."""


class EdgeBlock(Struct, frozen=True):
    """Some links, all those of each of their pages together."""

    sources: Ids
    """The ids of the pages, one for each link."""
    targets: Ids
    """The ids of the URLs to which they lead, in the same order."""
    followed: NDArray[np.bool_]
    """Whether each may be followed."""


class EdgeFile:
    """A file of links, which is gone when it is closed."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  # closed by `close`
        self._sources = array("q")
        self._counts = array("q")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, source: int, targets: Ids, unfollowed: Ids) -> None:
        """Add the links of a page: those that may be followed, and the others."""
        if len(targets) + len(unfollowed):
            self._sources.append(source)
            self._counts.append(len(targets) + len(unfollowed))
            self._file.write(np.concatenate((targets, unfollowed | _UNFOLLOWED)).astype(np.uint32).tobytes())

    def pages(self) -> Iterator[tuple[int, Ids]]:
        """Yield the id of each page that has links, with the ids of all its targets, in the order of `add`."""
        self._file.seek(0)
        for source, count in zip(self._sources, self._counts, strict=True):
            packed = np.frombuffer(self._file.read(4 * count), np.uint32).astype(np.int64)
            yield source, packed & (_UNFOLLOWED - 1)

    def blocks(self) -> Iterator[EdgeBlock]:
        """Yield all links, in the order in which they were added."""
        self._file.seek(0)
        sources, counts = np.frombuffer(self._sources, np.int64), np.frombuffer(self._counts, np.int64)
        ends = np.cumsum(counts)
        start = 0
        while start < len(sources):
            before = ends[start] - counts[start]
            end = max(int(np.searchsorted(ends, before + AT_ONCE, "right")), start + 1)
            packed = np.frombuffer(self._file.read(4 * int(ends[end - 1] - before)), np.uint32).astype(np.int64)
            yield EdgeBlock(
                np.repeat(sources[start:end], counts[start:end]), packed & (_UNFOLLOWED - 1), packed < _UNFOLLOWED
            )
            start = end

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


def linking_pages(edges: EdgeFile, urls: int) -> Ids:
    """Return for each URL the number of pages that link to it, or redirect there."""
    counts = np.zeros(urls, np.int64)
    for block in edges.blocks():
        counts += np.bincount(block.targets, minlength=urls)
    return counts
