"""WARC: everything the servers answered, byte for byte, in the format of web archives (ISO 28500:2017, WARC 1.1).

Every answer becomes a `response` record, or a `revisit` where the same payload was written before (status 200) or the
server says that it is not modified (304 in an update), and the `request` that led to it. A fetch without a whole answer
has no record: `pages.jsonl` tells of it.
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
"""Bytes after which the next page begins a new file; a page is never split."""

REMEMBERED: Final = 50_000
"""How many payloads are remembered to recognise repeated ones, the newest; about 25 MB."""

_PIECE: Final = 1024 * 1024
_NOTHING: Final = digest_of(b"")


class Warc:
    """Write answers to `pages-00000.warc.gz` and so on. The offset counts the bytes of all files together."""

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
        self._before = 0  # the bytes of the files before this one
        self._payloads: dict[str, WarcLocation] = {}
        self._past = None if previous is None else PreviousWarc(previous)
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._adopt(warc_files(directory))

    # ------------------------------------------------------------ the port

    def resume(self, offset: int) -> None:
        """Cut the file that holds the offset, and remove later ones; raises OutputError where bytes are missing."""
        self._forget()
        refuse_short(self._directory, offset)
        rest, kept = offset, []
        for path in warc_files(self._directory):
            size = path.stat().st_size
            if not rest:
                path.unlink()
                continue
            kept.append(path)
            if rest < size:
                _cut(path, rest)
            rest -= min(rest, size)
        self._adopt(kept)

    def write(self, batch: Batch) -> None:
        """Append the answers of a batch."""
        for ended in batch.ended:
            if ended.outcome.response is not None:
                self._append(ended.outcome.response, ended.outcome.conditions)
        self._spill()

    def flush(self) -> int:
        """Tell the offset up to which the files are whole; with `durable`, after they reached the disk."""
        if self._durable and self._file is not None:
            self._file.sync()
        return self._before + (self._file.size if self._file is not None else 0)

    def close(self) -> None:
        """Close the file."""
        self._forget()

    # ------------------------------------------------------------ files

    def _adopt(self, paths: list[Path]) -> None:
        """Go on with the last of these files."""
        self._before = sum(path.stat().st_size for path in paths[:-1])
        if paths:
            self._number = len(paths) - 1
            self._file = GrowingFile(paths[-1])

    def _forget(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._number, self._before = None, -1, 0
        self._pending, self._pending_size = [], 0
        self._payloads.clear()

    def _room(self, date: str) -> GrowingFile:
        """Give the file for the next page: a new one, with a warcinfo record, where the last is full."""
        if self._file is not None and self._file.size + self._pending_size < self._max_file:
            return self._file
        if self._file is not None:
            self._spill()
            if self._durable:
                self._file.sync()
            self._file.close()
            self._before += self._file.size
        self._number += 1
        path = self._directory / f"pages-{self._number:05}.warc.gz"
        self._file = GrowingFile(path, durable=self._durable)
        self._put(self._warcinfo(path.name, date))
        return self._file

    def _put(self, content: bytes) -> None:
        self._pending.append(content)
        self._pending_size += len(content)
        if self._pending_size > _PIECE:
            self._spill()

    def _spill(self) -> None:
        if self._file is not None and self._pending:
            pending, self._pending, self._pending_size = self._pending, [], 0
            self._file.write(b"".join(pending))

    # ------------------------------------------------------------ records

    def _append(self, response: Response, asked: Sequence[tuple[str, str]]) -> None:
        date = date_of(response.fetched_at)
        self._room(date)
        made = response.archived
        payload = digest_of(response.raw_body) if made is None else made.payload
        # Of redirects and errors the header is what counts, and many an index cannot tell the status of a revisit.
        repeatable = payload != _NOTHING and response.status == 200
        unmodified = response.status == 304 and bool(asked)
        known = self._origin(response.url, payload, unmodified=unmodified) if repeatable or unmodified else None
        identity = identity_of("response" if known is None else "revisit", response.url, date)
        if known is not None and unmodified:  # no header is kept either: nobody wants to see a 304 replayed
            self._put(_revisit_record(response, b"", date, known, UNMODIFIED_PROFILE))
        elif known is not None:
            header = header_block(response) if made is None else made.header
            self._put(_revisit_record(response, header, date, known, REVISIT_PROFILE))
        else:
            self._put(response_record(response, header_block(response), payload) if made is None else made.record)
            if repeatable:
                self._remember(payload, WarcLocation(identity, response.url, date, payload))
        if self._request_header is not None:
            self._put(_request_record(response.url, identity, date, self._request_header(response.url, asked)))

    def _origin(self, url: str, payload: str, *, unmodified: bool) -> WarcLocation | None:
        """Tell where the payload of an answer was written before, here or by the crawl that this one updates."""
        if payload in self._payloads and not unmodified:
            return self._payloads[payload]
        past = None if self._past is None else self._past.origin(url)
        return past if past is not None and (unmodified or past.payload == payload) else None

    def _remember(self, payload: str, where: WarcLocation) -> None:
        self._payloads[payload] = where
        if len(self._payloads) > REMEMBERED:
            del self._payloads[next(iter(self._payloads))]

    def _warcinfo(self, name: str, date: str) -> bytes:
        said = {
            "software": "gossamer",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "robots": "obey (RFC 9309)" if self._policy.robots else "ignore",
            "http-header-user-agent": self._policy.user_agent,
            "http-header-from": self._policy.contact,
        }
        block = "".join([f"{field}: {value}\r\n" for field, value in said.items() if value]).encode()
        fields = [("WARC-Filename", name), ("Content-Type", "application/warc-fields")]
        return member("warcinfo", identity_of("warcinfo", name, date), date, fields, block)


def _revisit_record(response: Response, header: bytes, date: str, known: WarcLocation, profile: str) -> bytes:
    """Write that a payload was seen before: the header alone, and where the payload is (sections 6.7.2 and 6.7.3)."""
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


def _cut(path: Path, size: int) -> None:
    file = GrowingFile(path)
    file.cut(size)
    file.close()
