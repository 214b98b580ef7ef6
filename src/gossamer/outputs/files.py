"""Append-only files that can be truncated to a known size: the basis of resumable outputs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gossamer.values.errors import OutputError


class GrowingFile:
    """A file that is only appended to or truncated; `size` is its length in bytes.

    `sync` makes the content survive a power failure. With `durable`, the name of a new file survives one too, from the
    start: POSIX guarantees that only once the directory has been synced.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self.size = self._file.seek(0, os.SEEK_END)
        if durable:
            sync_directory(path.parent)

    def write(self, content: bytes) -> None:
        """Append bytes. Raises OSError if the disk is full."""
        rest = memoryview(content)
        while rest:  # an unbuffered file may write only a part
            written = self._file.write(rest)
            self.size += written
            rest = rest[written:]

    def truncate(self, size: int) -> None:
        """Truncate the file to `size` bytes. Raises OutputError if it is shorter."""
        if size > self.size:
            raise OutputError(
                f"{self.path} holds {self.size:,} bytes, but the journal knows of {size:,}: part of it was lost. "
                "Put the file back, or crawl anew."
            )
        self._file.truncate(size)
        self.size = size

    def sync(self) -> None:
        """Wait until the content is on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def named_when_whole(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file; rename it to `path` after the block, or remove it if the block raises."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync_directory(path: Path) -> None:
    """Wait until a directory's entries (new, renamed and removed files) are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
