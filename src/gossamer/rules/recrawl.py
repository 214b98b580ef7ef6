"""What is remembered of a page so that a later crawl can ask "has it changed?", and read it again when it has not.

The journal keeps a memo of every page: the validators of its answer (RFC 9110, 8.8) and its links as they were written.
A page that is not modified is visited by its memo, through the same code as one that came anew.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
import xxhash
from msgspec import Struct

from gossamer.values.model import Change, OutcomeKind, PreviousVisit, Response

_VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,500}")
_GONE: Final = frozenset((404, 410))


class PageMemo(Struct, frozen=True, array_like=True):
    """The validators of an answer ("" where there was none), and what a visit needs of an HTML page.

    `base` is what its hrefs are relative to, "" where it is no HTML page; `nofollow` tells whether the page forbids to
    follow any of them.
    """

    etag: str = ""
    modified: str = ""
    base: str = ""
    nofollow: bool = False
    hrefs: tuple[str, ...] = ()
    nofollow_hrefs: tuple[str, ...] = ()


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(PageMemo)


def pack_memo(response: Response, memo: PageMemo) -> bytes:
    """Pack a memo with the validators of the answer; those it has already stay where the answer tells none."""
    headers = response.headers
    etag, modified = _usable(headers.get("etag", "")), _usable(headers.get("last-modified", ""))
    return _ENCODER.encode(
        PageMemo(
            etag or memo.etag, modified or memo.modified, memo.base, memo.nofollow, memo.hrefs, memo.nofollow_hrefs
        )
    )


def unpack_memo(memo: bytes) -> PageMemo:
    """Unpack a memo; one that is empty remembers nothing."""
    return _DECODER.decode(memo) if memo else PageMemo()


def _usable(validator: str) -> str:
    """Let pass what can be sent back in a header as it came."""
    return validator if _VALIDATOR.fullmatch(validator) else ""


def conditions(previous: PreviousVisit | None) -> tuple[tuple[str, str], ...]:
    """Give the headers that ask for a page only if it has changed (RFC 9110, 13.1.2 and 13.1.3)."""
    if previous is None or not _was_page(previous):
        return ()
    memo = unpack_memo(previous.memo)
    pairs = (("If-None-Match", memo.etag), ("If-Modified-Since", memo.modified))
    return tuple((name, value) for name, value in pairs if value)


def content_hash(body: bytes) -> str:
    """Tell the hash of a decoded body by which contents are compared (XXH3, 128 bits)."""
    return xxhash.xxh3_128_hexdigest(body)


def change_of(
    previous: PreviousVisit | None, kind: OutcomeKind, status: int, content: str = "", location: str = ""
) -> Change | None:
    """Tell what has become of a link since an earlier crawl; None without one, and where no page was or is.

    A redirect has changed that leads elsewhere than before, or where a page was: its `location` is canonical.
    """
    if previous is None:
        return None
    was_page = _was_page(previous)
    if kind is OutcomeKind.DONE:
        if not was_page:
            return Change.ADDED
        return Change.UNCHANGED if previous.record and content == previous.record.content_hash else Change.CHANGED
    if kind is OutcomeKind.REDIRECTED:
        return Change.CHANGED if was_page or _leads_elsewhere(previous, location) else None
    return Change.GONE if was_page and kind is OutcomeKind.FAILED and status in _GONE else None


def _leads_elsewhere(previous: PreviousVisit, location: str) -> bool:
    before = previous.record
    return before is not None and before.outcome is OutcomeKind.REDIRECTED and before.location != location


def _was_page(previous: PreviousVisit) -> bool:
    return previous.record is not None and previous.record.outcome is OutcomeKind.DONE


LEAST_SIZE: Final = 256
"""Bytes a body must have for its content to be compared: many an empty or one-word page is the same by chance."""


def content_of(content_hash: str, size: int) -> int:
    """Give 64 bits of the hash of a content by which it is compared; 0 where it is too small for that, or none."""
    return int(content_hash[:16], 16) or 1 if content_hash and size >= LEAST_SIZE else 0
