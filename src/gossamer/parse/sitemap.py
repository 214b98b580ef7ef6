"""Parse a sitemap (sitemaps.org): urlset, index, plain text, RSS, Atom or JSON Feed, gzipped or not, valid or not.

The parser opens no files, and its time is linear in the size of any input. The location of a sitemap does not restrict
its URLs, because these pass the crawl's scope as any link does.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable
from typing import Final

from gossamer.parse import encoding, json_feed
from gossamer.parse.directives import moment_of
from gossamer.parse.sitemap_entries import EntryBuilder, Kind, Sitemap, SitemapURL
from gossamer.parse.sitemap_xml import read_xml

MAX_BYTES: Final = 50 * 1024 * 1024
"""Maximum size of a decompressed file (bytes, from sitemaps.org); the rest is not read."""
MAX_RATIO: Final = 300
"""Maximum ratio of the decompressed to the compressed size, above `RATIO_FREE`."""
RATIO_FREE: Final = 1024 * 1024
"""Decompressed size (bytes) up to which any ratio is permitted."""
_GZIP: Final = b"\x1f\x8b"
"""The first bytes of a gzip file."""
_PREAMBLE: Final = 64 * 1024
"""Number of characters in which the first tag is searched for; without one the file is plain text."""

_LINE: Final = re.compile(r"[ \t]*+(https?://[^\s<>\"]++)[ \t\r]*+", re.IGNORECASE)
_URL: Final = re.compile(r"https?://", re.IGNORECASE)


def parse(body: bytes, url: str = "", content_type: str = "") -> Sitemap:
    """Parse a sitemap. Never raises.

    `url` is its own URL, against which relative ones are resolved. `content_type` is its header. The encoding is that
    of the byte-order mark, or else of the header, or else of the XML declaration, or else detected.
    """
    notes: list[str] = []
    text = encoding.decode(_decompressed(body, notes), content_type)[0]
    entries = EntryBuilder(url)
    kind: Kind = "none"
    if json_feed.is_feed(text, content_type):
        kind = _read_json(text, entries)
    elif "<" in text[:_PREAMBLE]:
        kind = read_xml(text, entries)
    if kind == "none" and not text[:_PREAMBLE].lstrip().startswith("<"):
        kind = _read_lines(text, entries, is_cut=bool(notes))
    return entries.finish(kind, notes)


def in_order(pages: Iterable[SitemapURL]) -> list[SitemapURL]:
    """Return pages in the order in which a limited crawl should fetch them: highest priority first, then newest first.

    The default priority is 0.5 (sitemaps.org). Pages without a date come after those with one. The sort is stable.
    """
    return sorted(pages, key=_sort_key)


def _sort_key(page: SitemapURL) -> tuple[float, float]:
    changed = moment_of(page.lastmod) if page.lastmod else None
    return -(0.5 if page.priority is None else page.priority), -changed.timestamp() if changed else math.inf


# ---------------------------------------------------------------- bytes


def _decompressed(body: bytes, notes: list[str]) -> bytes:
    """Return a file decompressed if it is gzip, up to the limits or an error; append to `notes` what is wrong."""
    if body.startswith(_GZIP):
        body = _gunzipped(body, min(MAX_BYTES, max(RATIO_FREE, len(body) * MAX_RATIO)), notes)
    if len(body) > MAX_BYTES:
        notes.append(f"only the first {MAX_BYTES:,} bytes were read")
    return body[:MAX_BYTES]


def _gunzipped(body: bytes, limit: int, notes: list[str]) -> bytes:
    out = bytearray()
    while body.startswith(_GZIP) and len(out) < limit:
        stream = zlib.decompressobj(31)
        try:
            out += stream.decompress(body, limit - len(out))
        except zlib.error:
            notes.append("its gzip is broken")
            break
        body = stream.unused_data
        if not stream.eof:
            too_large = len(out) >= limit
            notes.append(f"it expands to more than {limit:,} bytes" if too_large else "its gzip ends too early")
    return bytes(out)


# ---------------------------------------------------------------- text and JSON


def _read_lines(text: str, entries: EntryBuilder, *, is_cut: bool) -> Kind:
    """Read a text file with a URL a line; of a file that was cut the last line is no URL, unless it has its end."""
    found = others = 0
    lines = text.splitlines()
    if is_cut and lines and not text.endswith(("\n", "\r")):
        del lines[-1]
    for line in lines:
        if url := _LINE.fullmatch(line):
            found += 1
            entries.add(url[1])
            if entries.full:
                break
        elif line.strip():
            others += 1
    if found and others:
        entries.remarks.append("one line is no address" if others == 1 else f"{others:,} lines are no addresses")
    elif others and text.lstrip()[:1] in ("{", "[") and _URL.search(text):
        entries.remarks.append("it looks like JSON, which is not read")
    return "text" if found else "none"


def _read_json(text: str, entries: EntryBuilder) -> Kind:
    items, is_whole = json_feed.items(text)
    for item in items:
        entries.add(item.url, item.date)
        if entries.full:
            break
    entries.cut = not is_whole
    return "json"
