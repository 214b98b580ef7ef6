"""The journal in a real PostgreSQL database, with the same blows; the outputs are real files.

Every statement but those that only read at the beginning is a storage step. The database makes a statement whole or not
at all, so a blow comes before it or after it. A statement that fails looks like a lost connection, whether it was
carried out or not: the journal connects anew, and must find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

import psycopg
from psycopg.abc import Query

from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import Connection, open_connection
from gossamer.journals.postgres import PostgresJournal, drop
from gossamer.values.ports import Journal
from tests.simulation.plan import Plan
from tests.simulation.real_files import FileStore, Step
from tests.support.postgres import PostgresServer, running_postgres


class StruckDatabaseConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection each of whose statements is a storage step."""

    step: Step | None = None

    def execute(self, query: Query, *arguments: Any, **options: Any) -> psycopg.Cursor[tuple[Any, ...]]:
        run = partial(super().execute, query, *arguments, **options)
        if self.step is None:
            return run()
        cursors: list[psycopg.Cursor[tuple[Any, ...]]] = []

        def do(portion: float) -> None:
            if portion == 1.0:
                cursors.append(run())

        try:
            self.step(f"PostgreSQL: {str(query).strip()[:60]}", do)
        except OSError as error:
            raise psycopg.OperationalError("the connection is lost") from error
        return cursors[0]


class DatabaseStore(FileStore):
    """A store whose journal is in a schema of a database; its outputs are files."""

    again = ' ARGS="--journal postgres"'

    def __init__(self, server: PostgresServer, plan: Plan) -> None:
        super().__init__(plan)
        self._address: PostgresAddress = server.address("simulated")
        self._open: list[StruckDatabaseConnection] = []

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Callable[[Plan], Self]]:
        """Yield what makes stores in a server of their own."""
        with running_postgres() as server:
            yield partial(cls, server)

    def _new_journal(self) -> Journal:
        return PostgresJournal(self._address, key=self._plan.key, connect=self._connected_to, sleep=lambda _: None)

    def _connected_to(self, address: PostgresAddress) -> Connection:
        connection = open_connection(address, StruckDatabaseConnection)
        assert isinstance(connection, StruckDatabaseConnection)
        connection.step = self.step
        self._open.append(connection)
        return connection

    def _close_journal(self) -> None:
        for connection in self._open:  # as when a process dies: without a word
            connection.step = None
            connection.close()
        self._open.clear()

    def close(self) -> None:
        """Remove the files and the schema."""
        drop(self._address)
        super().close()
