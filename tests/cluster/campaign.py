"""A crawl by real workers against a real PostgreSQL and real servers, with faults; judged by the servers' own log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Final, LiteralString, NamedTuple

import psycopg
from psycopg import sql

import gossamer
from tests.cluster.serve import url
from tests.support.postgres import PostgresServer

SOURCE: Final = Path(gossamer.__file__).parent.parent
ROOT: Final = Path(__file__).parents[2]
GRAIN: Final = 0.002
"""Maximum time (seconds) between what the log of the servers says and what was."""


class Verdict(NamedTuple):
    """What became of a crawl."""

    recorded: int
    lost: int
    twice: int
    strangers: int
    again: int
    """Number of pages that were fetched more than once, each time after the first counted."""
    smallest_gap: float
    """Shortest time (seconds) from an answer to the next request to the same host."""
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.recorded:,} recorded, {self.lost} lost, {self.twice} twice, {self.strangers} strangers, "
            f"{self.again} fetched again, smallest gap {self.smallest_gap:.3f} s, {self.seconds:.1f} s"
        )


class Access(NamedTuple):
    """A line of the servers' log."""

    came: float
    answered: float
    host: int
    path: str


class Web:
    """The servers, in a process of their own."""

    def __init__(self, home: Path, hosts: int, pages: int) -> None:
        self.hosts, self.pages = hosts, pages
        self._log = home / "access.log"
        words = [sys.executable, "-m", "tests.cluster.serve", str(hosts), str(pages), str(self._log)]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    @property
    def urls(self) -> list[str]:
        return [url(index, self.hosts, self.port) for index in range(self.hosts * self.pages)]

    def log(self) -> list[Access]:
        lines = self._log.read_text().splitlines()
        return [
            Access(float(came), float(answered), int(host), path)
            for came, answered, host, path in map(str.split, lines)
        ]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Campaign:
    """One crawl with workers that a test starts, hurts and ends."""

    def __init__(self, home: Path, postgres: PostgresServer, web: Web, *, shards: int, delay: float) -> None:
        self.home, self.postgres, self.web = home, postgres, web
        self.directory = home / "crawl"
        self.address = postgres.address("campaign")
        self._shards, self._delay = shards, delay
        self._workers: list[subprocess.Popen[bytes]] = []
        self._began = time.monotonic()
        self.command: subprocess.Popen[bytes] | None = None

    @property
    def total(self) -> int:
        """Return the number of pages."""
        return self.web.hosts * self.web.pages

    @property
    def hired(self) -> int:
        """Return the number of workers that were started."""
        return len(self._workers)

    # ------------------------------------------------------------ what happens

    def begin(self, *more: str, place: str = "none") -> None:
        """Start the command that makes the crawl and looks on."""
        self.command = self.run(
            "crawl", self.web.urls[0], "--engine", "cluster", "--journal", str(self.address), "--shards",
            str(self._shards), "--place", place, "-o", str(self.directory), "--scope", "any", "--allow-private",
            "127.0.0.0/8", "--delay", str(self._delay), "-q", *more,
        )  # fmt: skip
        self._wait(lambda: self._count("crawl") == 1)

    def resume(self, *more: str) -> None:
        """Start the command that takes the crawl up."""
        self.command = self.run("resume", str(self.directory), "-q", *more)

    def hire(self, port: int | None = None) -> subprocess.Popen[bytes]:
        """Start a worker, which reaches the database on a port (default: its own)."""
        journal = str(self.address).replace(f":{self.postgres.port}/", f":{port or self.postgres.port}/")
        worker = self.run("worker", journal)
        self._workers.append(worker)
        return worker

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join((str(SOURCE), str(ROOT)))
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": str(self.home)}
        with (self.home / f"{words[0]}-{len(self._workers)}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "gossamer", *words], env=environment, cwd=self.home, stdout=log, stderr=log
            )

    def until_recorded(self, pages: int) -> None:
        """Wait until so many links have ended."""
        self._wait(lambda: self._ended() >= pages)

    def end(self, patience: float = 120.0) -> int:
        """Wait until the crawl is over, and return the exit code of the command."""
        assert self.command is not None
        return self.command.wait(patience)

    def close(self) -> None:
        """End every process that still runs."""
        for process in (*self._workers, *([self.command] if self.command else [])):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    # ------------------------------------------------------------ what came of it

    def verdict(self) -> Verdict:
        """Judge the crawl by its results and by the servers' log."""
        lines = (self.directory / "pages.jsonl").read_bytes().splitlines()
        records = Counter(json.loads(line)["url"] for line in lines)
        wanted = set(self.web.urls)
        log = self.web.log()
        pages = Counter((access.host, access.path) for access in log if access.path.strip("/").isdigit())
        return Verdict(
            recorded=sum(records.values()),
            lost=len(wanted - set(records)),
            twice=sum(count - 1 for count in records.values()),
            strangers=len(set(records) - wanted),
            again=sum(count - 1 for count in pages.values()),
            smallest_gap=min(gaps(log)),
            seconds=time.monotonic() - self._began,
        )

    def first_fetch_after(self, moment: float, hosts: set[int]) -> float:
        """Return how long (seconds) after a moment the last of some hosts was asked again."""
        return max(min(a.came for a in self.web.log() if a.came > moment and a.host == host) for host in hosts) - moment

    # ------------------------------------------------------------ the database

    def _ended(self) -> int:
        return self._count("shard", "sum(ended)")

    def _count(self, table: str, what: LiteralString = "count(*)") -> int:
        with suppress(psycopg.Error), psycopg.connect(self.address.url, autocommit=True) as connection:
            query = sql.SQL("SELECT coalesce({}, 0)::int FROM {}").format(
                sql.SQL(what), sql.Identifier(self.address.schema, table)
            )
            for (number,) in connection.execute(query):
                return int(number)
        return 0

    def _wait(self, holds: Callable[[], object], patience: float = 60.0) -> None:
        ends = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < ends, f"it did not come to that; {self.home} has the logs"
            assert self.command is None or self.command.poll() is None, "the command has ended"
            time.sleep(0.05)


def gaps(log: list[Access]) -> Iterator[float]:
    """Yield the times from each answer of a host to the next request there."""
    hosts: dict[int, list[Access]] = {}
    for access in sorted(log):
        hosts.setdefault(access.host, []).append(access)
    for accesses in hosts.values():
        for before, after in pairwise(accesses):
            yield after.came - before.answered


@contextmanager
def campaign(
    home: Path, postgres: PostgresServer, *, hosts: int, pages: int, shards: int, delay: float
) -> Iterator[Campaign]:
    """Yield a campaign; every process ends with the block."""
    web = Web(home, hosts, pages)
    try:
        running = Campaign(home, postgres, web, shards=shards, delay=delay)
        try:
            yield running
        finally:
            running.close()
    finally:
        web.close()
