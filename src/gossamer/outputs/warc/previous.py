"""The answers that earlier crawls of the same site kept: what the WARC files of an update refer to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xxhash
from msgspec import Struct

from gossamer.outputs.warc.reader import Record, record_at, records_in


class WarcLocation(Struct, frozen=True):
    """Where a payload is: the name, URL and date of the response record that holds it, and its digest."""

    identity: str
    url: str
    date: str
    payload: str


class PreviousWarc:
    """Find what the crawl before kept of a URL. Its files are read through once, when first asked."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._places: dict[int, tuple[Path, int]] | None = None

    def origin(self, url: str) -> WarcLocation | None:
        """Tell where the payload of a URL is; None where none was kept."""
        if self._places is None:
            self._places = {
                _mark(record.fields["warc-target-uri"]): record.place
                for record in records_in(self._directory)
                if record.fields.get("warc-type") in ("response", "revisit")
            }
        place = self._places.get(_mark(url))
        if place is None:
            return None
        fields = record_at(*place).fields
        payload = fields.get("warc-payload-digest", "")
        if fields["warc-type"] == "response":
            return WarcLocation(fields["warc-record-id"], url, fields["warc-date"], payload)
        # A revisit always refers to a response, never to another revisit: many a reader follows one step only.
        return WarcLocation(
            fields["warc-refers-to"], fields["warc-refers-to-target-uri"], fields["warc-refers-to-date"], payload
        )


class WarcOriginals:
    """Find the response records of earlier crawls that revisits refer to."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = directories
        self._places: dict[int, tuple[Path, int]] | None = None

    def place(self, revisit: Record) -> tuple[Path, int] | None:
        """Tell where the record is that a revisit refers to."""
        if self._places is None:
            self._places = {
                _mark(record.fields["warc-record-id"]): record.place
                for directory in self._directories
                for record in records_in(directory)
                if record.fields.get("warc-type") == "response"
            }
        return self._places.get(_mark(revisit.fields.get("warc-refers-to", "")))


def _mark(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
