"""A journal in PostgreSQL: the same rows as in SQLite; each commit is one statement that checks who owns the shard."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql
from psycopg.abc import Params

from gossamer.journals.address import PostgresAddress
from gossamer.journals.packing import CommitIndex, PackedChunk, PackedCommit, TextRow, is_empty, latest_stats
from gossamer.journals.postgres_schema import COMMIT, FORMAT, TABLES, postgres_errors
from gossamer.values.errors import FencedError, JournalError
from gossamer.values.model import Link
from gossamer.values.protocol import Batch, Saved
from gossamer.values.snapshot import SavedStats

PATIENCE: Final = 60.0
"""Maximum time (seconds) for which a commit or a recall waits until the database can be reached again."""
_PAUSES: Final = (0.1, 0.2, 0.5, 1.0)
"""Seconds between the attempts to reach it; the last one again and again."""
_ROWS_AT_ONCE: Final = 200
"""Number of rows that one round trip brings when a journal is opened."""
_NO_CHUNK: Final = PackedChunk(0, 0, b"", b"", b"", b"", b"", b"", b"")

Connection = psycopg.Connection[tuple[Any, ...]]
"""A connection whose rows are tuples."""


class PostgresJournal:
    """Records one shard of a crawl in a schema of a PostgreSQL database; the whole crawl, where it has one shard.

    When `commit` returns, the batch is as durable as the database is. When the connection is lost, it is made again for
    up to `PATIENCE` seconds; a commit whose answer was lost is not written twice. Opening takes the shard over: a
    process that had it before gets FencedError. `key` is the fingerprint key of a new journal (default: random).
    May be used by several threads, but by one at a time.
    """

    def __init__(
        self,
        address: PostgresAddress,
        *,
        key: int | None = None,
        shard: int = 0,
        create: bool = True,
        connect: Callable[[PostgresAddress], Connection] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address
        self._key = key
        self._shard = shard
        self._create = create
        self._connect = connect or open_connection
        self._sleep = sleep
        self._connection: Connection | None = None
        self._index = CommitIndex()
        self._epoch = 0

    # ------------------------------------------------------------ the Journal protocol

    def open(self) -> Saved:
        """Take the shard over and return its content; texts are not read. Raises JournalError.

        Without `create`, a schema that is not there is an error: what the crawl recorded elsewhere would be lost.
        """
        with postgres_errors(self._address):
            connection = self._connection = self._connect(self._address)
            try:
                with connection.transaction():
                    self._prepare(connection)
                    self._epoch = self._take_over(connection)
                with connection.transaction():
                    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    return self._saved(connection)
            except BaseException:
                self._disconnect()
                raise

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Write a batch in one statement; an empty one is not written. Raises FencedError or JournalError."""
        if is_empty(batch):
            return
        packed = self._index.pack(batch, offsets, time.time())
        parameters, sent = self._parameters(packed), False

        def send(connection: Connection) -> None:
            nonlocal sent
            if sent and self._has(connection, packed.seq):
                return  # it was written; only the answer was lost
            sent = True
            if connection.execute(COMMIT, parameters, prepare=True, binary=True).rowcount != 1:
                raise self._fenced()

        self._patiently(send)
        self._index.committed(packed)

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Return links by id, in the order of `ids`. Raises JournalError."""
        return self._index.links(ids, self._texts)

    def close(self) -> None:
        """Close the connection."""
        self._disconnect()

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        """Record why the crawl ended ("": it runs), and its final statistics, which hold until the next commit.

        Raises JournalError.
        """
        rows = [("finish", finish_reason.encode())]
        if stats is not None:
            rows.append(("stats", msgspec.msgpack.encode((self._index.seq, time.time(), stats))))
        query = (
            "INSERT INTO meta SELECT %s, %s FROM shard WHERE shard = %s AND epoch = %s "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        )
        for key, value in rows:
            row = (key, value, self._shard, self._epoch)
            self._patiently(lambda connection, row=row: connection.execute(query, row))  # type: ignore[misc]

    # ------------------------------------------------------------ opening

    def _prepare(self, connection: Connection) -> None:
        """Make schema and tables where they are missing; one process at a time does."""
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"gossamer {self._address.schema}",))
        if not _has_tables(connection):
            if not self._create:
                raise JournalError(
                    f"The journal {self._address} is not there any more: without it nobody knows what was done, so the "
                    "crawl cannot go on. What was recorded is left as it is; crawl anew into another directory."
                )
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(self._address.schema)))
            connection.execute(TABLES)
            key = secrets.randbits(64) if self._key is None else self._key
            rows = [("format", str(FORMAT).encode()), ("key", key.to_bytes(8, "big"))]
            connection.cursor().executemany("INSERT INTO meta VALUES (%s, %s)", rows)
        check(connection, self._address)
        connection.execute("INSERT INTO shard (shard) VALUES (%s) ON CONFLICT DO NOTHING", (self._shard,))

    def _take_over(self, connection: Connection) -> int:
        query = "UPDATE shard SET epoch = epoch + 1 WHERE shard = %s RETURNING epoch"
        row = connection.execute(query, (self._shard,)).fetchone()
        assert row is not None, "the row was just inserted"
        return int(row[0])

    def _saved(self, connection: Connection) -> Saved:
        def rows(query: str) -> Iterator[Any]:
            with connection.cursor("journal", binary=True) as cursor:  # on the server's side: rows come a few at a time
                cursor.itersize = _ROWS_AT_ONCE
                cursor.execute(query, (self._shard,))
                yield from cursor

        key = connection.execute("SELECT value FROM meta WHERE key = 'key'").fetchone()
        assert key is not None, "it was just checked"
        query = "SELECT seq, offsets, at, stats FROM page WHERE shard = %s ORDER BY seq DESC LIMIT 1"
        last = connection.execute(query, (self._shard,)).fetchone()
        noted = connection.execute("SELECT value FROM meta WHERE key = 'stats'").fetchone()
        return self._index.restore(
            int.from_bytes(key[0], "big"),
            [name for (name,) in rows("SELECT name FROM host WHERE shard = %s ORDER BY id")],
            rows(
                "SELECT seq, first_id, count, fingerprints, hosts, places, refused FROM chunk "
                "WHERE shard = %s ORDER BY seq"
            ),
            rows("SELECT ids, contents, simhashes FROM page WHERE shard = %s ORDER BY seq"),
            (last[0], last[1]) if last else None,
            latest_stats(last and (last[0], last[2], last[3]), noted),
        )

    # ------------------------------------------------------------ the connection

    def _patiently(self, act: Callable[[Connection], object]) -> None:
        """Call `act` with a connection, again and again while the database cannot be reached. Raises JournalError."""
        patience, attempt = time.monotonic() + PATIENCE, 0
        with postgres_errors(self._address):
            while True:
                try:
                    if self._connection is None:
                        self._connection = self._connected_again()
                    act(self._connection)
                    return
                except psycopg.OperationalError:
                    self._disconnect()
                    if time.monotonic() > patience:
                        raise
                    self._sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
                    attempt += 1

    def _connected_again(self) -> Connection:
        """Return a new connection, if the shard still is this process's."""
        connection = self._connect(self._address)
        query = "SELECT epoch FROM shard WHERE shard = %s"
        if connection.execute(query, (self._shard,)).fetchone() != (self._epoch,):
            connection.close()
            raise self._fenced()
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _fenced(self) -> FencedError:
        return FencedError(f"The journal {self._address} cannot be kept: another process goes on with this crawl.")

    def _has(self, connection: Connection, seq: int) -> bool:
        """Whether the commit with this number was written."""
        row = connection.execute("SELECT seq FROM shard WHERE shard = %s", (self._shard,)).fetchone()
        return row == (seq,)

    def _texts(self, seq: int) -> TextRow:
        found: list[TextRow] = []
        query = "SELECT places, via_of, vias, urls FROM chunk WHERE shard = %s AND seq = %s"

        def read(connection: Connection) -> None:
            row = connection.execute(query, (self._shard, seq), prepare=True, binary=True).fetchone()
            assert row is not None, "the index knows this commit"
            places, via_of, vias, urls = row
            found.append((places, via_of, vias, urls))

        self._patiently(read)
        return found[0]

    # ------------------------------------------------------------ writing

    def _parameters(self, commit: PackedCommit) -> Params:
        chunk, pages = commit.chunk or _NO_CHUNK, msgspec.structs.asdict(commit.pages)
        ended = pages.pop("ids")  # `ids` are those of the hosts
        return {
            "shard": self._shard, "epoch": self._epoch, "seq": commit.seq,
            "ids": list(commit.new_hosts.values()), "names": list(commit.new_hosts),
            "has_chunk": commit.chunk is not None, **msgspec.structs.asdict(chunk), **pages, "ended": ended,
        }  # fmt: skip


def open_connection(address: PostgresAddress, kind: type[Connection] = psycopg.Connection) -> Connection:
    """Return a connection to a journal whose statements see its schema and are transactions of their own.

    `kind` is the class of the connection. Raises psycopg.Error.
    """
    return kind.connect(
        address.url,
        autocommit=True,
        connect_timeout=10,
        application_name="gossamer",
        options=f"-c search_path={address.schema}",
    )


def exists(address: PostgresAddress) -> bool:
    """Whether the schema has a journal. Raises JournalError if the database cannot be reached."""
    with postgres_errors(address, "read"), open_connection(address) as connection:
        return _has_tables(connection)


def _has_tables(connection: Connection) -> bool:
    return connection.execute("SELECT to_regclass('meta')").fetchone() != (None,)


def check(connection: Connection, address: PostgresAddress) -> None:
    """Raise JournalError for a schema that holds no journal, or one of another format."""
    query = "SELECT value FROM meta WHERE key = 'format'"
    row = connection.execute(query).fetchone() if _has_tables(connection) else None
    if row is None:
        raise JournalError(f"{address} is no journal of a crawl.")
    if int(row[0]) != FORMAT:
        whose = "a later" if int(row[0]) > FORMAT else "an earlier"
        raise JournalError(
            f"{address} was written by {whose} gossamer (format {int(row[0])}); this one reads format {FORMAT}."
        )


def drop(address: PostgresAddress) -> None:
    """Remove a journal with all that it holds. Raises JournalError."""
    with postgres_errors(address, "removed"), open_connection(address) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(address.schema)))
