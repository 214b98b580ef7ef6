"""A discrete-event simulation of a cluster: shards that commit, workers that poll and beat, and their database.

The rules and times are those of the cluster engine: a commit of a shard is due by its age or when enough pages have
come together, and one is under way at a time; a shard starts nothing new while its commit has been under way for
more than a second; a commit writes a row for each target that its foreign links go to; each worker polls the mail of
its shards with one query, and beats once a second. A database server is `cores` processors with one queue, and a log
that takes `wal_rate` bytes a second.

With several databases one of them is simulated: the one that has the heartbeats too. The others do the same but for
these. Nothing is drawn by chance: targets are spread evenly, and commits of shards are spread over time.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush, heapreplace
from typing import Final

from msgspec import Struct

from benchmarks.scaling.parameters import Assumed, Measured
from gossamer.core.commit_buffer import COMMIT_PAGES
from gossamer.core.crawl import SHARD_COMMIT_AGE
from gossamer.engines.cluster.leases import BEAT
from gossamer.engines.cluster.shard_driver import SLOW_COMMIT
from gossamer.engines.cluster.worker import MAIL_EVERY

SECOND: Final = 1e6
"""Microseconds."""


class Cluster(Struct, frozen=True, kw_only=True):
    """What is simulated."""

    nodes: int
    """Number of nodes."""
    workers: int = 4
    """Number of workers of a node: each fetches on one core, and has pages read on others (`cpu_workers`)."""
    shards: int
    """Number of shards."""
    databases: int = 1
    """Number of databases; shards are spread over them."""
    group: int = 1
    """Number of shards that a message row is addressed to together."""
    poll_every: float = MAIL_EVERY
    """Seconds between two polls of a worker."""
    known: float = 0.0
    """Known URLs, of all shards."""
    page_us: float | None = None
    """CPU of a node for a page; None: as much as the published crawl's."""
    foreign_links: float | None = None
    """Foreign links a page; None: as assumed."""


class Load(Struct, frozen=True, kw_only=True):
    """What a simulated cluster does in a second, and how long things take (seconds)."""

    pages: float
    commits: float
    rows: float
    reads: float
    links: float
    wal: float
    """Bytes of WAL of one database."""
    database_cores: float
    """Processors that one database keeps busy."""
    busiest: str
    """What takes most of their time: commits, message rows, polls or heartbeats."""
    wal_share: float
    """Share of time in which its log is busy."""
    node_share: float
    """Share of the nodes' processors that pages take; the rest goes to messages and polls, or waits for commits."""
    commit_middle: float
    """Median time of a commit."""
    commit_worst: float
    """The time that 99 % of the commits stay under."""
    beat_worst: float
    """The longest heartbeat. Beyond TTL - margin leases are lost."""
    delivery: float
    """Mean time from a page to the commit of what it leads to in another shard's crawl, without the reader's own."""


class Database:
    """A server: processors with one queue, and a disk that takes `rate` bytes a second. Work comes in order of time."""

    def __init__(self, cores: int, rate: float) -> None:
        self._free = [0.0] * cores
        self._disk_free = 0.0
        self._rate = rate
        self._seconds = 0.0
        self._bytes = 0.0

    def done(self, now: float, us: float, size: float = 0.0) -> float:
        """Return when work is done that begins at `now`, takes `us` of CPU time, and moves `size` bytes."""
        seconds = us / SECOND
        end = max(now, self._free[0]) + seconds
        heapreplace(self._free, end)
        self._seconds += seconds
        if size:
            self._bytes += size
            end = self._disk_free = max(self._disk_free, end) + size / self._rate
        return end

    def worked(self, now: float) -> float:
        """Return the processor seconds of work done until now."""
        return self._seconds - sum(max(0.0, free - now) for free in self._free)

    def moved(self, now: float) -> float:
        """Return the bytes that went to or from the disk until now."""
        return self._bytes - max(0.0, self._disk_free - now) * self._rate


Event = tuple[float, "Handler", int]
"""When something happens, what, and to which shard or worker."""
Handler = Callable[[float, int], Event]


_NOTHING: Final = (0.0, 0.0, 0.0, 0.0)


class Simulation:
    """A cluster at work for some seconds."""

    def __init__(self, cluster: Cluster, measured: Measured, assumed: Assumed) -> None:
        self._cluster, self._measured, self._assumed = cluster, measured, assumed
        self._database = Database(assumed.cores, assumed.wal_rate)
        self._shards = max(1, cluster.shards // cluster.databases)
        self._page_us = cluster.page_us or assumed.cores * SECOND / assumed.node_pages
        links = assumed.foreign_links if cluster.foreign_links is None else cluster.foreign_links
        self._foreign = links * (1 - 1 / cluster.shards)
        self._groups = max(1, cluster.shards // cluster.group)
        self._targets = self._groups - (cluster.group == 1)  # a shard sends nothing to itself
        self._workers = cluster.nodes * cluster.workers
        self._own_shards = cluster.shards / self._workers
        self._own_groups = min(float(self._groups), self._own_shards)
        self._speed = assumed.cores * cluster.nodes / cluster.shards * SECOND  # CPU (µs) of a shard in a second
        self._debt = [0.0] * self._shards
        self._begun = [0.0] * self._shards
        self._under_way = [_NOTHING] * self._shards
        self._events: list[tuple[float, int, Handler, int]] = []
        self._number = 0
        self._rows = 0.0
        self._seen = [0.0] * self._workers
        self._us = dict.fromkeys(("commits", "message rows", "polls", "heartbeats"), 0.0)
        self._forget()

    def run(self, warm_up: float = 2.0, seconds: float = 4.0) -> Load:
        """Return what happens in `seconds` that begin after the warm-up."""
        self._start()
        self._until(warm_up)
        self._forget()
        worked, moved = self._database.worked(warm_up), self._database.moved(warm_up)
        end = warm_up + seconds
        self._until(end)
        return self._load(seconds, self._database.worked(end) - worked, self._database.moved(end) - moved)

    # ------------------------------------------------------------ events

    def _start(self) -> None:
        for shard in range(self._shards):
            self._at((SHARD_COMMIT_AGE * (1 + shard / self._shards), self._commit, shard))
        for worker in range(self._workers):
            self._at((self._cluster.poll_every * worker / self._workers, self._poll, worker))
            self._at((BEAT * worker / self._workers, self._beat, worker))
        heapify(self._events)

    def _at(self, event: Event) -> None:
        when, what, who = event
        self._number += 1
        heappush(self._events, (when, self._number, what, who))

    def _until(self, end: float) -> None:
        while self._events[0][0] < end:
            now, _, what, who = heappop(self._events)
            self._at(what(now, who))

    def _commit(self, now: float, shard: int) -> Event:
        """Send what a shard has fetched since its last commit was sent."""
        measured = self._measured
        pages = max(0.0, (now - self._begun[shard]) * self._speed - self._debt[shard]) / self._page_us
        links = pages * self._foreign
        rows = targets(links, self._targets)
        wal = measured.commit_wal + pages * self._assumed.page_bytes + rows * measured.row_wal
        wal += links * measured.link_wal
        own, others = measured.commit_us + wal * measured.byte_us, rows * measured.row_us
        end = self._database.done(now, own + others, wal)
        self._us["commits"] += own
        self._us["message rows"] += others
        self._under_way[shard] = (now, pages, links, rows)
        return end, self._committed, shard

    def _committed(self, now: float, shard: int) -> Event:
        """Count a commit that is permanent; the next one is due when it is old or large enough."""
        began, pages, links, rows = self._under_way[shard]
        self._rows += rows
        self._pages += pages
        self._links += links
        self._commits.append(now - began)
        due = max(now, began + min(SHARD_COMMIT_AGE, COMMIT_PAGES * self._page_us / self._speed))
        self._ages.append((due - began) / 2 + now - began)
        self._begun[shard] = began + max(0.0, now - began - SLOW_COMMIT)  # in so much of the time nothing was started
        self._debt[shard] = rows * self._measured.row_client_us + self._poll_client_us()
        return due, self._commit, shard

    def _poll_client_us(self) -> float:
        """Return what polls of all databases cost a worker between two commits of a shard, for each of its shards."""
        measured, cluster = self._measured, self._cluster
        pairs = cluster.shards * self._own_groups
        us = measured.poll_client_us * cluster.databases + pairs * measured.pair_client_us
        return us * SHARD_COMMIT_AGE / self._cluster.poll_every / max(1.0, self._own_shards)

    def _poll(self, now: float, worker: int) -> Event:
        measured = self._measured
        new = (self._rows - self._seen[worker]) * self._own_groups / self._groups
        self._seen[worker] = self._rows
        pairs = self._shards * self._own_groups
        us = measured.poll_us + pairs * measured.pair_us + new * measured.read_us
        end = self._database.done(now, us)
        self._us["polls"] += us
        self._reads += new
        self._polls.append(end - now)
        return max(end, now + self._cluster.poll_every), self._poll, worker

    def _beat(self, now: float, worker: int) -> Event:
        measured = self._measured
        us = measured.beat_us + self._workers * measured.beat_worker_us
        end = self._database.done(now, us)
        self._us["heartbeats"] += us
        self._beats.append(end - now)
        return max(end, now + BEAT), self._beat, worker

    # ------------------------------------------------------------ figures

    def _forget(self) -> None:
        self._pages = self._links = self._reads = 0.0
        self._rows_before = self._rows
        self._commits: list[float] = []
        self._polls: list[float] = []
        self._beats: list[float] = []
        self._ages: list[float] = []

    def _load(self, seconds: float, busy: float, written: float) -> Load:
        cluster, assumed = self._cluster, self._assumed
        whole = cluster.databases / seconds
        commits = sorted(self._commits) or [0.0]
        pages = self._pages * whole
        aged = sum(self._ages) / max(1, len(self._ages))
        polled = cluster.poll_every / 2 + sum(self._polls) / max(1, len(self._polls))
        return Load(
            pages=pages,
            commits=len(self._commits) * whole,
            rows=(self._rows - self._rows_before) * whole,
            reads=self._reads * whole,
            links=self._links * whole,
            wal=written / seconds,
            database_cores=busy / seconds,
            busiest=max(self._us, key=self._us.__getitem__),
            wal_share=written / seconds / assumed.wal_rate,
            node_share=pages * self._page_us / SECOND / (assumed.cores * cluster.nodes),
            commit_middle=commits[len(commits) // 2],
            commit_worst=commits[int(0.99 * (len(commits) - 1))],
            beat_worst=max(self._beats, default=0.0),
            delivery=aged + polled,
        )


def targets(links: float, groups: int) -> float:
    """Return the expected number of distinct groups that so many links go to, spread evenly."""
    return groups * (1 - (1 - 1 / groups) ** links) if groups > 1 else min(1.0, links)
