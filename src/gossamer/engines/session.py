"""A session: store, crawl, driver and engine put together, and one crawl run from opening to closing.

    store.open() -> what is saved, journal, outputs ─> Driver(Crawl, journal, clock, auditor)
    ENGINES[name] + EngineParts(work, fetcher, pool) ─> Engine
    run(driver, engine) ─> batches of what was committed ─> store.changes(), store.close()

What it needs comes as values; it does not know where a store keeps things, nor what engines there are.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, aclosing, closing, contextmanager, nullcontext
from threading import Timer
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines.bridges import from_thread, in_threads, run_in_loop
from gossamer.engines.clock import SystemClock
from gossamer.engines.driver import AsyncEngine, Driver, Engine, Trace, arun, run
from gossamer.engines.monitor import Monitor
from gossamer.engines.parts import EngineParts, FetcherT
from gossamer.engines.politeness_audit import Auditor
from gossamer.engines.processes.cpu_pool import CpuPool
from gossamer.engines.processes.wire import BodyTransfer, WorkerConfig
from gossamer.engines.table import ENGINES, cores, names
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.fetchers.source import FetcherSource
from gossamer.parse.text import extract
from gossamer.values.audit import Audit
from gossamer.values.errors import UserError
from gossamer.values.ports import Clock, Journal, Output, PreviousCrawl
from gossamer.values.protocol import Ended, Saved
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import Changes, SavedStats, Snapshot
from gossamer.visit import function_ref
from gossamer.visit.handlers import FullRefetch
from gossamer.visit.visitor import Work

TIME_GRACE: Final = 3.0
"""Time (seconds) after the time limit for what is in flight to land; the rest is given up, and stays pending."""
Known = Callable[[Sequence[int]], Sequence[bool]]
"""Returns for each fingerprint whether the crawl has seen its URL."""


class OpenedStore(Struct, frozen=True):
    """A store that is open: what it remembers, what it writes to, and the crawl that this one updates."""

    saved: Saved
    journal: Journal
    outputs: Mapping[str, Output] = {}
    previous: PreviousCrawl | None = None


class Store(Protocol):
    """Where a crawl is recorded. Once `open` has returned, `close` is called however the crawl ends."""

    def open(self) -> OpenedStore:
        """Open it. Raise UserError, with nothing left open, where the crawl cannot begin."""
        ...

    def changes(self, snapshot: Snapshot, known: Known) -> Changes:
        """Return what changed since the crawl before, pages that are gone included, when the crawl has ended."""
        ...

    def close(self, reason: FinishReason | None, stats: SavedStats | None) -> None:
        """Record why the crawl ended, with its final statistics, and close; both are None if it broke off."""
        ...


class Session:
    """Run one crawl, once: by `run`, `arun`, `batches` or `abatches`.

    `recorded` takes the place of the web. `bodies` is what worker processes send back of an answer. Raises UserError
    for handlers in `work` that the engine cannot run.
    """

    def __init__(
        self,
        engine: str,
        work: Work,
        store: Store,
        *,
        clock: Clock,
        recorded: RecordedFetcher | None = None,
        trace: Trace | None = None,
        bodies: BodyTransfer = BodyTransfer.WHOLE,
        monitor: Monitor | None = None,
    ) -> None:
        _refuse_unfit_handlers(engine, work)
        self.work = work
        self._traits = ENGINES[engine]
        self._store = store
        self._clock = clock
        self._fetchers = FetcherSource(FetchOptions.of(work.policy), recorded)
        self._trace = trace
        self._bodies = bodies
        self._monitor = monitor
        self._auditor = Auditor(work.policy)
        self._driver: Driver | None = None
        self._known: Known = lambda fingerprints: [False] * len(fingerprints)
        self._engine: Engine | AsyncEngine | None = None

    # ------------------------------------------------------------ running

    def run(self) -> None:
        """Crawl to the end, blocking: in a loop of its own where the engine needs one."""
        if self._traits.in_loop:
            run_in_loop(self.arun)
            return
        for _ in self._blocking():
            pass

    async def arun(self) -> None:
        """Crawl to the end inside an event loop."""
        async with aclosing(self.abatches()) as batches:
            async for _ in batches:
                pass

    def batches(self) -> Iterator[list[Ended]]:
        """Return an iterator over what each commit made permanent; closing it ends the crawl."""
        return from_thread(self._awaited) if self._traits.in_loop else self._blocking()

    def abatches(self) -> AsyncGenerator[list[Ended], None]:
        """Return the same for callers inside an event loop."""
        return self._awaited() if self._traits.in_loop else in_threads(self._blocking(), self.abandon)

    def stop(self) -> None:
        """Start nothing new, let what is in flight land, save, and end. Safe from other threads and signal handlers."""
        if self._driver is not None:
            self._driver.stop()
            if (engine := self._engine) is not None:
                engine.wake()

    def abandon(self) -> None:
        """End at once; what is in flight is pending for the next run. Safe from other threads and signal handlers."""
        if self._driver is not None:
            self._driver.abandon()
            if (engine := self._engine) is not None:
                engine.abort()

    @property
    def snapshot(self) -> Snapshot | None:
        """The crawl a moment ago; None before it began. May be read from any thread."""
        return None if self._driver is None else self._driver.latest

    @property
    def audit(self) -> Audit:
        """What hosts have seen of the crawl so far, earlier runs included."""
        return self._auditor.stats()

    # ------------------------------------------------------------ the engine

    # A fetcher is made before the store is opened: what it refuses leaves no trace there.

    def _blocking(self) -> Iterator[list[Ended]]:
        if (make_with_workers := self._traits.make_with_workers) is not None:
            with self._opened() as (driver, pool):
                yield from self._run(driver, make_with_workers(self._parts(self._fetchers.recorded, pool)))
            return
        make = self._traits.make
        assert make is not None, "this engine runs in an event loop"
        fetcher = self._fetchers.blocking()
        with ExitStack() as unused:
            unused.callback(fetcher.close)
            with self._opened() as (driver, pool):
                engine = make(self._parts(fetcher, pool))
                unused.pop_all()  # the engine closes it from now on
                yield from self._run(driver, engine)

    def _run(self, driver: Driver, engine: Engine) -> Iterator[list[Ended]]:
        self._engine = engine
        return run(driver, engine)

    async def _awaited(self) -> AsyncGenerator[list[Ended], None]:
        make = self._traits.make_in_loop
        assert make is not None, "this engine blocks"
        fetcher = self._fetchers.awaiting()
        async with AsyncExitStack() as unused:
            unused.push_async_callback(fetcher.aclose)
            with self._opened() as (driver, pool):
                engine = self._engine = make(self._parts(fetcher, pool))
                unused.pop_all()
                async with aclosing(arun(driver, engine)) as batches:
                    async for batch in batches:
                        yield batch

    def _parts(self, fetcher: FetcherT, pool: CpuPool | None) -> EngineParts[FetcherT]:
        return EngineParts(self.work, fetcher, pool, self._bodies)

    @contextmanager
    def _opened(self) -> Iterator[tuple[Driver, CpuPool | None]]:
        """Hold the store and the processes that read answers open, for as long as the engine runs."""
        opened = self._store.open()
        workers_busy, error = 0.0, ""
        try:
            self._driver = self._driver_of(opened)
            if self._monitor is not None:
                resumed = opened.saved.stats is not None
                self._monitor.begin(self._driver.latest, self._clock.wall(), resumed=resumed)
            began, spent = self._clock.now(), _time_of_children()
            try:
                with self._time_limit(opened.saved), self._cpu_pool() as pool:
                    yield self._driver, pool
            finally:
                passed = self._clock.now() - began
                if self._traits.worker_processes and passed > 0:  # the workers have ended
                    workers = self.work.policy.workers or 1
                    workers_busy = (_time_of_children() - spent) / passed / workers
        except Exception as broken:
            error = f"{type(broken).__name__}: {broken}"
            raise
        finally:
            self._close(workers_busy, error)

    @contextmanager
    def _time_limit(self, saved: Saved) -> Iterator[None]:
        """Abandon what is in flight some time after the time limit; in simulated time everything lands at once."""
        limit, before = self.work.policy.max_time, saved.stats.elapsed if saved.stats else 0.0
        if limit is None or not isinstance(self._clock, SystemClock):
            yield
            return
        timer = Timer(max(0.0, limit - before) + TIME_GRACE, self._expire)
        timer.name, timer.daemon = "gossamer-time-limit", True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        """End at once, because of the time limit: an engine that blocks has not even been told of it."""
        if self._driver is not None:
            self._driver.stop(FinishReason.TIME_LIMIT)
        self.abandon()

    def _cpu_pool(self) -> AbstractContextManager[CpuPool | None]:
        """Start the processes that read answers, unless the engine's own workers do; they end with the block."""
        processes = 0 if self._traits.worker_processes else cpu_processes(self.work)
        return closing(CpuPool(WorkerConfig(self.work), processes)) if processes else nullcontext()

    # ------------------------------------------------------------ opening and closing

    def _driver_of(self, opened: OpenedStore) -> Driver:
        """Return a driver of the crawl as it was saved."""
        saved, policy = opened.saved, self.work.policy
        self.work = msgspec.structs.replace(self.work, key=saved.key)
        frontier = Frontier.of(policy)
        frontier.restore(saved)
        self._known = frontier.has
        crawl = Crawl(policy, frontier, key=saved.key)
        passed = max(0.0, self._clock.wall() - saved.saved_at)
        crawl.restore(saved, passed=passed, now=self._clock.now())
        self._auditor = Auditor(policy, saved.stats.audit if saved.stats else None)
        previous = opened.previous
        if previous is not None and (self.work.handlers or self.work.references):
            previous = FullRefetch(previous, self.work.handlers, all_pages=self.work.references)
        return Driver(
            crawl,
            opened.journal,
            self._clock,
            outputs=opened.outputs,
            trace=self._trace,
            auditor=self._auditor,
            before=previous,
            monitor=self._monitor,
        )

    def _close(self, workers_busy: float, error: str) -> None:
        """Close the store, after a last snapshot, which shows how far a crawl came that was left early."""
        self._engine = None
        reason: FinishReason | None = None
        stats: SavedStats | None = None
        try:
            if (driver := self._driver) is not None:
                driver.refresh()
                driver.tick(last=True)
                last = driver.latest
                driver.latest = msgspec.structs.replace(last, processor=max(last.processor, workers_busy))
                reason = last.finish_reason
                stats = driver.saved_stats() if reason else None
                changes = self._store.changes(driver.latest, self._known)
                driver.latest = msgspec.structs.replace(driver.latest, changes=changes)
        finally:
            try:
                self._store.close(reason, stats)
            finally:
                if self._monitor is not None and (snapshot := self.snapshot) is not None:
                    self._monitor.finish(snapshot, self.audit, self._clock.wall(), error)


def cpu_processes(work: Work) -> int:
    """Return the number of processes that read answers beside an engine.

    What builds trees of pages may take a whole process with it, so it never runs in this one.
    """
    builds_trees = work.markdown and work.policy.text in extract.TREES
    return work.policy.cpu_workers or (cores() if builds_trees else 0)


def _refuse_unfit_handlers(engine: str, work: Work) -> None:
    """Raise UserError for a handler that the engine cannot run, or that the processes it runs in would not find."""
    elsewhere = ENGINES[engine].worker_processes or cpu_processes(work) > 0
    for handler in work.handlers:
        if elsewhere:
            function_ref.reference_to(handler.function)
        if handler.awaits and not ENGINES[engine].awaits_handlers:
            able = " or ".join(names(lambda traits: traits.awaits_handlers))
            raise UserError(
                f"The handler {handler.name} is `async def`, which the engine {engine} cannot run: "
                f"write it as `def`, or choose the engine {able}."
            )


def _time_of_children() -> float:
    """Return the CPU time (seconds) of the processes that this one started and has seen end."""
    used = os.times()
    return used.children_user + used.children_system
