"""One run of one cell: a process that crawls for some seconds, watches itself, and tells what it saw.

Started by `gossamer bench` with an `Order` as JSON on stdin; it writes a `Watched` as JSON to stdout.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import threading
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from gossamer.api.crawler import Crawler
from gossamer.bench.cells import Cell
from gossamer.bench.probes import IDLE_TICK, TICK, Late, LoopClock, Sample, Sampler
from gossamer.bench.work import WORK
from gossamer.bench.workloads import Workload
from gossamer.engines.bridges import new_event_loop
from gossamer.values.model import OutcomeKind, Purpose
from gossamer.values.protocol import Command, Event, Failed, Fetch, Visited

START: Final = 30.0
"""Seconds within which the first page must come."""


class Order(Struct, frozen=True):
    """What one process shall crawl, how, and for how many seconds from its first page on."""

    cell: Cell
    workload: Workload
    seeds: tuple[str, ...]
    seconds: float


class Watched(Struct, frozen=True):
    """What a process saw of itself; all moments are `time.monotonic()`.

    `started` and `landed` are the moments of every page's fetch and of its end, `residence` the seconds between the
    two, in the order of `landed`; `sizes` the bytes of each page. `loop_late` is empty where no event loop is.
    """

    started: list[float]
    landed: list[float]
    residence: list[float]
    sizes: list[int]
    failed: int
    first_failure: str
    samples: list[Sample]
    thread_late: list[Late]
    loop_late: list[Late]


class Observer:
    """Listens to the driver: when each fetch of a page starts, and when it has landed; `at_first` is called then."""

    def __init__(self) -> None:
        self.at_first: Callable[[], None] = _nothing
        self.started = array("d")
        self.landed = array("d")
        self.residence = array("d")
        self.sizes = array("q")
        self.failed = 0
        self.first_failure = ""
        self._begun: dict[int, float] = {}

    def __call__(self, now: float, said: Command | Event) -> None:
        """Take one command or event; this is the driver's `trace`."""
        if isinstance(said, Fetch):
            for request in said.requests:
                if request.purpose is Purpose.PAGE:
                    self.started.append(now)
                    self._begun[request.link.id] = now
        elif isinstance(said, Visited | Failed) and said.request.purpose is Purpose.PAGE:
            if not self.landed:
                self.at_first()
            self.landed.append(now)
            self.residence.append(now - self._begun.pop(said.request.link.id))
            self.sizes.append(said.size if isinstance(said, Visited) else said.failure.size)
            if said.outcome.kind is not OutcomeKind.DONE:
                self.failed += 1
                self.first_failure = self.first_failure or f"{said.outcome.reason}: {said.request.url}"


def crawl(order: Order) -> Watched:
    """Crawl as ordered and tell what happened."""
    tick = IDLE_TICK if order.workload.idle else TICK
    observer, sampler, loop_clock = Observer(), Sampler(tick), LoopClock(tick)
    with tempfile.TemporaryDirectory(prefix="gossamer-bench-") as directory:
        crawler = _crawler(order, Path(directory) / "bench.crawl", observer)
        over = threading.Timer(order.seconds, crawler.stop)
        observer.at_first = over.start  # not before: workers take time to start
        if order.workload.work:
            crawler.on()(WORK[order.workload.work])
        sampler.start()
        if order.cell.engine == "asyncio":
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(_awaited(crawler, loop_clock))
        else:
            crawler.run()
        over.cancel()
        sampler.end()
    return Watched(
        started=list(observer.started),
        landed=list(observer.landed),
        residence=list(observer.residence),
        sizes=list(observer.sizes),
        failed=observer.failed,
        first_failure=observer.first_failure,
        samples=sampler.samples,
        thread_late=sampler.late,
        loop_late=loop_clock.late,
    )


async def _awaited(crawler: Crawler, clock: LoopClock) -> None:
    ticking = asyncio.get_running_loop().create_task(clock.run())
    try:
        async for _ in crawler:
            pass
    finally:
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking


def _crawler(order: Order, directory: Path, observer: Observer) -> Crawler:
    cell, extra = order.cell, dict[str, Any]()
    if cell.cpu_workers:
        extra["cpu_workers"] = cell.cpu_workers
    if cell.workers:
        extra["workers"] = cell.workers
    return Crawler(
        order.seeds,
        directory=directory,
        engine=cell.engine,  # type: ignore[arg-type]  # checked there
        trace=observer,
        concurrency=cell.in_flight,
        max_time=order.seconds + START,
        allow_private=("127.0.0.0/8",),
        **dict(order.workload.settings),
        **extra,
    )


def _nothing() -> None:
    """Wait for nobody: whoever wants to know says so later."""


def main() -> None:
    """Crawl as the order on stdin says."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as told:  # buffered: an unbuffered stdout may write a part only
        told.write(msgspec.json.encode(crawl(order)))


if __name__ == "__main__":
    main()
