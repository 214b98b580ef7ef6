"""A cluster on paper: several shards of a crawl in one process and one thread, with mail and a database in memory."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import count
from operator import or_
from typing import assert_never

import msgspec
import numpy as np

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.rules.policy import Policy
from gossamer.rules.territory import Territory
from gossamer.rules.urls import host_key
from gossamer.values.cluster import Mail, Parcel
from gossamer.values.model import Failure, Link, PageRecord, Request, Response, priority_of
from gossamer.values.protocol import (
    NO_NOTES,
    Arrived,
    Batch,
    BytesGranted,
    Chunk,
    Command,
    Commit,
    Committed,
    Event,
    Fetch,
    LevelOpened,
    PagesGranted,
    Recall,
    Recalled,
    Saved,
    Stop,
    Wait,
)
from gossamer.values.reasons import FinishReason
from gossamer.visit.visitor import Visitor

Answers = Callable[[Request], Response | Failure]
"""What a server answers."""


class FencedError(Exception):
    """The shard has another owner by now."""


class LeaseOverError(Exception):
    """The shard may have another owner by now: nothing may be fetched."""


@dataclass
class ShardRow:
    """What the database knows of one shard."""

    epoch: int = 0
    seq: int = 0
    batches: list[Batch] = field(default_factory=list)
    sent: int = 0
    received: int = 0
    idle: bool = False
    lowest_open: int | None = None
    pages_granted: int = 0
    bytes_granted: int = 0
    wants_pages: bool = False
    wants_bytes: bool = False
    lost: bool = False
    visible_at: float = 0.0


@dataclass(frozen=True)
class SentRow:
    """What one commit sent to one shard."""

    source: int
    seq: int
    packed: bytes
    serial: int
    visible_at: float

    def mail(self) -> Mail:
        return Mail(self.source, self.seq, msgspec.msgpack.decode(self.packed, type=tuple[Parcel, ...]))


class PaperDatabase:
    """The tables of a crawl, and the statements that change them; each call is one transaction."""

    def __init__(self, shards: int, policy: Policy) -> None:
        self.shards = [ShardRow() for _ in range(shards)]
        self.mail: dict[int, list[SentRow]] = {}
        self.serial = 0
        self.level = 0
        self.finish = ""
        self._policy = policy

    # ------------------------------------------------------------ one shard

    def commit(self, shard: int, epoch: int, seq: int, batch: Batch, visible_at: float = 0.0) -> None:
        """Write a batch with its outbox and positions, if epoch and number are right.

        Others see what it sends from a moment on, so that commits of several shards become visible in any order; those
        of one shard in the order in which they were made, because each waits for the row of the shard.
        """
        row = self.shards[shard]
        if row.epoch != epoch or row.seq != seq - 1:
            raise FencedError
        visible_at = row.visible_at = max(row.visible_at, visible_at)
        row.seq = seq
        row.batches.append(batch)
        for target, parcels in batch.outbox.items():
            self.serial += 1
            packed = msgspec.msgpack.encode(parcels)
            self.mail.setdefault(target, []).append(SentRow(shard, seq, packed, self.serial, visible_at))
        row.sent += len(batch.outbox)
        row.received += batch.received
        row.lowest_open = batch.lowest_open
        row.idle = False

    def saved(self, shard: int, *, key: int = 0) -> Saved:
        """Return what a journal of the shard would give back."""
        row = self.shards[shard]
        hosts, positions = dict[str, int](), dict[int, int]()
        chunks, known = list[Chunk](), 0
        for batch in row.batches:
            positions |= batch.positions
            chunks.append(_chunk(batch, known, hosts))
            known += len(batch.links)
        return Saved(
            key,
            tuple(hosts),
            tuple(chunks),
            np.array([one.link.id for batch in row.batches for one in batch.ended], np.uint64).tobytes(),
            stats=row.batches[-1].stats if row.batches else None,
            in_order=not row.lost,
            notes=reduce(or_, [batch.notes for batch in row.batches], NO_NOTES).holding(),
            positions=positions,
        )

    def links(self, shard: int) -> list[Link]:
        """Return all links of a shard, by id."""
        return [link for batch in self.shards[shard].batches for link in batch.links]

    def arrived(self, shard: int, positions: Mapping[int, int], now: float) -> tuple[Mail, ...]:
        """Return the mail for a shard beyond some positions."""
        return tuple(
            row.mail()
            for row in self.mail.get(shard, ())
            if row.seq > positions.get(row.source, 0) and row.visible_at <= now
        )

    # ------------------------------------------------------------ all shards

    def rest(self, shard: int, epoch: int, seq: int, crawl: Crawl, size: int) -> None:
        """Record that a shard is at rest, and take back what it was granted and has not used."""
        row = self.shards[shard]
        if (row.epoch, row.seq) == (epoch, seq):
            row.idle, row.pages_granted, row.bytes_granted = True, crawl.pages, size
            row.wants_pages, row.wants_bytes = crawl.wants_pages, crawl.wants_bytes

    @property
    def free_pages(self) -> float:
        """Return how many pages can be granted."""
        limit = self._policy.max_pages
        return math.inf if limit is None else limit - sum(row.pages_granted for row in self.shards)

    @property
    def free_bytes(self) -> float:
        """Return how many bytes can be granted."""
        limit = self._policy.max_bytes
        return math.inf if limit is None else limit - sum(row.bytes_granted for row in self.shards)

    def grant_pages(self, shard: int, used: int, most: int) -> int:
        """Return how many pages a shard may have in all, at most so many more than it has used."""
        row = self.shards[shard]
        if (more := int(min(used + most - row.pages_granted, self.free_pages))) > 0:
            row.pages_granted, row.idle = row.pages_granted + more, False
        return row.pages_granted

    def grant_bytes(self, shard: int, used: int, most: int) -> int:
        """Return how many bytes a shard may have in all, at most so many more than it has used."""
        row = self.shards[shard]
        if (more := int(min(used + most - row.bytes_granted, self.free_bytes))) > 0:
            row.bytes_granted, row.idle = row.bytes_granted + more, False
        return row.bytes_granted

    def open_level(self) -> None:
        """Open the next level, or end the crawl, if nothing is unread."""
        rows = self.shards
        if sum(row.sent for row in rows) != sum(row.received for row in rows):
            return
        lowest = min((row.lowest_open for row in rows if row.lowest_open is not None), default=self.level)
        if lowest > self.level and all(row.idle or row.seq for row in rows):
            self.level = lowest
            for row in rows:
                row.idle = False
        elif all(row.idle and not self._may_be_granted(row) for row in rows):
            self.finish = "end"

    def _may_be_granted(self, row: ShardRow) -> bool:
        return (row.wants_pages and self.free_pages > 0) or (row.wants_bytes and self.free_bytes > 0)


def _chunk(batch: Batch, first: int, hosts: dict[str, int]) -> Chunk:
    owners = [hosts.setdefault(host_key(link.url), len(hosts)) for link in batch.links]
    return Chunk(
        first,
        np.array(batch.fingerprints, np.uint64).tobytes(),
        np.array(owners, np.uint32).tobytes(),
        np.array([priority_of(link) for link in batch.links], np.uint16).tobytes(),
        np.array(batch.refused, np.uint64).tobytes(),
    )


class PaperShard:
    """One shard while one process has it: its crawl, its own visitor, its fetches in flight."""

    def __init__(
        self,
        database: PaperDatabase,
        shard: int,
        policy: Policy,
        answers: Answers,
        *,
        chance: random.Random,
        slowest: float = 0.0,
        now: float,
        key: int = 0,
        at_hand: int = 20_000,
        visitor: Visitor | None = None,
        lag: float = 0.0,
    ) -> None:
        self.shard = shard
        self.epoch = database.shards[shard].epoch
        self.trace: list[tuple[float, Command | Event]] = []
        self.over = False
        self._database = database
        self._answers = answers
        self._chance = chance
        self._slowest = slowest
        self._visitor = visitor or Visitor(policy, key=key)
        self._lag = lag  # maximum time until others see a commit
        saved = database.saved(shard, key=key)
        self._seq = database.shards[shard].seq
        self._links = database.links(shard)
        frontier = Frontier.of(policy, at_hand=at_hand)
        frontier.restore(saved)
        self.frontier = frontier
        self.crawl = Crawl(policy, frontier, key=key, territory=Territory(shard, len(database.shards)))
        self.crawl.restore(saved, now=now)
        self._flying: list[tuple[float, int, Request, Response | Failure]] = []
        self._order = count()
        self._level = 0
        self._policy = policy

    # ------------------------------------------------------------ one step

    def step(self, now: float, *, may_fetch: bool = True) -> float:
        """Do all that is due; return when something will be due next. Raises FencedError.

        Raises LeaseOverError instead of a fetch where the shard may be another's by now.
        """
        self._hear(now)
        while self._flying and self._flying[0][0] <= now:
            _, _, request, answer = heapq.heappop(self._flying)
            self.handle(self._visitor.visit(request, answer), now)
        while True:
            command = self.crawl.poll(now)
            self.trace.append((now, command))
            match command:
                case Fetch(requests):
                    if not may_fetch:
                        raise LeaseOverError
                    for request in requests:
                        self._fetch(request, now)
                case Recall(ids):
                    self.handle(Recalled(tuple(self._links[id] for id in ids)), now)
                case Commit(batch):
                    self._commit(batch, now)
                case Wait(until):
                    self._rest(now)
                    assert until > now or self._flying, f"shard {self.shard} waits for nothing from {now} to {until}"
                    return min(until, self._flying[0][0] if self._flying else math.inf)
                case Stop():
                    self.over = True
                    return math.inf
                case _:
                    assert_never(command)

    def _commit(self, batch: Batch, now: float) -> None:
        """Commit a batch."""
        self._seq += 1
        visible_at = now + self._chance.random() * self._lag
        self._database.commit(self.shard, self.epoch, self._seq, batch, visible_at)
        self._links += batch.links
        self.handle(Committed(), now)

    def handle(self, event: Event, now: float) -> None:
        """Tell the crawl what happened."""
        self.trace.append((now, event))
        self.crawl.handle(event, now)

    def _fetch(self, request: Request, now: float) -> None:
        answer = self._answers(request)
        took = answer.elapsed if isinstance(answer, Failure) else answer.timings.total
        lands = now + took + self._chance.random() * self._slowest
        heapq.heappush(self._flying, (lands, next(self._order), request, answer))

    def _hear(self, now: float) -> None:
        """Take in orders, grants and mail."""
        database, crawl = self._database, self.crawl
        if database.finish:
            crawl.stop(FinishReason.COMPLETE)
        if self._policy.max_depth is not None and database.level > self._level:
            self._level = database.level
            self.handle(LevelOpened(self._level), now)
        if self._policy.max_pages is not None and crawl.wants_pages:
            self.handle(PagesGranted(database.grant_pages(self.shard, crawl.pages, self._chance.randint(1, 4))), now)
        if self._policy.max_bytes is not None and crawl.wants_bytes:
            used = crawl.snapshot(now).bytes
            self.handle(BytesGranted(database.grant_bytes(self.shard, used, self._chance.randint(100, 1000))), now)
        mail = database.arrived(self.shard, self.crawl.positions, now)
        if mail and self._chance.random() < 0.7:
            self.handle(Arrived(mail[: self._chance.randint(1, len(mail))]), now)

    def _rest(self, now: float) -> None:
        """Give back what was granted and not used, and be counted as idle."""
        crawl = self.crawl
        if crawl.at_rest:
            size = crawl.snapshot(now).bytes
            if self._policy.max_pages is not None:
                self.handle(PagesGranted(crawl.pages), now)
            if self._policy.max_bytes is not None:
                self.handle(BytesGranted(size), now)
            self._database.rest(self.shard, self.epoch, self._seq, crawl, size)


@dataclass
class PaperCrawl:
    """The result of a crawl in several shards."""

    shards: list[PaperShard]
    database: PaperDatabase

    @property
    def batches(self) -> list[Batch]:
        return [batch for row in self.database.shards for batch in row.batches]

    @property
    def records(self) -> dict[str, PageRecord]:
        records = [one.outcome.record for batch in self.batches for one in batch.ended]
        assert len({record.url for record in records}) == len(records), "every link ends once"
        return {record.url: record for record in records}

    @property
    def requests(self) -> list[Request]:
        """Return all fetches."""
        return [
            request
            for shard in self.shards
            for _, step in shard.trace
            if isinstance(step, Fetch)
            for request in step.requests
        ]


TICK = 0.3
"""Seconds between two looks for mail."""
MOST_TICKS = 20_000


def crawl_on_paper(
    policy: Policy, answers: Answers, shards: int, *, seed: int = 0, slowest: float = 0.0, at_hand: int = 20_000
) -> PaperCrawl:
    """Crawl in several shards until all are at rest and nothing is unread."""
    chance = random.Random(seed)
    database = PaperDatabase(shards, policy)
    now = 1000.0
    running = [
        PaperShard(database, shard, policy, answers, chance=chance, slowest=slowest, now=now, at_hand=at_hand)
        for shard in range(shards)
    ]
    for _ in range(MOST_TICKS):
        moments = [shard.step(now) for shard in running if not shard.over]
        if all(shard.over for shard in running):
            return PaperCrawl(running, database)
        database.open_level()
        now = max(now, min([*moments, now + TICK]))
    raise AssertionError("the crawl does not end")
