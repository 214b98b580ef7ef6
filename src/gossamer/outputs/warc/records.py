"""WARC 1.1 records (ISO 28500:2017), made from responses.

Pure functions; `writer.py` decides to which file a record goes.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha1
from typing import Final

import msgspec
import xxhash
from isal import igzip

from gossamer.values.model import Archived, Response

REVISIT_PROFILE: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
"""The profile of a revisit whose payload was recorded before (section 6.7.2)."""

UNMODIFIED_PROFILE: Final = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""The profile of a revisit whose response was 304 (section 6.7.3)."""

_LEVEL: Final = 1
_STATUS_LINE: Final = re.compile(rb"\AHTTP/[23](?:\.0)?(?= )")
_TRANSFER_ENCODING: Final = re.compile(rb"^transfer-encoding(?=[ \t]*:)", re.IGNORECASE | re.MULTILINE)
_CONTENT_LENGTH: Final = re.compile(rb"^content-length(?=[ \t]*:)", re.IGNORECASE | re.MULTILINE)
_PROTOCOLS: Final = {"2": "h2", "3": "h3"}

Fields = Iterable[tuple[str, str]]


def _compress(record: bytes) -> bytes:
    """Compress a record as a gzip member, with isal, which takes half of zlib's time."""
    return bytes(igzip.compress(record, _LEVEL, mtime=0))


def member(kind: str, identity: str, date: str, fields: Fields, block: bytes) -> bytes:
    """Return one record as one gzip member (WARC 1.1, annex D.2)."""
    head = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {identity}\r\nWARC-Date: {date}\r\n"
    rest = "".join([f"{name}: {value}\r\n" for name, value in fields])
    return _compress(b"%s%sContent-Length: %d\r\n\r\n%b\r\n\r\n" % (head.encode(), rest.encode(), len(block), block))


def date_of(moment: float) -> str:
    """Format Unix time (seconds) as a WARC date: UTC, to the microsecond (section 5.4)."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def identity_of(kind: str, url: str, date: str) -> str:
    """Return the WARC-Record-ID: a UUID computed from the arguments, so that it is reproducible."""
    digits = xxhash.xxh3_128_hexdigest(f"{kind} {date} {url}".encode())
    # RFC 9562 section 5.8: version 8 is for UUIDs of custom formats.
    return f"<urn:uuid:{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-a{digits[17:20]}-{digits[20:]}>"


def digest_of(*parts: bytes) -> str:
    """Return the SHA-1 of the concatenated bytes in Base32, as indexes of archives expect it."""
    state = sha1(usedforsecurity=False)
    for part in parts:
        state.update(part)
    return f"sha1:{b32encode(state.digest()).decode()}"


def header_block(response: Response) -> bytes:
    """Return the header as received, but for fields that contradict the recorded body.

    WARC readers know HTTP/1.1 only, so the status line of HTTP/2 and HTTP/3 is changed to HTTP/1.1.
    The body is recorded without chunking. So `Transfer-Encoding` is renamed to `X-Crawler-Transfer-Encoding`, as other
    crawlers do, and `Content-Length` is added. A `Content-Length` beside `Transfer-Encoding` is not valid (RFC 9112
    section 6.3), so it is renamed likewise.
    """
    header = response.raw_header or b"HTTP/1.1 %d\r\n\r\n" % response.status
    if response.http_version in _PROTOCOLS:
        header = _STATUS_LINE.sub(b"HTTP/1.1", header)
    if "transfer-encoding" in response.headers:
        header = _TRANSFER_ENCODING.sub(b"X-Crawler-Transfer-Encoding", header)
        header = _CONTENT_LENGTH.sub(b"X-Crawler-Content-Length", header)
        line, end, rest = header.partition(b"\n")
        header = b"%b%bContent-Length: %d\r\n%b" % (line, end, len(response.raw_body), rest)
    return header


def origin_fields(response: Response) -> list[tuple[str, str]]:
    """Return the fields on the origin of a response: its URL, IP address, and HTTP version if it is not 1."""
    fields = [("WARC-Target-URI", response.url)]
    if response.peer:
        fields.append(("WARC-IP-Address", response.peer))
    if response.http_version in _PROTOCOLS:
        fields.append(("WARC-Protocol", _PROTOCOLS[response.http_version]))
    return fields


def response_record(response: Response, header: bytes, payload: str) -> bytes:
    """Return the response record, given the header block and the digest of the body."""
    date = date_of(response.fetched_at)
    fields = [
        *origin_fields(response),
        ("WARC-Payload-Digest", payload),
        ("WARC-Block-Digest", digest_of(header, response.raw_body)),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    if response.truncated:  # a redirect or an error whose body did not come whole (WARC 1.1: WARC-Truncated)
        fields.append(("WARC-Truncated", response.truncated))
    return member("response", identity_of("response", response.url, date), date, fields, header + response.raw_body)


def archived(response: Response) -> Response:
    """Return the response with its WARC record in place of header and body.

    A worker process then sends the compressed record only.
    """
    header, payload = header_block(response), digest_of(response.raw_body)
    made = Archived(response_record(response, header, payload), header, payload)
    return msgspec.structs.replace(response, body=b"", raw_body=b"", raw_header=b"", archived=made)
