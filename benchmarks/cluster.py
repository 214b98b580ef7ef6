"""What a page costs on several workers: processor time of workers, command and PostgreSQL, beside the engine processes.

    python -m benchmarks.cluster [--pages 1000] [--rounds 3] [--shards 2 --shards 16]

20 hosts on loopback, whose pages link to each other everywhere: the worst case for links across shards. The servers are
a process of their own, and not counted. Rounds are interleaved; the median of each is told.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.cluster.campaign import ROOT, Web
from tests.support.postgres import PostgresServer, running_postgres

HOSTS: Final = 20
WORKERS: Final = 2
_TICK: Final = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What one crawl cost, for each page in microseconds of processor time, and how long it took."""

    crawler: float
    postgres: float
    seconds: float
    pages: int

    @property
    def whole(self) -> float:
        """The sum."""
        return self.crawler + self.postgres


def measure(web: Web, postgres: PostgresServer, engine: list[str]) -> Cost:
    """Return what a crawl of all hosts with an engine cost."""
    with tempfile.TemporaryDirectory(prefix="gossamer-cluster-") as home:
        directory = Path(home) / "crawl"
        words = [
            sys.executable, "-m", "gossamer", "crawl", web.urls[0], "--scope", "any", "--allow-private", "127.0.0.0/8",
            "--delay", "0", "--host-concurrency", "4", "--no-robots", "-o", str(directory), "-q", *engine,
        ]  # fmt: skip
        before, database, began = _children(), postgres_seconds(postgres), time.monotonic()
        # The workers are no children of the command that end with it, so a process above all of them counts.
        counting = [sys.executable, "-c", _COUNTING, *words]
        told = subprocess.run(counting, check=True, cwd=ROOT, capture_output=True, text=True).stdout
        seconds = time.monotonic() - began
        assert before <= _children()
        pages = (directory / "pages.jsonl").read_bytes().count(b"\n")
        spent = 1e6 * float(told.split()[-1]) / pages
        return Cost(spent, 1e6 * (postgres_seconds(postgres) - database) / pages, seconds, pages)


_COUNTING: Final = """
import ctypes, os, resource, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: workers that outlive the command come to us
code = subprocess.run(sys.argv[1:]).returncode
try:
    while True:
        os.wait()
except ChildProcessError:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
sys.exit(code)
"""


def postgres_seconds(server: PostgresServer) -> float:
    """Return the processor time (seconds) of a PostgreSQL server and of all sessions it has had."""
    main = int(server.pid)
    total = _ticks(main, whole=True)
    for child in Path(f"/proc/{main}/task/{main}/children").read_text().split():
        total += _ticks(int(child), whole=False)
    return total / _TICK


def _ticks(pid: int, *, whole: bool) -> int:
    """Return the clock ticks of a process; of those that it started and that have ended as well, if `whole`."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15] if whole else fields[11:13]))


def _children() -> float:
    used = os.times()
    return used.children_user + used.children_system


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a page costs on several workers.")
    parser.add_argument("--pages", type=int, default=1000, help="pages of each of the 20 hosts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shards", type=int, action="append", help="default: 2 and 16")
    asked = parser.parse_args()
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as home:
        web = Web(Path(home), HOSTS, asked.pages)
        try:
            cells = {"processes": ["-e", "processes", "--workers", str(WORKERS)]}
            for shards in asked.shards or (2, 16):
                place = ["--place", f"local:{WORKERS}", "--journal", postgres.url]
                cells[f"cluster, {shards} shards"] = ["-e", "cluster", "--shards", str(shards), *place]
            rounds = [{name: measure(web, postgres, cell) for name, cell in cells.items()} for _ in range(asked.rounds)]
        finally:
            web.close()
    base = statistics.median(costs["processes"].whole for costs in rounds)
    print(f"{'engine':<22}{'crawler us':>11}{'postgres us':>13}{'times':>8}{'pages/s':>9}")
    for name in cells:
        crawler = statistics.median(costs[name].crawler for costs in rounds)
        database = statistics.median(costs[name].postgres for costs in rounds)
        speed = statistics.median(costs[name].pages / costs[name].seconds for costs in rounds)
        print(f"{name:<22}{crawler:>11.0f}{database:>13.1f}{(crawler + database) / base:>8.2f}{speed:>9.0f}")


if __name__ == "__main__":
    main()
