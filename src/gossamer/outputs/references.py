"""References: what each page, stylesheet and sitemap points to, a line of JSON each, in one compressed file.

Each commit appends one gzip member, so the file can be cut back to any commit, and read up to it while the crawl runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec
from isal import igzip, igzip_lib, isal_zlib

from gossamer.outputs.files import GrowingFile
from gossamer.values.errors import OutputError
from gossamer.values.protocol import Batch
from gossamer.values.references import PageReferences, references_of

FORMAT: Final = "references"
"""The name of the format, and of its offset in the journal."""
FILE: Final = "references.jsonl.gz"
"""The file, relative to the crawl directory."""
_LEVEL: Final = 1
"""Of 0 to 3: 2 takes as much space and twice the time."""
_GZIP: Final = 31
"""The window of zlib, with the header of gzip."""
_DAMAGED: Final = (cast("type[Exception]", igzip_lib.IsalError), EOFError, msgspec.DecodeError)
"""What reading a damaged file raises."""
_PIECE: Final = 1 << 17
"""Size (bytes) of the pieces in which the file is read."""


class References:
    """An output of the references of pages. The offset is the size of the file in bytes."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self._file = GrowingFile(path, durable=durable)
        self._durable = durable

    def resume(self, offset: int) -> None:
        """Truncate the file to `offset` bytes. Raises OutputError if it is shorter."""
        self._file.truncate(offset)

    def write(self, batch: Batch) -> None:
        """Append the lines of a batch as one gzip member."""
        lines = b"".join([*[ended.outcome.references for ended in batch.ended], *batch.sitemaps])
        if lines:
            self._file.write(igzip.compress(lines, _LEVEL, mtime=0))

    def flush(self) -> int:
        """Return the size of the file in bytes; with `durable`, once its content is on the disk."""
        if self._durable:
            self._file.sync()
        return self._file.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def references_in(path: Path, size: int) -> Iterator[PageReferences]:
    """Yield the references in the first `size` bytes of a file, a little at a time.

    Raise OutputError if the file is damaged or shorter.
    """
    if path.stat().st_size < size:
        raise OutputError(f"{path} is shorter than the journal knows: part of it was lost. Put it back, or crawl anew.")
    try:
        with path.open("rb") as file:
            yield from map(references_of, _lines(file, size))
    except _DAMAGED as error:
        raise OutputError(f"{path} is damaged: {error}.") from None


def _lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the lines in the first `size` bytes of a file of gzip members. Raise EOFError if the last one is cut."""
    member, rest = isal_zlib.decompressobj(_GZIP), b""
    while size and (piece := file.read(min(size, _PIECE))):
        size -= len(piece)
        while piece:
            if member.eof:
                member = isal_zlib.decompressobj(_GZIP)
            *lines, rest = (rest + member.decompress(piece)).split(b"\n")
            yield from lines
            piece = member.unused_data
    if not member.eof or rest:
        raise EOFError("it ends in the middle")
