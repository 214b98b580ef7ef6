"""Reading a journal that a crawl may be writing, in whatever database it is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from gossamer.journals.address import JournalAddress, PostgresAddress
from gossamer.journals.sqlite_schema import check, journal_errors
from gossamer.values.errors import UserError, needs_extra

Row = tuple[Any, ...]
"""A row of a query; bytes stay bytes."""


class JournalReader(Protocol):
    """A connection to a journal that only reads. Every method raises JournalError."""

    def rows(self, query: str, *values: int) -> Iterator[Row]:
        """Yield the rows of a query whose placeholders are question marks."""
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


class SqliteReader:
    """A reader of a journal in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with journal_errors(path, "read"):
            self._connection = open_read_only(path)

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


class PostgresReader:
    """A reader of a journal in a schema of a database. Rows come a few at a time."""

    def __init__(self, address: PostgresAddress) -> None:
        require_postgres()
        from gossamer.journals import postgres

        self._address = address
        self._numbers = count()
        with self._errors():
            self._connection = postgres.open_connection(address)
            try:
                postgres.check(self._connection, address)
            except BaseException:
                self._connection.close()
                raise

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
