"""How long shards stand still when nodes are lost, or the database is away: a simulation of beats and claims.

A lost worker is found by the first heartbeat of another one after its lease. Who beats then claims free shards, up to
an equal share, and opens them one after the other: the journal is read, the frontier restored. The hosts of a lost
shard rest, and robots.txt is read, before its first page.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import ceil
from typing import Final

from msgspec import Struct

from benchmarks.scaling.parameters import Assumed, Measured
from benchmarks.scaling.simulation import Cluster, Database
from gossamer.core.crawl import SHARD_COMMIT_AGE
from gossamer.engines.cluster.leases import BEAT, MARGIN, TTL

RECONNECTED: Final = 1.0
"""Seconds at most until a worker tries again to reach the database."""


class Recovery(Struct, frozen=True, kw_only=True):
    """What a fault costs, in seconds since it began."""

    shards: int
    """The number of shards that changed their owner."""
    found: float
    """When the first of them was free."""
    first: float
    """When the first of them fetched again."""
    last: float
    """When the last of them did."""
    pages_lost: float
    """Pages that were not fetched meanwhile, as a share of what the cluster fetches in an hour."""


def nodes_lost(cluster: Cluster, measured: Measured, assumed: Assumed, lost: int = 1) -> Recovery:
    """Return what happens when so many nodes are gone at once, each just after a heartbeat: the worst moment."""
    living = (cluster.nodes - lost) * cluster.workers
    shards = round(cluster.shards * lost / cluster.nodes)
    first_beats = [TTL + BEAT * worker / living for worker in range(living)]
    return _recovered(cluster, measured, assumed, shards, first_beats)


def database_away(cluster: Cluster, measured: Measured, assumed: Assumed, seconds: float) -> Recovery:
    """Return what happens when no database can be reached for a while. Shorter than a lease: nothing moves."""
    if seconds <= TTL - MARGIN:
        still = seconds / 3600
        return Recovery(shards=0, found=seconds, first=seconds, last=seconds + SHARD_COMMIT_AGE, pages_lost=still)
    workers = cluster.nodes * cluster.workers
    first_beats = [max(seconds, TTL) + RECONNECTED * worker / workers for worker in range(workers)]
    return _recovered(cluster, measured, assumed, cluster.shards, first_beats)


def _recovered(
    cluster: Cluster, measured: Measured, assumed: Assumed, shards: int, first_beats: list[float]
) -> Recovery:
    recovery = _Takeover(cluster, measured, assumed, shards, len(first_beats))
    running = recovery.run(first_beats)
    stood = sum(running) / cluster.shards
    return Recovery(
        shards=shards, found=min(first_beats), first=min(running), last=max(running), pages_lost=stood / 3600
    )


class _Takeover:
    """Living workers that claim free shards at their heartbeats, and open them one after the other."""

    def __init__(self, cluster: Cluster, measured: Measured, assumed: Assumed, free: int, living: int) -> None:
        self._measured, self._assumed = measured, assumed
        self._urls = cluster.known / cluster.shards
        self._free = free
        self._share = ceil(cluster.shards / living)
        self._owned = [(cluster.shards - free) / living] * living
        self._unopened = [0] * living
        self._databases = [Database(assumed.cores, assumed.ssd) for _ in range(cluster.databases)]
        self._events: list[tuple[float, bool, int]] = []
        self._running: list[float] = []

    def run(self, first_beats: list[float]) -> list[float]:
        """Return when each free shard fetches again."""
        self._events = [(when, False, worker) for worker, when in enumerate(first_beats)]
        heapify(self._events)
        while self._free or any(self._unopened):
            now, opens, worker = heappop(self._events)
            if opens:
                self._open(now, worker)
            elif self._free:
                self._beat(now, worker)
        return self._running

    def _beat(self, now: float, worker: int) -> None:
        claimed = min(self._free, max(0, ceil(self._share - self._owned[worker])))
        if claimed and not self._unopened[worker]:
            heappush(self._events, (now, True, worker))
        self._unopened[worker] += claimed
        self._owned[worker] += claimed
        self._free -= claimed
        heappush(self._events, (now + BEAT, False, worker))

    def _open(self, now: float, worker: int) -> None:
        database = self._databases[len(self._running) % len(self._databases)]
        measured = self._measured
        read = database.done(now, self._urls * measured.open_postgres_us, self._urls * measured.open_bytes)
        ready = max(read, now + self._urls / 1e6 * measured.open_seconds)
        self._running.append(ready + self._assumed.rest + self._assumed.robots)
        self._unopened[worker] -= 1
        if self._unopened[worker]:
            heappush(self._events, (ready, True, worker))
