"""Markdown in a part: one file of JSON lines instead of a file for each page, which an object store is slow with.

Blocks that repeat on most pages stay: which do, only the whole crawl tells, and `gossamer export` removes them.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from isal import igzip
from msgspec import Struct

from gossamer.outputs.files import GrowingFile
from gossamer.values.protocol import Batch

_LEVEL: Final = 1


class MarkdownLine(Struct, frozen=True):
    """A page as Markdown."""

    id: int
    """The id of its link."""
    url: str
    markdown: str


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(MarkdownLine)


class MarkdownLines:
    """An output of HTML pages as Markdown, in one compressed file. The offset is its size in bytes."""

    def __init__(self, path: Path) -> None:
        self._file = GrowingFile(path)

    def resume(self, offset: int) -> None:
        """Truncate the file to `offset` bytes. Raises OutputError if it is shorter."""
        self._file.truncate(offset)

    def write(self, batch: Batch) -> None:
        """Append the pages of a batch as one gzip member."""
        ended = [ended for ended in batch.ended if ended.outcome.markdown]
        pages = [MarkdownLine(one.link.id, one.link.url, one.outcome.markdown) for one in ended]
        if pages:
            self._file.write(igzip.compress(_ENCODER.encode_lines(pages), _LEVEL, mtime=0))

    def flush(self) -> int:
        """Return the size of the file in bytes."""
        return self._file.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def markdown_lines(file: BinaryIO) -> Iterator[MarkdownLine]:
    """Yield the pages in a file."""
    with gzip.open(file) as lines:
        yield from map(_DECODER.decode, lines)
