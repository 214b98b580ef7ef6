"""Shards in two databases: what one sends, the other admits exactly once, whoever is killed, and whenever."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from gossamer.journals import cluster_crawl
from gossamer.journals.address import PostgresAddress
from gossamer.journals.postgres import PostgresJournal
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.two_databases import KEY, sent_by, take_over

HOME = Path(__file__).parents[2]
COMMITS = 300
PATIENCE = 60


@pytest.fixture
def servers() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    with running_postgres() as one, running_postgres() as two:
        yield one, two


class Shards:
    """Two shards, each a process with its journal in a database of its own."""

    def __init__(self, servers: tuple[PostgresServer, PostgresServer]) -> None:
        self.addresses = [server.address() for server in servers]
        for address in self.addresses:
            cluster_crawl.create(address, b"", shards=2, key=KEY)
        self.epochs = [count(1), count(1)]
        self.processes = [self._start(shard) for shard in (0, 1)]

    def _start(self, shard: int) -> subprocess.Popen[bytes]:
        own, other = self.addresses[shard], self.addresses[1 - shard]
        words = [str(own), str(other), str(shard), str(next(self.epochs[shard])), str(COMMITS)]
        return subprocess.Popen([sys.executable, "-m", "tests.support.two_databases", *words], cwd=HOME)

    def kill(self, shard: int) -> None:
        """Kill a shard's process, and have another one go on."""
        self.processes[shard].kill()
        self.processes[shard].wait()
        self.processes[shard] = self._start(shard)

    def overtake(self, shard: int) -> None:
        """Have another process go on, while the one before still runs: it must be fenced."""
        before, self.processes[shard] = self.processes[shard], self._start(shard)
        assert before.wait(PATIENCE) != 0 or self._is_done(shard)

    def _is_done(self, shard: int) -> bool:
        return self.processes[shard].wait(PATIENCE) == 0

    def finish(self) -> None:
        """Wait until both shards are done; one that gave up because its database was away is started again."""
        given_up_at = time.monotonic() + PATIENCE
        while any(process.wait(PATIENCE) for process in self.processes):
            assert time.monotonic() < given_up_at
            for shard, process in enumerate(self.processes):
                if process.returncode:
                    self.processes[shard] = self._start(shard)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def admitted(self, shard: int) -> list[int]:
        """Return the fingerprints of the links that a shard has admitted."""
        epoch = next(self.epochs[shard])
        take_over(self.addresses[shard], shard, epoch)
        journal = PostgresJournal(self.addresses[shard], shard=shard, epoch=epoch)
        saved = journal.open()
        journal.close()
        return [print_ for chunk in saved.chunks for print_ in memoryview(chunk.fingerprints).cast("Q")]


def counters(address: PostgresAddress) -> list[tuple[int, int]]:
    return [(row.sent, row.received) for row in cluster_crawl.shards(address)]


@contextlib.contextmanager
def shards(servers: tuple[PostgresServer, PostgresServer]) -> Iterator[Shards]:
    both = Shards(servers)
    try:
        yield both
    finally:
        both.close()


def assert_exactly_once(both: Shards) -> None:
    for shard in (0, 1):
        admitted = both.admitted(shard)
        assert len(admitted) == len(set(admitted)), "none twice"
        assert set(admitted) == sent_by(1 - shard, COMMITS), "none lost"
        sent, _ = counters(both.addresses[shard])[shard]
        _, received = counters(both.addresses[1 - shard])[1 - shard]
        assert sent == received == COMMITS, "so the end can be told from the counters of both"


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_links_cross_databases_exactly_once_whoever_is_killed(
    servers: tuple[PostgresServer, PostgresServer], seed: int
) -> None:
    chance = random.Random(seed)
    with shards(servers) as both:
        for _ in range(8):
            time.sleep(chance.uniform(0.2, 0.8))
            both.kill(chance.randrange(2))
        both.finish()
        assert_exactly_once(both)


def test_links_cross_databases_exactly_once_though_owners_change_and_a_database_crashes(
    servers: tuple[PostgresServer, PostgresServer],
) -> None:
    with shards(servers) as both:
        for shard in (0, 1, 1, 0):
            time.sleep(0.5)
            both.overtake(shard)
        servers[1].stop("immediate")
        servers[1].start()
        both.finish()
        assert_exactly_once(both)
