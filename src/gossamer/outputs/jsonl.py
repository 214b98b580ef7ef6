"""JSON Lines: one record a link that ended, or the items that handlers yielded, one a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gossamer.outputs.files import GrowingFile
from gossamer.values.protocol import Batch


def records(batch: Batch) -> list[bytes]:
    """Give the records of the links that ended."""
    return [ended.outcome.line for ended in batch.ended]


def items(batch: Batch) -> list[bytes]:
    """Give the items of the pages, each with the page it is from."""
    return [item.line for ended in batch.ended for item in ended.outcome.items]


class JsonLines:
    """Append lines to a file, such as `records` of pages; whole up to the offset (in bytes) last told by `flush`."""

    def __init__(self, path: Path, *, durable: bool = False, lines: Callable[[Batch], list[bytes]] = records) -> None:
        self._file = GrowingFile(path, durable=durable)
        self._durable = durable
        self._lines = lines

    def resume(self, offset: int) -> None:
        """Cut off what was written after the last commit; raises OutputError where the file is shorter."""
        self._file.cut(offset)

    def write(self, batch: Batch) -> None:
        """Append the batch's lines in one write."""
        self._file.write(b"".join(self._lines(batch)))

    def flush(self) -> int:
        """Tell the offset up to which the file is whole; with `durable`, after it reached the disk."""
        if self._durable:
            self._file.sync()
        return self._file.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()
