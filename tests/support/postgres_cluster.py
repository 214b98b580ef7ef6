"""Crawls in shards in a PostgreSQL database of the tests, with workers that do nothing but hold leases."""

from __future__ import annotations

from typing import Any

from gossamer.engines.cluster.postgres_leases import PostgresLeases
from gossamer.journals import cluster_crawl
from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import open_connection
from gossamer.journals.postgres import PostgresJournal
from tests.support.postgres import PostgresServer


def new_crawl(server: PostgresServer, *, shards: int = 4, **limits: Any) -> PostgresAddress:
    """Return the address of a new crawl."""
    address = server.address()
    cluster_crawl.create(address, b"settings", shards=shards, key=7, **limits)
    return address


def journal_of(address: PostgresAddress, leases: PostgresLeases, shard: int, epoch: int) -> PostgresJournal:
    """Return the open journal of a shard."""
    journal = PostgresJournal(address, shard=shard, epoch=epoch, worker=leases.worker)
    journal.open()
    return journal


def execute(address: PostgresAddress, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Execute a statement of a test, and return its rows."""
    with open_connection(address) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def silence(address: PostgresAddress, leases: PostgresLeases, seconds: float = 60) -> None:
    """Let the last beat of a worker have been long ago."""
    execute(address, "UPDATE worker SET beat = beat - %s * interval '1 second' WHERE id = %s", seconds, leases.worker)
