"""The tables of docs/explanation/scaling.md: each is a question, and what the model answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from benchmarks.scaling.parameters import Assumed, Measured
from benchmarks.scaling.simulation import Cluster, Load, Simulation
from benchmarks.scaling.takeover import Recovery, database_away, nodes_lost
from benchmarks.scaling.trials import foretold, trials
from gossamer.engines.cluster.leases import MARGIN, TTL

FULL: Final = 0.9
"""Share of its time from which a part of the cluster is what limits it."""
HOURS_A_DAY: Final = 24


class Published(NamedTuple):
    """A crawl that somebody else has described."""

    name: str
    machines: int
    pages_a_second: float
    dollars: float | None
    """For a billion pages."""


PUBLISHED: Final = (
    Published("IRLbot (2008), 41 days", 1, 1_789, None),
    Published("BUbiNG (2014), one agent: “several thousand”", 1, 3_000, None),
    Published("A billion pages in 25.5 hours (2025)", 12, 1.005e9 / (25.5 * 3600), 462 / 1.005),
)
SIZES: Final = (
    Cluster(nodes=10, shards=80),
    Cluster(nodes=100, shards=512),
    Cluster(nodes=100, shards=512, databases=2),
    Cluster(nodes=1_000, shards=4_096, databases=4),
    Cluster(nodes=1_000, shards=4_096, databases=16),
    Cluster(nodes=1_000, shards=4_096, databases=16, poll_every=4.0),
    Cluster(nodes=1_000, workers=1, shards=1_024, databases=16),
    Cluster(nodes=1_000, workers=1, shards=1_024, databases=8, poll_every=2.0),
    Cluster(nodes=1_000, workers=1, shards=1_024, databases=8, poll_every=2.0, group=32),
)
GROUPS: Final = (1, 8, 32)
DATABASES: Final = (2, 4, 8, 16)
KNOWN: Final = (1e9, 1e10, 1e11)
CHEAP_PAGES: Final = (17_550.0, 5_000.0, 1_000.0)
"""CPU (µs) of a page: the published crawl's, and less."""
LARGE: Final = Cluster(nodes=1_000, workers=1, shards=1_024, databases=8, poll_every=2.0, group=32, known=1e11)
RECOVERIES: Final = (
    (Cluster(nodes=10, shards=80, known=1e9), "a node"),
    (Cluster(nodes=10, shards=80, known=1e10), "a node"),
    (Cluster(nodes=100, shards=512, known=1e10), "a node"),
    (Cluster(nodes=100, shards=512, known=1e10), "10 nodes"),
    (Cluster(nodes=100, shards=512, known=1e10), "database, 3 s"),
    (Cluster(nodes=100, shards=512, known=1e10), "database, 30 s"),
    (LARGE, "a node"),
    (LARGE, "100 nodes"),
    (LARGE, "database, 30 s"),
)


def tables(measured: Measured, assumed: Assumed) -> dict[str, str]:
    """Return every table as Markdown, by its name on the page."""
    return {
        "measured": measured_table(measured),
        "sizes": sizes_table(measured, assumed),
        "groups": groups_table(measured, assumed),
        "pages": pages_table(measured, assumed),
        "urls": urls_table(measured, assumed),
        "takeovers": takeovers_table(measured, assumed),
        "costs": costs_table(measured, assumed),
        "trials": trials_table(measured),
    }


def simulated(cluster: Cluster, measured: Measured, assumed: Assumed) -> Load:
    return Simulation(cluster, measured, assumed).run()


def limit(cluster: Cluster, load: Load, assumed: Assumed) -> str:
    """Return what keeps a cluster from more pages a second, and what cannot be as it is."""
    troubles = []
    if load.beat_worst > TTL - MARGIN:
        troubles.append("leases are lost")
    if connections(cluster, assumed) > assumed.connections:
        troubles.append("connections")
    if load.wal_share > FULL:
        troubles.append("WAL")
    elif load.database_cores > FULL * assumed.cores:
        troubles.append(f"database: {load.busiest}")
    elif load.node_share > FULL:
        troubles.append("nodes")
    else:
        troubles.append("nodes, busy with messages")
    return ", ".join(troubles)


def connections(cluster: Cluster, assumed: Assumed) -> float:
    """Return the connections of the database with the heartbeats: its shards' ones, and those of all workers."""
    return cluster.shards / cluster.databases + cluster.nodes * cluster.workers * assumed.worker_connections


# ---------------------------------------------------------------- the tables


def sizes_table(measured: Measured, assumed: Assumed) -> str:
    header = (
        "nodes | workers | shards | databases | polls every, s | shards a row | pages/s | commits/s | rows/s"
        " | cores of a database | WAL MB/s of a database | commit, ms: median, 99 % | delivered, s | limited by"
    )
    return markdown(header, (_size_row(cluster, measured, assumed) for cluster in SIZES))


def _size_row(cluster: Cluster, measured: Measured, assumed: Assumed) -> list[str]:
    load = simulated(cluster, measured, assumed)
    return [
        f"{cluster.nodes:,}", f"{cluster.nodes * cluster.workers:,}", f"{cluster.shards:,}", f"{cluster.databases}",
        f"{cluster.poll_every:.2g}", f"{cluster.group}",
        rounded(load.pages), rounded(load.commits), rounded(load.rows), f"{load.database_cores:.1f}",
        rounded(load.wal / 1e6), f"{rounded(1e3 * load.commit_middle)}, {rounded(1e3 * load.commit_worst)}",
        f"{load.delivery:.2f}", limit(cluster, load, assumed),
    ]  # fmt: skip


def groups_table(measured: Measured, assumed: Assumed) -> str:
    rows = []
    for group in GROUPS:
        row = [f"{group}"]
        for databases in DATABASES:
            cluster = Cluster(nodes=1_000, workers=1, shards=1_024, poll_every=2.0, group=group, databases=databases)
            load = simulated(cluster, measured, assumed)
            row.append(f"{100 * load.node_share:.0f} %, {load.database_cores:.1f}, {load.wal / 1e6:.0f}")
        rows.append(row)
    names = " | ".join(f"{number} databases" for number in DATABASES)
    return markdown(f"shards a row | {names}", rows)


def pages_table(measured: Measured, assumed: Assumed) -> str:
    rows = []
    for page_us in (*CHEAP_PAGES, measured.crawler_us):
        row = [f"{page_us / 1e3:.2g}"]
        for nodes in (1, 2, 5, 10, 20):
            load = simulated(Cluster(nodes=nodes, shards=8 * nodes, page_us=page_us), measured, assumed)
            row.append(f"{rounded(load.pages)} ({100 * load.node_share:.0f} %)")
        rows.append(row)
    return markdown("CPU-ms a page | 1 node | 2 nodes | 5 nodes | 10 nodes | 20 nodes", rows)


def urls_table(measured: Measured, assumed: Assumed) -> str:
    rows = []
    for known in KNOWN:
        pages = known / assumed.known_a_page
        tables = known * measured.url_journal + pages * assumed.page_bytes
        row = [rounded(known), rounded(pages), f"{tables / 1e12:.2g}"]
        for nodes, shards in ((10, 80), (100, 512), (1_000, 1_024)):
            memory = known * measured.url_memory / nodes / assumed.memory
            days = pages / (nodes * assumed.node_pages) / 3600 / HOURS_A_DAY
            opening = known / shards / 1e6 * measured.open_seconds
            fits = f"{100 * memory:.0f} %" if memory < 1 else "**too much**"
            row.append(f"{days:.1f} d, {fits}, {opening:,.0f} s")
        rows.append(row)
    return markdown("known URLs | pages | journal, TB | 10 nodes | 100 nodes | 1,000 nodes", rows)


def takeovers_table(measured: Measured, assumed: Assumed) -> str:
    rows = []
    for cluster, what in RECOVERIES:
        found = recovery(cluster, what, measured, assumed)
        rows.append([
            f"{cluster.nodes:,}", f"{cluster.databases}", rounded(cluster.known), what, f"{found.shards:,}",
            f"{found.found:.1f}", f"{found.first:.1f}", f"{found.last:.0f}", f"{100 * found.pages_lost:.2f} %",
        ])  # fmt: skip
    header = "nodes | databases | known URLs | away | shards that move | found, s | first again, s | last again, s"
    return markdown(f"{header} | pages not fetched, of an hour's", rows)


def recovery(cluster: Cluster, what: str, measured: Measured, assumed: Assumed) -> Recovery:
    """Return what it costs that `what` is away: a database for some seconds, or a number of nodes."""
    first = what.split()[0]
    if first == "database,":
        return database_away(cluster, measured, assumed, float(what.split()[1]))
    return nodes_lost(cluster, measured, assumed, 1 if first == "a" else int(first))


def costs_table(measured: Measured, assumed: Assumed) -> str:
    rows = []
    for crawl in PUBLISHED:
        hours = 1e9 / crawl.pages_a_second / 3600
        dollars = f"{crawl.dollars:.0f}" if crawl.dollars else "not told"
        rows.append([crawl.name, f"{crawl.machines}", rounded(crawl.pages_a_second), f"{hours:,.0f}", dollars])
    for cluster in (
        Cluster(nodes=12, shards=96),
        Cluster(nodes=12, shards=96, page_us=5_000.0),
        Cluster(nodes=100, shards=512),
        LARGE,
    ):
        load = simulated(cluster, measured, assumed)
        hours, machines = 1e9 / load.pages / 3600, cluster.nodes + cluster.databases
        cheap = f", {cluster.page_us / 1e3:.0f} ms of CPU a page" if cluster.page_us else ""
        name = f"this model: {cluster.nodes:,} nodes and {cluster.databases} for PostgreSQL{cheap}"
        rows.append(
            [name, f"{machines:,}", rounded(load.pages), f"{hours:,.1f}", f"{hours * machines * assumed.price:.0f}"]
        )
    return markdown("crawl | machines | pages/s | hours for a billion pages | dollars for a billion pages", rows)


def trials_table(measured: Measured) -> str:
    rows = []
    for trial in trials():
        told, speed = foretold(trial, measured), trial.pages / trial.seconds
        rows.append([
            f"{trial.shards}", rounded(speed), rounded(trial.links / trial.seconds),
            f"{trial.commits / trial.seconds:.0f}, {told.commits * speed:.0f}",
            f"{trial.rows / trial.seconds:.0f}, {told.rows * speed:.0f}",
            f"{trial.wal:.0f}, {told.wal:.0f}",
            f"{1e-3 * trial.postgres_us * speed:.0f}, {1e-3 * told.postgres_us * speed:.0f}",
        ])  # fmt: skip
    header = "shards | pages/s | links sent/s | commits/s | rows/s | WAL, bytes a page"
    return markdown(f"{header} | CPU of PostgreSQL, ms/s", rows)


def measured_table(measured: Measured) -> str:
    m = measured
    crawl = f"{m.crawler_us:.0f} µs of the crawler, {m.crawl_postgres_us:.1f} of PostgreSQL"
    opening = f"{m.open_seconds:.2f} s of the worker, {m.open_postgres_us:.2f} of PostgreSQL"
    rows = [
        ["a page of the Java documentation", crawl, f"{m.crawl_wal:.0f}"],
        ["a commit, without its pages", f"{m.commit_us:.0f} µs", f"{m.commit_wal:.0f}"],
        ["a KB that a commit writes", f"{1024 * m.byte_us:.1f} µs", "1,024"],
        ["a message row", f"{m.row_us:.1f} µs to write, {m.read_us:.1f} to read", f"{m.row_wal:.0f}"],
        ["a link in it", "", f"{m.link_wal:.0f}"],
        ["a poll, for each source and target", f"{m.pair_us:.2f} µs", "0"],
        ["a heartbeat", f"{m.beat_us:.0f} µs, and {m.beat_worker_us:.2f} for each worker", ""],
        ["opening a shard, a million known URLs", opening, "0"],
    ]
    memory = (
        f"A known URL takes {m.url_memory:.0f} bytes of a worker's memory and {m.url_journal:.0f} of the tables; "
        f"a connection takes {m.connection_memory / 1e6:.1f} MB of the database server's memory."
    )
    return f"Measured on {m.date}: {m.machine}.\n\n{markdown('what | CPU | bytes of WAL', rows)}\n\n{memory}"


# ---------------------------------------------------------------- Markdown


def markdown(header: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column is text, and the others are figures."""
    names = [name.strip() for name in header.split("|")]
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def rounded(number: float) -> str:
    """Return a number with two or three significant digits: "1,900", "12 k", "3.4 M", "10¹¹" as "100 G"."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e4)):
        if number >= size:
            value = number / (1e3 if unit == "k" else size)
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.2g} {unit}"
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def as_text(found: Mapping[str, str]) -> str:
    """Return all tables for a terminal."""
    return "\n\n".join(f"## {name}\n\n{text}" for name, text in found.items())
