"""A crawl in shards as whoever looks after it sees it: made, looked at, stopped and taken up again, in PostgreSQL."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from psycopg.rows import class_row

from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import Connection, open_connection
from gossamer.journals.parcels import latest_positions
from gossamer.journals.postgres import check, make_tables
from gossamer.journals.postgres_schema import postgres_errors
from gossamer.values.errors import UserError


class CrawlRow(Struct, frozen=True):
    """What all shards of a crawl share."""

    shards: int
    settings: bytes
    wanted: str
    """What is wanted: "run" or "stop"."""
    finish: str
    """Why the crawl ended; "" while it runs."""
    trouble: str
    """The sentence of the failure that ended it; "" for none."""
    level: int
    age: float
    """Time (seconds) since the crawl was made."""
    time_left: float | None
    """Time (seconds) until the limit on time; None for no limit."""
    max_pages: int | None
    granted: int
    """Number of pages that shards may record."""
    max_bytes: int | None
    granted_bytes: int


class ShardRow(Struct, frozen=True):
    """The state of a shard."""

    shard: int
    epoch: int
    owner: str
    """The id of the worker that has it; "" for none."""
    seq: int
    """The number of its last commit."""
    idle: bool
    known: int
    ended: int
    sent: int
    received: int
    lowest_open: int | None
    granted: int
    failures: int


class WorkerRow(Struct, frozen=True):
    """A worker."""

    id: str
    node: str
    age: float
    """Time (seconds) since it joined."""
    silence: float
    """Time (seconds) since its last beat."""
    retiring: bool
    shards: int
    """The number of shards that it has."""


_CRAWL: Final = """
SELECT shards, settings, wanted, finish, trouble, level, extract(epoch FROM clock_timestamp() - created)::float8 AS age,
    extract(epoch FROM coalesce(deadline - clock_timestamp(), time_left))::float8 AS time_left,
    max_pages, granted, max_bytes, granted_bytes FROM crawl
"""
_SHARDS: Final = """
SELECT shard, epoch, coalesce(owner, '') AS owner, seq, idle, known, ended, sent, received, lowest_open, granted,
    failures FROM shard ORDER BY shard
"""
_WORKERS: Final = """
SELECT id, node, extract(epoch FROM clock_timestamp() - joined)::float8 AS age,
    extract(epoch FROM clock_timestamp() - beat)::float8 AS silence, retiring,
    (SELECT count(*) FROM shard WHERE owner = id) AS shards FROM worker ORDER BY joined, id
"""
_LIMITS: Final = """
UPDATE crawl SET settings = %(settings)s::bytea, max_pages = %(max_pages)s, max_bytes = %(max_bytes)s,
    deadline = clock_timestamp() + %(seconds)s::float8 * interval '1 second', time_left = NULL
"""
_STOP: Final = """
UPDATE crawl SET wanted = 'stop', time_left = coalesce(deadline - clock_timestamp(), time_left), deadline = NULL
"""
_RUN: Final = """
UPDATE crawl SET wanted = 'run', finish = '', trouble = '', time_left = NULL,
    deadline = coalesce(deadline, clock_timestamp() + time_left)
"""
_SWEEP: Final = """
DELETE FROM sent USING unnest(%(targets)s::int[], %(sources)s::int[], %(read)s::bigint[]) AS done (target, source, seq)
WHERE sent.target = done.target AND sent.source = done.source AND sent.seq <= done.seq
"""


def create(
    address: PostgresAddress,
    settings: bytes,
    *,
    shards: int,
    key: int | None = None,
    seconds: float | None = None,
    max_pages: int | None = None,
    max_bytes: int | None = None,
) -> None:
    """Make the tables of a crawl that ends `seconds` from now. Raises UserError where there is one; JournalError."""
    with postgres_errors(address, "made"), open_connection(address) as connection, connection.transaction():
        if not make_tables(connection, address, key=key, shards=shards):
            raise UserError(f"There is a crawl in {address} already; go on with that one, or take another schema.")
        _limit(connection, settings, seconds, max_pages, max_bytes)


def change(
    address: PostgresAddress,
    settings: bytes,
    *,
    seconds: float | None = None,
    max_pages: int | None = None,
    max_bytes: int | None = None,
) -> None:
    """Replace the settings and the limits, and let the crawl go on. Raises JournalError."""
    with postgres_errors(address, "changed"), open_connection(address) as connection, connection.transaction():
        check(connection, address)
        _limit(connection, settings, seconds, max_pages, max_bytes)
        _run(connection)


def want(address: PostgresAddress, wanted: Literal["run", "stop"]) -> None:
    """Let the crawl stop, or go on if it has stopped, ended or failed. Its time stands still meanwhile.

    Raises JournalError.
    """
    with postgres_errors(address, "changed"), open_connection(address) as connection, connection.transaction():
        check(connection, address)
        if wanted == "stop":
            connection.execute(_STOP)
        else:
            _run(connection)


def finish(address: PostgresAddress, reason: str, trouble: str = "") -> None:
    """End the crawl, unless it has ended. Raises JournalError."""
    with postgres_errors(address, "changed"), open_connection(address) as connection:
        connection.execute("UPDATE crawl SET finish = %s, trouble = %s WHERE finish = ''", (reason, trouble))


def read(address: PostgresAddress) -> CrawlRow:
    """Return what all shards share. Raises JournalError."""
    with postgres_errors(address, "read"), open_connection(address) as connection:
        check(connection, address)
        [row] = connection.cursor(row_factory=class_row(CrawlRow)).execute(_CRAWL).fetchall()
        return row


def shards(address: PostgresAddress) -> list[ShardRow]:
    """Return the shards, by number. Raises JournalError."""
    with postgres_errors(address, "read"), open_connection(address) as connection:
        return connection.cursor(row_factory=class_row(ShardRow)).execute(_SHARDS).fetchall()


def workers(address: PostgresAddress) -> list[WorkerRow]:
    """Return the workers, the first to join first, those included that are lost and not yet found to be.

    Raises JournalError.
    """
    with postgres_errors(address, "read"), open_connection(address) as connection:
        return connection.cursor(row_factory=class_row(WorkerRow)).execute(_WORKERS).fetchall()


def crawls(url: str) -> list[str]:
    """Return the names of the schemas of a database that hold a crawl. Raises JournalError and UserError."""
    address = PostgresAddress.of(url, "public")
    query = """
        SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind = 'r' AND relname IN ('crawl', 'shard', 'chunk', 'page', 'sent')
            AND has_schema_privilege(nspname, 'USAGE')
        GROUP BY nspname HAVING count(*) = 5 ORDER BY nspname
    """
    with postgres_errors(address, "read"), open_connection(address) as connection:
        return [str(name) for (name,) in connection.execute(query).fetchall()]


def sweep_read_mail(address: PostgresAddress) -> int:
    """Delete the mail that has been read, and return the number of rows. Raises JournalError."""
    with postgres_errors(address, "swept"), open_connection(address) as connection:
        targets, sources, read = list[int](), list[int](), list[int]()
        for (target,) in connection.execute("SELECT shard FROM shard").fetchall():
            query = "SELECT positions FROM page WHERE shard = %s AND length(positions) > 0 ORDER BY seq"
            rows = connection.execute(query, (target,), binary=True)
            for source, seq in latest_positions(positions for (positions,) in rows).items():
                targets.append(target)
                sources.append(source)
                read.append(seq)
        return connection.execute(_SWEEP, {"targets": targets, "sources": sources, "read": read}).rowcount


def _limit(
    connection: Connection, settings: bytes, seconds: float | None, max_pages: int | None, max_bytes: int | None
) -> None:
    limits = {"settings": settings, "seconds": seconds, "max_pages": max_pages, "max_bytes": max_bytes}
    connection.execute(_LIMITS, limits)


def _run(connection: Connection) -> None:
    connection.execute(_RUN)
    connection.execute("UPDATE shard SET failures = 0, idle = false")
