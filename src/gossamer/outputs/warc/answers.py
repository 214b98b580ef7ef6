"""Read the responses from a crawl's WARC files, in the order in which they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from gossamer.outputs.warc.previous import WarcOriginals
from gossamer.outputs.warc.reader import Record, record_at, records_in, split
from gossamer.outputs.warc.records import UNMODIFIED_PROFILE
from gossamer.outputs.warc.writer import REMEMBERED
from gossamer.values.errors import OutputError


class Kept(Struct, frozen=True):
    """A response that was read from a WARC file."""

    url: str
    """The requested URL."""

    date: str
    """When it was fetched, as a WARC date (ISO 28500:2017 section 5.4)."""

    header: bytes
    """The header block, with its blank line."""

    body: bytes
    """The body as received, with its Content-Encoding."""


def kept_answers(directory: Path, previous: Sequence[Path] = ()) -> Iterator[Kept]:
    """Yield every response of a crawl's WARC files, in order; a revisit gets the body that it refers to.

    `previous` are the directories of the crawls that this one updates: revisits may refer to their files.
    An incomplete record at the end of the last file is ignored, since a crash leaves one. Raises OutputError if a file
    is damaged elsewhere, or if a revisit refers to a missing record.
    """
    payloads: dict[str, tuple[Path, int]] = {}
    originals = WarcOriginals(previous)
    for record in records_in(directory):
        kind, payload = record.fields.get("warc-type"), record.fields.get("warc-payload-digest", "")
        if kind == "response":
            if _is_repeatable(record):
                _remember(payloads, payload, record.location)
            yield _kept(record, *split(record.block))
        elif kind == "revisit":
            location = payloads.get(payload) or originals.locate(record)
            if location is None:
                raise OutputError(f"{record.location[0]} refers to a body that is not in the files before it.")
            header, body = split(record_at(*location).block)
            unmodified = record.fields.get("warc-profile") == UNMODIFIED_PROFILE
            yield _kept(record, header if unmodified else record.block, body)


def _is_repeatable(record: Record) -> bool:
    """Whether a revisit may refer to this response: only those with status 200 are candidates."""
    return record.block[:16].split(b" ")[1:2] == [b"200"] or record.block[9:14].rstrip() == b"200"


def _remember(payloads: dict[str, tuple[Path, int]], payload: str, location: tuple[Path, int]) -> None:
    """Record where a payload is; keep as many as the writer does, in its order, so that all references are found."""
    payloads.pop(payload, None)
    payloads[payload] = location
    if len(payloads) > REMEMBERED:
        del payloads[next(iter(payloads))]


def _kept(record: Record, header: bytes, body: bytes) -> Kept:
    return Kept(record.fields["warc-target-uri"], record.fields["warc-date"], header, body)
