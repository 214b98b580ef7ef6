"""The URLs for `gossamer fetch`: those of the command line, then the lines of a file, a pipe or stdin."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from stat import S_ISFIFO, S_ISSOCK
from typing import Final

from gossamer.values.errors import UserError

_AT_ONCE: Final = 65536
_COMMENT: Final = re.compile(r"(?:^|\s)#")
"""The start of a comment; a "#" inside a URL begins its fragment."""


class UrlSource:
    """The URLs to download, once; `count` is the number taken so far, `whole` whether that was all."""

    def __init__(self, first: Sequence[str], source: str | None) -> None:
        self._first = first
        self._descriptor = None if source is None else _opened(source)
        self.count = len(first)
        self.whole = source is None

    def urls(self, *, awaited: bool) -> Iterable[str] | AsyncIterator[str]:
        """Return the URLs; `awaited`: for an event loop, whose downloads a slow pipe must not block."""
        if awaited and self._descriptor is not None and _comes_slowly(self._descriptor):
            return self._to_come(self._descriptor)
        return self._at_hand()

    def _at_hand(self) -> Iterator[str]:
        yield from self._first
        cut = _Cutter()
        while self._descriptor is not None and (piece := os.read(self._descriptor, _AT_ONCE)):
            yield from self._counted(cut.lines(piece))
        yield from self._counted(cut.lines(b"\n"))
        self.whole = True

    async def _to_come(self, descriptor: int) -> AsyncIterator[str]:
        """Yield lines as they arrive."""
        import asyncio

        for url in self._first:
            yield url
        loop, readable, cut = asyncio.get_running_loop(), asyncio.Event(), _Cutter()
        loop.add_reader(descriptor, readable.set)
        try:
            while not self.whole:
                readable.clear()
                await readable.wait()
                piece = os.read(descriptor, _AT_ONCE)
                for url in self._counted(cut.lines(piece or b"\n")):
                    yield url
                self.whole = not piece
        finally:
            loop.remove_reader(descriptor)

    def _counted(self, urls: Iterable[str]) -> Iterator[str]:
        for url in urls:
            self.count += 1
            yield url


def _opened(source: str) -> int:
    try:
        descriptor = 0 if source == "-" else os.open(source, os.O_RDONLY)
        os.read(descriptor, 0)  # a directory complains here
    except OSError as error:
        raise UserError(f"The input {source} cannot be read: {error.strerror or error}.") from None
    return descriptor


def _comes_slowly(descriptor: int) -> bool:
    """Whether lines may arrive late. Event loops cannot watch files or /dev/null, which never wait."""
    mode = os.fstat(descriptor).st_mode
    return S_ISFIFO(mode) or S_ISSOCK(mode) or os.isatty(descriptor)


class _Cutter:
    """Splits pieces of bytes into lines that name URLs."""

    def __init__(self) -> None:
        self._rest = b""

    def lines(self, piece: bytes) -> Iterator[str]:
        """Yield the lines that are complete, without comments and empty lines."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        for raw in whole:
            text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
            if url := _COMMENT.split(text, maxsplit=1)[0].strip():
                yield url
