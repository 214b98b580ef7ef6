"""A real PostgreSQL server for tests: its own data, on loopback, ended with the tests that started it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from gossamer.journals.address import PostgresAddress

PATIENCE = 30


def binaries() -> Path | None:
    """Return the newest directory of PostgreSQL's programs; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


class PostgresServer:
    """A server on a port of 127.0.0.1 with its data in a directory. It refuses root, so root runs it as `postgres`.

    `options` are settings of the server beside those of tests, or in their place.
    """

    def __init__(self, programs: Path, home: Path, **options: str) -> None:
        self._options = options
        self._programs = programs
        self._data = home / "data"
        self._log = home / "log"
        self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        if self._as:
            shutil.chown(home, "postgres")
        self._run("initdb", "--pgdata", str(self._data), "--username", "tests", "--auth", "trust", "--no-sync")

    @property
    def url(self) -> str:
        """Return the URL of a database there."""
        return f"postgresql://tests@127.0.0.1:{self.port}/postgres"

    def address(self, name: str = "crawl") -> PostgresAddress:
        """Return a schema of its own."""
        return PostgresAddress.of(self.url, f"{name}_{secrets.token_hex(4)}")

    @property
    def pid(self) -> int:
        """Return the process id of the running server; its sessions are its children."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start the server, and wait until it answers. It is no child of this process, whose children tests count."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "off",
            "max_connections": 200, **self._options,
        }  # fmt: skip
        settings = " ".join(f"-c {name}={value or repr(value)}" for name, value in options.items())
        self._control("start", "--log", str(self._log), "--options", settings)

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop the server: fast ends its sessions and writes all out, immediate is like a crash."""
        if (self._data / "postmaster.pid").exists():
            self._control("stop", "--mode", mode)

    def _control(self, verb: str, *arguments: str) -> None:
        self._run("pg_ctl", verb, "--pgdata", str(self._data), "--wait", "--timeout", str(PATIENCE), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Yield a running server; skip the test where PostgreSQL is not installed."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="gossamer-postgres-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        server = PostgresServer(programs, Path(home))
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
