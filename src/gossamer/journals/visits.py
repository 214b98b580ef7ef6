"""A snapshot of a journal that a crawl may be writing: the links that it knows, and every visit with its memo."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from gossamer.journals.address import JournalAddress
from gossamer.journals.packing import unpacked_texts
from gossamer.journals.reading import open_reader
from gossamer.values.model import Link

_MEMOS: Final = msgspec.msgpack.Decoder(list[bytes])


class SavedVisit(NamedTuple):
    """A visit as the journal has it."""

    id: int
    """The id of the link."""
    line: bytes
    """The record as a line of JSON."""
    memo: bytes
    """The memo (`rules/recrawl.py`); b"" for none."""


class SavedLinks(NamedTuple):
    """Where all known links are in their queues; each array has an entry for each link, in the order of the ids."""

    hosts: NDArray[np.uint32]
    """The numbers of their hosts."""
    priorities: NDArray[np.uint16]
    """Their priorities (`values.model.priority_of`)."""
    ended: NDArray[np.bool_]
    """Whether they have ended."""


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
        return self._column("SELECT fingerprints FROM chunk WHERE seq <= ? ORDER BY seq")

    def refused(self) -> NDArray[np.uint64]:
        """Return the hashes of all refusals (`rules/refusals.py`)."""
        return np.frombuffer(self._column("SELECT refused FROM chunk WHERE seq <= ? ORDER BY seq"), np.uint64)

    def links(self) -> SavedLinks:
        """Return where all known links are in their queues."""
        hosts = np.frombuffer(self._column("SELECT hosts FROM chunk WHERE seq <= ? ORDER BY seq"), np.uint32)
        places = np.frombuffer(self._column("SELECT places FROM chunk WHERE seq <= ? ORDER BY seq"), np.uint16)
        ended = np.zeros(len(hosts), np.bool_)
        ended[np.frombuffer(self._column("SELECT ids FROM page WHERE seq <= ? ORDER BY seq"), np.uint64)] = True
        return SavedLinks(hosts, places, ended)

    def urls(self) -> Iterator[list[str]]:
        """Yield the URLs of all known links in the order of their ids, those of one commit at a time."""
        for (urls,) in self._reader.rows(
            "SELECT urls FROM chunk WHERE seq <= ? AND count > 0 ORDER BY seq", self._last
        ):
            yield unpacked_texts(urls)

    def link(self, id: int) -> Link:
        """Return the known link with an id."""
        first_id, places, via_of, vias, urls = self._row(
            "SELECT first_id, places, via_of, vias, urls FROM chunk"
            " WHERE seq <= ? AND first_id <= ? AND count > 0 ORDER BY seq DESC LIMIT 1",
            self._last,
            id,
        )
        at = id - first_id
        place, via = array("H", places)[at], array("I", zlib.decompress(via_of))[at]
        return Link(id, unpacked_texts(urls)[at], place >> 4, place & 15, unpacked_texts(vias)[via])

    def record(self, id: int) -> bytes | None:
        """Return the record of a link as a line of JSON; None if the link has not ended."""
        place = self._place_of(id)
        if place is None:
            return None
        return self.commit_lines(place[0])[place[1]]

    def visits(self) -> Iterator[SavedVisit]:
        """Yield the links that ended, in the order of the commits."""
        for seq in range(1, self._last + 1):
            ids, lines, memos = self._row("SELECT ids, lines, memos FROM page WHERE seq = ?", seq)
            texts = zlib.decompress(lines).splitlines(keepends=True)
            yield from map(SavedVisit, array("Q", ids), texts, _MEMOS.decode(zlib.decompress(memos)))

    def commit_lines(self, seq: int) -> list[bytes]:
        """Return the records of one commit, by its number from 1, each as a line of JSON."""
        [lines] = self._row("SELECT lines FROM page WHERE seq = ?", seq)
        return zlib.decompress(lines).splitlines(keepends=True)

    def lines(self) -> Iterator[bytes]:
        """Yield the records of the links that ended as lines of JSON, those of one commit at a time."""
        for (lines,) in self._reader.rows("SELECT lines FROM page WHERE seq <= ? ORDER BY seq", self._last):
            yield zlib.decompress(lines)

    def close(self) -> None:
        """Close the journal."""
        self._reader.close()

    def _place_of(self, id: int) -> tuple[int, int] | None:
        """Return the commit in which a link ended, and its position there; None if it has not ended."""
        for seq, ids in self._reader.rows("SELECT seq, ids FROM page WHERE seq <= ? ORDER BY seq", self._last):
            at = np.flatnonzero(np.frombuffer(ids, np.uint64) == id)
            if at.size:
                return seq, int(at[0])
        return None

    def _column(self, query: str) -> bytes:
        return b"".join([packed for (packed,) in self._reader.rows(query, self._last)])

    def _row(self, query: str, *values: int) -> Any:
        return next(self._reader.rows(query, *values))
