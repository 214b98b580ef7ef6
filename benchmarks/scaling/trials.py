"""Real crawls that were measured, and what the model says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from benchmarks.scaling.parameters import Assumed, Measured
from benchmarks.scaling.simulation import Cluster, Simulation

FILE: Final = Path(__file__).parent / "trials.json"
WORKERS: Final = 2


class Trial(Struct, frozen=True, kw_only=True):
    """What a real crawl took while it ran at full speed: between a fifth and four fifths of its pages."""

    shards: int
    """Number of shards that have a host."""
    pages: int
    seconds: float
    commits: int
    rows: int
    """Message rows."""
    links: float
    """Links in them."""
    page_bytes: float
    """Mean size of what a page adds to the tables, without messages."""
    postgres_us: float
    """CPU of PostgreSQL for a page."""
    wal: float
    """Bytes of WAL for a page."""


class Foretold(NamedTuple):
    """What the model says of a trial, for each page."""

    commits: float
    rows: float
    postgres_us: float
    wal: float


def foretold(trial: Trial, measured: Measured) -> Foretold:
    """Return what the model says that a crawl takes that is as fast as a trial."""
    speed = trial.pages / trial.seconds
    assumed = Assumed(page_bytes=trial.page_bytes)
    links = trial.links / trial.pages * trial.shards / max(1, trial.shards - 1)
    cluster = Cluster(
        nodes=1, workers=WORKERS, shards=trial.shards, page_us=assumed.cores * 1e6 / speed, foreign_links=links
    )
    load = Simulation(cluster, measured, assumed).run()
    us = load.database_cores * 1e6
    return Foretold(load.commits / load.pages, load.rows / load.pages, us / load.pages, load.wal / load.pages)


def trials() -> list[Trial]:
    return msgspec.json.decode(FILE.read_bytes(), type=list[Trial])
