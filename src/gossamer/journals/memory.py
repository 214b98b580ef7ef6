"""The journal that forgets: it keeps the text of known URLs packed in memory, for crawls that need no resume."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Sequence

from gossamer.values.model import Link
from gossamer.values.protocol import Batch, Saved

_SEPARATOR = "\n"
"""No URL contains it: the URL standard removes line ends."""


class MemoryJournal:
    """Keep discovered links, compressed a commit at a time: 10 to 20 bytes a link."""

    def __init__(self) -> None:
        self._first_ids: list[int] = []
        self._chunks: list[bytes] = []
        self._links = 0

    def open(self) -> Saved:
        """Tell that nothing is remembered: a crawl in memory always starts anew."""
        return Saved()

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Remember the batch."""
        if batch.links:
            assert batch.links[0].id == self._links, "link ids must be consecutive"
            text = _SEPARATOR.join(f"{link.depth} {link.hops} {link.url} {link.via}" for link in batch.links)
            self._first_ids.append(batch.links[0].id)
            self._chunks.append(zlib.compress(text.encode("utf-8", "surrogatepass"), 1))
            self._links += len(batch.links)

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Give links back by id, in the order asked."""
        chunks: dict[int, list[str]] = {}
        links = []
        for wanted in ids:
            index = bisect_right(self._first_ids, wanted) - 1
            if index not in chunks:
                chunks[index] = zlib.decompress(self._chunks[index]).decode("utf-8", "surrogatepass").split(_SEPARATOR)
            depth, hops, url, via = chunks[index][wanted - self._first_ids[index]].split(" ")
            links.append(Link(wanted, url, int(depth), int(hops), via))
        return links

    def close(self) -> None:
        """Forget nothing: the journal can be opened again in this process."""
