"""The tables of a journal, the setup of its connection, and the translation of SQLite's errors.

The journal is append-only: every commit adds one row to `page` and, if it discovered links, one to `chunk`. Only the
rows of `meta` are ever changed. There is no index but the row ids, so a commit writes at the end of the file.

    meta   key > value      "key": the fingerprint key (8 bytes, big-endian); "finish": why the crawl ended ("" while it
                            runs); "stats": (seq, Unix time, statistics) at its end; "epoch": how often it was
                            opened by a crawl that writes parts
    host   id, name         host keys in order of discovery
    chunk  one per commit   the links it discovered: packed columns first, their texts (zlib) last
    page   one per commit   the ids of the links that ended; the committed size of each output; the statistics; the
                            records and the memos (zlib); 64 bits of each content hash; the simhash of each text;
                            changed notes on hosts
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from gossamer.journals.packing import latest_stats
from gossamer.values.errors import JournalError
from gossamer.values.snapshot import SavedStats

APPLICATION: Final = 0x676F7373
"""SQLite's application_id of a journal: "goss" in ASCII."""
FORMAT: Final = 9
"""SQLite's user_version of a journal; a file of any other format is refused."""

TABLES: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE host (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    (
        "CREATE TABLE chunk (seq INTEGER PRIMARY KEY, first_id INTEGER NOT NULL, count INTEGER NOT NULL,"
        " fingerprints BLOB NOT NULL, hosts BLOB NOT NULL, places BLOB NOT NULL, refused BLOB NOT NULL,"
        " via_of BLOB NOT NULL, vias BLOB NOT NULL, urls BLOB NOT NULL)"
    ),
    (
        "CREATE TABLE page (seq INTEGER PRIMARY KEY, at REAL NOT NULL, ids BLOB NOT NULL, offsets BLOB NOT NULL,"
        " stats BLOB NOT NULL, lines BLOB NOT NULL, memos BLOB NOT NULL, contents BLOB NOT NULL,"
        " simhashes BLOB NOT NULL, notes BLOB NOT NULL)"
    ),
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
)

Connect = Callable[..., sqlite3.Connection]
"""A function that opens a file as `sqlite3.connect` does."""

_SENTENCES: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_NOTADB: "it is no journal of a crawl",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
}
"""What to tell the user, by SQLite's primary result code."""


@contextmanager
def journal_errors(path: Path, participle: str = "kept") -> Iterator[None]:
    """Raise errors of SQLite and the disk as a JournalError: "The journal … cannot be `participle`: …"."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte of an extended result code is the primary one.
        sentence = _SENTENCES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        reason = f"{sentence} ({error})" if sentence else str(error)
        raise JournalError(f"The journal {path} cannot be {participle}: {reason}.") from error
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be {participle}: {error.strerror or error}.") from error


def prepare(connection: sqlite3.Connection, path: Path, *, durable: bool) -> bool:
    """Set up a connection for a journal; return whether the file is new and has no tables yet.

    Write-ahead logging lets `gossamer status` read while the crawl writes. With synchronous = NORMAL a power cut may
    lose the last commits, a killed process none. FULL (`durable`) waits for the disk at each commit.
    Raises JournalError if the file is not a journal, or its disk does not support write-ahead logging.
    """
    kind = connection.execute("PRAGMA application_id").fetchone()[0]
    new = not kind and not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if new:
        connection.execute("PRAGMA page_size = 8192")
    else:
        check(connection, path)
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise JournalError(f"The journal {path} cannot be kept: its disk allows no write-ahead log (a network share?).")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("PRAGMA wal_autocheckpoint = 512")
    connection.execute("PRAGMA journal_size_limit = 8388608")
    return new


def final_stats(connection: sqlite3.Connection) -> tuple[float, SavedStats | None]:
    """Return the latest statistics and when they were written (Unix time); (0.0, None) if there are none."""
    last = connection.execute("SELECT seq, at, stats FROM page ORDER BY seq DESC LIMIT 1").fetchone()
    row = connection.execute("SELECT value FROM meta WHERE key = 'stats'").fetchone()
    return latest_stats(last, row and noted_stats(row[0]))


def noted_stats(packed: bytes) -> tuple[int, float, bytes]:
    """Return the number of the last commit, the Unix time, and the statistics of a value of `meta`."""
    seq, at, stats = msgspec.msgpack.decode(packed, type=tuple[int, float, msgspec.Raw])
    return seq, at, bytes(stats)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise JournalError for a file that is not a journal, or has another format."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise JournalError(f"{path} is no journal of a crawl.")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != FORMAT:
        whose = "a later" if version > FORMAT else "an earlier"
        origin = f"{path} was written by {whose} gossamer (format {version})"
        raise JournalError(f"{origin}; this one reads format {FORMAT}.")
