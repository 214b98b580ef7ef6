"""A snapshot of a journal that a crawl may be writing: the links that it knows, and every visit with its memo."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self

import msgspec

from gossamer.journals.address import JournalAddress
from gossamer.journals.reading import open_reader

_MEMOS: Final = msgspec.msgpack.Decoder(list[bytes])


class SavedVisit(NamedTuple):
    """A visit as the journal has it."""

    id: int
    """The id of the link."""
    line: bytes
    """The record as a line of JSON."""
    memo: bytes
    """The memo (`rules/recrawl.py`); b"" for none."""


class JournalSnapshot:
    """A journal as of one moment, read as often as needed: commits that come later are not seen.

    No transaction is open between two commits that are read, so a crawl that is taken up meanwhile has its way: the
    journal is append-only, so its last commit is all that a moment needs. Every method may raise JournalError.
    """

    def __init__(self, address: JournalAddress) -> None:
        self._reader = open_reader(address)
        try:
            [key] = self._row("SELECT value FROM meta WHERE key = 'key'")
            [last] = self._row("SELECT max(seq) FROM page")
        except BaseException:
            self._reader.close()
            raise
        self.key = int.from_bytes(key, "big")
        """The key of the fingerprints."""
        self._last = last or 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fingerprints(self) -> bytes:
        """Return the fingerprints of all known links in the order of their ids, packed as uint64."""
        packed = self._reader.rows("SELECT fingerprints FROM chunk WHERE seq <= ? ORDER BY seq", self._last)
        return b"".join([fingerprints for (fingerprints,) in packed])

    def visits(self) -> Iterator[SavedVisit]:
        """Yield the links that ended, in the order of the commits."""
        for seq in range(1, self._last + 1):
            ids, lines, memos = self._row("SELECT ids, lines, memos FROM page WHERE seq = ?", seq)
            texts = zlib.decompress(lines).splitlines(keepends=True)
            yield from map(SavedVisit, array("Q", ids), texts, _MEMOS.decode(zlib.decompress(memos)))

    def close(self) -> None:
        """Close the journal."""
        self._reader.close()

    def _row(self, query: str, *values: int) -> Any:
        return next(self._reader.rows(query, *values))
