"""The tables of a journal, how the file is opened, and what is said when it cannot be.

Append only: every commit adds one row to `page` and, where it found links, one to `chunk`; nothing is ever changed but
the few facts in `meta`. There is no index but the row numbers, so a commit writes at the end of the file.

    meta   key > value      the fingerprint key, why the crawl ended ("" while it has not), and its stats when it did
    host   id, name         politeness keys in order of discovery
    chunk  one per commit   the links it discovered, packed columns first, their texts (zlib) last
    page   one per commit   which links ended, up to where each output is whole, the stats, the records (zlib), and
                            what a later crawl needs to know of each (zlib); 64 bits of the hash of each content,
                            and the simhash of each text
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from gossamer.values.errors import JournalError
from gossamer.values.snapshot import SavedStats

APPLICATION: Final = 0x676F7373
"""How the file names its kind (SQLite's application_id): "goss"."""
FORMAT: Final = 6
"""What SQLite's user_version says: journals of other formats are refused."""

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
        " simhashes BLOB NOT NULL)"
    ),
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
)

Connect = Callable[..., sqlite3.Connection]

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


@contextmanager
def plainly(path: Path, what: str = "kept") -> Iterator[None]:
    """Turn what SQLite and the disk complain about into a JournalError of one plain sentence: `what` cannot be done."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the kind of trouble, the rest its details.
        known = _SENTENCES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        said = f"{known} ({error})" if known else str(error)
        raise JournalError(f"The journal {path} cannot be {what}: {said}.") from error
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be {what}: {error.strerror or error}.") from error


def prepare(connection: sqlite3.Connection, path: Path, *, durable: bool) -> bool:
    """Make the connection fit for a journal; tell whether the file is new and has no tables yet.

    Write-ahead logging lets `gossamer status` read meanwhile. With synchronous = NORMAL a power cut may lose the last
    commits, a killed process none; FULL waits for the disk at each commit.
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
    """Read the stats of the last commit, or those that the crawl ended with after it, and when they were written."""
    last = connection.execute("SELECT seq, at, stats FROM page ORDER BY seq DESC LIMIT 1").fetchone()
    ended = connection.execute("SELECT value FROM meta WHERE key = 'stats'").fetchone()
    if ended is not None:
        seq, at, stats = msgspec.msgpack.decode(ended[0], type=tuple[int, float, SavedStats])
        if seq == (last[0] if last else 0):
            return at, stats
    return (last[1], msgspec.msgpack.decode(last[2], type=SavedStats)) if last else (0.0, None)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is no journal, or one of another format."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise JournalError(f"{path} is no journal of a crawl.")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != FORMAT:
        whose = "a later" if version > FORMAT else "an earlier"
        said = f"{path} was written by {whose} gossamer (format {version})"
        raise JournalError(f"{said}; this one reads format {FORMAT}.")
