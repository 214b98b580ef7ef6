"""Measure on this machine what the model of a cluster is made of, and write parameters.json.

    python -m benchmarks.scaling.measure [--quick]

It starts a PostgreSQL server of its own on loopback, with its data in a temporary directory, and takes some minutes.
CPU time of PostgreSQL is that of all its processes; bytes of WAL are counted by the server. Commits are those of
`PostgresJournal`, with pages of as many bytes as the model assumes, which cannot be compressed.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import psycopg

from benchmarks.measuring import HOME, Contender, descendants, measure
from benchmarks.scaling import parameters
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
ROUNDS = 3


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
        return min(self._cost_of(work) for _ in range(ROUNDS))

    def _cost_of(self, work: Callable[[], object]) -> Cost:
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


# ---------------------------------------------------------------- messages, polls, heartbeats

# The tables and statements of messages as the cluster engine is designed; nothing else is in the way of the figures.
MESSAGES = """
CREATE TABLE sent (target int NOT NULL, source int NOT NULL, seq bigint NOT NULL, count int NOT NULL,
    links bytea NOT NULL, PRIMARY KEY (target, source, seq));
ALTER TABLE sent ALTER links SET STORAGE EXTERNAL;
CREATE TABLE worker (id text PRIMARY KEY, node text NOT NULL, beat timestamptz NOT NULL) WITH (fillfactor = 50);
"""
WRITE = """INSERT INTO sent SELECT target, %(source)s, %(seq)s, count, links
    FROM unnest(%(targets)s::int[], %(counts)s::int[], %(payloads)s::bytea[]) AS new (target, count, links)"""
POLL = """SELECT sent.target, sent.source, sent.seq, sent.links
    FROM unnest(%(targets)s::int[], %(sources)s::int[], %(seqs)s::bigint[]) AS read (target, source, seq)
    JOIN sent ON sent.target = read.target AND sent.source = read.source AND sent.seq > read.seq"""
BEAT = """UPDATE worker SET beat = clock_timestamp() WHERE id = %(id)s"""
LOST = """SELECT id FROM worker WHERE beat < clock_timestamp() - interval '5 seconds'"""
LINK_BYTES = 40


def messages(meter: Meter, scale: float) -> dict[str, float]:
    connection = meter.connection
    connection.execute(MESSAGES)
    us, wal, client, seq = [], [], [], 0
    count = round(1_000 * scale)
    for rows, links in ((1, 1), (40, 1), (40, 20)):
        payloads = [os.urandom(LINK_BYTES * links)] * rows

        def write(rows: int = rows, links: int = links, payloads: list[bytes] = payloads) -> None:
            nonlocal seq
            for _ in range(count):
                seq += 1
                values = {"source": seq % 64, "seq": seq, "targets": list(range(rows)), "counts": [links] * rows}
                connection.execute(WRITE, {**values, "payloads": payloads}, prepare=True, binary=True)

        cost = meter.cost_of(write)
        us.append(cost.us / count)
        wal.append(cost.wal / count)
        client.append(cost.client_us / count)
        print(f"{rows} rows of {links} links: {us[-1]:.0f} us, {wal[-1]:.0f} B of WAL", file=sys.stderr)
    read = polls(connection, meter, scale, seq)
    row_us, row_client = (us[1] - us[0]) / 39, (client[1] - client[0]) / 39
    link_wal = (wal[2] - wal[1]) / (40 * 19)
    return {
        "row_us": row_us, "row_wal": (wal[1] - wal[0]) / 39 - link_wal, "link_wal": link_wal,
        "row_client_us": row_client + read.pop("read_client_us"), **read,
    }  # fmt: skip


def polls(
    connection: psycopg.Connection[tuple[object, ...]], meter: Meter, scale: float, last: int
) -> dict[str, float]:
    """Measure polls that find nothing, by their pairs, and what a row adds that they find."""
    connection.execute("VACUUM ANALYZE sent")
    us, client = [], []
    for sources, targets in ((64, 2), (64, 32), (1_024, 10)):
        pairs = [(target, source) for target in range(targets) for source in range(sources)]
        values = {"targets": [t for t, _ in pairs], "sources": [s for _, s in pairs], "seqs": [last] * len(pairs)}
        count = round(400 * scale)

        def poll(values: dict[str, list[int]] = values, count: int = count) -> None:
            for _ in range(count):
                connection.execute(POLL, values, prepare=True, binary=True).fetchall()

        cost = meter.cost_of(poll)
        us.append((float(len(pairs)), cost.us / count))
        client.append((float(len(pairs)), cost.client_us / count))
        print(f"poll of {sources} sources for {targets} targets: {us[-1][1]:.0f} us", file=sys.stderr)
    poll_us, pair_us = fitted(us)
    poll_client, pair_client = fitted(client)
    values = {"targets": [1] * 64, "sources": list(range(64)), "seqs": [last - 64 * 8] * 64}
    found, count = 0, round(200 * scale)

    def read() -> None:
        nonlocal found
        for _ in range(count):
            found += len(connection.execute(POLL, values, prepare=True, binary=True).fetchall())

    cost = meter.cost_of(read)
    rows = found / ROUNDS
    return {
        "read_us": max(0.0, cost.us - count * (poll_us + 64 * pair_us)) / rows,
        "read_client_us": max(0.0, cost.client_us - count * (poll_client + 64 * pair_client)) / rows,
        "poll_us": poll_us, "pair_us": pair_us, "poll_client_us": poll_client, "pair_client_us": pair_client,
    }  # fmt: skip


def beats(server: PostgresServer, meter: Meter, scale: float) -> dict[str, float]:
    connection, points, have = meter.connection, [], 0
    for workers in (10, 1_000):
        rows = [(f"worker-{number}", "node", datetime.now(UTC)) for number in range(have, workers)]
        connection.cursor().executemany("INSERT INTO worker VALUES (%s, %s, %s)", rows)
        have, count = workers, round(1_000 * scale)

        def beat(workers: int = workers, count: int = count) -> None:
            for number in range(count):
                connection.execute(BEAT, {"id": f"worker-{number % workers}"}, prepare=True)
                connection.execute(LOST, prepare=True).fetchall()

        points.append((float(workers), meter.cost_of(beat).us / count))
        print(f"beat among {workers} workers: {points[-1][1]:.0f} us", file=sys.stderr)
    beat_us, worker_us = fitted(points)
    return {"beat_us": beat_us, "beat_worker_us": worker_us, "connection_memory": _private_memory(server)}


def _private_memory(server: PostgresServer) -> float:
    """Return the mean memory of the server's sessions that is theirs alone."""
    sizes = []
    for process in descendants(server.pid)[1:]:
        if b"127.0.0.1" in Path(f"/proc/{process}/cmdline").read_bytes():
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            sizes.append(sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Private")))
    return sum(sizes) / len(sizes)


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


def measured(programs: Path, *, scale: float = 1.0) -> Measured:
    """Return what this machine costs; a smaller `scale` is quicker, and less exact."""
    assumed = Assumed()
    with tempfile.TemporaryDirectory(prefix="gossamer-scaling-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        server = PostgresServer(programs, Path(home), fsync="on", max_wal_size="8GB")
        server.start()
        with contextlib.ExitStack() as stack:
            stack.callback(server.stop, "immediate")
            meter = stack.enter_context(closing(Meter(server)))
            (version,) = meter.connection.execute("SHOW server_version").fetchone() or ("?",)
            figures = {
                **crawl(server, meter, max(500, round(JAVADOC_PAGES * scale))),
                **commits(server, meter, assumed, scale),
                **messages(meter, scale),
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
    parser.add_argument("--open", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.open:
        open_here(chosen.open)
        return
    programs = binaries()
    if programs is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    found = measured(programs, scale=0.05 if chosen.quick else 1.0)
    if not chosen.quick:
        parameters.save(found)
    for name, value in sorted(vars_of(found)):
        print(f"{name:<20}{value}")


def vars_of(found: Measured) -> Iterator[tuple[str, object]]:
    return ((name, getattr(found, name)) for name in found.__struct_fields__)


if __name__ == "__main__":
    main()
