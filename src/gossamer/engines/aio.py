"""The asyncio engine: all visits in one event loop, which switches between them only where they await."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from gossamer.values.model import Failure, Request, Response
from gossamer.values.ports import AsyncFetcher

EventT = TypeVar("EventT")
"""What is made of an answer: an event of the crawl, or of whoever else has requests made."""

AwaitedVisit = Callable[[Request, Response | Failure], Awaitable[EventT]]

TURN: Final = 0.01
"""Maximum time (seconds) of reading pages before everything else in the loop gets a turn."""


class ReadingTurn:
    """How long pages have been read in an event loop since everything else there had its turn."""

    def __init__(self) -> None:
        self._spent = 0.0

    async def begin(self) -> None:
        """Return when a page may be read: at once, or when everything else has had its turn."""
        while self._spent > TURN:  # noqa: ASYNC110  # the loop's next round is what is waited for
            await asyncio.sleep(0)
        if not self._spent:
            asyncio.get_running_loop().call_soon(self._over)

    def spend(self, seconds: float) -> None:
        """Count the time of reading a page."""
        self._spent += seconds

    def _over(self) -> None:
        self._spent = 0.0


class AsyncioEngine(Generic[EventT]):
    """Run visits as tasks of the running event loop.

    Back-pressure comes from the crawl, which has no more in flight than there are slots. Reading a page does not await:
    many pages that come at once would block the loop, so reading pauses every `TURN` seconds. `awaited` replaces
    `visit` where a visit awaits: a handler, or a process that reads. Engines in one loop share one `turn`.
    """

    def __init__(
        self,
        fetcher: AsyncFetcher,
        visit: Callable[[Request, Response | Failure], EventT],
        awaited: AwaitedVisit[EventT] | None = None,
        turn: ReadingTurn | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._visit = visit
        self._awaited = awaited
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: list[EventT] = []
        self._error: BaseException | None = None
        self._woken = asyncio.Event()
        self._turn = turn or ReadingTurn()

    def start(self, request: Request) -> None:
        """Start the visit as a task."""
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

    async def _read(self, request: Request, answer: Response | Failure) -> EventT:
        await self._turn.begin()
        began = time.monotonic()
        event = self._visit(request, answer)
        self._turn.spend(time.monotonic() - began)
        return event

    async def collect(self, patience: float | None) -> Sequence[EventT]:
        """Wait for the first finished visit, then return all that have finished."""
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
        """End a waiting `collect`; safe from other threads."""
        self._loop.call_soon_threadsafe(self._woken.set)

    def abort(self) -> None:
        """Wake `collect`; `aclose` cancels the running fetches."""
        self.wake()

    async def aclose(self) -> None:
        """Cancel what still runs, wait until it is gone, close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._fetcher.aclose()
