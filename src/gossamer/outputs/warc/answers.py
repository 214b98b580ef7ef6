"""Read back the WARC files of a crawl, in the order they were written."""

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
    """An answer kept in a WARC file: the URL, the WARC date, the header block and the body as on the wire."""

    url: str
    date: str
    header: bytes
    body: bytes


def kept_answers(directory: Path, previous: Sequence[Path] = ()) -> Iterator[Kept]:
    """Give every answer of a crawl's WARC files, in order; a revisit has the body it refers to.

    `earlier` are the directories of the crawls that this one updates: its revisits refer to their files too. What a
    crash left unfinished at the end of the last file is passed over. Raises OutputError where a file is damaged
    elsewhere.
    """
    payloads: dict[str, tuple[Path, int]] = {}
    originals = WarcOriginals(previous)
    for record in records_in(directory):
        kind, payload = record.fields.get("warc-type"), record.fields.get("warc-payload-digest", "")
        if kind == "response":
            if _is_repeatable(record):
                _remember(payloads, payload, record.place)
            yield _kept(record, *split(record.block))
        elif kind == "revisit":
            place = payloads.get(payload) or originals.place(record)
            if place is None:
                raise OutputError(f"{record.place[0]} refers to a body that is not in the files before it.")
            header, body = split(record_at(*place).block)
            unmodified = record.fields.get("warc-profile") == UNMODIFIED_PROFILE
            yield _kept(record, header if unmodified else record.block, body)


def _is_repeatable(record: Record) -> bool:
    """Tell whether the writer might refer to it: its status is 200."""
    return record.block[:16].split(b" ")[1:2] == [b"200"] or record.block[9:14].rstrip() == b"200"


def _remember(payloads: dict[str, tuple[Path, int]], payload: str, place: tuple[Path, int]) -> None:
    """Remember as many of the newest payloads as the writer does, in its order: so all it refers to is found."""
    payloads.pop(payload, None)
    payloads[payload] = place
    if len(payloads) > REMEMBERED:
        del payloads[next(iter(payloads))]


def _kept(record: Record, header: bytes, body: bytes) -> Kept:
    return Kept(record.fields["warc-target-uri"], record.fields["warc-date"], header, body)
