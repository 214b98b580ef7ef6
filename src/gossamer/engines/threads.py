"""The threads engine: a pool of threads, each fetching and reading whole visits; results are taken as they complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from gossamer.engines.driver import FetchEvent, Visit
from gossamer.model import Request
from gossamer.ports import Fetcher


class ThreadsEngine:
    """Run visits in a pool of threads.

    The finished ones come back through one queue, which wakes the driver for the first of them: what
    `wait(FIRST_COMPLETED)` does, without looking at every pending future each time. The operating system switches
    between the threads whenever it likes; the crawl itself is only ever touched by the driver's thread.
    """

    def __init__(
        self, fetcher: Fetcher, visit: Visit, threads: int, call_off: Callable[[], None] | None = None
    ) -> None:
        """Take the fetcher, the visit, how many threads, and what ends readings that take long, if anything can."""
        self._fetcher = fetcher
        self._call_off = call_off
        self._visit = visit
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="gossamer")
        self._finished: SimpleQueue[FetchEvent | BaseException | None] = SimpleQueue()

    def start(self, request: Request) -> None:
        """Hand the request to the pool."""
        self._pool.submit(self._run, request)

    def _run(self, request: Request) -> None:
        try:
            self._finished.put(self._visit(request, self._fetcher.fetch(request)))
        except BaseException as error:  # noqa: BLE001  # a bug in a fetcher must end the crawl loudly, not hang it
            self._finished.put(error)

    def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Wait for the first finished visit, then take all that are there."""
        events: list[FetchEvent] = []
        try:
            event = self._finished.get(timeout=patience)
            while event is not None:
                if isinstance(event, BaseException):
                    raise event
                events.append(event)
                event = self._finished.get_nowait()
        except Empty:
            pass
        return events

    def wake(self) -> None:
        """Make a waiting `collect` return; safe in signal handlers, for the queue is reentrant."""
        self._finished.put(None)

    def close(self) -> None:
        """End running fetches, join the threads, close the connections."""
        self._fetcher.abort()
        if self._call_off is not None:
            self._call_off()
        self._pool.shutdown(cancel_futures=True)
        self._fetcher.close()
