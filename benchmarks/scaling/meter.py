"""What work costs a PostgreSQL server and this process: CPU time and bytes of its log."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg

from benchmarks.measuring import descendants
from tests.support.postgres import PostgresServer

ROUNDS = 3
"""Number of times that each piece of work is done."""


class Cost(NamedTuple):
    """What something cost: CPU of PostgreSQL and of this process (µs), and bytes of WAL."""

    us: float
    client_us: float
    wal: float


class Meter:
    """Reads what a server has cost so far."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.connection = psycopg.connect(server.url, autocommit=True)

    def close(self) -> None:
        self.connection.close()

    def cost_of(self, work: Callable[[], object]) -> Cost:
        """Return the least cost of some rounds of the same work: what else the machine does only adds to it."""
        return min(self.cost_once(work) for _ in range(ROUNDS))

    def cost_once(self, work: Callable[[], object]) -> Cost:
        us, wal, own = self._cpu(), self._wal(), time.process_time()
        work()
        return Cost(self._cpu() - us, (time.process_time() - own) * 1e6, self._wal() - wal)

    def _wal(self) -> float:
        row = self.connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
        assert row is not None, "it returns one row"
        return float(row[0])

    def _cpu(self) -> float:
        """Return the CPU time of the server's processes so far (µs); of those that have ended to a clock tick."""
        total = 0.0
        root = self._server.pid
        for process in descendants(root):
            with contextlib.suppress(OSError):  # it ended meanwhile, and counts among the ended from now on
                total += int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e3
        ended = Path(f"/proc/{root}/stat").read_text().rpartition(")")[2].split()[13:15]
        return total + sum(map(int, ended)) * 1e6 / os.sysconf("SC_CLK_TCK")


def fitted(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return intercept and slope of the line through points, by least squares."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return max(0.0, mean_y - slope * mean_x), slope
