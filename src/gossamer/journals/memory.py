"""A journal in memory, for crawls that are not resumed: it keeps only the texts of links, compressed."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Sequence

from gossamer.values.model import Link
from gossamer.values.protocol import Batch, Saved

_SEPARATOR = "\n"
"""Separates links. No URL contains it, because the URL Standard removes line breaks."""


class MemoryJournal:
    """Keeps discovered links, compressed by commit: 10 to 20 bytes per link. What ended is not kept."""

    def __init__(self) -> None:
        self._first_ids: list[int] = []
        self._chunks: list[bytes] = []
        self._links = 0

    def open(self) -> Saved:
        """Return an empty `Saved`: a crawl in memory never resumes."""
        return Saved()

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Keep the links of a batch."""
        if batch.links:
            assert batch.links[0].id == self._links, "link ids must be consecutive"
            text = _SEPARATOR.join(f"{link.depth} {link.hops} {link.url} {link.via}" for link in batch.links)
            self._first_ids.append(batch.links[0].id)
            self._chunks.append(zlib.compress(text.encode("utf-8", "surrogatepass"), 1))
            self._links += len(batch.links)

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Return links by id, in the order of `ids`."""
        chunks: dict[int, list[str]] = {}
        links = []
        for id_ in ids:
            index = bisect_right(self._first_ids, id_) - 1
            if index not in chunks:
                chunks[index] = zlib.decompress(self._chunks[index]).decode("utf-8", "surrogatepass").split(_SEPARATOR)
            depth, hops, url, via = chunks[index][id_ - self._first_ids[index]].split(" ")
            links.append(Link(id_, url, int(depth), int(hops), via))
        return links

    def close(self) -> None:
        """Do nothing: the links stay available in this process."""
