"""Read back the WARC files of a crawl, in the order they were written."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from gossamer.errors import OutputError
from gossamer.outputs.warc import REMEMBERED, warc_files

_STEP: Final = 256 * 1024


class Kept(Struct, frozen=True):
    """An answer kept in a WARC file: the URL, the WARC date, the header block and the body as on the wire."""

    url: str
    date: str
    header: bytes
    body: bytes


class _Record(Struct, frozen=True):
    fields: dict[str, str]
    block: bytes
    place: tuple[Path, int]


def kept_answers(directory: Path) -> Iterator[Kept]:
    """Give every answer of a crawl's WARC files, in order; a revisit has the body it refers to.

    What a crash left unfinished at the end of the last file is passed over. Raises OutputError where a file is damaged
    elsewhere.
    """
    payloads: dict[str, tuple[Path, int]] = {}
    files = warc_files(directory)
    for path in files:
        for record in _records(path, last=path == files[-1]):
            kind, payload = record.fields.get("warc-type"), record.fields.get("warc-payload-digest", "")
            if kind == "response":
                if _is_repeatable(record):
                    _remember(payloads, payload, record.place)
                yield _kept(record, *_split(record.block))
            elif kind == "revisit":
                if payload not in payloads:
                    raise OutputError(f"{path} refers to a body that is not in the files before it.")
                yield _kept(record, record.block, _split(_record_at(*payloads[payload]).block)[1])


def _is_repeatable(record: _Record) -> bool:
    """Tell whether the writer might refer to it: its status is 200."""
    return record.block[:16].split(b" ")[1:2] == [b"200"] or record.block[9:14].rstrip() == b"200"


def _remember(payloads: dict[str, tuple[Path, int]], payload: str, place: tuple[Path, int]) -> None:
    """Remember as many of the newest payloads as the writer does, in its order: so all it refers to is found."""
    payloads.pop(payload, None)
    payloads[payload] = place
    if len(payloads) > REMEMBERED:
        del payloads[next(iter(payloads))]


def _kept(record: _Record, header: bytes, body: bytes) -> Kept:
    return Kept(record.fields["warc-target-uri"], record.fields["warc-date"], header, body)


def _split(block: bytes) -> tuple[bytes, bytes]:
    """Cut an HTTP message after its header block, whose lines may end in CRLF or LF."""
    ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := block.find(mark)) >= 0]
    end = min(ends, default=len(block))
    return block[:end], block[end:]


# ---------------------------------------------------------------- members of a file


def _records(path: Path, *, last: bool) -> Iterator[_Record]:
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


def _record_at(path: Path, place: int) -> _Record:
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


def _record(content: bytes, place: tuple[Path, int]) -> _Record:
    head, _, rest = content.partition(b"\r\n\r\n")
    fields = {}
    for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return _Record(fields, rest[: int(fields["content-length"])], place)
