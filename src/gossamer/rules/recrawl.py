"""Updates of a crawl: the validators and hrefs stored of each page, so that a later crawl can ask conditionally.

The journal has a memo of every page: the validators of its response (RFC 9110, 8.8) and its hrefs as written. If a
later response is 304 (Not Modified), the visit reads the hrefs from the memo, through the same code as from a page.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
import xxhash
from msgspec import Struct

from gossamer.values.model import Change, OutcomeKind, PageRecord, PreviousVisit, Response

_VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,500}")
_GONE: Final = frozenset((404, 410))


class PageMemo(Struct, frozen=True, array_like=True):
    """The validators of a response, and what a visit needs of an HTML page."""

    etag: str = ""
    """The ETag header; "" if absent."""
    modified: str = ""
    """The Last-Modified header; "" if absent."""
    base: str = ""
    """The base URL of the hrefs; "" if the page is not HTML."""
    nofollow: bool = False
    """Whether the page asks that none of its links be followed."""
    hrefs: tuple[str, ...] = ()
    """The hrefs that may be followed, as written."""
    nofollow_hrefs: tuple[str, ...] = ()
    """The hrefs with rel=nofollow, as written."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(PageMemo)


def pack_memo(response: Response, memo: PageMemo) -> bytes:
    """Encode a memo with the validators of a response; a validator that the response lacks is kept from the memo."""
    headers = response.headers
    # Several that differ are joined by a line feed (`headers.parse`), and so cannot be sent.
    etag, modified = _sendable(headers.get("etag", "")), _sendable(headers.get("last-modified", ""))
    return _ENCODER.encode(
        PageMemo(
            etag or memo.etag, modified or memo.modified, memo.base, memo.nofollow, memo.hrefs, memo.nofollow_hrefs
        )
    )


def unpack_memo(memo: bytes) -> PageMemo:
    """Decode a memo; b"" is one without any content."""
    return _DECODER.decode(memo) if memo else PageMemo()


def _sendable(validator: str) -> str:
    """Return a validator that can be sent back unchanged in a header: 1 to 500 printable ASCII characters; else ""."""
    return validator if _VALIDATOR.fullmatch(validator) else ""


def conditions(previous: PreviousVisit | None) -> tuple[tuple[str, str], ...]:
    """Return the headers (name, value) that request a page only if it has changed (RFC 9110, 13.1.2 and 13.1.3)."""
    if previous is None or not _was_page(previous):
        return ()
    memo = unpack_memo(previous.memo)
    pairs = (("If-None-Match", memo.etag), ("If-Modified-Since", memo.modified))
    return tuple((name, value) for name, value in pairs if value)


def content_hash(body: bytes) -> str:
    """Return the hash by which decoded bodies are compared: XXH3, 128 bits, as hexadecimal."""
    return xxhash.xxh3_128_hexdigest(body)


def change_of(
    previous: PreviousVisit | None, kind: OutcomeKind, status: int | None, content: str = "", location: str = ""
) -> Change | None:
    """Return how a link has changed since the previous crawl, or None if there is no such crawl or nothing to report.

    A page that was none before is ADDED; another content hash makes it CHANGED. A redirect is CHANGED if it replaces a
    page or its target is another one. A page that fails now with 404 or 410 is GONE, one that fails otherwise UNKNOWN.
    `content` is the content hash; `location` is the canonical target of a redirect.
    """
    if previous is None:
        return None
    was_page = _was_page(previous)
    if kind is OutcomeKind.DONE:
        if not was_page:
            return Change.ADDED
        return Change.UNCHANGED if previous.record and content == previous.record.content_hash else Change.CHANGED
    if kind is OutcomeKind.REDIRECTED:
        return Change.CHANGED if was_page or _target_changed(previous, location) else None
    if not was_page or kind is not OutcomeKind.FAILED:
        return None
    return Change.GONE if status in _GONE else Change.UNKNOWN


def is_unfetched(record: PageRecord) -> bool:
    """Whether a visit says nothing about its page: it failed, and not because the page is gone."""
    return record.outcome is OutcomeKind.FAILED and record.status not in _GONE


def _target_changed(previous: PreviousVisit, location: str) -> bool:
    record = previous.record
    return record is not None and record.outcome is OutcomeKind.REDIRECTED and record.location != location


def _was_page(previous: PreviousVisit) -> bool:
    return previous.record is not None and previous.record.outcome is OutcomeKind.DONE


LEAST_SIZE: Final = 256
"""Minimum body size (bytes) for the detection of duplicates: tiny pages are equal by chance."""


def content_of(content_hash: str, size: int) -> int:
    """Return the first 64 bits of a content hash; 0 if there is none or the body is smaller than `LEAST_SIZE`."""
    return int(content_hash[:16], 16) or 1 if content_hash and size >= LEAST_SIZE else 0
