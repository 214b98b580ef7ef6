"""Pages with the content of another, all of them: by their hashes first, and by their URLs in a second reading."""

from __future__ import annotations

from array import array

import numpy as np

from gossamer.report.rows import DuplicatePage
from gossamer.report.tables import GrowingTable
from gossamer.report.text_store import TextStore
from gossamer.rules.recrawl import content_of
from gossamer.values.model import OutcomeKind, PageRecord


class DuplicateFinder:
    """Finds pages with the content of an earlier page: 8 bytes of memory a page, 16 a page that has a duplicate.

    `first_reading` takes every record, then `second_reading` the same in the same order. A page that names another one
    as canonical is no duplicate.
    """

    def __init__(self, texts: TextStore) -> None:
        self.found = GrowingTable("duplicates", DuplicatePage)
        self._texts = texts
        self._contents = array("Q")
        self._repeated: dict[int, int] = {}

    def first_reading(self, record: PageRecord) -> None:
        """Note the content of a page."""
        if content := _content(record):
            self._contents.append(content)

    def compare(self) -> None:
        """Find the contents that several pages have; call it between the two readings."""
        contents, counts = np.unique(np.array(self._contents, np.uint64), return_counts=True)
        self._repeated = dict.fromkeys(contents[counts > 1].tolist(), -1)
        self._contents = array("Q")

    def second_reading(self, record: PageRecord) -> None:
        """Note a page if an earlier one has its content."""
        content = _content(record)
        number = self._repeated.get(content)
        if number is None:
            return
        if number < 0:
            self._repeated[content] = self._texts.add(record.url.encode())
        else:
            self.found.add(DuplicatePage(record.url, self._texts[number].decode(), record.size))


def _content(record: PageRecord) -> int:
    """Return 64 bits of the content hash of a page that may be a duplicate; 0 for any other record."""
    if record.outcome is not OutcomeKind.DONE or record.canonical not in ("", record.url):
        return 0
    return content_of(record.content_hash, record.size)
