"""A journal in PostgreSQL: the same rows as in SQLite; each commit is one statement that checks who owns the shard."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql
from psycopg.abc import Params

from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import Connection, cut, open_connection
from gossamer.journals.packing import CommitIndex, PackedChunk, PackedCommit, TextRow, is_empty, latest_stats
from gossamer.journals.parcels import latest_positions, packed_parcels, packed_positions
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
_ABOUT: Final = """
SELECT epoch, key, freed_at IS NULL, finish, extract(epoch FROM clock_timestamp())::float8, noted_seq, noted_at, noted
FROM crawl, shard WHERE shard = %s
"""
_NOTE_STATS: Final = """
UPDATE shard SET noted_seq = %(seq)s, noted_at = extract(epoch FROM clock_timestamp())::float8, noted = %(stats)s::bytea
WHERE shard = %(shard)s AND epoch = %(epoch)s
"""
_NOTE_FINISH: Final = """
UPDATE crawl SET finish = %(reason)s FROM shard WHERE shard = %(shard)s AND epoch = %(epoch)s
"""


class PostgresJournal:
    """Records one shard of a crawl in a schema of a PostgreSQL database; the whole crawl, where it has one shard.

    When `commit` returns, the batch is as durable as the database is. When the connection is lost, it is made again for
    up to `PATIENCE` seconds; a commit whose answer was lost is not written twice. `key` is the fingerprint key of a new
    journal (default: random).

    With an `epoch`, the shard is one of several, and its owner holds it by a lease; `worker` is the owner's id. Without
    one, opening takes the crawl over. Either way a process that had it before gets FencedError.
    May be used by several threads, but by one at a time; `interrupt` by any.
    """

    def __init__(
        self,
        address: PostgresAddress,
        *,
        key: int | None = None,
        shard: int = 0,
        epoch: int | None = None,
        worker: str = "",
        create: bool = True,
        connect: Callable[[PostgresAddress], Connection] | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._address = address
        self._key = key
        self._shard = shard
        self._epoch = epoch
        self._leased = epoch is not None
        self._create = create
        self._connect = connect or (lambda address: open_connection(address, worker=worker))
        self._interrupted = threading.Event()
        self._sleep = sleep or self._interrupted.wait
        self._connection: Connection | None = None
        self._index = CommitIndex()
        self.passed = 0.0
        """Time (seconds) from the last commit to the opening, by the database's clock."""
        self.fresh_loss = False
        """Whether the owner before was lost: what it asked of servers since its last commit is not known."""

    # ------------------------------------------------------------ the Journal protocol

    def open(self) -> Saved:
        """Return the content of the journal; texts are not read. Raises FencedError or JournalError.

        Without `create`, a schema that is not there is an error: what the crawl recorded elsewhere would be lost.
        """
        with postgres_errors(self._address):
            connection = self._connection = self._connect(self._address)
            try:
                if not self._leased:
                    self._take_over(connection)
                with connection.transaction():
                    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    return self._saved(connection)
            except BaseException:
                self._disconnect()
                raise

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Write a batch in one statement. Raises FencedError or JournalError.

        An empty one is not written, but for a shard of several: its row tells the others what is left to do.
        """
        if not self._leased and is_empty(batch):
            return
        packed = self._index.pack(batch, offsets, time.time())
        parameters, sent = self._parameters(packed, batch), False

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

        Several shards end together, so of one of them only the statistics are recorded. Raises JournalError.
        """
        owner = {"shard": self._shard, "epoch": self._epoch}
        if stats is not None:
            noted = {"seq": self.seq, "stats": msgspec.msgpack.encode(stats), **owner}
            self._patiently(lambda connection: connection.execute(_NOTE_STATS, noted))
        if not self._leased:
            reason = {"reason": finish_reason, **owner}
            self._patiently(lambda connection: connection.execute(_NOTE_FINISH, reason))

    @property
    def seq(self) -> int:
        """Return the number of the last commit."""
        return self._index.seq

    @property
    def epoch(self) -> int:
        """Return the number of this owner of the shard: larger than that of any before."""
        assert self._epoch is not None, "the journal is not open"
        return self._epoch

    def interrupt(self) -> None:
        """End the call that is under way, from any thread, and let no other begin: they raise JournalError."""
        self._interrupted.set()
        if (connection := self._connection) is not None:
            cut(connection)

    # ------------------------------------------------------------ opening

    def _take_over(self, connection: Connection) -> None:
        """Take the crawl over from whoever had it; make schema and tables where they are missing."""
        with connection.transaction():
            made = make_tables(connection, self._address, key=self._key, shards=1, may=self._create)
            if not made:
                check(connection, self._address)
            if (shards := _shards(connection)) != 1:
                raise JournalError(
                    f"The journal {self._address} is that of a crawl on several machines, with {shards} shards; go on "
                    "with it there: gossamer resume, or gossamer worker."
                )
            row = connection.execute("UPDATE shard SET epoch = epoch + 1 RETURNING epoch").fetchone()
            assert row is not None, "there is one shard"
            self._epoch = int(row[0])

    def _saved(self, connection: Connection) -> Saved:
        def rows(query: str) -> Iterator[Any]:
            with connection.cursor("journal", binary=True) as cursor:  # on the server's side: rows come a few at a time
                cursor.itersize = _ROWS_AT_ONCE
                cursor.execute(query, (self._shard,))
                yield from cursor

        if self._leased:
            check(connection, self._address)
        about = connection.execute(_ABOUT, (self._shard,)).fetchone()
        if about is None or about[0] != self._epoch:
            raise self._fenced()
        _, key, self.fresh_loss, finish, now, *noted = about
        read: list[bytes] = []

        def pages() -> Iterator[Any]:
            query = "SELECT positions, ids, contents, simhashes, notes FROM page WHERE shard = %s ORDER BY seq"
            for positions, *row in rows(query):
                read.append(positions)
                yield row

        query = "SELECT seq, offsets, at, stats FROM page WHERE shard = %s ORDER BY seq DESC LIMIT 1"
        last = connection.execute(query, (self._shard,)).fetchone()
        saved = self._index.restore(
            int.from_bytes(key, "big"),
            [name for (name,) in rows("SELECT name FROM host WHERE shard = %s ORDER BY id")],
            rows(
                "SELECT seq, first_id, count, fingerprints, hosts, places, refused FROM chunk "
                "WHERE shard = %s ORDER BY seq"
            ),
            pages(),
            (last[0], last[1]) if last else None,
            latest_stats(last and (last[0], last[2], last[3]), None if noted[0] is None else tuple(noted)),
            in_order=not self.fresh_loss if self._leased else bool(finish),
        )
        self.passed = max(0.0, now - saved.saved_at) if saved.saved_at else 0.0
        saved_at = time.time() - self.passed if saved.saved_at else 0.0
        return msgspec.structs.replace(saved, positions=latest_positions(read), saved_at=saved_at)

    # ------------------------------------------------------------ the connection

    def _patiently(self, act: Callable[[Connection], object]) -> None:
        """Call `act` with a connection, again and again while the database cannot be reached. Raises JournalError."""
        patience, attempt = time.monotonic() + PATIENCE, 0
        with postgres_errors(self._address):
            while True:
                if self._interrupted.is_set():
                    raise JournalError(f"The journal {self._address} was interrupted.")
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

    def _parameters(self, commit: PackedCommit, batch: Batch) -> Params:
        chunk, pages = commit.chunk or _NO_CHUNK, msgspec.structs.asdict(commit.pages)
        ended = pages.pop("ids")  # `ids` are those of the hosts
        return {
            "shard": self._shard, "epoch": self._epoch, "seq": commit.seq,
            "ids": list(commit.new_hosts.values()), "names": list(commit.new_hosts),
            "has_chunk": commit.chunk is not None, **msgspec.structs.asdict(chunk), **pages, "ended": ended,
            "known": self._index.known + len(batch.links), "outcomes": len(batch.ended),
            "lowest_open": batch.lowest_open, "received": batch.received, "targets": list(batch.outbox),
            "counts": [len(parcels) for parcels in batch.outbox.values()],
            "parcels": list(map(packed_parcels, batch.outbox.values())), "positions": packed_positions(batch.positions),
        }  # fmt: skip


def make_tables(
    connection: Connection, address: PostgresAddress, *, key: int | None, shards: int, may: bool = True
) -> bool:
    """Make schema and tables where they are missing, in a transaction; return whether they were missing.

    One process at a time does. Raises JournalError where they are missing and it `may` not make them.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"gossamer {address.schema}",))
    if _has_tables(connection):
        return False
    if not may:
        raise JournalError(
            f"The journal {address} is not there any more: without it nobody knows what was done, so the crawl cannot "
            "go on. What was recorded is left as it is; crawl anew into another directory."
        )
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(address.schema)))
    connection.execute(TABLES)
    number = secrets.randbits(64) if key is None else key
    row = (FORMAT, number.to_bytes(8, "big"), shards)
    connection.execute("INSERT INTO crawl (format, key, shards) VALUES (%s, %s, %s)", row)
    connection.execute("INSERT INTO shard (shard) SELECT generate_series(0, %s - 1)", (shards,))
    return True


def exists(address: PostgresAddress) -> bool:
    """Whether the schema has a journal. Raises JournalError if the database cannot be reached."""
    with postgres_errors(address, "read"), open_connection(address) as connection:
        return _has_tables(connection)


def _has_tables(connection: Connection) -> bool:
    return connection.execute("SELECT to_regclass('crawl')").fetchone() != (None,)


def _shards(connection: Connection) -> int:
    row = connection.execute("SELECT shards FROM crawl").fetchone()
    assert row is not None, "it was just checked"
    return int(row[0])


def check(connection: Connection, address: PostgresAddress) -> None:
    """Raise JournalError for a schema that holds no journal, or one of another format."""
    row = connection.execute("SELECT format FROM crawl").fetchone() if _has_tables(connection) else None
    if row is None:
        raise JournalError(f"{address} is no journal of a crawl.")
    if row[0] != FORMAT:
        whose = "a later" if row[0] > FORMAT else "an earlier"
        raise JournalError(f"{address} was written by {whose} gossamer (format {row[0]}); this one reads {FORMAT}.")


def drop(address: PostgresAddress) -> None:
    """Remove a journal with all that it holds. Raises JournalError."""
    with postgres_errors(address, "removed"), open_connection(address) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(address.schema)))
