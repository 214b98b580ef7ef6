"""WARC: every response as received, in the format of web archives (WARC 1.1, ISO 28500:2017).

Every response becomes a `response` record and a `request` record. A `revisit` record replaces the former if the same
payload was written before (status 200), or if the server responds 304 in an update. A fetch without a complete response
has no WARC record, only a line in `pages.jsonl`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from gossamer.outputs.files import GrowingFile
from gossamer.outputs.warc.previous import PreviousWarc, WarcLocation
from gossamer.outputs.warc.reader import refuse_short, warc_files
from gossamer.outputs.warc.records import (
    REVISIT_PROFILE,
    UNMODIFIED_PROFILE,
    date_of,
    digest_of,
    header_block,
    identity_of,
    member,
    origin_fields,
    response_record,
)
from gossamer.rules.policy import Policy
from gossamer.values.model import Response
from gossamer.values.protocol import Batch

MAX_FILE: Final = 1_000_000_000
"""Size (bytes) from which the next page begins a new file; a page is never split."""

REMEMBERED: Final = 50_000
"""Maximum number of payloads that are remembered to recognise repeated ones, the newest; about 25 MB."""

_BUFFER_SIZE: Final = 1024 * 1024
"""Size (bytes) from which buffered records are written to the file."""

_EMPTY_DIGEST: Final = digest_of(b"")
"""The payload digest of an empty body."""


class Warc:
    """An output of responses as `pages-00000.warc.gz` and so on. The offset is the size of all files in bytes."""

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool = False,
        policy: Policy | None = None,
        request_header: Callable[[str, Sequence[tuple[str, str]]], bytes] | None = None,
        max_file: int = MAX_FILE,
        previous: Path | None = None,
    ) -> None:
        self._directory = directory
        self._durable = durable
        self._policy = policy or Policy()
        self._request_header = request_header
        self._max_file = max_file
        self._file: GrowingFile | None = None
        self._number = -1
        self._finished_size = 0  # size (bytes) of all files but the current one
        self._payloads: dict[str, WarcLocation] = {}
        self._previous = None if previous is None else PreviousWarc(previous)
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._continue_last(warc_files(directory))

    # ------------------------------------------------------------ the protocol Output

    def resume(self, offset: int) -> None:
        """Truncate the files to `offset` bytes together. Raises OutputError if they are shorter."""
        self._reset()
        refuse_short(self._directory, offset)
        rest, kept = offset, []
        for path in warc_files(self._directory):
            size = path.stat().st_size
            if not rest:
                path.unlink()
                continue
            kept.append(path)
            if rest < size:
                _truncate(path, rest)
            rest -= min(rest, size)
        self._continue_last(kept)

    def write(self, batch: Batch) -> None:
        """Append the responses of a batch."""
        for ended in batch.ended:
            if ended.outcome.response is not None:
                self._append_response(ended.outcome.response, ended.outcome.conditions)
        self._write_pending()

    def flush(self) -> int:
        """Return the size of all files in bytes; with `durable`, once their content is on the disk."""
        if self._durable and self._file is not None:
            self._file.sync()
        return self._finished_size + (self._file.size if self._file is not None else 0)

    def close(self) -> None:
        """Close the file."""
        self._reset()

    # ------------------------------------------------------------ files

    def _continue_last(self, paths: list[Path]) -> None:
        """Continue the last of these files."""
        self._finished_size = sum(path.stat().st_size for path in paths[:-1])
        if paths:
            self._number = len(paths) - 1
            self._file = GrowingFile(paths[-1])

    def _reset(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._number, self._finished_size = None, -1, 0
        self._pending, self._pending_size = [], 0
        self._payloads.clear()

    def _ensure_file(self, date: str) -> GrowingFile:
        """Return the file for the next page; if the current one is full, begin a new one with a warcinfo record."""
        if self._file is not None and self._file.size + self._pending_size < self._max_file:
            return self._file
        if self._file is not None:
            self._write_pending()
            if self._durable:
                self._file.sync()
            self._file.close()
            self._finished_size += self._file.size
        self._number += 1
        path = self._directory / f"pages-{self._number:05}.warc.gz"
        self._file = GrowingFile(path, durable=self._durable)
        self._append_record(self._warcinfo(path.name, date))
        return self._file

    def _append_record(self, content: bytes) -> None:
        self._pending.append(content)
        self._pending_size += len(content)
        if self._pending_size > _BUFFER_SIZE:
            self._write_pending()

    def _write_pending(self) -> None:
        if self._file is not None and self._pending:
            pending, self._pending, self._pending_size = self._pending, [], 0
            self._file.write(b"".join(pending))

    # ------------------------------------------------------------ records

    def _append_response(self, response: Response, conditions: Sequence[tuple[str, str]]) -> None:
        date = date_of(response.fetched_at)
        self._ensure_file(date)
        made = response.archived
        payload = digest_of(response.raw_body) if made is None else made.payload
        # The header matters most for redirects and errors, and many indexes do not have the status of a revisit.
        repeatable = payload != _EMPTY_DIGEST and response.status == 200
        unmodified = response.status == 304 and bool(conditions)
        known = self._origin(response.url, payload, unmodified=unmodified) if repeatable or unmodified else None
        identity = identity_of("response" if known is None else "revisit", response.url, date)
        if known is not None and unmodified:  # without the header: a 304 must not be replayed
            self._append_record(_revisit_record(response, b"", date, known, UNMODIFIED_PROFILE))
        elif known is not None:
            header = header_block(response) if made is None else made.header
            self._append_record(_revisit_record(response, header, date, known, REVISIT_PROFILE))
        else:
            self._append_record(
                response_record(response, header_block(response), payload) if made is None else made.record
            )
            if repeatable:
                self._remember(payload, WarcLocation(identity, response.url, date, payload))
        if self._request_header is not None:
            self._append_record(
                _request_record(response.url, identity, date, self._request_header(response.url, conditions))
            )

    def _origin(self, url: str, payload: str, *, unmodified: bool) -> WarcLocation | None:
        """Return the record that has the payload already, in this crawl or the previous one; None if none has."""
        if payload in self._payloads and not unmodified:
            return self._payloads[payload]
        recorded = None if self._previous is None else self._previous.origin(url)
        return recorded if recorded is not None and (unmodified or recorded.payload == payload) else None

    def _remember(self, payload: str, where: WarcLocation) -> None:
        self._payloads[payload] = where
        if len(self._payloads) > REMEMBERED:
            del self._payloads[next(iter(self._payloads))]

    def _warcinfo(self, name: str, date: str) -> bytes:
        info = {
            "software": "gossamer",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "robots": "obey (RFC 9309)" if self._policy.robots else "ignore",
            "http-header-user-agent": self._policy.user_agent,
            "http-header-from": self._policy.contact,
        }
        block = "".join([f"{field}: {value}\r\n" for field, value in info.items() if value]).encode()
        fields = [("WARC-Filename", name), ("Content-Type", "application/warc-fields")]
        return member("warcinfo", identity_of("warcinfo", name, date), date, fields, block)


def _revisit_record(response: Response, header: bytes, date: str, known: WarcLocation, profile: str) -> bytes:
    """Return a revisit record: the header, and the record that has the payload (sections 6.7.2 and 6.7.3)."""
    fields = [
        *origin_fields(response),
        ("WARC-Profile", profile),
        ("WARC-Refers-To", known.identity),
        ("WARC-Refers-To-Target-URI", known.url),
        ("WARC-Refers-To-Date", known.date),
        ("WARC-Payload-Digest", known.payload),
        ("WARC-Block-Digest", digest_of(header)),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    return member("revisit", identity_of("revisit", response.url, date), date, fields, header)


def _request_record(url: str, answer: str, date: str, header: bytes) -> bytes:
    fields = [
        ("WARC-Target-URI", url),
        ("WARC-Concurrent-To", answer),
        ("WARC-Block-Digest", digest_of(header)),
        ("Content-Type", "application/http; msgtype=request"),
    ]
    return member("request", identity_of("request", url, date), date, fields, header)


def _truncate(path: Path, size: int) -> None:
    file = GrowingFile(path)
    file.truncate(size)
    file.close()
