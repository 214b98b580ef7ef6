"""The table of engines: what each of them can do, and how it is made.

Everybody asks this table and nobody compares names of engines: another engine is one more name, entry and factory here.
Factories import their engine when called, so that the command line reads the table without loading any of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from gossamer.engines.driver import AsyncEngine, Engine, FetchEvent
    from gossamer.engines.parts import EngineParts
    from gossamer.values.ports import AsyncFetcher, Fetcher

EngineName = Literal["asyncio", "threads", "inline", "processes", "cluster"]
LocalEngineName = Literal["asyncio", "threads", "inline", "processes"]
"""The engines that run a whole crawl in the process that begins it, or in children of it."""
DownloadEngineName = Literal["asyncio", "threads", "inline"]
"""The engines that run bulk downloads too."""

DEFAULT_ENGINE: Final = "asyncio"


DEFAULT_SHARDS: Final = 8
"""Number of shards of a crawl on several machines: enough for four workers, and little dearer than one."""


class EngineTraits(Struct, frozen=True, kw_only=True):
    """What one engine can do; exactly one of its three factories is given, or it is `sharded`."""

    slots: int
    """Default number of fetches under way at once in a crawl; with worker processes, in each of them."""
    download_slots: int | None = None
    """Default number of fetches under way at once in a bulk download; None if the engine runs no downloads."""
    make: Callable[[EngineParts[Fetcher]], Engine] | None = None
    """The factory of an engine that blocks its caller."""
    make_in_loop: Callable[[EngineParts[AsyncFetcher]], AsyncEngine] | None = None
    """The factory of an engine that runs inside an event loop; it is called there."""
    make_with_workers: Callable[[EngineParts[Fetcher | None]], Engine] | None = None
    """The factory of an engine that blocks its caller, while `workers` processes of its own fetch and read."""
    sharded: bool = False
    """Whether a crawl is divided into shards, which workers anywhere take: it has no factory, and no one process runs
    it (`cluster/`)."""
    one_at_a_time: bool = False
    """Whether there is only one slot, whatever `concurrency` is."""
    awaits_handlers: bool = False
    """Whether handlers may be `async def`."""

    @property
    def in_loop(self) -> bool:
        """Whether the engine runs inside an event loop."""
        return self.make_in_loop is not None

    @property
    def worker_processes(self) -> bool:
        """Whether visits run in `workers` processes of the engine's own."""
        return self.make_with_workers is not None

    def default_slots(self, workers: int | None, shards: int | None = None) -> int:
        """Return the default number of fetches under way at once, in all worker processes or shards together."""
        if self.sharded:
            return self.slots * (shards or DEFAULT_SHARDS)
        return self.slots * (workers or cores()) if self.worker_processes else self.slots


def _asyncio(parts: EngineParts[AsyncFetcher]) -> AsyncEngine:
    from functools import partial

    from gossamer.engines import async_handlers
    from gossamer.engines.aio import AsyncioEngine, AwaitedVisit

    visitor = parts.work.visitor()
    awaited: AwaitedVisit[FetchEvent] | None = None
    if parts.pool is not None:
        awaited = parts.pool.awaited
    elif any(handler.awaits for handler in parts.work.handlers):
        awaited = partial(async_handlers.visit, visitor)
    return AsyncioEngine(parts.fetcher, visitor.visit, awaited, parts.turn)


def _threads(parts: EngineParts[Fetcher]) -> Engine:
    from gossamer.engines.threads import ThreadsEngine

    threads = parts.work.policy.concurrency or 1
    # A handler may free the lock, and processes that a thread begins would stay where it is.
    together = parts.pool is None and not parts.work.handlers
    return ThreadsEngine(parts.fetcher, parts.visit, threads, parts.abort_reading, together=together)


def _inline(parts: EngineParts[Fetcher]) -> Engine:
    from gossamer.engines.inline import InlineEngine

    return InlineEngine(parts.fetcher, parts.visit, parts.abort_reading)


def _processes(parts: EngineParts[Fetcher | None]) -> Engine:
    from gossamer.engines.processes.engine import ProcessesEngine
    from gossamer.engines.processes.wire import WorkerConfig

    policy, recorded = parts.work.policy, parts.fetcher
    workers = policy.workers or 1
    cpu_workers_each = -(-policy.cpu_workers // workers)
    config = WorkerConfig(
        parts.work, fetches=recorded is None, answers=parts.bodies, cpu_workers=cpu_workers_each
    )  # fmt: skip
    return ProcessesEngine(config, workers, recorded)


ENGINES: Final[Mapping[str, EngineTraits]] = {
    "asyncio": EngineTraits(slots=64, download_slots=64, make_in_loop=_asyncio, awaits_handlers=True),
    "threads": EngineTraits(slots=8, download_slots=16, make=_threads),  # few: reading pages shares one lock
    "inline": EngineTraits(slots=1, download_slots=1, make=_inline, one_at_a_time=True),
    "processes": EngineTraits(slots=64, make_with_workers=_processes, awaits_handlers=True),
    "cluster": EngineTraits(slots=64, sharded=True, awaits_handlers=True),
}
"""The engines by name: the default first, then from the plainest on."""


def names(can: Callable[[EngineTraits], object] = lambda _: True) -> tuple[str, ...]:
    """Return the names of the engines that can do something, in the order of the table."""
    return tuple(name for name, traits in ENGINES.items() if can(traits))


def local_names() -> tuple[str, ...]:
    """Return the names of the engines that run a whole crawl where it begins."""
    return names(lambda traits: not traits.sharded)


def unused_settings(engine: str) -> frozenset[str]:
    """Return the fields of `Policy` that an engine has no use for; none for an unknown engine."""
    traits = ENGINES.get(engine)
    if traits is None:
        return frozenset()
    return frozenset(
        (
            *(() if traits.worker_processes or traits.sharded else ("workers",)),
            *(() if traits.sharded else ("shards", "place")),
        )
    )


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
