"""The inline engine: one visit at a time, here and now. The reference for all others, and the one to debug with."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from gossamer.engines.driver import FetchEvent, Visit
from gossamer.values.model import Request
from gossamer.values.ports import Fetcher


class InlineEngine:
    """Fetch and read in the calling thread; `abort_reading` ends readings in other processes, if there are any."""

    def __init__(self, fetcher: Fetcher, visit: Visit, abort_reading: Callable[[], None] | None = None) -> None:
        self._fetcher = fetcher
        self._visit = visit
        self._abort_reading = abort_reading
        self._waiting: deque[Request] = deque()
        self._woken: SimpleQueue[None] = SimpleQueue()

    def start(self, request: Request) -> None:
        """Queue the request; a later `collect` fetches it."""
        self._waiting.append(request)

    def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Fetch and read the next request; without one, sleep until woken."""
        if self._waiting:
            request = self._waiting.popleft()
            return [self._visit(request, self._fetcher.fetch(request))]
        with contextlib.suppress(Empty):
            self._woken.get(timeout=patience)
        return ()

    def wake(self) -> None:
        """End a sleeping `collect`; safe in signal handlers, for the queue is reentrant."""
        self._woken.put(None)

    def abort(self) -> None:
        """End the fetch and the reading that `collect` waits for; `wake` alone cannot end them."""
        self._fetcher.abort()
        if self._abort_reading is not None:
            self._abort_reading()
        self.wake()

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()
