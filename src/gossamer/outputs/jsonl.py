"""JSON Lines: one record a link that ended, one link a line."""

from __future__ import annotations

import os
from pathlib import Path

from gossamer.protocol import Batch


class JsonLines:
    """Append page records to a file; whole up to the offset last told by `flush`."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self._file = path.open("ab", buffering=0)
        self._durable = durable
        self._offset = self._file.seek(0, os.SEEK_END)

    def resume(self, offset: int) -> None:
        """Cut off what was written after the last commit."""
        self._file.truncate(offset)
        self._offset = offset

    def write(self, batch: Batch) -> None:
        """Append the batch's records in one write."""
        lines = b"".join([ended.line for ended in batch.ended])
        while lines:  # a raw file may take less than it is given
            written = self._file.write(lines)
            self._offset += written
            lines = lines[written:]

    def flush(self) -> int:
        """Tell the offset up to which the file is whole; with `durable`, after it reached the disk."""
        if self._durable:
            os.fsync(self._file.fileno())
        return self._offset

    def close(self) -> None:
        """Close the file."""
        self._file.close()
