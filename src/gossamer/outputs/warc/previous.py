"""Records in the WARC files of previous crawls of the same site, which the revisit records of an update refer to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xxhash
from msgspec import Struct

from gossamer.outputs.warc.reader import Record, record_at, records_in


class WarcLocation(Struct, frozen=True):
    """The response record that has a payload, as a revisit record refers to it."""

    identity: str
    """Its WARC-Record-ID."""

    url: str
    """Its WARC-Target-URI."""

    date: str
    """Its WARC-Date."""

    payload: str
    """Its WARC-Payload-Digest."""


class PreviousWarc:
    """An index by URL of the WARC files of the previous crawl, built by the first call of `origin`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._locations: dict[int, tuple[Path, int]] | None = None

    def origin(self, url: str) -> WarcLocation | None:
        """Return the response record that has the payload of a URL; None if there is none."""
        if self._locations is None:
            self._locations = {
                _key(record.fields["warc-target-uri"]): record.location
                for record in records_in(self._directory)
                if record.fields.get("warc-type") in ("response", "revisit")
            }
        location = self._locations.get(_key(url))
        if location is None:
            return None
        fields = record_at(*location).fields
        payload = fields.get("warc-payload-digest", "")
        if fields["warc-type"] == "response":
            return WarcLocation(fields["warc-record-id"], url, fields["warc-date"], payload)
        # A revisit always refers to a response, never to another revisit: many readers follow one reference only.
        return WarcLocation(
            fields["warc-refers-to"], fields["warc-refers-to-target-uri"], fields["warc-refers-to-date"], payload
        )


class WarcOriginals:
    """An index by id of the response records of previous crawls, built by the first call of `locate`."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = directories
        self._locations: dict[int, tuple[Path, int]] | None = None

    def locate(self, revisit: Record) -> tuple[Path, int] | None:
        """Return the file and offset of the record that a revisit refers to; None if there is none."""
        if self._locations is None:
            self._locations = {
                _key(record.fields["warc-record-id"]): record.location
                for directory in self._directories
                for record in records_in(directory)
                if record.fields.get("warc-type") == "response"
            }
        return self._locations.get(_key(revisit.fields.get("warc-refers-to", "")))


def _key(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
