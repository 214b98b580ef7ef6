"""The refused links of a crawl, each once: `skipped.jsonl`, one line a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from gossamer.outputs.files import GrowingFile
from gossamer.values.errors import OutputError
from gossamer.values.model import SkippedLink
from gossamer.values.protocol import Batch

SKIPPED_FILE: Final = "skipped.jsonl"
"""The file of the refused links, relative to the crawl directory."""
MOST_BYTES: Final = 128 * 1024 * 1024
"""Size of the file (bytes) from which on no link is added: about a million links."""
_AT_ONCE: Final = 1 << 20
"""Size (bytes) of the pieces in which the file is read."""

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(SkippedLink)


class SkippedLinks:
    """An output of refused links, up to a size of `most` bytes. The offset is in bytes.

    Whether the file is full follows from its size, so a crawl that goes on needs to remember nothing.
    """

    def __init__(self, path: Path, *, durable: bool = False, most: int = MOST_BYTES) -> None:
        self._file = GrowingFile(path, durable=durable)
        self._durable = durable
        self._most = most
        self._synced = -1

    def resume(self, offset: int) -> None:
        """Truncate the file to `offset` bytes. Raises OutputError if it is shorter."""
        self._file.truncate(offset)

    def write(self, batch: Batch) -> None:
        """Append the refused links of a batch, as long as the file is not full."""
        room = self._most - self._file.size
        if room <= 0 or not batch.skipped:
            return
        content = _ENCODER.encode_lines(batch.skipped)
        if len(content) > room:
            content = content[: content.index(b"\n", room - 1) + 1]
        self._file.write(content)

    def flush(self) -> int:
        """Return the size of the file in bytes; with `durable`, once its content is on the disk."""
        if self._durable and self._file.size != self._synced:
            self._file.sync()
            self._synced = self._file.size
        return self._file.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def is_full(directory: Path) -> bool:
    """Whether the file of a crawl is full, so that links refused later are missing there."""
    path = directory / SKIPPED_FILE
    return path.exists() and path.stat().st_size >= MOST_BYTES


def read_skipped(directory: Path, size: int, *, containing: bytes = b"") -> Iterator[SkippedLink]:
    """Yield the refused links of a crawl, from the first `size` bytes of the file: those that were committed.

    With `containing`, lines without these bytes are passed over. Raise OutputError where the file cannot be read.
    """
    path = directory / SKIPPED_FILE
    try:
        with path.open("rb") as file:
            for lines in _pieces(file.read, size):
                if containing in lines:
                    yield from (_DECODER.decode(line) for line in lines.splitlines() if containing in line)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be read: {error}.") from error


def _pieces(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of a file in pieces of whole lines."""
    rest, left = b"", size
    while left > 0 and (read_now := read(min(left, _AT_ONCE))):
        left -= len(read_now)
        whole, newline, rest = (rest + read_now).rpartition(b"\n")
        yield whole + newline
