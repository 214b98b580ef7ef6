"""The threads engine: a pool of threads, each fetching and reading whole visits; results are taken as they complete."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from gossamer.engines.driver import FetchEvent, Visit
from gossamer.values.model import Request
from gossamer.values.ports import Fetcher

_PROCESSOR: Final = 36
"""Index of the processor last run on in /proc/…/stat (proc(5), field 39), counted from behind the name."""


ABORT_PATIENCE: Final = 1.0
"""Time (seconds) that threads have to end after an abort."""


class ThreadsEngine:
    """Run visits in a pool of threads.

    Requests go to the threads through one queue, and results come back through another, which wakes the driver for the
    first of them. That is what an executor and `wait(FIRST_COMPLETED)` do, without a future for every page (8 % of the
    CPU time) and without looking at every pending one each time. The crawl is only touched by the driver's thread.

    Threads that run nothing but gossamer's own code are kept `together` on one core, where the system can do that: only
    one at a time can read pages, and moving the interpreter's lock between cores costs a quarter of the CPU time.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        visit: Visit,
        threads: int,
        abort_reading: Callable[[], None] | None = None,
        *,
        together: bool = False,
    ) -> None:
        """`threads` is their number; `abort_reading` ends readings in other processes, if there are any."""
        self._cores = _this_core() if together else frozenset()
        self._fetcher = fetcher
        self._abort_reading = abort_reading
        self._visit = visit
        self._most = threads
        self._threads: list[Thread] = []
        self._under_way = 0
        self._aborted = False
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._finished: SimpleQueue[FetchEvent | BaseException | None] = SimpleQueue()

    def start(self, request: Request) -> None:
        """Queue the request for the threads; start one more thread if all are busy."""
        self._under_way += 1
        if len(self._threads) < min(self._under_way, self._most):
            thread = Thread(target=self._work, name=f"gossamer_{len(self._threads)}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self._requests.put(request)

    def _work(self) -> None:
        if self._cores:
            with suppress(OSError):  # it may have been taken from this process meanwhile
                os.sched_setaffinity(0, self._cores)  # of this thread alone
        while (request := self._requests.get()) is not None:
            try:
                self._finished.put(self._visit(request, self._fetcher.fetch(request)))
            except BaseException as error:  # noqa: BLE001  # a bug in a fetcher must end the crawl loudly, not hang it
                self._finished.put(error)

    def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Wait for the first finished visit, then return all that have finished."""
        events: list[FetchEvent] = []
        try:
            event = self._finished.get(timeout=patience)
            while event is not None:
                self._under_way -= 1
                if isinstance(event, BaseException):
                    raise event
                events.append(event)
                event = self._finished.get_nowait()
        except Empty:
            pass
        return events

    def wake(self) -> None:
        """End a waiting `collect`; safe in signal handlers, for the queue is reentrant."""
        self._finished.put(None)

    def abort(self) -> None:
        """End running fetches and readings in other processes, and wake `collect`."""
        self._aborted = True
        self._fetcher.abort()
        if self._abort_reading is not None:
            self._abort_reading()
        self.wake()

    def close(self) -> None:
        """End running fetches, join the threads, close the connections.

        After an abort a thread that does not end soon, because a handler runs on, is left to itself.
        """
        patience = ABORT_PATIENCE if self._aborted else None
        self.abort()
        with suppress(Empty):
            while True:
                self._requests.get_nowait()
        for _ in self._threads:
            self._requests.put(None)
        ends = None if patience is None else time.monotonic() + patience
        for thread in self._threads:
            thread.join(None if ends is None else max(0.0, ends - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._fetcher.close()


def _this_core() -> frozenset[int]:
    """Return the core that this thread runs on; empty where it is unknown, or threads cannot be kept on a core."""
    stat = Path("/proc/thread-self/stat")
    if not hasattr(os, "sched_setaffinity") or not stat.exists():
        return frozenset()
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    return frozenset({int(fields[_PROCESSOR])})
