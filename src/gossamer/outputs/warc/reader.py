"""The records in WARC files, read one by one: each is a gzip member of its own."""

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
    """A record: its fields by lower-case name, its block, and the file and place where it begins."""

    fields: dict[str, str]
    block: bytes
    place: tuple[Path, int]


def warc_files(directory: Path) -> list[Path]:
    """List the WARC files of a crawl directory in the order they were written."""
    found = {path: int(match[1]) for path in directory.iterdir() if (match := _NAME.fullmatch(path.name))}
    return sorted(found, key=found.__getitem__)


def refuse_short(directory: Path, offset: int) -> None:
    """Raise OutputError where the files of a crawl hold less than the journal knows: `offset` bytes together."""
    missing = offset - sum(path.stat().st_size for path in warc_files(directory))
    if missing > 0:
        raise OutputError(
            f"The WARC files in {directory} are {missing:,} bytes shorter than the journal knows: part of them "
            "was lost. Put the files back, or crawl anew."
        )


def split(block: bytes) -> tuple[bytes, bytes]:
    """Cut an HTTP message after its header block, whose lines may end in CRLF or LF."""
    ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := block.find(mark)) >= 0]
    end = min(ends, default=len(block))
    return block[:end], block[end:]


def records_in(directory: Path) -> Iterator[Record]:
    """Give every record of a crawl's files, in order.

    What a crash left unfinished at the end of the last file is passed over. Raises OutputError where a file is damaged
    elsewhere.
    """
    files = warc_files(directory)
    for path in files:
        yield from _records(path, last=path == files[-1])


def _records(path: Path, *, last: bool) -> Iterator[Record]:
    with path.open("rb") as file:
        place, size = 0, path.stat().st_size
        while place < size:
            member = _member(file, place)
            if member is None:
                if last:
                    return
                raise OutputError(f"{path} ends in the middle of a record.")
            content, end = member
            yield _record(content, (path, place))
            place = end


def record_at(path: Path, place: int) -> Record:
    """Read the record that begins at a place."""
    with path.open("rb") as file:
        member = _member(file, place)
    assert member is not None, "it was whole when it was first read"
    return _record(member[0], (path, place))


def _member(file: BinaryIO, place: int) -> tuple[bytes, int] | None:
    """Read the gzip member at a place: its content and where it ends; None where the file ends before it does."""
    file.seek(place)
    stream, parts = zlib.decompressobj(31), []
    while not stream.eof:
        piece = file.read(_STEP)
        if not piece:
            return None
        try:
            parts.append(stream.decompress(piece))
        except zlib.error as error:
            raise OutputError(f"{file.name} is damaged at byte {place:,}: {error}.") from None
    return b"".join(parts), file.tell() - len(stream.unused_data)


def _record(content: bytes, place: tuple[Path, int]) -> Record:
    head, _, rest = content.partition(b"\r\n\r\n")
    fields = {}
    for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return Record(fields, rest[: int(fields["content-length"])], place)
