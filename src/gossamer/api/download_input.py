"""The URLs of a bulk download, taken from the iterable of its caller; inside an event loop it may be async."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Final

END: Final = object()
"""What `take` returns when there is no further URL."""


class BlockingInput:
    """A plain iterable of URLs."""

    def __init__(self, asked: Iterable[str]) -> None:
        self._iterator = iter(asked)

    def take(self) -> object:
        """Return the next URL, or `END`. Raise what the caller's iterator raises."""
        return next(self._iterator, END)


class AsyncInput:
    """URLs inside an event loop: a plain iterable is asked at once, an async one beside the fetches.

    `wake` is called as soon as an async one has answered.
    """

    def __init__(self, asked: Iterable[str] | AsyncIterable[str], wake: Callable[[], None]) -> None:
        self._wake = wake
        self._plain = BlockingInput(asked) if isinstance(asked, Iterable) else None
        self._awaited: AsyncIterator[str] | None = aiter(asked) if isinstance(asked, AsyncIterable) else None
        self._pull: asyncio.Future[object] | None = None
        self._over = False

    @property
    def ready(self) -> bool:
        """Whether `take` has an answer; asks for one if not."""
        if self._awaited is None or self._over:
            return True
        if self._pull is None:
            self._pull = asyncio.ensure_future(_next_or_end(self._awaited))
            self._pull.add_done_callback(lambda _: self._wake())
        return self._pull.done()

    def take(self) -> object:
        """Return the next URL, or `END`. Raise what the caller's iterator raises."""
        if self._plain is not None:
            return self._plain.take()
        pull, self._pull = self._pull, None
        assert pull is not None, "take before ready"
        self._over = True  # unless there is a URL: an iterator that has ended, or raised, is not asked again
        asked = pull.result()
        self._over = asked is END
        return asked

    async def aclose(self) -> None:
        """End a pull under way, and the caller's async generator."""
        if self._pull is not None:
            self._pull.cancel()
            await asyncio.wait([self._pull])
        if inspect.isasyncgen(self._awaited):
            await self._awaited.aclose()


async def _next_or_end(source: AsyncIterator[str]) -> object:
    return await anext(source, END)
