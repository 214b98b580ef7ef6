"""The pages of an earlier crawl, looked up by URL in its journal while another crawl updates them."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gossamer.journals.schema import plainly
from gossamer.journals.summary import reading
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import identity
from gossamer.rules.urls import fingerprint
from gossamer.values.model import OutcomeKind, PreviousVisit, record_of

UNPACKED: Final = 16
"""How many commits stay unpacked: an update meets pages in much the same order as the crawl before."""
_AT_ONCE: Final = 1 << 16
_MEMOS: Final = msgspec.msgpack.Decoder(list[bytes])


class _CommitIndex(Struct, frozen=True):
    """What one commit recorded of the links that ended in it."""

    lines: list[bytes]
    memos: list[bytes]


class SqlitePreviousCrawl:
    """Look up what a crawl that is over found, in 16 bytes of memory a link; records and memos stay on disk.

    Used by one thread at a time, not always the same one. Raises JournalError.
    """

    def __init__(self, path: Path, policy: Policy) -> None:
        self._path = path
        self._policy = policy
        self._unpacked: dict[int, _CommitIndex] = {}
        with plainly(path, "read"):
            self._connection = reading(path)
            try:
                self._read_index()
            except BaseException:
                self._connection.close()
                raise

    def _read_index(self) -> None:
        ask = self._connection.execute
        self.key = int.from_bytes(ask("SELECT value FROM meta WHERE key = 'key'").fetchone()[0], "big")
        packed = ask("SELECT fingerprints FROM chunk ORDER BY seq")
        marks = np.frombuffer(b"".join([fingerprints for (fingerprints,) in packed]), np.uint64)
        ids, commits, places = array("Q"), array("I"), array("I")
        for seq, ended in ask("SELECT seq, ids FROM page ORDER BY seq"):
            ids.frombytes(ended)
            commits.extend([seq] * (len(ended) // 8))
            places.extend(range(len(ended) // 8))
        marks = marks[np.frombuffer(ids, np.uint64)] if ids else np.empty(0, np.uint64)
        order = np.argsort(marks, kind="stable")
        self._marks: NDArray[np.uint64] = marks[order]
        self._commits = np.frombuffer(commits, np.uint32)[order] if ids else np.empty(0, np.uint32)
        self._places = np.frombuffer(places, np.uint32)[order] if ids else np.empty(0, np.uint32)

    def find(self, url: str) -> PreviousVisit:
        """Tell what was found at a URL."""
        mark = np.uint64(fingerprint(identity(url, self._policy), self.key))
        at = int(np.searchsorted(self._marks, mark))
        if at == len(self._marks) or self._marks[at] != mark:
            return PreviousVisit()
        return self._previous(at)

    def lost(self, known: Callable[[Sequence[int]], Sequence[bool]]) -> Iterator[str]:
        """Give the URLs of pages that were there, of which `known` knows nothing by their fingerprints."""
        for start in range(0, len(self._marks), _AT_ONCE):
            marks = self._marks[start : start + _AT_ONCE]
            for at in np.flatnonzero(~np.array(known(marks.tolist()), np.bool_)):
                record = self._previous(start + int(at)).record
                if record is not None and record.outcome is OutcomeKind.DONE:
                    yield record.url

    def close(self) -> None:
        """Close the journal."""
        self._connection.close()

    def _previous(self, at: int) -> PreviousVisit:
        commit, place = self._commit(int(self._commits[at])), int(self._places[at])
        record = record_of(commit.lines[place])
        return PreviousVisit(record, commit.memos[place])

    def _commit(self, seq: int) -> _CommitIndex:
        commit = self._unpacked.get(seq)
        if commit is None:
            with plainly(self._path, "read"):
                row = self._connection.execute("SELECT lines, memos FROM page WHERE seq = ?", (seq,)).fetchone()
            lines, memos = map(zlib.decompress, row)
            commit = self._unpacked[seq] = _CommitIndex(lines.splitlines(keepends=True), _MEMOS.decode(memos))
            if len(self._unpacked) > UNPACKED:
                del self._unpacked[next(iter(self._unpacked))]
        return commit
