"""Reading a journal that a crawl may be writing, in whatever database it is."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

from msgspec import Struct

from gossamer.journals.address import JournalAddress, PostgresAddress
from gossamer.journals.sqlite_schema import check, journal_errors, noted_stats
from gossamer.values.errors import UserError, needs_extra
from gossamer.values.reasons import FinishReason

Row = tuple[Any, ...]
"""A row of a query; bytes stay bytes."""
_OF_A_SHARD: Final = re.compile(r"\bFROM (host|chunk|page)\b")
"""The tables that each shard has."""
_ITS_ROWS: Final = r"FROM (SELECT * FROM \1 WHERE shard = ?) AS \1"


class ShardRows(Protocol):
    """The rows of one shard, in tables like those of a crawl in SQLite."""

    def __call__(self, query: str, *values: int) -> Iterator[Row]:
        """Yield the rows of a query on `host`, `chunk` or `page` whose placeholders are question marks."""
        ...


class ShardProgress(Struct, frozen=True):
    """How far a shard is."""

    known: int
    """The number of links."""
    ended: int
    """The number of links that have ended."""
    last: tuple[int, float, bytes, bytes] | None
    """`seq`, `at`, `stats` and `offsets` of the last commit; None before the first."""
    noted: tuple[int, float, bytes] | None
    """The last commit, the time, and the statistics, as of when the shard ended; None if it did not."""


class JournalReader(Protocol):
    """A connection to a journal that only reads. Every method raises JournalError."""

    @property
    def shards(self) -> Sequence[ShardRows]:
        """The shards of the crawl, by number; one for a crawl on one machine."""
        ...

    def key(self) -> int:
        """Return the key of the fingerprints."""
        ...

    def finish(self) -> str:
        """Return why the crawl ended; "" while it runs, and after it was killed."""
        ...

    def progress(self) -> list[ShardProgress]:
        """Return how far each shard is."""
        ...

    def rows(self, query: str, *values: int) -> Iterator[Row]:
        """Yield the rows of a query whose placeholders are question marks, on the tables as they are."""
        ...

    def snapshot(self) -> AbstractContextManager[object]:
        """Let the queries within see one state of the journal."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@contextmanager
def reading(address: JournalAddress) -> Iterator[JournalReader]:
    """Yield a reader that is closed at the end. Raises JournalError if the address has no journal."""
    reader = open_reader(address)
    try:
        yield reader
    finally:
        reader.close()


def open_reader(address: JournalAddress) -> JournalReader:
    """Return a reader of a journal. Raises JournalError if the address has no journal."""
    return PostgresReader(address) if isinstance(address, PostgresAddress) else SqliteReader(address)


_KEY: Final = "SELECT value FROM meta WHERE key = 'key'"
_FINISH: Final = "SELECT value FROM meta WHERE key = 'finish'"
_STATS: Final = "SELECT value FROM meta WHERE key = 'stats'"


class SqliteReader:
    """A reader of a journal in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with journal_errors(path, "read"):
            self._connection = open_read_only(path)
        self.shards: Sequence[ShardRows] = (self.rows,)

    def key(self) -> int:
        """Return the key of the fingerprints."""
        return int.from_bytes(self._meta("key"), "big")

    def finish(self) -> str:
        """Return why the crawl ended; "" while it runs, and after it was killed."""
        return self._meta("finish").decode()

    def progress(self) -> list[ShardProgress]:
        """Return how far the crawl is."""
        [(ended,)] = self.rows("SELECT sum(length(ids)) FROM page")
        [(known,)] = self.rows("SELECT sum(count) FROM chunk")
        last = next(self.rows("SELECT seq, at, stats, offsets FROM page ORDER BY seq DESC LIMIT 1"), None)
        noted = self._meta("stats")
        end = noted_stats(noted) if noted else None
        return [ShardProgress(known or 0, (ended or 0) // 8, last and (last[0], last[1], last[2], last[3]), end)]

    def _meta(self, key: str) -> bytes:
        """Return a value of `meta`; b"" where there is none."""
        query = {"key": _KEY, "finish": _FINISH, "stats": _STATS}[key]
        value: bytes = next(self.rows(query), (b"",))[0]
        return value

    def rows(self, query: str, *values: int) -> Iterator[Row]:
        """Yield the rows of a query whose placeholders are question marks."""
        with journal_errors(self._path, "read"):
            yield from self._connection.execute(query, values)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let the queries within see one state of the journal."""
        with journal_errors(self._path, "read"):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


_ENDED: Final = """
SELECT finish, wanted = 'stop' AND NOT EXISTS (SELECT FROM shard WHERE owner IS NOT NULL) FROM crawl
"""
_PROGRESS: Final = """
SELECT known, ended, last.seq, at, stats, offsets, noted_seq, noted_at, noted
FROM shard LEFT JOIN LATERAL (
    SELECT seq, at, stats, offsets FROM page WHERE page.shard = shard.shard ORDER BY seq DESC LIMIT 1
) AS last ON true ORDER BY shard.shard
"""


class PostgresReader:
    """A reader of a journal in a schema of a database. Rows come a few at a time."""

    def __init__(self, address: PostgresAddress) -> None:
        require_postgres()
        from gossamer.journals import connection, postgres

        self._address = address
        self._numbers = count()
        with self._errors():
            self._connection = connection.open_connection(address)
            try:
                postgres.check(self._connection, address)
                [(number,)] = self._connection.execute("SELECT shards FROM crawl").fetchall()
            except BaseException:
                self._connection.close()
                raise
        self.shards: Sequence[ShardRows] = [partial(self._shard_rows, shard) for shard in range(number)]

    def key(self) -> int:
        """Return the key of the fingerprints."""
        [(key,)] = self.rows("SELECT key FROM crawl")
        return int.from_bytes(key, "big")

    def finish(self) -> str:
        """Return why the crawl ended; "" while it runs, and after it was killed."""
        [(reason, stopped)] = self.rows(_ENDED)
        return reason or (FinishReason.STOPPED.value if stopped else "")

    def progress(self) -> list[ShardProgress]:
        """Return how far each shard is."""
        return [
            ShardProgress(known, ended, None if last[0] is None else last, None if noted[0] is None else noted)
            for known, ended, last, noted in [(*row[:2], row[2:6], row[6:]) for row in self.rows(_PROGRESS)]
        ]

    def _shard_rows(self, shard: int, query: str, *values: int) -> Iterator[Row]:
        return self.rows(_OF_A_SHARD.sub(_ITS_ROWS, query), shard, *values)

    def _errors(self) -> AbstractContextManager[None]:
        from gossamer.journals.postgres_schema import postgres_errors

        return postgres_errors(self._address, "read")

    def rows(self, query: str, *values: int) -> Iterator[Row]:
        """Yield the rows of a query whose placeholders are question marks."""
        name = f"rows{next(self._numbers)}"
        with self._errors(), self._connection.transaction(), self._connection.cursor(name, binary=True) as cursor:
            cursor.execute(query.replace("?", "%s").encode(), values)
            yield from cursor

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let the queries within see one state of the journal."""
        with self._errors(), self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def exists(address: JournalAddress) -> bool:
    """Whether there is a journal, or at least a file that is not empty. Raises JournalError."""
    if isinstance(address, Path):
        return address.exists() and bool(address.stat().st_size)
    require_postgres()
    from gossamer.journals import postgres

    return postgres.exists(address)


def require_postgres() -> None:
    """Raise UserError if the extra for PostgreSQL is not installed."""
    from importlib.util import find_spec

    if find_spec("psycopg") is None:
        raise UserError(f"A journal in PostgreSQL needs {needs_extra('cluster')}")


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a journal in a file read-only, also while a crawl writes it. Raises JournalError if it is not one."""
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection
