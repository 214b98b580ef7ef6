"""Look into a journal without disturbing whoever writes it: how far the crawl is, and its records."""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gossamer.journals.schema import check, final_stats, plainly
from gossamer.values.snapshot import SavedStats


class Glance(Struct, frozen=True):
    """How far a crawl is by its journal. `committed_at` is Unix time, None before the first commit.

    `finish_reason` is "" while the crawl runs, and after it was killed; up to its offset each output is whole.
    """

    known: int = 0
    ended: int = 0
    hosts: int = 0
    committed_at: float | None = None
    finish_reason: str = ""
    stats: SavedStats = SavedStats()
    offsets: Mapping[str, int] = {}

    @property
    def pending(self) -> int:
        """Count the links that have not ended."""
        return self.known - self.ended


def glance(path: Path) -> Glance:
    """Read how far the crawl is; an empty Glance where there is no journal yet. Raises JournalError."""
    if not path.exists() or not path.stat().st_size:
        return Glance()
    with plainly(path, "read"), closing(reading(path)) as connection:
        connection.execute("BEGIN")  # all of it as of one moment
        ended = connection.execute("SELECT sum(length(ids)) FROM page").fetchone()[0] or 0
        known = connection.execute("SELECT sum(count) FROM chunk").fetchone()[0] or 0
        finish = connection.execute("SELECT value FROM meta WHERE key = 'finish'").fetchone()
        last = connection.execute("SELECT at, offsets FROM page ORDER BY seq DESC LIMIT 1").fetchone()
        return Glance(
            known=known,
            ended=ended // 8,
            hosts=connection.execute("SELECT count(*) FROM host").fetchone()[0],
            committed_at=last[0] if last else None,
            finish_reason=finish[0] if finish else "",
            stats=final_stats(connection)[1] or SavedStats(),
            offsets=msgspec.msgpack.decode(last[1], type=dict[str, int]) if last else {},
        )


def lines(path: Path) -> Iterator[bytes]:
    """Give the records of all links that ended, as the JSON lines that were written, some at a time."""
    with plainly(path, "read"), closing(reading(path)) as connection:
        for (packed,) in connection.execute("SELECT lines FROM page ORDER BY seq"):
            yield zlib.decompress(packed)


def ended(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give the id of each link that ended with its JSON line, in the order they were committed."""
    with plainly(path, "read"), closing(reading(path)) as connection:
        for ids, packed in connection.execute("SELECT ids, lines FROM page ORDER BY seq"):
            yield from zip(array("Q", ids), zlib.decompress(packed).splitlines(keepends=True), strict=True)


def reading(path: Path) -> sqlite3.Connection:
    """Open a journal to read only, whoever writes it meanwhile."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection
