"""The asyncio engine: all visits in one event loop, which switches between them only where they await."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gossamer.engines.driver import FetchEvent, Visit
from gossamer.values.model import Failure, Request, Response
from gossamer.values.ports import AsyncFetcher

AwaitedVisit = Callable[[Request, Response | Failure], Awaitable[FetchEvent]]

TURN: Final = 0.01
"""Seconds after which no further page is read before whatever else waits in the loop had its turn."""


class AsyncioEngine:
    """Run visits as tasks of the running event loop.

    Back-pressure comes from the crawl: it has no more in flight than there are slots. Reading a page does not await, so
    the loop does one page at a time, and many that came at once would hold up everybody else: they go by turns. What is
    `awaited` is a visit that does await, because of its handlers.
    """

    def __init__(self, fetcher: AsyncFetcher, visit: Visit, awaited: AwaitedVisit | None = None) -> None:
        self._fetcher = fetcher
        self._visit = visit
        self._awaited = awaited
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: list[FetchEvent] = []
        self._error: BaseException | None = None
        self._woken = asyncio.Event()
        self._turn = 0.0  # how long pages have been read since others had their turn

    def start(self, request: Request) -> None:
        """Begin the visit as a task."""
        task = self._loop.create_task(self._run(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, request: Request) -> None:
        try:
            answer = await self._fetcher.fetch(request)
            event = await (self._read if self._awaited is None else self._awaited)(request, answer)
            self._finished.append(event)  # looked up only now: `collect` replaces the list meanwhile
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  # a bug in a fetcher must end the crawl loudly, not hang it
            self._error = error
        self._woken.set()

    async def _read(self, request: Request, answer: Response | Failure) -> FetchEvent:
        while self._turn > TURN:  # noqa: ASYNC110  # the loop's next round is what is waited for
            await asyncio.sleep(0)
        if not self._turn:
            self._loop.call_soon(self._end_turn)
        began = time.monotonic()
        event = self._visit(request, answer)
        self._turn += time.monotonic() - began
        return event

    def _end_turn(self) -> None:
        self._turn = 0.0

    async def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Wait for the first finished visit, then take all that are there."""
        if not self._finished and self._error is None:
            try:
                async with asyncio.timeout(patience):
                    await self._woken.wait()
            except TimeoutError:
                pass
        self._woken.clear()
        if self._error is not None:
            raise self._error
        finished, self._finished = self._finished, []
        return finished

    def wake(self) -> None:
        """Make a waiting `collect` return; safe from other threads."""
        self._loop.call_soon_threadsafe(self._woken.set)

    def abort(self) -> None:
        """Wake `collect`, which waits for nothing else: `aclose` cancels what runs."""
        self.wake()

    async def aclose(self) -> None:
        """Cancel what still runs, wait until it is gone, close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._fetcher.aclose()
