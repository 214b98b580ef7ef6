"""Lists of URLs as people have them: those of the command line, then the lines of a file, a pipe or stdin."""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from stat import S_ISFIFO, S_ISSOCK
from typing import Final

from gossamer.api.call_arguments import canonical_seeds
from gossamer.values.errors import UserError

_AT_ONCE: Final = 65536
_COMMENT: Final = re.compile(r"(?:^|\s)#")
"""The start of a comment; a "#" inside a URL begins its fragment."""
_QUOTES: Final = {'"': '"', "'": "'", "<": ">", "\u201c": "\u201d"}
"""What a URL in a list may stand between (RFC 3986, appendix C)."""
_BLANK: Final = " \t\u00a0"
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class UrlSource:
    """The URLs of a list, once; `count` is the number taken so far, `whole` whether that was all."""

    def __init__(self, first: Sequence[str], source: str | None) -> None:
        self._first = first
        self._descriptor = None if source is None else _opened(source)
        self._lines: dict[int, int] = {}
        self.count = len(first)
        self.whole = source is None

    def take_line(self, number: int) -> int | None:
        """Return the number of the line that a URL was read from, once; None for the command line. Both from 1."""
        return self._lines.pop(number, None)

    def urls(self, *, awaited: bool) -> Iterable[str] | AsyncIterator[str]:
        """Return the URLs; `awaited`: for an event loop, whose downloads a slow pipe must not block."""
        if awaited and self._descriptor is not None and _comes_slowly(self._descriptor):
            return self._to_come(self._descriptor)
        return self.at_hand()

    def at_hand(self) -> Iterator[str]:
        """Yield the URLs; reading blocks until they are there."""
        yield from self._first
        lines = LineReader()
        while self._descriptor is not None and (piece := os.read(self._descriptor, _AT_ONCE)):
            yield from self._counted(lines.read(piece))
        yield from self._counted(lines.read(b"", last=True))
        self.whole = True

    async def _to_come(self, descriptor: int) -> AsyncIterator[str]:
        """Yield URLs as they arrive."""
        import asyncio

        for url in self._first:
            yield url
        loop, readable, lines = asyncio.get_running_loop(), asyncio.Event(), LineReader()
        loop.add_reader(descriptor, readable.set)
        try:
            while not self.whole:
                readable.clear()
                await readable.wait()
                piece = os.read(descriptor, _AT_ONCE)
                for url in self._counted(lines.read(piece, last=not piece)):
                    yield url
                self.whole = not piece
        finally:
            loop.remove_reader(descriptor)

    def _counted(self, found: Iterable[tuple[int, str]]) -> Iterator[str]:
        for number, url in found:
            self.count += 1
            self._lines[self.count] = number
            yield url


def listed_seeds(first: Sequence[str], source: str) -> tuple[str, ...]:
    """Return the URLs of the command line and an input, as written. Raise UserError that names all that are none."""
    asked = UrlSource(first, source)
    try:
        texts = list(asked.at_hand())
    except OSError as error:
        raise UserError(f"The input {source} cannot be read: {error.strerror or error}.") from None
    if not texts:
        raise UserError(f"The input {source} names no URL.")
    lines = ((number, asked.take_line(number)) for number in range(1, asked.count + 1))
    canonical_seeds(texts, {number: f"line {line}" for number, line in lines if line is not None})
    return tuple(texts)


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


class LineReader:
    """Reads lines that name URLs from pieces of bytes: UTF-8, or what a byte order mark says.

    A line ends in LF, CR LF or CR. The URL is its first column (a tab ends it), without quotes around it. Bytes that
    cannot be decoded stay in the text, as lone surrogates or U+FFFD.
    """

    def __init__(self) -> None:
        self._start = b""
        self._decoder: io.IncrementalNewlineDecoder | None = None
        self._rest = ""
        self._number = 0

    def read(self, piece: bytes, *, last: bool = False) -> Iterator[tuple[int, str]]:
        """Yield the number and the URL of each line that is complete, without comments and empty lines."""
        *whole, self._rest = (self._rest + self._decoded(piece, last)).split("\n")
        if last:
            whole.append(self._rest)
        for text in whole:
            self._number += 1
            if url := _url(text):
                yield self._number, url

    def _decoded(self, piece: bytes, last: bool) -> str:
        if self._decoder is None:
            self._start += piece
            undecided = any(mark.startswith(self._start) and mark != self._start for mark, _ in _MARKS)
            if undecided and not last:
                return ""
            mark, name = next((known for known in _MARKS if self._start.startswith(known[0])), (b"", "utf-8"))
            decoder = codecs.getincrementaldecoder(name)("surrogateescape" if name == "utf-8" else "replace")
            self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
            piece = self._start[len(mark) :]
        return self._decoder.decode(piece, final=last)


def _url(text: str) -> str:
    """Return the URL that a line names; "" for none."""
    column = text.strip(_BLANK).partition("\t")[0]
    url = _COMMENT.split(column, maxsplit=1)[0].strip(_BLANK)
    if len(url) > 1 and _QUOTES.get(url[0]) == url[-1]:
        url = url[1:-1].strip(_BLANK)
    return url
