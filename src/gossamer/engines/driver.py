"""The driver: the one loop around a crawl, shared by all engines.

It owns the clock, the crawl, the outputs and the journal. It asks the crawl for commands, hands fetches to the engine,
and reports the engine's events. A commit writes the outputs, flushes them, and only then commits to the journal: so a
page may be fetched twice, and is recorded once. Nothing else reads the crawl's clock.

Store work is done at once, while the driver waits. `cluster/shard_driver.py` has threads do it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, assert_never

from msgspec.structs import replace

from gossamer.core.crawl import Crawl
from gossamer.engines.monitor import Monitor
from gossamer.engines.politeness_audit import Auditor
from gossamer.values.errors import OutputError
from gossamer.values.model import Failure, Purpose, Request, Response
from gossamer.values.ports import Clock, Journal, Output, PreviousCrawl
from gossamer.values.protocol import (
    Batch,
    Command,
    Commit,
    Committed,
    Ended,
    Event,
    Failed,
    Fetch,
    Lost,
    Recall,
    Recalled,
    RobotsRead,
    Stop,
    Visited,
    Wait,
)
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats, Snapshot

FetchEvent = Visited | Failed | RobotsRead | Lost
Visit = Callable[[Request, Response | Failure], FetchEvent]
Trace = Callable[[float, Command | Event], None]

SNAPSHOT_EVERY = 0.2
"""Minimum time (seconds) between two snapshots while there is much to do."""
SNAPSHOT_AT_REST = 0.02
"""Minimum time (seconds) between two snapshots before a wait, during which there is none."""


class Engine(Protocol):
    """An engine for a blocking driver: `collect` blocks up to `patience` seconds (None: until an event comes).

    `wake` makes a waiting `collect` return. `abort` ends what it waits for as well: running fetches, and readings in
    other processes. Both are safe in signal handlers and from any thread.
    """

    def start(self, request: Request) -> None: ...
    def collect(self, patience: float | None) -> Sequence[FetchEvent]: ...
    def wake(self) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class AsyncEngine(Protocol):
    """The same for the driver of an event loop; `wake` and `abort` may be called from any thread."""

    def start(self, request: Request) -> None: ...
    async def collect(self, patience: float | None) -> Sequence[FetchEvent]: ...
    def wake(self) -> None: ...
    def abort(self) -> None: ...
    async def aclose(self) -> None: ...


class Driver:
    """Execute what the crawl commands, one step at a time.

    `latest` is a snapshot at most 0.2 s old, which other threads may read at any time.
    """

    def __init__(
        self,
        crawl: Crawl,
        journal: Journal,
        clock: Clock,
        *,
        outputs: Mapping[str, Output] | None = None,
        trace: Trace | None = None,
        auditor: Auditor | None = None,
        before: PreviousCrawl | None = None,
        monitor: Monitor | None = None,
    ) -> None:
        self._crawl = crawl
        self._journal = journal
        self._clock = clock
        self._outputs = dict(outputs or {})
        self._trace = trace
        self._auditor = auditor
        self._before = before
        self._monitor = monitor
        self._told: deque[Event] = deque()
        self._committing: Batch | None = None
        self._landed: list[Ended] = []
        self._in_flight = 0
        self._stop_asked: FinishReason | None = None
        self._abandon_asked = False
        self._shown_at = 0.0
        self._began = clock.now(), clock.spent()
        self.latest: Snapshot = crawl.snapshot(clock.now())
        self._fetched_before = self.latest.fetches

    # ------------------------------------------------------------ the step

    def advance(self, start: Callable[[Request], None]) -> Wait | Stop:
        """Execute all commands that are due. Return how long to wait, or Stop when the crawl is over."""
        self._obey()
        while True:
            now = self._clock.now()
            self._hear(now)
            command = Wait(math.inf) if self._is_held(now) else self._crawl.poll(now)
            if self._trace is not None:
                self._trace(now, command)
            match command:
                case Fetch(requests):
                    self._fetch(requests, start, now)
                case Recall(ids):
                    self._perform(partial(self._recall, ids))
                case Commit(batch):
                    self._committing = batch = replace(batch, stats=self._audited(batch.stats))
                    self._perform(partial(self._commit, batch))
                case Wait(until):
                    self._show(now, SNAPSHOT_EVERY if until - now < SNAPSHOT_EVERY else SNAPSHOT_AT_REST)
                    return command
                case Stop():
                    self.refresh()
                    return command
                case _:
                    assert_never(command)

    def patience(self, wait: Wait) -> float | None:
        """Return how many seconds the engine may block for an event; None: until one comes."""
        return self._clock.patience(wait.until, self._in_flight)

    def report(self, events: Sequence[FetchEvent]) -> None:
        """Pass the results of fetches to the crawl, all with the same moment."""
        now = self._clock.now()
        for event in events:
            self._in_flight -= 1
            self._handle(event, now)
            if self._auditor is not None:
                self._auditor.ended(event, now)
            if self._monitor is not None:
                self._monitor.ended(event)

    def tell(self, event: Event) -> None:
        """Pass an event from outside at the next `advance`. Safe from any thread; it does not wake the engine."""
        self._told.append(event)

    def landed(self) -> list[Ended]:
        """Return what was committed since the last call."""
        landed, self._landed = self._landed, []
        return landed

    def refresh(self) -> None:
        """Replace `latest` now, however new it is."""
        self._look(self._clock.now())

    def tick(self, *, last: bool = False) -> None:
        """Have the monitor tell what `latest` says, and how the hosts are."""
        if self._monitor is not None:
            views = partial(self._crawl.host_views, now=self._clock.now())
            self._monitor.tick(self.latest, self._clock.wall(), views, last=last)

    def saved_stats(self) -> SavedStats:
        """Return the final statistics, with the time and the failed fetches since the last commit."""
        processor = self.latest.processor if self.latest.fetches > self._fetched_before else 0.0  # else it only began
        return replace(self._audited(self._crawl.final_stats(self._clock.now())), processor=processor)

    # ------------------------------------------------------------ stopping: from any thread, and signal handlers

    def stop(self, reason: FinishReason = FinishReason.STOPPED) -> None:
        """Start nothing new, let what is in flight land, save, and end. The first reason counts."""
        self._stop_asked = self._stop_asked or reason

    def abandon(self) -> None:
        """End at once: what is in flight stays pending; what landed is saved."""
        self._abandon_asked = True

    @property
    def abandoned(self) -> bool:
        """Whether the crawl was told to end at once."""
        return self._abandon_asked

    # ------------------------------------------------------------ inside

    def _obey(self) -> None:
        if self._stop_asked is not None:
            self._crawl.stop(self._stop_asked)
        if self._abandon_asked:
            self._crawl.abandon()
            self._in_flight = 0

    def _informed(self, request: Request) -> Request:
        """Return a request with what the previous crawl found at its URL, if this crawl updates it."""
        if self._before is None or request.purpose is not Purpose.PAGE:
            return request
        return replace(request, previous=self._before.find(request.url))

    def _handle(self, event: Event, now: float) -> None:
        if self._trace is not None:
            self._trace(now, event)
        self._crawl.handle(event, now)
        if isinstance(event, Committed):
            self._committed()

    def _fetch(self, requests: Sequence[Request], start: Callable[[Request], None], now: float) -> None:
        self._in_flight += len(requests)
        for request in requests:
            if self._auditor is not None:
                self._auditor.started(request, now)
            start(self._informed(request))

    def _hear(self, now: float) -> None:
        """Pass the events that came from outside."""
        while self._told:
            self._handle(self._told.popleft(), now)

    def _is_held(self, _now: float) -> bool:
        """Whether nothing new may start now, so that the crawl is not even asked."""
        return False

    def _perform(self, work: Callable[[], Recalled | Committed]) -> None:
        """Do a piece of store work, and pass its event."""
        self._handle(work(), self._clock.now())

    def _recall(self, ids: Sequence[int]) -> Recalled:
        return Recalled(tuple(self._journal.recall(ids)))

    def _commit(self, batch: Batch) -> Committed:
        """Write and flush the outputs, then commit to the journal: in this order nothing is lost or recorded twice."""
        spent = self._clock.spent()
        offsets = {}
        for name, output in self._outputs.items():
            try:
                output.write(batch)
                offsets[name] = output.flush()
            except OSError as error:
                raise OutputError(f"Writing {name} failed: {error.strerror or error}.") from error
        self._journal.commit(batch, offsets)
        return Committed(self._clock.spent() - spent)

    def _committed(self) -> None:
        batch, self._committing = self._committing, None
        assert batch is not None, "Committed without a Commit"
        self._landed.extend(batch.ended)
        if self._monitor is not None:
            self._monitor.committed(batch.ended)

    def _audited(self, stats: SavedStats) -> SavedStats:
        return stats if self._auditor is None else replace(stats, audit=self._auditor.stats())

    def _show(self, now: float, every: float) -> None:
        if now >= self._shown_at + every:
            self._shown_at = now
            self._look(now)
            if self._monitor is not None and self._monitor.is_due(now):
                self.tick()

    def _look(self, now: float) -> None:
        began, spent = self._began
        passed = now - began
        processor = (self._clock.spent() - spent) / passed if passed > 0 else 0.0
        self.latest = replace(self._crawl.snapshot(now), processor=processor)


def run(driver: Driver, engine: Engine) -> Iterator[list[Ended]]:
    """Run a crawl to its end on a blocking engine; yield what landed after each commit."""
    try:
        while True:
            command = driver.advance(engine.start)
            if landed := driver.landed():
                yield landed
            if isinstance(command, Stop):
                return
            events = engine.collect(driver.patience(command))
            if not driver.abandoned:
                driver.report(events)
    finally:
        engine.close()


async def arun(driver: Driver, engine: AsyncEngine) -> AsyncGenerator[list[Ended], None]:
    """Run a crawl to its end inside an event loop; yield what landed after each commit."""
    try:
        while True:
            command = driver.advance(engine.start)
            if landed := driver.landed():
                yield landed
            if isinstance(command, Stop):
                return
            events = await engine.collect(driver.patience(command))
            if not driver.abandoned:
                driver.report(events)
    finally:
        await engine.aclose()
