"""The items that handlers yielded, as JSON lines: one item a line, with the page it is from."""

from __future__ import annotations

from pathlib import Path

from gossamer.outputs.files import GrowingFile
from gossamer.protocol import Batch


class ItemLines:
    """Append items to a file; whole up to the offset (in bytes) last told by `flush`."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self._file = GrowingFile(path, durable=durable)
        self._durable = durable

    def resume(self, offset: int) -> None:
        """Cut off what was written after the last commit; raises OutputError where the file is shorter."""
        self._file.cut(offset)

    def write(self, batch: Batch) -> None:
        """Append the items of the batch's pages in one write."""
        self._file.write(b"".join([item.line for ended in batch.ended for item in ended.items]))

    def flush(self) -> int:
        """Tell the offset up to which the file is whole; with `durable`, after it reached the disk."""
        if self._durable:
            self._file.sync()
        return self._file.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()
