"""What the model of a cluster takes for granted: what was measured on one machine, and what had to be assumed.

Everything measured lies in parameters.json, which `python -m benchmarks.scaling.measure` writes. Everything assumed
stands here, with its reason. CPU time is of one core of the machine that measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

FILE: Final = Path(__file__).parent / "parameters.json"


class Measured(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What things cost on one machine. `us` is CPU time in microseconds, `wal` bytes of PostgreSQL's log."""

    machine: str
    """The processor, its cores, and the versions of Python and PostgreSQL."""
    date: str
    """The day of the measurement."""
    crawler_us: float
    """CPU of a crawler for a page of the Java documentation, journal in PostgreSQL included."""
    crawl_postgres_us: float
    """CPU of PostgreSQL for such a page."""
    crawl_wal: float
    """Bytes of WAL for such a page."""
    commit_us: float
    """CPU of PostgreSQL for a commit, without its pages."""
    commit_wal: float
    """Bytes of WAL for a commit, without its pages."""
    byte_us: float
    """CPU of PostgreSQL for a byte that a commit writes into the WAL."""
    row_us: float
    """CPU of PostgreSQL for a message row: writing it in a commit."""
    row_wal: float
    """Bytes of WAL for a message row, without its links."""
    link_wal: float
    """Bytes of WAL for a link in a message row."""
    row_client_us: float
    """CPU of the workers for a message row: packing and reading it."""
    read_us: float
    """CPU of PostgreSQL for a message row that a poll returns."""
    poll_us: float
    """CPU of PostgreSQL for a poll, without the pairs that it looks at."""
    pair_us: float
    """CPU of PostgreSQL for one pair of a source and a target that a poll looks at."""
    poll_client_us: float
    """CPU of the worker for a poll, without the pairs."""
    pair_client_us: float
    """CPU of the worker for one pair."""
    beat_us: float
    """CPU of PostgreSQL for a heartbeat."""
    beat_worker_us: float
    """CPU of PostgreSQL for each worker that a heartbeat looks at."""
    open_seconds: float
    """CPU seconds of a worker to open a shard that knows a million URLs: to read it, and restore the frontier."""
    open_postgres_us: float
    """CPU of PostgreSQL for a known URL that is read when a shard is opened."""
    open_bytes: float
    """Bytes of a known URL that are read when a shard is opened."""
    url_memory: float
    """Bytes of a worker's memory for a known URL."""
    url_journal: float
    """Bytes of the journal's tables for a known URL."""
    connection_memory: float
    """Bytes of PostgreSQL's memory for a connection in use."""


class Assumed(Struct, frozen=True, kw_only=True):
    """What was not measured here."""

    cores: int = 16
    """Cores of a node and of a database server: those of the published crawl of a billion pages (i7i.4xlarge)."""
    memory: float = 128e9
    """Bytes of memory of such a machine."""
    price: float = 462 / (12 * 25.5)
    """Dollars an hour of such a machine: what that crawl paid for 12 of them in 25.5 hours."""
    node_pages: float = 1.005e9 / (12 * 25.5 * 3600)
    """Pages a second of such a node: what that crawl reached, its processors being the limit (TLS and parsing)."""
    page_bytes: float = 1_200.0
    """Bytes that a page of the web adds to the journal: more than documentation, as memos and records are longer."""
    known_a_page: float = 41 / 6.3
    """URLs that become known for each page fetched: IRLbot saw 41 billion in 6.3 billion pages."""
    pages_a_host: float = 6.3e9 / 117e6
    """Pages that a host has on average: IRLbot saw 117 million hosts."""
    foreign_links: float = 3.0
    """Links a page that go to another shard, after those that the worker has sent lately are left out."""
    wal_rate: float = 250e6
    """Bytes of WAL a second that a database server sustains: the tables are written as well, and replicas read."""
    ssd: float = 1e9
    """Bytes a second that such a server reads when shards are opened."""
    connections: int = 2_000
    """Connections of a database server: more are possible, but each is a process."""
    worker_connections: int = 3
    """Connections of a worker besides one for each of its shards: heartbeats, calls, mail."""
    rest: float = 1.0
    """Seconds for which every host of a lost shard rests before it is asked again."""
    robots: float = 0.5
    """Seconds until a robots.txt is read, which is asked for before the first page of a host."""


def load(file: Path = FILE) -> Measured:
    """Return what was measured. Raises msgspec.ValidationError for a file of another kind."""
    return msgspec.json.decode(file.read_bytes(), type=Measured)


def save(measured: Measured, file: Path = FILE) -> None:
    """Write what was measured, one figure a line."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=2) + b"\n")
