"""Files that only grow, and can be cut back to where they were whole: what resumable outputs are made of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gossamer.values.errors import OutputError


class GrowingFile:
    """A file that is appended to. `size` counts what was written; `sync` makes it survive a power cut.

    With `durable` its name does so at once: POSIX promises that for no new file until its directory was synced.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self.size = self._file.seek(0, os.SEEK_END)
        if durable:
            sync_directory(path.parent)

    def write(self, content: bytes) -> None:
        """Append; raises OSError where the disk takes no more."""
        rest = memoryview(content)
        while rest:  # a raw file may take less than it is given
            written = self._file.write(rest)
            self.size += written
            rest = rest[written:]

    def cut(self, size: int) -> None:
        """Forget what was written after `size` bytes; raises OutputError where the file does not reach that far."""
        if size > self.size:
            raise OutputError(
                f"{self.path} holds {self.size:,} bytes, but the journal knows of {size:,}: part of it was lost. "
                "Put the file back, or crawl anew."
            )
        self._file.truncate(size)
        self.size = size

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def named_when_whole(path: Path) -> Iterator[Path]:
    """Give the path of a file to write, which takes its name when the block has ended well."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def sync_directory(path: Path) -> None:
    """Wait until the names of new, renamed and removed files in a directory are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
