"""Read-only views of a journal that a crawl may be writing: its progress, and its records."""

from __future__ import annotations

import os
import sqlite3
import zlib
from array import array
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gossamer.journals.schema import check, final_stats, journal_errors
from gossamer.values.snapshot import SavedStats


class Glance(Struct, frozen=True):
    """The progress of a crawl as of the last commit of its journal."""

    known: int = 0
    """Number of links discovered."""
    ended: int = 0
    """Number of links that have their outcome."""
    hosts: int = 0
    """Number of hosts discovered."""
    committed_at: float | None = None
    """Time of the last commit (Unix time); None before the first."""
    finish_reason: str = ""
    """Why the crawl ended; "" while it runs, and after it was killed."""
    stats: SavedStats = SavedStats()
    """The statistics, which may be later than the last commit if the crawl ended."""
    stats_at: float = 0.0
    """Time of the statistics (Unix time)."""
    offsets: Mapping[str, int] = {}
    """Committed size of each output (bytes), by its name."""

    @property
    def pending(self) -> int:
        """Number of links that have no outcome yet."""
        return self.known - self.ended


def glance(path: Path) -> Glance:
    """Return the progress of a crawl; an empty Glance if there is no journal yet. Raises JournalError."""
    if not path.exists() or not path.stat().st_size:
        return Glance()
    with journal_errors(path, "read"), closing(open_read_only(path)) as connection:
        connection.execute("BEGIN")  # one snapshot for all queries
        ended = connection.execute("SELECT sum(length(ids)) FROM page").fetchone()[0] or 0
        known = connection.execute("SELECT sum(count) FROM chunk").fetchone()[0] or 0
        finish_row = connection.execute("SELECT value FROM meta WHERE key = 'finish'").fetchone()
        last_commit = connection.execute("SELECT at, offsets FROM page ORDER BY seq DESC LIMIT 1").fetchone()
        stats_at, stats = final_stats(connection)
        return Glance(
            known=known,
            ended=ended // 8,
            hosts=connection.execute("SELECT count(*) FROM host").fetchone()[0],
            committed_at=last_commit[0] if last_commit else None,
            finish_reason=finish_row[0] if finish_row else "",
            stats=stats or SavedStats(),
            stats_at=stats_at,
            offsets=msgspec.msgpack.decode(last_commit[1], type=dict[str, int]) if last_commit else {},
        )


def lines(path: Path) -> Iterator[bytes]:
    """Yield the records of all links that ended, as lines of JSON, one commit at a time. Raises JournalError."""
    with journal_errors(path, "read"), closing(open_read_only(path)) as connection:
        for (packed,) in connection.execute("SELECT lines FROM page ORDER BY seq"):
            yield zlib.decompress(packed)


def ended(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the id and the record (a line of JSON) of each link that ended, in commit order. Raises JournalError."""
    with journal_errors(path, "read"), closing(open_read_only(path)) as connection:
        for ids, packed in connection.execute("SELECT ids, lines FROM page ORDER BY seq"):
            yield from zip(array("Q", ids), zlib.decompress(packed).splitlines(keepends=True), strict=True)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a journal read-only, also while a crawl writes it. Raises JournalError if it is not one."""
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection
