"""ShardCrawl: one shard of a crawl while a worker has it, from the opening of its journal until it is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines.aio import ReadingTurn
from gossamer.engines.cluster.leases import AtRest, Leases
from gossamer.engines.cluster.shard_driver import ShardDriver
from gossamer.engines.cluster.threaded_engine import ThreadedEngine
from gossamer.engines.driver import AsyncEngine
from gossamer.engines.parts import EngineParts
from gossamer.engines.politeness_audit import Auditor
from gossamer.engines.processes.cpu_pool import CpuPool
from gossamer.engines.processes.wire import BodyTransfer
from gossamer.engines.table import DEFAULT_ENGINE, ENGINES
from gossamer.rules.territory import Territory
from gossamer.values.cluster import Mail
from gossamer.values.errors import JournalError
from gossamer.values.model import Failure, Request, Response
from gossamer.values.ports import AsyncFetcher, Clock, Journal
from gossamer.values.protocol import Arrived, BytesGranted, LevelOpened, PagesGranted, Saved, Stop
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats
from gossamer.visit.visitor import Work

ASK_EVERY: Final = 1.0
"""Minimum time (seconds) between two requests for pages."""
GATHERING: Final = 0.005
"""Time (seconds) that events wait for others, while less than half of the fetches under way have landed."""
TEND_EVERY: Final = 1.0
"""Time (seconds) between two looks after what is kept back."""
REST_EVERY: Final = 0.2
"""Minimum time (seconds) between two attempts to mark a shard as idle."""
REST_AGAIN: Final = 5.0
"""Time (seconds) after which a shard that is still at rest is marked again: who takes a crawl up clears the marks."""


class ShardJournal(Journal, Protocol):
    """A journal of one shard, opened under an epoch."""

    @property
    def seq(self) -> int:
        """The number of the last commit."""
        ...

    @property
    def passed(self) -> float:
        """Time (seconds) between the last commit and the opening, by the database's clock."""
        ...

    @property
    def fresh_loss(self) -> bool:
        """Whether the owner before was lost, and did not hand the shard over."""
        ...

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        """Record the final statistics."""
        ...

    def interrupt(self) -> None:
        """End the call that is under way, with a JournalError; safe from any thread."""
        ...


class HeldOutcomes(Journal, Protocol):
    """A journal around one of a shard that keeps outcomes back until the files with their pages are uploaded."""

    @property
    def holds(self) -> bool:
        """Whether outcomes are kept back."""
        ...

    def tend(self) -> None:
        """Look after what is kept back; to be called about once a second."""
        ...

    def hurry(self) -> None:
        """Have what is kept back uploaded now; it does not wait for that."""
        ...

    def flush(self) -> None:
        """Wait until nothing is kept back."""
        ...


class WorkerParts(Struct, frozen=True):
    """What the shards of one worker share."""

    work: Work
    fetcher: AsyncFetcher
    threads: Executor
    """The threads that do store work."""
    clock: Clock
    turn: ReadingTurn
    pool: CpuPool | None = None
    """Processes that read answers; None where the event loop reads them."""
    bodies: BodyTransfer = BodyTransfer.NONE
    """What worker processes send back of an answer."""


class ShardCrawl:
    """Crawls one shard under one epoch; it fetches nothing while `may_start` says no.

    The methods belong to the event loop. `run` ends when the shard was told to `stop`, and is committed.
    """

    def __init__(
        self, territory: Territory, epoch: int, journal: ShardJournal, leases: Leases, parts: WorkerParts,
        may_start: Callable[[], bool], held: HeldOutcomes | None = None,
    ) -> None:  # fmt: skip
        self.epoch = epoch
        self.positions: dict[int, int] = {}
        """The number of the last commit of each other shard whose mail this crawl was given."""
        self.reason: FinishReason | None = None
        """Why the crawl of the shard ended; None while it runs."""
        self.follows_loss = False
        """Whether this process gave the shard up before, so that what it asked last was not recorded."""
        self._territory = territory
        self._journal = journal
        self._held = held
        self._store: Journal = held or journal
        self._leases = leases
        self._parts = parts
        self._may_start = may_start
        self._driver: ShardDriver | None = None
        self._engine: AsyncEngine | None = None
        self._level = 0
        self._stop_asked: FinishReason | None = None
        self._rested: int | None = None  # the commit after which the shard was marked as idle
        self._pages = self._size = 0  # granted
        self._asked: asyncio.Future[None] | None = None
        self._ask_after = self._rest_after = self._rest_again = self._tend_after = 0.0

    # ------------------------------------------------------------ from the worker

    @property
    def is_open(self) -> bool:
        """Whether the journal is open, so that mail can be taken."""
        return self._driver is not None

    def stop(self, reason: FinishReason) -> None:
        """Start nothing new, let what is in flight land, commit, and end."""
        self._stop_asked = self._stop_asked or reason
        if self._driver is not None:
            self._driver.stop(reason)
            self._wake()

    def arrived(self, mail: tuple[Mail, ...]) -> None:
        """Take mail, which is newer than `positions`."""
        for one in mail:
            self.positions[one.source] = one.seq
        self._tell(Arrived(mail))

    def open_level(self, depth: int) -> None:
        """Let links of a depth start, with `max_depth`."""
        if depth > self._level:
            self._level, self._rested = depth, None  # no shard is idle any more
            self._tell(LevelOpened(depth))

    def interrupt(self) -> None:
        """End the store work that is under way, because the shard is lost."""
        self._journal.interrupt()

    def _tell(self, event: Arrived | LevelOpened | PagesGranted | BytesGranted) -> None:
        if self._driver is not None:
            self._driver.tell(event)
            self._wake()

    def _wake(self) -> None:
        if self._engine is not None:
            self._engine.wake()

    # ------------------------------------------------------------ running

    async def run(self) -> None:
        """Crawl until told to stop. Raises FencedError where the shard has another owner, and JournalError."""
        loop = asyncio.get_running_loop()
        saved = await loop.run_in_executor(self._parts.threads, self._store.open)
        self.positions = dict(saved.positions)
        engine = self._engine = self._engine_of(saved)
        try:
            crawl = self._crawl_of(saved)
            driver = self._driver = self._driver_of(crawl, saved, engine)
            if self._stop_asked is not None:
                driver.stop(self._stop_asked)
            if self._level:
                driver.tell(LevelOpened(self._level))
            await self._drive(crawl, driver, engine)
            await loop.run_in_executor(self._parts.threads, self._finish, driver)
        finally:
            await engine.aclose()
            await self._end_store_work()

    async def _drive(self, crawl: Crawl, driver: ShardDriver, engine: AsyncEngine) -> None:
        while True:
            command = driver.advance(engine.start)
            driver.landed()  # nobody here looks at pages
            if isinstance(command, Stop):
                self.reason = command.reason
                return
            self._tend(crawl)
            events = await engine.collect(driver.patience(command))
            if events and 2 * len(events) < driver.in_flight:  # more will land at once: one step for all of them
                await asyncio.sleep(GATHERING)
                events = [*events, *await engine.collect(0.0)]
            driver.report(events)

    def _tend(self, crawl: Crawl) -> None:
        """Mark the shard as idle, or ask for more pages, where that is due."""
        now = self._parts.clock.now()
        if self._asked is not None and self._asked.done():
            asked, self._asked = self._asked, None
            if (trouble := asked.exception()) is not None and not isinstance(trouble, JournalError):
                raise trouble
        if self._asked is not None:
            return
        if self._held is not None and now >= self._tend_after:
            self._tend_after = now + TEND_EVERY
            self._ask(self._held.tend)
        elif (crawl.wants_pages or crawl.wants_bytes) and now >= self._ask_after:
            self._ask_after = now + ASK_EVERY
            self._ask(partial(self._ask_for_more, crawl.wants_pages, crawl.pages, crawl.size))
        elif crawl.at_rest and now >= (self._rest_again if self._rested == self._journal.seq else self._rest_after):
            self._rest_after, self._rest_again = now + REST_EVERY, now + REST_AGAIN
            if self._held is not None and self._held.holds:
                self._held.hurry()  # what it holds is committed when it is tended
                return
            self._ask(partial(self._mark_idle, self._given_back(crawl)))

    def _ask(self, what: Callable[[], None]) -> None:
        self._asked = asyncio.get_running_loop().run_in_executor(self._parts.threads, what)
        self._asked.add_done_callback(lambda _: self._wake())

    def _given_back(self, crawl: Crawl) -> AtRest:
        """Return the state in which the shard rests, and use no more of what was granted: resting gives it back."""
        if self._pages > crawl.pages:
            self._pages = crawl.pages
            self._tell(PagesGranted(crawl.pages))
        if self._size > crawl.size:
            self._size = crawl.size
            self._tell(BytesGranted(crawl.size))
        return AtRest(
            self._journal.seq, self._level, crawl.pages, crawl.size, crawl.wants_pages, crawl.wants_bytes
        )  # fmt: skip

    def _ask_for_more(self, pages: bool, used: int, size: int) -> None:
        """Ask for more pages, or else for more bytes; whoever got some is not at rest any more."""
        assert self._driver is not None
        shard = self._territory.shard
        if pages and (granted := self._leases.grant(shard, self.epoch, used)) > self._pages:
            self._pages, self._rested, self._ask_after = granted, None, 0.0
            self._driver.tell(PagesGranted(granted))
        elif not pages and (granted := self._leases.grant_bytes(shard, self.epoch, size)) > self._size:
            self._size, self._rested, self._ask_after = granted, None, 0.0
            self._driver.tell(BytesGranted(granted))

    def _mark_idle(self, state: AtRest) -> None:
        if self._leases.rest(self._territory.shard, self.epoch, state):
            self._rested = state.seq

    def _finish(self, driver: ShardDriver) -> None:
        """Have everything that ended committed, and note the final statistics, in a thread."""
        if self._held is not None:
            self._held.flush()
        assert self.reason is not None, "the crawl of the shard has ended"
        self._journal.note(self.reason.value, driver.saved_stats())

    async def _end_store_work(self) -> None:
        """Close the journal when no thread uses it any more."""
        works: list[asyncio.Future[Any]] = [] if self._asked is None else [self._asked]
        if self._driver is not None and (running := self._driver.running) is not None:
            works.append(asyncio.wrap_future(running))
        await asyncio.gather(*works, return_exceptions=True)
        self._driver = None
        await asyncio.get_running_loop().run_in_executor(self._parts.threads, self._store.close)

    # ------------------------------------------------------------ putting together

    def _engine_of(self, saved: Saved) -> AsyncEngine:
        """Return an engine with the worker's fetcher and a visitor of its own.

        What a visitor has reported it leaves out later, so it must not outlive the crawl to which it reported.
        """
        parts = self._parts
        work = msgspec.structs.replace(parts.work, key=saved.key)
        if work.policy.workers:
            [make_with_workers] = [one.make_with_workers for one in ENGINES.values() if one.make_with_workers]
            return ThreadedEngine(make_with_workers(EngineParts(work, None, bodies=parts.bodies)))
        make = ENGINES[DEFAULT_ENGINE].make_in_loop
        assert make is not None, "the default engine runs in an event loop"
        fetcher = BorrowedFetcher(parts.fetcher)
        return make(EngineParts(work, fetcher, parts.pool, parts.bodies, parts.turn))

    def _crawl_of(self, saved: Saved) -> Crawl:
        policy = self._parts.work.policy
        frontier = Frontier.of(policy)
        frontier.restore(saved)
        crawl = Crawl(policy, frontier, key=saved.key, territory=self._territory)
        in_order = not (self._journal.fresh_loss or self.follows_loss)
        saved = msgspec.structs.replace(saved, in_order=in_order)
        crawl.restore(saved, passed=self._journal.passed, now=self._parts.clock.now())
        return crawl

    def _driver_of(self, crawl: Crawl, saved: Saved, engine: AsyncEngine) -> ShardDriver:
        parts = self._parts
        return ShardDriver(
            crawl,
            self._store,
            parts.clock,
            pool=parts.threads,
            wake=engine.wake,
            may_start=lambda now: self._may_start(),
            auditor=Auditor(parts.work.policy, saved.stats.audit if saved.stats else None),
        )


class BorrowedFetcher:
    """A fetcher that belongs to somebody else: closing it does nothing."""

    def __init__(self, fetcher: AsyncFetcher) -> None:
        self._fetcher = fetcher

    async def fetch(self, request: Request) -> Response | Failure:
        """Fetch one URL."""
        return await self._fetcher.fetch(request)

    async def aclose(self) -> None:
        """Leave the fetcher open."""


def policy_of_shard(work: Work, shards: int) -> Work:
    """Return the work of one shard: it has its part of the requests at once."""
    policy = work.policy
    concurrency = max(1, -(-(policy.concurrency or 1) // shards))
    return msgspec.structs.replace(work, policy=msgspec.structs.replace(policy, concurrency=concurrency))
