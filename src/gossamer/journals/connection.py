"""Connections to PostgreSQL that another thread can end, whatever they wait for."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

import psycopg

from gossamer.journals.address import PostgresAddress
from gossamer.journals.postgres_schema import postgres_errors

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]
"""A connection whose rows are tuples."""
CONNECT: Final = 5
"""Maximum time (seconds) to connect."""
_NAME: Final = "gossamer"


def open_connection(
    address: PostgresAddress,
    kind: type[Connection] = psycopg.Connection,
    *,
    worker: str = "",
    options: str = "",
    patience: float = CONNECT,
) -> Connection:
    """Return a connection to a journal whose statements see its schema and are transactions of their own.

    `kind` is the class of the connection, `worker` the id of the worker that it belongs to, `options` more settings of
    the session ("-c name=value"), `patience` the time (seconds) that connecting may take. Raises psycopg.Error.
    """
    return kind.connect(
        address.url,
        autocommit=True,
        connect_timeout=min(CONNECT, math.ceil(patience)),
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        application_name=session_name(worker),
        options=f"-c search_path={address.schema} {options}",
    )


def session_name(worker: str) -> str:
    """Return the application_name of a worker's connections, at most the 63 bytes that PostgreSQL keeps."""
    return f"{_NAME}:{worker}" if worker else _NAME


def cut(connection: Connection) -> None:
    """End a connection from any thread: whatever waits for its answer gets an error at once.

    libpq waits without end for an answer that never comes, and a proxy may keep the connection alive.
    """
    with contextlib.suppress(psycopg.Error, OSError):
        end = socket.socket(fileno=os.dup(connection.pgconn.socket))
        with end:
            end.shutdown(socket.SHUT_RDWR)


class Line:
    """A connection for one call at a time, made when it is needed, and again after a call that failed.

    Each call ends within `patience` seconds, with an error if need be. May be used by several threads.
    """

    def __init__(self, address: PostgresAddress, *, patience: float, worker: str = "") -> None:
        self._address = address
        self._patience = patience
        self._worker = worker
        self._connection: Connection | None = None
        self._interrupts = 0
        self._lock = threading.Lock()

    def rename(self, worker: str) -> None:
        """Belong to another worker from the next call on."""
        with self._lock:
            self._worker = worker
            self._disconnect()

    def call(self, act: Callable[[Connection], T]) -> T:
        """Return what `act` makes of the connection; it must be harmless to repeat where its answer is lost.

        A call on a connection that turns out to have ended is made once more. Raises JournalError.
        """
        with self._lock, postgres_errors(self._address):
            was_open, interrupts = self._connection is not None, self._interrupts
            try:
                return self._act(act)
            except psycopg.OperationalError:
                self._disconnect()
                if not was_open or self._interrupts != interrupts:
                    raise
            try:
                return self._act(act)
            except psycopg.OperationalError:
                self._disconnect()
                raise

    def interrupt(self) -> None:
        """End the call that is under way, from any thread: it is not repeated. The next one connects anew."""
        self._interrupts += 1
        if (connection := self._connection) is not None:
            cut(connection)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._disconnect()

    def _act(self, act: Callable[[Connection], T]) -> T:
        patience = self._patience
        connection = self._connection
        if connection is None:
            options = f"-c statement_timeout={round(patience * 1000)} -c lock_timeout={round(patience * 500)}"
            connection = self._connection = open_connection(
                self._address, worker=self._worker, options=options, patience=patience
            )
        watch = threading.Timer(patience, cut, (connection,))
        watch.daemon = True
        watch.start()
        try:
            return act(connection)
        finally:
            watch.cancel()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
