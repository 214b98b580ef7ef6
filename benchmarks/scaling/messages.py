"""What messages between shards, polls for them and heartbeats cost a database, by the statements of the engine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.scaling.meter import ROUNDS, Meter, fitted
from gossamer.engines.cluster.postgres_leases import PostgresLeases, PostgresMail
from gossamer.journals import cluster_crawl
from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import open_connection
from gossamer.journals.postgres import PostgresJournal
from gossamer.rules.urls import fingerprint
from gossamer.values.cluster import Parcel
from gossamer.values.model import Outlink, Outlinks
from gossamer.values.protocol import Batch
from tests.support.postgres import PostgresServer

SHARDS = 1_100


def messages(server: PostgresServer, meter: Meter, scale: float) -> dict[str, float]:
    """Measure message rows in commits, by what commits with more rows and more links cost more; and polls."""
    address = server.address()
    cluster_crawl.create(address, b"", shards=SHARDS)
    with open_connection(address) as connection:
        connection.execute("UPDATE shard SET epoch = 1")
    journal = PostgresJournal(address, shard=0, epoch=1)
    journal.open()
    us, wal, client, count = [], [], [], round(500 * scale)
    for rows, links in ((1, 1), (40, 1), (40, 20)):
        parcels = {target: (Parcel(3, outlinks=outlinks(target, links)),) for target in range(1, rows + 1)}

        def write(parcels: Mapping[int, tuple[Parcel, ...]] = parcels) -> None:
            for _ in range(count):
                journal.commit(Batch((), (), (), outbox=parcels), {})

        cost = meter.cost_of(write)
        us.append(cost.us / count)
        wal.append(cost.wal / count)
        client.append(cost.client_us / count)
        print(f"{rows} rows of {links} links: {us[-1]:.0f} us, {wal[-1]:.0f} B of WAL", file=sys.stderr)
    read = polls(address, meter, scale, journal.seq)
    journal.close()
    link_wal = (wal[2] - wal[1]) / (40 * 19)
    return {
        "row_us": (us[1] - us[0]) / 39, "row_wal": (wal[1] - wal[0]) / 39 - link_wal, "link_wal": link_wal,
        "row_client_us": (client[1] - client[0]) / 39 + read.pop("read_client_us"), **read,
    }  # fmt: skip


def outlinks(host: int, count: int) -> Outlinks:
    urls = [f"https://host{host}.example/{fingerprint(str(number), host):x}/{number}.html" for number in range(count)]
    return Outlinks.of([Outlink(fingerprint(url, 1), url) for url in urls])


def polls(address: PostgresAddress, meter: Meter, scale: float, last: int) -> dict[str, float]:
    """Measure polls that find nothing, by their pairs, and what a row adds that they find."""
    meter.connection.execute("VACUUM ANALYZE")
    mailbox, us, client = PostgresMail(address), [], []
    for targets in (1, 8, 32):
        positions = {target: dict.fromkeys(range(SHARDS), last) for target in range(1, targets + 1)}
        count = max(2, round(400 * scale / targets))

        def poll(positions: Mapping[int, Mapping[int, int]] = positions, count: int = count) -> None:
            for _ in range(count):
                assert not any(mailbox.arrived(positions).values())

        cost = meter.cost_of(poll)
        us.append((float(SHARDS * targets), cost.us / count))
        client.append((float(SHARDS * targets), cost.client_us / count))
        print(f"poll of {SHARDS} sources for {targets} targets: {us[-1][1]:.0f} us", file=sys.stderr)
    poll_us, pair_us = fitted(us)
    poll_client, pair_client = fitted(client)
    found, count = 0, round(200 * scale)

    def read() -> None:
        nonlocal found
        for _ in range(count):
            found += len(mailbox.arrived({1: {**dict.fromkeys(range(SHARDS), last), 0: last - 50}})[1])

    cost = meter.cost_of(read)
    mailbox.close()
    rows = found / ROUNDS
    return {
        "read_us": max(0.0, cost.us - count * (poll_us + SHARDS * pair_us)) / rows,
        "read_client_us": max(0.0, cost.client_us - count * (poll_client + SHARDS * pair_client)) / rows,
        "poll_us": poll_us, "pair_us": pair_us, "poll_client_us": poll_client, "pair_client_us": pair_client,
    }  # fmt: skip


def beats(server: PostgresServer, meter: Meter, scale: float) -> dict[str, float]:
    """Measure heartbeats among few and among many workers, each with a shard."""
    points = []
    for workers in (10, 1_000):
        address = server.address()
        cluster_crawl.create(address, b"", shards=workers)
        leases = PostgresLeases(address, node="measured")
        leases.beat()
        with open_connection(address) as connection:
            rows = [
                (f"other-{number}", f"node-{number}", datetime(2100, 1, 1, tzinfo=UTC)) for number in range(1, workers)
            ]
            query = "INSERT INTO worker (id, node, joined, beat) VALUES (%s, %s, now(), %s)"
            connection.cursor().executemany(query, rows)
            connection.execute("UPDATE shard SET owner = 'other-' || shard, epoch = 1 WHERE shard > 0")
        leases.beat()
        count = round(300 * scale)

        def beat(leases: PostgresLeases = leases, count: int = count) -> None:
            for _ in range(count):
                leases.beat()

        points.append((float(workers), meter.cost_of(beat).us / count))
        memory = private_memory(meter)
        leases.leave()
        print(f"beat among {workers} workers: {points[-1][1]:.0f} us", file=sys.stderr)
    beat_us, worker_us = fitted(points)
    return {"beat_us": beat_us, "beat_worker_us": worker_us, "connection_memory": memory}


def private_memory(meter: Meter) -> float:
    """Return the mean memory of workers' sessions that is theirs alone."""
    query = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'gossamer:%'"
    sizes = []
    for (process,) in meter.connection.execute(query).fetchall():
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        sizes.append(sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Private")))
    return sum(sizes) / len(sizes)
