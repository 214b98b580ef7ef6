"""JSON Lines: one line for each link that ended, or one for each item that a handler yielded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gossamer.outputs.files import GrowingFile
from gossamer.values.protocol import Batch


def records(batch: Batch) -> list[bytes]:
    """Return the records of a batch's ended links, each as a line."""
    return [ended.outcome.line for ended in batch.ended]


def items(batch: Batch) -> list[bytes]:
    """Return the items of a batch, each as a line with the URL of its page."""
    return [item.line for ended in batch.ended for item in ended.outcome.items]


class JsonLines:
    """An output of JSON lines, which the function `lines` takes from each batch. The offset is in bytes."""

    def __init__(self, path: Path, *, durable: bool = False, lines: Callable[[Batch], list[bytes]] = records) -> None:
        self._file = GrowingFile(path, durable=durable)
        self._durable = durable
        self._lines = lines

    def resume(self, offset: int) -> None:
        """Truncate the file to `offset` bytes. Raises OutputError if it is shorter."""
        self._file.truncate(offset)

    def write(self, batch: Batch) -> None:
        """Append the batch's lines in one write."""
        self._file.write(b"".join(self._lines(batch)))

    def flush(self) -> int:
        """Return the size of the file in bytes; with `durable`, once its content is on the disk."""
        if self._durable:
            self._file.sync()
        return self._file.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()
