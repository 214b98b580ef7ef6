"""A journal on disk: everything that a crawl needs to resume, in one SQLite file; each commit is one transaction."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from gossamer.journals.packing import (
    CHUNKS,
    HOSTS,
    LAST,
    PAGES,
    CommitIndex,
    PackedCommit,
    TextRow,
    is_empty,
)
from gossamer.journals.sqlite_schema import TABLES, Connect, final_stats, journal_errors, prepare
from gossamer.values.model import Link
from gossamer.values.protocol import Batch, Saved
from gossamer.values.snapshot import SavedStats

BUSY: Final = 1.0
"""Maximum time to wait for a lock (seconds)."""


class SqliteJournal:
    """Records a crawl in the file `path`, which is created if it does not exist.

    When `commit` returns, the batch survives a killed process; with `durable` it survives a power cut, too. When it
    raises JournalError, the file is unchanged. `key` is the fingerprint key of a new journal (default: random).
    May be used by several threads, but by one at a time.
    """

    def __init__(
        self, path: Path, *, durable: bool = False, key: int | None = None, connect: Connect = sqlite3.connect
    ) -> None:
        self._path = path
        self._durable = durable
        self._key = key
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._index = CommitIndex()
        self._epoch: int | None = None  # counted only where somebody asks

    # ------------------------------------------------------------ the Journal protocol

    def open(self) -> Saved:
        """Open or create the file and return its content. Texts are not read. Raises JournalError."""
        with journal_errors(self._path):
            connection = self._connect(
                self._path, timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=32
            )
            try:
                if prepare(connection, self._path, durable=self._durable):
                    self._create_tables(connection)
                saved = self._saved(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            return saved

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Write a batch in one transaction; an empty one is not written. Raises JournalError."""
        if is_empty(batch):
            return
        connection, packed = self._opened, self._index.pack(batch, offsets, time.time())
        with journal_errors(self._path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                _write(connection, packed)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self._index.committed(packed)

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Return links by id, in the order of `ids`. Raises JournalError."""
        return self._index.links(ids, self._texts)

    def close(self) -> None:
        """Close the file and remove its write-ahead log, so that read-only media can hold it. Raises JournalError."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        with journal_errors(self._path), closing(connection), suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = DELETE")  # fails while another process reads: the log stays

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        """Record why the crawl ended ("": it runs), and its final statistics, which hold until the next commit.

        Raises JournalError.
        """
        rows = [("finish", finish_reason.encode())]
        if stats is not None:
            rows.append(("stats", msgspec.msgpack.encode((self._index.seq, time.time(), stats))))
        with journal_errors(self._path):
            self._opened.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    @property
    def epoch(self) -> int:
        """Return a number that is larger than in any process before that had the journal open. Raises JournalError."""
        if self._epoch is None:
            with journal_errors(self._path):
                row = self._opened.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
                self._epoch = 1 + (int(row[0]) if row else 0)
                self._opened.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (str(self._epoch).encode(),))
        return self._epoch

    # ------------------------------------------------------------ inside

    @property
    def _opened(self) -> sqlite3.Connection:
        assert self._connection is not None, "the journal is not open"
        return self._connection

    def _create_tables(self, connection: sqlite3.Connection) -> None:
        key = secrets.randbits(64) if self._key is None else self._key
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('key', ?)", (key.to_bytes(8, "big"),))
        connection.execute("COMMIT")

    def _saved(self, connection: sqlite3.Connection) -> Saved:
        query = connection.execute
        key = query("SELECT value FROM meta WHERE key = 'key'").fetchone()[0]
        finish = query("SELECT value FROM meta WHERE key = 'finish'").fetchone()
        return self._index.restore(
            int.from_bytes(key, "big"),
            [name for (name,) in query(HOSTS)],
            query(CHUNKS),
            query(PAGES),
            query(LAST).fetchone(),
            final_stats(connection),
            in_order=bool(finish and finish[0]),
        )

    def _texts(self, seq: int) -> TextRow:
        with journal_errors(self._path):
            query = "SELECT places, via_of, vias, urls FROM chunk WHERE seq = ?"
            row: TextRow = self._opened.execute(query, (seq,)).fetchone()
            return row


def _write(connection: sqlite3.Connection, commit: PackedCommit) -> None:
    if commit.new_hosts:
        connection.executemany("INSERT INTO host (name, id) VALUES (?, ?)", commit.new_hosts.items())
    if commit.chunk is not None:
        row = (commit.seq, *msgspec.structs.astuple(commit.chunk))
        connection.execute("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    row = (commit.seq, *msgspec.structs.astuple(commit.pages))
    connection.execute("INSERT INTO page VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
