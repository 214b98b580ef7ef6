"""The simulator of a cluster: workers that hold shards by leases are killed, frozen, started and stopped at random.

Real are the crawls, their frontiers and visitors. On paper are the database with its clock, the mail and the leases
(`tests.support.paper_cluster`). One seed decides everything. A worker that is killed takes its fetches with it. One
that is frozen goes on where it stopped, as if nothing had happened, and commits under an epoch that may be over.
Commits become visible to others late, and not in the order in which they were made.

The referee: every outcome is that of the undisturbed crawl, nothing is recorded twice, no host is asked sooner than its
rest, whoever asks, and the crawl ends.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count

from gossamer.rules.policy import Policy
from gossamer.rules.urls import host_key
from gossamer.values.model import Failure, Request, Response
from gossamer.values.protocol import Fetch
from gossamer.values.reasons import FinishReason
from tests.simulation.truth import Truth, random_truth
from tests.support.paper_cluster import (
    TICK,
    FencedError,
    LeaseOverError,
    PaperCrawl,
    PaperDatabase,
    PaperShard,
    crawl_on_paper,
)

TTL, MARGIN = 5.0, 1.0
"""Time (seconds) after its last beat until which a worker has its shards, and by how much earlier it stops fetching."""
MOST_TICKS = 12_000
MOST_FAULTS = 12
JIFFY = 1e-6


class BrokenCluster(Exception):  # noqa: N818  # it is a finding, not an error
    """A promise was broken; the message has the seed."""


@dataclass
class Worker:
    """A process that holds shards."""

    number: int
    id: int
    """New after each joining, as the id of a worker's row is."""
    beat: float
    frozen_until: float = 0.0
    leaving: bool = False
    shards: dict[int, PaperShard] = field(default_factory=dict)


@dataclass
class ClusterStory:
    """What happened to a crawl."""

    links: int
    kills: int = 0
    freezes: int = 0
    handed_over: int = 0
    lost: int = 0
    fenced: int = 0
    asked_again: int = 0


class Cluster:
    """The workers of a crawl."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"{seed} cluster")
        shallow = self.chance.random() < 0.3
        self.truth, seeds = random_truth(self.chance, redirects=not shallow, hosts=10)
        self.policy = Policy(
            seeds=tuple(seeds),
            scope="any",
            max_depth=self.chance.randint(1, 4) if shallow else None,
            concurrency=self.chance.choice((1, 2, 8)),
            delay=self.chance.choice((0.0, 0.7)),
            host_failures=0,
            user_agent="gossamer",
        )
        self.database = PaperDatabase(self.chance.choice((2, 3, 8)), self.policy)
        self.lag = self.chance.choice((0.0, 1.0, 6.0))
        self.now = 1000.0
        self.story = ClusterStory(0)
        self.workers: list[Worker] = []
        self._owners: dict[int, int] = {}
        self._numbers = 0
        self._ids = count()
        self._faults = 0
        self._gaps: dict[str, float] = {}
        self._asked: dict[str, int] = {}

    # ------------------------------------------------------------ a life

    def run(self) -> PaperCrawl:
        """Crawl to the end."""
        for _ in range(self.chance.randint(1, 3)):
            self._join()
        for _ in range(MOST_TICKS):
            self._strike()
            for worker in list(self.workers):
                if worker.frozen_until <= self.now:
                    self._work(worker)
            self.database.open_level()
            if self.database.finish and not any(worker.shards for worker in self.workers):
                return PaperCrawl([], self.database)
            self.now += TICK
        raise AssertionError("the crawl does not end")

    def _strike(self) -> None:
        if self._faults >= MOST_FAULTS or self.chance.random() > 0.05:
            if not any(not worker.leaving for worker in self.workers):
                self._join()
            return
        self._faults += 1
        match self.chance.choice(("kill", "freeze", "freeze", "join", "leave")):
            case "kill" if self.workers:
                self.workers.remove(self.chance.choice(self.workers))
                self.story.kills += 1
            case "freeze" if self.workers:
                worker = self.chance.choice(self.workers)
                worker.frozen_until = self.now + self.chance.choice((1.0, TTL + TICK, TTL + 2.0, 12.0))
                self.story.freezes += 1
            case "leave" if self.workers:
                self.chance.choice(self.workers).leaving = True
            case _:
                self._join()

    def _join(self) -> None:
        self._numbers += 1
        self.workers.append(Worker(self._numbers, next(self._ids), self.now))

    # ------------------------------------------------------------ one worker

    def _work(self, worker: Worker) -> None:
        """Let a worker do what is due, beat, and take what is free."""
        in_time = self.now <= worker.beat + TTL - MARGIN
        for number, shard in list(worker.shards.items()):
            try:
                shard.step(self.now, may_fetch=in_time)
            except (FencedError, LeaseOverError) as end:
                self.story.fenced += isinstance(end, FencedError)
                del worker.shards[number]
                continue
            self._referee(shard)
            if shard.over:
                self._release(worker, number)
        if self.now > worker.beat + TTL - MARGIN:  # the lease is over: join anew
            worker.shards.clear()
            self.workers.remove(worker)
            self.workers.append(Worker(worker.number, next(self._ids), self.now, leaving=worker.leaving))
            return
        worker.beat = self.now
        self._forget_lost()
        self._balance(worker)
        if worker.leaving and not worker.shards:
            self.workers.remove(worker)

    def _forget_lost(self) -> None:
        """Free the shards of workers whose beat is too old."""
        alive = {worker.id for worker in self.workers if worker.beat >= self.now - TTL}
        for number, owner in list(self._owners.items()):
            if owner not in alive:
                row = self.database.shards[number]
                row.epoch += 1
                row.lost, row.idle = True, False
                self.story.lost += 1
                del self._owners[number]

    def _balance(self, worker: Worker) -> None:
        """Hand over what is too much, and take what is free."""
        staying = [one for one in self.workers if not one.leaving] or [worker]
        share = -(-len(self.database.shards) // len(staying))
        surplus = list(worker.shards) if worker.leaving or self.database.finish else list(worker.shards)[share:]
        for number in surplus:
            worker.shards[number].crawl.stop(FinishReason.STOPPED)
        free = [number for number in range(len(self.database.shards)) if number not in self._owners]
        if not worker.leaving and not self.database.finish:
            for number in free[: max(0, share - len(worker.shards))]:
                self._take(worker, number)

    def _take(self, worker: Worker, number: int) -> None:
        row = self.database.shards[number]
        row.epoch += 1
        row.idle = False
        self._owners[number] = worker.id
        worker.shards[number] = self.shard_of(worker, number)

    def shard_of(self, worker: Worker, number: int) -> PaperShard:
        """Return a shard as a worker begins it: from what the database has, with a visitor of its own."""
        return PaperShard(
            self.database,
            number,
            self.policy,
            self.answer,
            chance=self.chance,
            slowest=2.0,
            now=self.now,
            at_hand=self.chance.choice((0, 20_000)),
            lag=self.lag,
        )

    def _release(self, worker: Worker, number: int) -> None:
        """Give a shard back in order."""
        del worker.shards[number]
        row = self.database.shards[number]
        if row.epoch == 0 or self._owners.get(number) != worker.id:
            return
        row.epoch += 1
        row.lost = False
        self.story.handed_over += 1
        del self._owners[number]

    # ------------------------------------------------------------ the web and the referee

    def answer(self, request: Request) -> Response | Failure:
        """Return the answer of the web, which never changes."""
        self._asked[request.url] = self._asked.get(request.url, 0) + 1
        found = self.truth.get(request.url, Response(request.url, 404, {}))
        assert found is not None, "the truth knows every answer"
        return found

    def _referee(self, shard: PaperShard) -> None:
        """Check that no host was asked sooner than its rest, whoever asked before."""
        for now, step in shard.trace:
            for request in step.requests if isinstance(step, Fetch) else ():
                host = host_key(request.url)
                ready_at = self._gaps.get(host, 0.0)
                assert now >= ready_at - JIFFY, f"{request.url} was fetched {ready_at - now:.3f} s too early"
                delay = self.policy.delay
                self._gaps[host] = now + (delay if isinstance(delay, float) else 0.0)
        shard.trace.clear()


def simulate_cluster(seed: int, new_cluster: type[Cluster] = Cluster) -> ClusterStory:
    """Simulate one seed. Raises BrokenCluster if a promise is not kept."""
    cluster = new_cluster(seed)
    expected = _seen(crawl_on_paper(cluster.policy, lambda request: _answer(cluster.truth, request), 1))
    try:
        found = _seen(cluster.run())
        lost, new = expected.keys() - found.keys(), found.keys() - expected.keys()
        assert found == expected, f"{len(lost)} lost: {sorted(lost)[:5]}; {len(new)} invented: {sorted(new)[:5]}"
    except Exception as error:
        raise BrokenCluster(
            f"seed {seed} at {cluster.now - 1000.0:.1f} s: {type(error).__name__}: {error}\n{cluster.policy}\n"
            f"{cluster.story}\nagain: make simulate FIRST={seed} SEEDS=1 ARGS=--cluster"
        ) from error
    cluster.story.links = len(expected)
    cluster.story.asked_again = sum(cluster._asked.values()) - len(cluster._asked)
    return cluster.story


def _answer(truth: Truth, request: Request) -> Response | Failure:
    found = truth.get(request.url, Response(request.url, 404, {}))
    assert found is not None, "the truth knows every answer"
    return found


def _seen(crawl: PaperCrawl) -> dict[str, tuple[object, ...]]:
    return {
        url: (record.outcome, record.status, record.reason, record.location, record.title)
        for url, record in crawl.records.items()
    }
