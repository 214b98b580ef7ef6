"""Read the records of WARC files one by one; each is a gzip member of its own."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from gossamer.values.errors import OutputError

_STEP: Final = 256 * 1024
_NAME: Final = re.compile(r"pages-(\d{5,})\.warc\.gz")


class Record(Struct, frozen=True):
    """One WARC record."""

    fields: dict[str, str]
    """The values of the record header, by lower-case name."""

    block: bytes
    """The content block; for a response it is the HTTP header and body."""

    location: tuple[Path, int]
    """The file, and the offset in bytes at which the record begins."""


def warc_files(directory: Path) -> list[Path]:
    """Return the WARC files of a crawl directory, in the order in which they were written."""
    found = {path: int(match[1]) for path in directory.iterdir() if (match := _NAME.fullmatch(path.name))}
    return sorted(found, key=found.__getitem__)


def refuse_short(directory: Path, offset: int) -> None:
    """Raise OutputError if the WARC files of a crawl have fewer than `offset` bytes together."""
    missing = offset - sum(path.stat().st_size for path in warc_files(directory))
    if missing > 0:
        raise OutputError(
            f"The WARC files in {directory} are {missing:,} bytes shorter than the journal knows: part of them "
            "was lost. Put the files back, or crawl anew."
        )


def split(block: bytes) -> tuple[bytes, bytes]:
    """Split an HTTP message into header block and body; lines may end in CRLF or LF."""
    ends = [at + len(blank_line) for blank_line in (b"\r\n\r\n", b"\n\n") if (at := block.find(blank_line)) >= 0]
    end = min(ends, default=len(block))
    return block[:end], block[end:]


def records_in(directory: Path) -> Iterator[Record]:
    """Yield every record of a crawl's WARC files, in order.

    An incomplete record at the end of the last file is ignored, since a crash leaves one. Raises OutputError if a file
    is damaged elsewhere.
    """
    files = warc_files(directory)
    for path in files:
        yield from _records(path, last=path == files[-1])


def _records(path: Path, *, last: bool) -> Iterator[Record]:
    with path.open("rb") as file:
        offset, size = 0, path.stat().st_size
        while offset < size:
            member = _member(file, offset)
            if member is None:
                if last:
                    return
                raise OutputError(f"{path} ends in the middle of a record.")
            content, end = member
            yield _record(content, (path, offset))
            offset = end


def record_at(path: Path, offset: int) -> Record:
    """Read the record that begins at an offset (bytes)."""
    with path.open("rb") as file:
        member = _member(file, offset)
    assert member is not None, "it was whole when it was first read"
    return _record(member[0], (path, offset))


def _member(file: BinaryIO, offset: int) -> tuple[bytes, int] | None:
    """Return the content of the gzip member at an offset, and its end; None if the file ends within it."""
    file.seek(offset)
    stream, parts = zlib.decompressobj(31), []
    while not stream.eof:
        piece = file.read(_STEP)
        if not piece:
            return None
        try:
            parts.append(stream.decompress(piece))
        except zlib.error as error:
            raise OutputError(f"{file.name} is damaged at byte {offset:,}: {error}.") from None
    return b"".join(parts), file.tell() - len(stream.unused_data)


def _record(content: bytes, location: tuple[Path, int]) -> Record:
    head, _, rest = content.partition(b"\r\n\r\n")
    fields = {}
    for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return Record(fields, rest[: int(fields["content-length"])], location)
