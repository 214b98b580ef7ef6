"""Pages with the same content: counted and named, never left out.

Which of two such pages comes first is a matter of speed, so neither is treated differently: whatever is the result must
be the same on every engine. Their links cost nothing twice (a known link is dropped), and WARC keeps the content once.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gossamer.model import Books, Duplicates
from gossamer.seen import Seen

LEAST_SIZE: Final = 256
"""Bytes a body must have for its content to be compared: many an empty or one-word page is the same by chance."""

EXAMPLES: Final = 5
REMEMBERED: Final = 20_000
"""How many pages are remembered by URL, the first, to name the one that another is the same as; about 3 MB."""


class DuplicateBook:
    """Count the pages whose content another page had before, by 64 bits of its hash: 13 to 27 bytes a page."""

    def __init__(self) -> None:
        self.pages = 0
        self._seen = Seen()
        self._waiting: list[tuple[int, str]] = []
        self._first: dict[int, str] = {}
        self._examples: tuple[tuple[str, str], ...] = ()

    def note(self, content: int, url: str) -> None:
        """Take note of the content of a page; 0 is none worth comparing."""
        if content:
            self._waiting.append((content, url))

    def settle(self) -> None:
        """Compare what was noted since the last call; together, because a table is asked in batches."""
        first = dict(reversed(self._waiting))
        fresh = {content for content, new in zip(first, self._seen.add(list(first)), strict=True) if new}
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

    def restore(self, books: Books, contents: bytes) -> None:
        """Go on where the books end; `contents` are those of all pages so far, packed as uint64."""
        self.pages = books.duplicates
        self._seen.add(np.unique(np.frombuffer(contents, np.uint64)))

    def duplicates(self) -> Duplicates:
        """Give what was found as a value."""
        return Duplicates(self.pages, self._examples)
