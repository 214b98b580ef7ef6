"""Calls between blocking code and event loops: a loop for a blocking caller, threads for blocking work in a loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from queue import Queue
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

_AHEAD: Final = 2
"""Maximum number of items that a source in its own thread may be ahead of its consumer."""
_ENOUGH: Final = 1_000
"""Number of items for which there is room when a source is stopped: more than it can produce until it hears of that.

Python takes a third of a microsecond for each.
"""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop: of uvloop where that is installed, else Python's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run_in_loop(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine to its end in a loop of its own; in another thread if this one is inside a loop already."""
    if not _inside_loop():
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(main())
        return
    for _ in from_thread(lambda: _as_source(main)):
        pass


async def _as_source(main: Callable[[], Coroutine[Any, Any, None]]) -> AsyncGenerator[None, None]:
    await main()
    yield None


def from_thread(source: Callable[[], AsyncGenerator[T, None]]) -> Iterator[T]:
    """Iterate, blocking, over an async source that runs in a loop and thread of its own.

    Leaving the iteration early cancels the source and waits until it has cleaned up. Its exceptions are raised here.
    """
    pump = _Pump(source)
    try:
        yield from pump.items()
    finally:
        pump.stop()


class _Pump(Generic[T]):
    """Runs an async source in a thread; `_room` counts how many more items it may produce ahead."""

    def __init__(self, source: Callable[[], AsyncGenerator[T, None]]) -> None:
        self._source = source
        self._items: Queue[list[T]] = Queue()
        self._error: BaseException | None = None
        self._room = threading.Semaphore(_AHEAD)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="gossamer-loop", daemon=True)
        self._thread.start()

    def items(self) -> Iterator[T]:
        while item := self._items.get():
            self._room.release()
            yield item[0]
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        self._started.wait()
        self._room.release(_ENOUGH)  # nobody takes any more: let a waiting pump go on to its cancellation
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            assert self._loop is not None
            assert self._task is not None
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(self._pump())
        except asyncio.CancelledError:
            pass  # this is how `stop` ends it
        except BaseException as error:  # noqa: BLE001  # handed over: it is raised in the caller's thread
            self._error = error
        finally:
            self._started.set()
            self._items.put([])

    async def _pump(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._started.set()
        async with contextlib.aclosing(self._source()) as source:
            async for item in source:
                self._items.put([item])
                await self._loop.run_in_executor(None, self._room.acquire)


async def in_threads(source: Iterator[T], call_off: Callable[[], None]) -> AsyncGenerator[T, None]:
    """Iterate inside an event loop over a blocking iterator, each step of which runs in a thread.

    When cancelled in the middle of a step, it waits until the step has ended, since only then the iterator can be
    closed; `call_off` makes the step end soon.
    """
    loop = asyncio.get_running_loop()
    step: asyncio.Future[list[T]] | None = None
    try:
        while True:
            step = loop.run_in_executor(None, _one, source)
            if not (item := await asyncio.shield(step)):
                return
            yield item[0]
    finally:
        if step is not None and not step.done():
            call_off()
            await asyncio.wait([step])
            step.exception()  # nobody wants it any more
        close = getattr(source, "close", None)
        if close is not None:
            await asyncio.to_thread(close)


def _one(source: Iterator[T]) -> list[T]:
    for item in source:
        return [item]
    return []


def _inside_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
