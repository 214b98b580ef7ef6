"""ShardDriver: a driver that shares its event loop with those of other shards, and works under a lease."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Final

from gossamer.core.crawl import Crawl
from gossamer.engines.driver import Driver
from gossamer.engines.politeness_audit import Auditor
from gossamer.values.ports import Clock, Journal
from gossamer.values.protocol import Committed, Recalled

SLOW_COMMIT: Final = 1.0
"""Time (seconds) that a commit may take before nothing new starts until it has ended.

What is fetched while the database cannot be reached is fetched again by the next owner of the shard.
"""

StoreEvent = Recalled | Committed


class ShardDriver(Driver):
    """A driver whose store work is done in the threads of `pool`, so that the event loop goes on meanwhile.

    `wake` is called in such a thread when a piece of work has ended. Nothing new starts when `may_start` says no, while
    a commit has been under way for `SLOW_COMMIT`, nor during a recall, which the crawl takes to be done at once.
    """

    def __init__(
        self,
        crawl: Crawl,
        journal: Journal,
        clock: Clock,
        *,
        pool: Executor,
        wake: Callable[[], None],
        may_start: Callable[[float], bool],
        auditor: Auditor | None = None,
    ) -> None:
        super().__init__(crawl, journal, clock, auditor=auditor)
        self._pool = pool
        self._wake = wake
        self._may_start = may_start
        self._works: deque[Callable[[], StoreEvent]] = deque()  # for a journal serves one caller at a time
        self._running: Future[StoreEvent] | None = None
        self._commits_since: float | None = None
        self._recalls = False

    @property
    def running(self) -> Future[StoreEvent] | None:
        """The store work that is under way, or has ended without its event being passed; None where there is none."""
        return self._running

    @property
    def in_flight(self) -> int:
        """The number of fetches under way."""
        return self._in_flight

    def _show(self, now: float, every: float) -> None:
        """Make no snapshot: whoever looks on reads what is committed."""

    def _hear(self, now: float) -> None:
        """Pass the event of store work that has ended, or raise its error; then those from outside."""
        while self._running is not None and self._running.done():
            ended, self._running = self._running, None
            event = ended.result()
            if isinstance(event, Committed):
                self._commits_since = None
            else:
                self._recalls = False
            self._handle(event, now)
            self._next()
        super()._hear(now)

    def _is_held(self, now: float) -> bool:
        since = self._commits_since
        return self._recalls or (since is not None and now > since + SLOW_COMMIT) or not self._may_start(now)

    def _perform(self, work: Callable[[], StoreEvent]) -> None:
        if self._committing is not None and self._commits_since is None:
            self._commits_since = self._clock.now()  # the crawl has one commit under way at most
        else:
            self._recalls = True
        self._works.append(work)
        self._next()

    def _next(self) -> None:
        if self._works and self._running is None:
            self._running = self._pool.submit(self._works.popleft())
            self._running.add_done_callback(lambda _: self._wake())
