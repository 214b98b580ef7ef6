"""Look-up of the previous crawl: what its journal recorded at a URL, for a crawl that updates it."""

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

from gossamer.journals.schema import journal_errors
from gossamer.journals.summary import open_read_only
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import identity
from gossamer.rules.urls import fingerprint
from gossamer.values.model import OutcomeKind, PreviousVisit, record_of

UNPACKED: Final = 16
"""Maximum number of commits kept decompressed: an update meets pages in nearly the same order as the crawl before."""
_AT_ONCE: Final = 1 << 16
"""Number of fingerprints passed to `known` in one call of `lost`."""
_MEMOS: Final = msgspec.msgpack.Decoder(list[bytes])


class _CommitRecords(Struct, frozen=True):
    """What one commit recorded of the links that ended in it, in the order of their ids in the row."""

    lines: list[bytes]
    """Records as lines of JSON."""
    memos: list[bytes]
    """Packed `PageMemo`s."""


class SqlitePreviousCrawl:
    """The journal of a finished crawl, indexed by URL: 16 bytes of memory per link; records and memos stay on disk.

    May be used by several threads, but by one at a time. Every method may raise JournalError.
    """

    def __init__(self, path: Path, policy: Policy) -> None:
        self._path = path
        self._policy = policy
        self._unpacked: dict[int, _CommitRecords] = {}
        with journal_errors(path, "read"):
            self._connection = open_read_only(path)
            try:
                self._read_index()
            except BaseException:
                self._connection.close()
                raise

    def _read_index(self) -> None:
        query = self._connection.execute
        self.key = int.from_bytes(query("SELECT value FROM meta WHERE key = 'key'").fetchone()[0], "big")
        packed = query("SELECT fingerprints FROM chunk ORDER BY seq")
        fingerprints = np.frombuffer(b"".join([packed_fingerprints for (packed_fingerprints,) in packed]), np.uint64)
        ids, commits, positions = array("Q"), array("I"), array("I")
        for seq, ended in query("SELECT seq, ids FROM page ORDER BY seq"):
            ids.frombytes(ended)
            commits.extend([seq] * (len(ended) // 8))
            positions.extend(range(len(ended) // 8))
        fingerprints = fingerprints[np.frombuffer(ids, np.uint64)] if ids else np.empty(0, np.uint64)
        order = np.argsort(fingerprints, kind="stable")
        self._fingerprints: NDArray[np.uint64] = fingerprints[order]
        self._commits = np.frombuffer(commits, np.uint32)[order] if ids else np.empty(0, np.uint32)
        self._positions = np.frombuffer(positions, np.uint32)[order] if ids else np.empty(0, np.uint32)

    def find(self, url: str) -> PreviousVisit:
        """Return what the crawl found at a URL; an empty PreviousVisit if it did not visit the URL."""
        wanted = np.uint64(fingerprint(identity(url, self._policy), self.key))
        index = int(np.searchsorted(self._fingerprints, wanted))
        if index == len(self._fingerprints) or self._fingerprints[index] != wanted:
            return PreviousVisit()
        return self._previous(index)

    def lost(self, known: Callable[[Sequence[int]], Sequence[bool]]) -> Iterator[str]:
        """Yield the URLs of the previous crawl's pages that the current crawl does not know.

        `known` returns, for each fingerprint, whether the current crawl knows it.
        """
        for start in range(0, len(self._fingerprints), _AT_ONCE):
            fingerprints = self._fingerprints[start : start + _AT_ONCE]
            for offset in np.flatnonzero(~np.array(known(fingerprints.tolist()), np.bool_)):
                record = self._previous(start + int(offset)).record
                if record is not None and record.outcome is OutcomeKind.DONE:
                    yield record.url

    def close(self) -> None:
        """Close the journal."""
        self._connection.close()

    def _previous(self, index: int) -> PreviousVisit:
        commit, position = self._commit(int(self._commits[index])), int(self._positions[index])
        record = record_of(commit.lines[position])
        return PreviousVisit(record, commit.memos[position])

    def _commit(self, seq: int) -> _CommitRecords:
        commit = self._unpacked.get(seq)
        if commit is None:
            with journal_errors(self._path, "read"):
                row = self._connection.execute("SELECT lines, memos FROM page WHERE seq = ?", (seq,)).fetchone()
            lines, memos = map(zlib.decompress, row)
            commit = self._unpacked[seq] = _CommitRecords(lines.splitlines(keepends=True), _MEMOS.decode(memos))
            if len(self._unpacked) > UNPACKED:
                del self._unpacked[next(iter(self._unpacked))]
        return commit
