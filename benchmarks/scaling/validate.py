"""Crawl with real workers, and compare what PostgreSQL had to do with what the model says: writes trials.json.

    python -m benchmarks.scaling.validate [--pages 20000]

Two workers crawl a web of 40 hosts on loopback addresses, most of whose links lead to other hosts, without delays:
the worst case for a database. What the model is told is how fast it went, how many links went to other shards, and how
large the rows of pages were. What it must foretell is how many commits and message rows that takes, and how much of
PostgreSQL's processors and log.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.scaling.meter import Meter
from benchmarks.scaling.parameters import load
from benchmarks.scaling.trials import FILE, WORKERS, Trial, foretold
from gossamer.journals.parcels import unpacked_parcels
from tests.cluster.campaign import Campaign, Web
from tests.support.postgres import PostgresServer, binaries

HOSTS: Final = 40
SHARDS: Final = (4, 16)
FIGURES: Final = """
SELECT count(*) FILTER (WHERE known > 0), extract(epoch FROM clock_timestamp()), sum(ended), sum(seq), sum(sent)
FROM shard
"""
SIZE: Final = """
SELECT (SELECT sum(pg_column_size(page.*)) FROM page) + (SELECT sum(pg_column_size(chunk.*)) FROM chunk)
"""


def trial(server: PostgresServer, meter: Meter, shards: int, pages: int) -> Trial:
    """Crawl once, and return what it took."""
    with tempfile.TemporaryDirectory(prefix="gossamer-trial-") as home, ExitStack() as stack:
        web = stack.enter_context(closing(Web(Path(home), HOSTS, pages // HOSTS)))
        campaign = stack.enter_context(closing(Campaign(Path(home), server, web, shards=shards, delay=0.0)))
        campaign.begin("--host-concurrency", "8", "--ip-concurrency", "8")
        meter.connection.execute(f"SET search_path = {campaign.address.schema}")
        for _ in range(WORKERS):
            campaign.hire()
        _wait(meter, pages // 5)
        before = _figures(meter)
        cost = meter.cost_once(lambda: _wait(meter, pages * 4 // 5))
        after = _figures(meter)
        assert campaign.end(600.0) == 0
        packed = meter.connection.execute("SELECT parcels FROM sent").fetchall()
        links = sum(len(parcel.outlinks) for (column,) in packed for parcel in unpacked_parcels(column))
        (size,) = meter.connection.execute(SIZE).fetchone() or (0,)
    seconds, ended, commits, rows = (later - earlier for earlier, later in zip(before[1:], after[1:], strict=True))
    return Trial(
        shards=int(after[0]), pages=int(ended), seconds=seconds, commits=int(commits), rows=int(rows),
        links=rows * links / len(packed), page_bytes=float(size) / pages, postgres_us=cost.us / ended,
        wal=cost.wal / ended,
    )  # fmt: skip


def _wait(meter: Meter, pages: int) -> None:
    """Wait until so many pages have ended."""
    while _figures(meter)[2] < pages:
        time.sleep(0.1)


def _figures(meter: Meter) -> list[float]:
    """Return the number of shards with hosts, the moment (seconds), and what has ended, was committed and sent."""
    row = meter.connection.execute(FIGURES, prepare=True).fetchone()
    assert row is not None, "it returns one row"
    return [float(figure) for figure in row]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=20_000)
    chosen = parser.parse_args()
    programs = binaries()
    if programs is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="gossamer-scaling-", ignore_cleanup_errors=True) as home,
        ExitStack() as stack,
    ):
        Path(home).chmod(0o755)
        server = PostgresServer(programs, Path(home), fsync="on", max_wal_size="8GB")
        server.start()
        stack.callback(server.stop, "immediate")
        meter = stack.enter_context(closing(Meter(server)))
        for shards in SHARDS:
            found.append(trial(server, meter, shards, chosen.pages))
            print(found[-1], foretold(found[-1], load()), file=sys.stderr)
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


if __name__ == "__main__":
    main()
