"""One run of one cell: a process that crawls for some seconds, observes itself, and reports what it measured.

`gossamer bench` starts it with an `Order` as JSON on stdin; it writes a `Watched` as JSON to stdout.
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
from gossamer.engines.table import ENGINES
from gossamer.values.model import OutcomeKind, Purpose
from gossamer.values.protocol import Command, Event, Failed, Fetch, Visited

START: Final = 30.0
"""Maximum time (seconds) to the first page."""


class Order(Struct, frozen=True):
    """The task of one process."""

    cell: Cell
    """How to crawl."""

    workload: Workload
    """What to crawl."""

    seeds: tuple[str, ...]
    """The URLs from which to start."""

    seconds: float
    """How long to crawl, from the first page on."""


class Watched(Struct, frozen=True):
    """The measurements of one process; moments are seconds of `time.monotonic()`."""

    started: list[float]
    """When each fetch of a page started, in that order."""

    landed: list[float]
    """When each page came back to the driver, in that order."""

    residence: list[float]
    """Seconds from the start of the fetch to the return, in the order of `landed`."""

    sizes: list[int]
    """The size of each page in bytes, in the order of `landed`."""

    failed: int
    """The number of pages whose outcome is not `done`."""

    first_failure: str
    """Reason and URL of the first such page; "" if there is none."""

    samples: list[Sample]
    """CPU, memory and sockets at regular intervals."""

    thread_late: list[Late]
    """The delays of a thread that wakes regularly."""

    loop_late: list[Late]
    """The delays of a task that wakes regularly; empty if there is no event loop."""


class Observer:
    """A trace function that records when each fetch of a page starts and ends; calls `at_first` at the first end."""

    def __init__(self) -> None:
        self.at_first: Callable[[], None] = _do_nothing
        self.started = array("d")
        self.landed = array("d")
        self.residence = array("d")
        self.sizes = array("q")
        self.failed = 0
        self.first_failure = ""
        self._begun: dict[int, float] = {}

    def __call__(self, now: float, message: Command | Event) -> None:
        """Record one command or event of the driver."""
        if isinstance(message, Fetch):
            for request in message.requests:
                if request.purpose is Purpose.PAGE:
                    self.started.append(now)
                    self._begun[request.link.id] = now
        elif isinstance(message, Visited | Failed) and message.request.purpose is Purpose.PAGE:
            if not self.landed:
                self.at_first()
            self.landed.append(now)
            self.residence.append(now - self._begun.pop(message.request.link.id))
            self.sizes.append(message.size if isinstance(message, Visited) else message.failure.size)
            if message.outcome.kind is not OutcomeKind.DONE:
                self.failed += 1
                self.first_failure = self.first_failure or f"{message.outcome.reason}: {message.request.url}"


def crawl(order: Order) -> Watched:
    """Crawl, and return the measurements."""
    tick = IDLE_TICK if order.workload.idle else TICK
    observer, sampler, loop_clock = Observer(), Sampler(tick), LoopClock(tick)
    with tempfile.TemporaryDirectory(prefix="gossamer-bench-") as directory:
        crawler = _crawler(order, Path(directory) / "bench.crawl", observer)
        timer = threading.Timer(order.seconds, crawler.stop)
        observer.at_first = timer.start  # at the first page, because workers take time to start
        if order.workload.work:
            crawler.on()(WORK[order.workload.work])
        sampler.start()
        if ENGINES[order.cell.engine].in_loop:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(_run_async(crawler, loop_clock))
        else:
            crawler.run()
        timer.cancel()
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


async def _run_async(crawler: Crawler, clock: LoopClock) -> None:
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


def _do_nothing() -> None:
    """Do nothing: the default of `Observer.at_first`."""


def main() -> None:
    """Run the order on stdin, and write the measurements to stdout."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:  # buffered: an unbuffered stdout may write only a part
        output.write(msgspec.json.encode(crawl(order)))


if __name__ == "__main__":
    main()
