"""The list of pages that are gone since the previous crawl, written to a file when an update ends."""

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
"""The file of gone pages, relative to the crawl directory."""

UNKNOWN_FILE: Final = "unknown.jsonl"
"""The file of pages of which an update found out nothing, relative to the crawl directory."""

UNFETCHED: Final = "not fetched"
"""The reason of a page that could not be fetched this time."""

LINKED_BY_UNFETCHED: Final = "linked by pages not fetched"
"""The reason of a page to which only pages led that could not be fetched this time."""

UNLINKED: Final = "linked no more"
"""The reason of a page that was not fetched, since no page links to it now."""

_ENCODER: Final = msgspec.json.Encoder()
_GONE_FIELD: Final = b'"change":"gone"'


class Gone(Struct, frozen=True):
    """A page that is gone, as it is written to the file."""

    url: str
    """The URL of the page."""

    why: str
    """The reason: `status 404`, `status 410`, or `linked no more`; why nothing is known of it."""


def not_found(pieces: Iterable[bytes]) -> Iterator[Gone]:
    """Yield the pages that an update no longer found, from its JSON lines; each piece has whole lines only."""
    for piece in pieces:
        for line in piece.splitlines() if _GONE_FIELD in piece else ():
            if _GONE_FIELD in line:  # decoded to be sure: the text may also be part of a title
                record = msgspec.json.decode(line, type=PageRecord)
                if record.change is Change.GONE:
                    yield Gone(record.url, f"status {record.status}")


def read_unknown(directory: Path) -> frozenset[str]:
    """Return the URLs of the pages of which the crawl in a directory found out nothing. Raise OutputError."""
    path = directory / UNKNOWN_FILE
    return frozenset(page.url for page in read_gone(path)) if path.exists() else frozenset()


def read_gone(path: Path) -> Iterator[Gone]:
    """Yield the pages of a list, gone or unknown. Raise OutputError."""
    try:
        with path.open("rb") as file:
            for line in file:
                yield msgspec.json.decode(line, type=Gone)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be read: {error}.") from error


def write_gone(
    directory: Path, pages: Iterable[Gone], *, durable: bool = False, name: str = GONE_FILE
) -> tuple[int, tuple[str, ...]]:
    """Write `gone.jsonl`, or the file of unknown pages; return the number of pages and the first few URLs.

    The file appears under its name when it is complete. Raises OutputError if it cannot be written.
    """
    path = directory / name
    number, examples = 0, list[str]()
    try:
        with named_when_whole(path) as part, part.open("wb") as file:
            for page in pages:
                file.write(_ENCODER.encode(page) + b"\n")
                number += 1
                if number <= EXAMPLES:
                    examples.append(page.url)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if durable:
            sync_directory(directory)
    except OSError as error:
        raise OutputError(f"Writing {path} failed: {error.strerror or error}.") from error
    return number, tuple(examples)
