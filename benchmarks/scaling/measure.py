"""Measure on this machine what the model of a cluster is made of, and write parameters.json.

    python -m benchmarks.scaling.measure [--quick | --opening LINKS]

It starts a PostgreSQL server of its own on loopback, with its data in a temporary directory, and takes some minutes.
CPU time of PostgreSQL is that of all its processes; bytes of WAL are counted by the server. Commits are those of
`PostgresJournal`, with pages of as many bytes as the model assumes, which cannot be compressed. `--opening` only tells
how long a shard with so many known links takes to open, and writes nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.measuring import HOME, Contender, measure
from benchmarks.scaling import parameters
from benchmarks.scaling.messages import beats, messages
from benchmarks.scaling.meter import ROUNDS, Meter, fitted
from benchmarks.scaling.parameters import Assumed, Measured
from benchmarks.sites import JavadocSite
from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.journals.address import PostgresAddress
from gossamer.journals.postgres import PostgresJournal
from gossamer.rules.policy import Policy
from gossamer.rules.urls import fingerprint
from gossamer.values.model import Link, OutcomeKind
from gossamer.values.protocol import Batch, Ended, Outcome
from gossamer.values.snapshot import SavedStats
from tests.support.postgres import PostgresServer, binaries

PAGES = (5, 25, 250)
"""Numbers of pages of the commits that are measured: what a commit costs, and what a page, follows from these."""
JAVADOC_PAGES = 10_137


# ---------------------------------------------------------------- commits


class MadeUpPages:
    """Batches of pages as of the web: each ends, and has led to some new links. Nothing in them can be compressed."""

    def __init__(self, assumed: Assumed) -> None:
        self._random = random.Random(1)
        self._assumed = assumed
        self._known = 0

    def batch(self, pages: int) -> Batch:
        links = self.links(round(pages * self._assumed.known_a_page))
        size = max(0, round(self._assumed.page_bytes - 35 * self._assumed.known_a_page))
        done = [
            Ended(link, Outcome(b'{"url":"x"}\n', OutcomeKind.DONE, memo=self._random.randbytes(size)))
            for link in links[:pages]
        ]
        return Batch(
            tuple(done), links, tuple(fingerprint(link.url, 1) for link in links), (), SavedStats(fetches=pages)
        )

    def links(self, count: int) -> tuple[Link, ...]:
        first, self._known = self._known, self._known + count
        return tuple(
            Link(id_, f"https://host{id_ % 1000}.example/{self._random.getrandbits(40):x}/{id_}.html", 3, 0, "")
            for id_ in range(first, first + count)
        )


def fingerprints(links: Sequence[Link]) -> tuple[int, ...]:
    return tuple(fingerprint(link.url, 1) for link in links)


def commits(server: PostgresServer, meter: Meter, assumed: Assumed, scale: float) -> dict[str, float]:
    us, wal = [], []
    for pages in PAGES:
        journal, made_up = PostgresJournal(server.address()), MadeUpPages(assumed)
        journal.open()
        count = max(20, round(scale * 10_000 / (pages + 5)))
        for each in [made_up.batch(pages) for _ in range(20)]:
            journal.commit(each, {})
        batches = iter([made_up.batch(pages) for _ in range(count * ROUNDS)])

        def commit(batches: Iterator[Batch] = batches, count: int = count, journal: PostgresJournal = journal) -> None:
            for each in islice(batches, count):
                journal.commit(each, {})

        cost = meter.cost_of(commit)
        us.append((float(pages), cost.us / count))
        wal.append((float(pages), cost.wal / count))
        print(f"commit of {pages} pages: {cost.us / count:.0f} us, {cost.wal / count:,.0f} B of WAL", file=sys.stderr)
        journal.close()
    commit_us, page_us = fitted(us)
    commit_wal, page_wal = fitted(wal)
    return {"commit_us": commit_us, "byte_us": page_us / page_wal, "commit_wal": commit_wal}


# ---------------------------------------------------------------- opening


def opening(server: PostgresServer, meter: Meter, assumed: Assumed, links: int) -> dict[str, float]:
    address, made_up = server.address(), MadeUpPages(assumed)
    journal = PostgresJournal(address)
    journal.open()
    for _ in range(0, links, 2_500):
        new = made_up.links(2_500)
        journal.commit(Batch((), new, fingerprints(new)), {})
    journal.close()
    query = (
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
    )
    (size,) = meter.connection.execute(query, (address.schema,)).fetchone() or (0,)
    found: dict[str, float] = {}

    def open_it() -> None:
        words = [sys.executable, "-m", "benchmarks.scaling.measure", "--open", str(address)]
        found.update(json.loads(subprocess.run(words, cwd=HOME, check=True, capture_output=True).stdout))

    cost = meter.cost_of(open_it)
    return {
        "open_seconds": found["seconds"] / links * 1e6, "open_postgres_us": cost.us / links, "open_bytes": 14.0,
        "url_memory": found["memory"] / links, "url_journal": float(size) / links,
    }  # fmt: skip


def open_here(address: str) -> None:
    """Open a journal in this new process, and print CPU seconds and bytes."""
    journal, frontier = PostgresJournal(PostgresAddress.of(address)), Frontier(host_concurrency=1)
    base, began = resident(), time.process_time()
    saved = journal.open()
    frontier.restore(saved)
    policy = Policy(seeds=("https://host1.example/",), robots=False, scope="any")
    crawl = Crawl(policy, frontier, key=saved.key)
    seconds = time.process_time() - began
    del saved
    print(json.dumps({"seconds": seconds, "memory": resident() - base, "known": crawl.snapshot(0.0).known}))
    journal.close()


def resident() -> float:
    """Return the resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# ---------------------------------------------------------------- a crawl


def crawl(server: PostgresServer, meter: Meter, pages: int) -> dict[str, float]:
    with JavadocSite() as site:
        words = "crawl {url} -o {directory} -q --no-progress --allow-private 127.0.0.1 --delay 0 --host-concurrency 64"
        limit = f"--engine asyncio --max-pages {pages} --journal {server.url}"
        contender = Contender("gossamer", (sys.executable, "-m", "gossamer", *words.split(), *limit.split()), pages)
        runs = []
        cost = meter.cost_of(lambda: runs.append(measure(contender, site, JAVADOC_PAGES)))
    run = min(runs, key=lambda run: run.cpu)
    print(f"crawl of {run.pages} pages: {1000 * run.cpu_ms_a_page:.0f} us a page", file=sys.stderr)
    return {
        "crawler_us": 1000 * run.cpu_ms_a_page,
        "crawl_postgres_us": cost.us / run.pages,
        "crawl_wal": cost.wal / run.pages,
    }


@contextlib.contextmanager
def running(programs: Path) -> Iterator[tuple[PostgresServer, Meter]]:
    """Yield a server that keeps what it is told, as one for a crawl does, and a meter of its work."""
    with tempfile.TemporaryDirectory(prefix="gossamer-scaling-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        server = PostgresServer(programs, Path(home), fsync="on", max_wal_size="8GB")
        server.start()
        with contextlib.ExitStack() as stack:
            stack.callback(server.stop, "immediate")
            yield server, stack.enter_context(closing(Meter(server)))


def measured(programs: Path, *, scale: float = 1.0) -> Measured:
    """Return what this machine costs; a smaller `scale` is quicker, and less exact."""
    assumed = Assumed()
    with running(programs) as (server, meter):
        (version,) = meter.connection.execute("SHOW server_version").fetchone() or ("?",)
        figures = {
            **crawl(server, meter, max(500, round(JAVADOC_PAGES * scale))),
            **commits(server, meter, assumed, scale),
            **messages(server, meter, scale),
            **beats(server, meter, scale),
            **opening(server, meter, assumed, round(1_000_000 * scale)),
        }
    machine = (
        f"{os.cpu_count()} cores ({processor()}), Python {platform.python_version()}, PostgreSQL {version.split()[0]}"
    )
    return Measured(machine=machine, date=datetime.now(UTC).date().isoformat(), **figures)


def processor() -> str:
    """Return the name of the processor, without its trimmings."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0].replace("(R)", "").replace("(TM)", "") if names else platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the work; write nothing")
    parser.add_argument("--opening", type=int, metavar="LINKS", help="only open a shard that knows so many links")
    parser.add_argument("--open", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.open:
        open_here(chosen.open)
        return
    programs = binaries()
    if programs is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    if chosen.opening:
        with running(programs) as (server, meter):
            for name, figure in opening(server, meter, Assumed(), chosen.opening).items():
                print(f"{name:<20}{figure}")
        return
    found = measured(programs, scale=0.05 if chosen.quick else 1.0)
    if not chosen.quick:
        parameters.save(found)
    for name, value in sorted(vars_of(found)):
        print(f"{name:<20}{value}")


def vars_of(found: Measured) -> Iterator[tuple[str, object]]:
    return ((name, getattr(found, name)) for name in found.__struct_fields__)


if __name__ == "__main__":
    main()
