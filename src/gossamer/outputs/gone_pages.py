"""The pages that are gone since an earlier crawl: listed in a file when an update has come to its end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.outputs.files import named_when_whole, sync_directory
from gossamer.values.errors import OutputError
from gossamer.values.model import Change, PageRecord
from gossamer.values.snapshot import EXAMPLES

GONE_FILE: Final = "gone.jsonl"
UNLINKED: Final = "linked no more"

_ENCODER: Final = msgspec.json.Encoder()
_MARK: Final = b'"change":"gone"'


class Gone(Struct, frozen=True):
    """A page that is gone, and why: `status 404`, `status 410`, or `linked no more`."""

    url: str
    why: str


def not_found(pieces: Iterable[bytes]) -> Iterator[Gone]:
    """Find the pages that were there and are not found now, in the JSON lines of an update."""
    for piece in pieces:
        for line in piece.splitlines() if _MARK in piece else ():
            if _MARK in line:  # perhaps only in its title
                record = msgspec.json.decode(line, type=PageRecord)
                if record.change is Change.GONE:
                    yield Gone(record.url, f"status {record.status}")


def write_gone(directory: Path, pages: Iterable[Gone], *, durable: bool = False) -> tuple[int, tuple[str, ...]]:
    """Write the pages to the file, which appears when it is whole; tell how many there are, and the first few URLs.

    Raises OutputError.
    """
    path = directory / GONE_FILE
    number, some = 0, list[str]()
    try:
        with named_when_whole(path) as part, part.open("wb") as file:
            for page in pages:
                file.write(_ENCODER.encode(page) + b"\n")
                number += 1
                if number <= EXAMPLES:
                    some.append(page.url)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if durable:
            sync_directory(directory)
    except OSError as error:
        raise OutputError(f"Writing {path} failed: {error.strerror or error}.") from error
    return number, tuple(some)
