"""EngineParts: the arguments that every factory of the engine table takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from gossamer.engines.aio import ReadingTurn
from gossamer.engines.driver import Visit
from gossamer.engines.processes.cpu_pool import CpuPool
from gossamer.engines.processes.wire import BodyTransfer
from gossamer.visit.visitor import Work

FetcherT = TypeVar("FetcherT")
"""Fetcher, AsyncFetcher, or for worker processes the fetcher of a recorded web: None for the real one."""


class EngineParts(Struct, Generic[FetcherT], frozen=True):
    """What is done with an answer, who fetches it, and where it is read.

    The engine closes its `fetcher`. `pool` are processes that read answers; None where the engine reads them itself.
    `bodies` is what worker processes send back of an answer.
    """

    work: Work
    fetcher: FetcherT
    pool: CpuPool | None = None
    bodies: BodyTransfer = BodyTransfer.WHOLE
    turn: ReadingTurn | None = None
    """The turn of reading pages, where several engines share an event loop."""

    @property
    def visit(self) -> Visit:
        """Return a function that reads an answer, blocking its caller."""
        return self.work.visitor().visit if self.pool is None else self.pool.visit

    @property
    def abort_reading(self) -> Callable[[], None] | None:
        """Return a function that ends long readings, from any thread; None where nothing can end them."""
        return None if self.pool is None else self.pool.abort
