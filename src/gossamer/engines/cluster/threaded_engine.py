"""ThreadedEngine: an engine that blocks its caller, for a driver in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from gossamer.engines.driver import Engine, FetchEvent
from gossamer.values.model import Request


class ThreadedEngine:
    """Waits for an engine's events in a thread of its own; the driver starts fetches between two waits only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gossamer-engine")
        self._waiting: asyncio.Future[Sequence[FetchEvent]] | None = None

    def start(self, request: Request) -> None:
        """Start a fetch."""
        self._engine.start(request)

    async def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Return the events of fetches that have ended, when there are any."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.run_in_executor(self._thread, self._engine.collect, patience)
        return await asyncio.shield(self._waiting)

    def wake(self) -> None:
        """End a waiting `collect`; safe from other threads."""
        self._engine.wake()

    def abort(self) -> None:
        """End what `collect` waits for as well."""
        self._engine.abort()

    async def aclose(self) -> None:
        """End what is under way, and close the engine."""
        loop = asyncio.get_running_loop()
        if self._waiting is not None and not self._waiting.done():
            self._engine.abort()
            await asyncio.wait([self._waiting])
        await loop.run_in_executor(self._thread, self._engine.close)
        self._thread.shutdown()
