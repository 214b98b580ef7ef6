"""Parse a sitemap (sitemaps.org): urlset, index, plain text, RSS or Atom, gzipped or not, valid or not.

The parser knows no DTD and no entities but XML's predefined five and the numeric ones. It opens no files, and its time
is linear in the size of any input. Namespaces are ignored. The location of a sitemap does not restrict its URLs,
because these pass the crawl's scope as any link does.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Literal

from msgspec import Struct

from gossamer.parse import encoding
from gossamer.parse.directives import moment_of
from gossamer.rules.urls import UrlResolver

MAX_BYTES: Final = 50 * 1024 * 1024
"""Maximum size of a decompressed file (bytes, from sitemaps.org); the rest is not read."""
MAX_URLS: Final = 50_000
"""Maximum number of distinct URLs in a file (from sitemaps.org); the rest is not read."""
MAX_PIECES: Final = 2_000_000
"""Maximum number of tags and texts in an XML file: twice those of 50,000 complete entries."""
MAX_RATIO: Final = 300
"""Maximum ratio of the decompressed to the compressed size, above `RATIO_FREE`."""
RATIO_FREE: Final = 1024 * 1024
"""Decompressed size (bytes) up to which any ratio is permitted."""
_GZIP: Final = b"\x1f\x8b"
"""The first bytes of a gzip file."""
_MOST_NESTED: Final = 32
"""Maximum depth of the elements of an entry that are tracked."""
_PREAMBLE: Final = 64 * 1024
"""Number of characters in which the first tag is searched for; without one the file is plain text."""
_STRAY_TAGS: Final = 64
"""Number of start tags among which the root element is searched for: servers write warnings before it."""

Kind = Literal["urlset", "index", "text", "rss", "atom", "none"]

_ROOTS: Final[dict[str, Kind]] = {
    "urlset": "urlset", "sitemapindex": "index", "rss": "rss", "rdf": "rss", "feed": "atom",
    "url": "urlset", "sitemap": "index",
}  # fmt: skip
"""The kind of a sitemap by its root element; the last two are entries without a root element."""
_ENTRY_ELEMENTS: Final[dict[Kind, str]] = {"urlset": "url", "index": "sitemap", "rss": "item", "atom": "entry"}
"""The element of an entry, by kind."""
_URL_ELEMENTS: Final[dict[Kind, str]] = {"urlset": "loc", "index": "loc", "rss": "link", "atom": "link"}
"""The element with the URL of an entry, by kind."""
_LEAVES: Final = frozenset("loc lastmod changefreq priority link title pubdate updated published guid id".split())
"""Elements that contain only text: if another one starts inside, the end tag is missing."""
_DATE_ELEMENTS: Final = ("lastmod", "pubdate", "updated", "published", "date")
"""Elements with the date of an entry, in order of preference."""

# Possessive quantifiers throughout, so no backtracking. A tag without an end ends where the next one begins.
_MARKUP: Final = re.compile(r"<(?:(/?+)([^\s<>/!?]++)([^<>]*+)>?+|(!--|!\[CDATA\[|!|\?))")
_ENTITY: Final = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ATTRIBUTE: Final = re.compile(r"(?<!\S)([^\s=\"']++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_LINE: Final = re.compile(r"^[ \t]*+(https?://[^\s<>\"]++)[ \t\r]*+$", re.MULTILINE | re.IGNORECASE)


class SitemapURL(Struct, frozen=True):
    """An entry of a sitemap."""

    url: str
    """The canonical URL."""
    lastmod: str | None = None
    """The date of the last change, as written (at most 64 characters); None if absent."""
    priority: float | None = None
    """The priority, from 0 to 1; None if absent."""


class Sitemap(Struct, frozen=True):
    """A parsed sitemap."""

    urls: tuple[SitemapURL, ...] = ()
    """The pages, with distinct URLs, in file order."""
    sitemaps: tuple[str, ...] = ()
    """The distinct canonical URLs of an index, in file order."""
    kind: Kind = "none"
    """The format; "none" if the file is not a sitemap."""
    truncated: bool = False
    """Whether a limit was exceeded, or the compressed file is broken or incomplete."""
    notes: tuple[str, ...] = ()
    """What is wrong with the file, in plain words."""


def parse(body: bytes, url: str = "", content_type: str = "") -> Sitemap:
    """Parse a sitemap. Never raises.

    `url` is its own URL, against which relative ones are resolved. `content_type` is its header. The encoding is that
    of the byte-order mark, or else of the header, or else of the XML declaration, or else detected.
    """
    notes: list[str] = []
    text = encoding.decode(_decompressed(body, notes), content_type)[0]
    entries = _EntryBuilder(url)
    kind = _read_xml(text, entries) if "<" in text[:_PREAMBLE] else _read_lines(text, entries)
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


# ---------------------------------------------------------------- entries


class _EntryBuilder:
    """Collects the entries of a file, each URL once; `full` says that `MAX_URLS` or `MAX_PIECES` was exceeded."""

    def __init__(self, url: str) -> None:
        self._resolver = UrlResolver(url or None)
        self._found: dict[str, SitemapURL] = {}
        self._invalid = 0
        self.full = False

    def add(self, written_url: str, lastmod: str = "", priority: str = "") -> None:
        """Add an entry as written; count it as invalid if it has no usable URL."""
        if len(self._found) >= MAX_URLS:
            self.full = True
            return
        written_url = written_url.strip()
        url = self._resolver.canonical(written_url) if written_url else None
        if url is None:
            self._invalid += 1
        elif url not in self._found:
            self._found[url] = SitemapURL(url, lastmod.strip()[:64] or None, _priority(priority))

    def finish(self, kind: Kind, notes: list[str]) -> Sitemap:
        """Return the sitemap, with further notes."""
        truncated = self.full or bool(notes)
        if self.full:
            notes.append(f"only its first {len(self._found):,} addresses were read")
        if self._invalid:
            described = "one entry has" if self._invalid == 1 else f"{self._invalid:,} entries have"
            notes.append(f"{described} no usable address")
        if kind == "none":
            notes.append("it is no sitemap")
        pages = tuple(self._found.values())
        if kind == "index":
            return Sitemap((), tuple(page.url for page in pages), kind, truncated, tuple(notes))
        return Sitemap(pages, (), kind, truncated, tuple(notes))


def _priority(text: str) -> float | None:
    try:
        number = float(text[:16])
    except ValueError:
        return None
    return number if 0.0 <= number <= 1.0 else None


def _read_lines(text: str, entries: _EntryBuilder) -> Kind:
    found = False
    for line in _LINE.finditer(text):
        found = True
        entries.add(line[1])
        if entries.full:
            break
    return "text" if found else "none"


# ---------------------------------------------------------------- XML, valid or not


class _Token(Struct, frozen=True):
    """A tag or a text of an XML file."""

    form: str
    """The kind: "<" for a start tag, "/" for an end tag, "t" for text."""
    name: str
    """The local name of the tag, in lower case; "" for text."""
    rest: str
    """The tag's content after its name, or the text with its entities resolved."""


def _tokens(text: str) -> Iterator[_Token]:
    """Yield tags and texts; comments, declarations and processing instructions are skipped."""
    at = 0
    while True:
        found = _MARKUP.search(text, at)
        if found is None:
            yield _Token("t", "", _decoded(text[at:]))
            return
        if found.start() > at:
            yield _Token("t", "", _decoded(text[at : found.start()]))
        at = found.end()
        match found[4]:
            case None:
                name = found[2].rpartition(":")[2].lower()
                yield _Token("/" if found[1] else "<", name, found[3])
                if found[3].endswith("/"):
                    yield _Token("/", name, "")
            case "![CDATA[":
                end = text.find("]]>", at)
                yield _Token("t", "", text[at:end] if end >= 0 else text[at:])
                at = end + 3 if end >= 0 else len(text)
            case opening:
                at = _end_of(text, at, opening)


def _end_of(text: str, at: int, opening: str) -> int:
    """Return the position after a comment, instruction or declaration; the end of the text if it is not closed."""
    if opening == "!":
        end = text.find(">", at)
        subset = text.find("[", at, end) if end >= 0 else -1
        if subset >= 0:  # the internal subset of a DOCTYPE, which is ignored
            at = text.find("]", subset)
        closing = ">"
    else:
        closing = "-->" if opening == "!--" else "?>"
    end = text.find(closing, at) if at >= 0 else -1
    return end + len(closing) if end >= 0 else len(text)


def _decoded(text: str) -> str:
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    if entity[3]:
        return _NAMED[entity[3]]
    number = int(entity[1]) if entity[1] else int(entity[2], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _read_xml(text: str, entries: _EntryBuilder) -> Kind:
    tokens = _tokens(text)
    root = _find_root(tokens)
    if root is None:
        return "none"
    kind = _ROOTS[root.name]
    reader = _SitemapReader(kind, entries)
    reader.process(root)
    for token in islice(tokens, MAX_PIECES):
        reader.process(token)
        if entries.full:
            break
    entries.full |= next(tokens, None) is not None
    reader.close()
    return kind


def _find_root(tokens: Iterator[_Token]) -> _Token | None:
    for token in islice((token for token in tokens if token.form == "<"), _STRAY_TAGS):
        if token.name in _ROOTS:
            return token
        if token.name == "html":
            return None
    return None


class _SitemapReader:
    """Reads the entries of one kind of file: the URL, date and priority of each.

    Only the children of an entry count, because the `loc` of an image inside it is not a page. The start of an entry
    ends the one before.
    """

    def __init__(self, kind: Kind, entries: _EntryBuilder) -> None:
        self._entries = entries
        self._entry_element = _ENTRY_ELEMENTS[kind]
        self._url_element = _URL_ELEMENTS[kind]
        self._open: list[str] | None = None  # names of the open elements inside the entry; None outside of entries
        self._texts: dict[str, str] = {}
        self._pieces: list[str] = []

    def process(self, token: _Token) -> None:
        """Process the next token."""
        if token.form == "t":
            if self._open:
                self._pieces.append(token.rest)
        elif token.name == self._entry_element and self._is_entry(token):
            self.close()
            self._open = [] if token.form == "<" else None
        elif self._open is not None:
            if token.form == "<":
                self._begin(token, self._open)
            elif token.name in self._open:
                self._end(token.name, self._open)

    def _is_entry(self, token: _Token) -> bool:
        """Whether a tag with the name of an entry is one: not if it is nested in another element, as in an image."""
        if token.form == "/":
            return token.name not in (self._open or ())
        return not self._open or self._open[-1] in _LEAVES

    def close(self) -> None:
        """Add the entry that is open, if any, complete or not."""
        if self._open:
            self._end(self._open[0], self._open)
        if self._open is not None:
            texts = self._texts
            date = next((texts[name] for name in _DATE_ELEMENTS if texts.get(name)), "")
            self._entries.add(texts.get(self._url_element) or texts.get("href", ""), date, texts.get("priority", ""))
        self._open, self._texts, self._pieces = None, {}, []

    def _begin(self, token: _Token, opened: list[str]) -> None:
        if opened and opened[-1] in _LEAVES:
            self._end(opened[-1], opened)
        if not opened and token.name == "link":
            self._keep_href(token.rest)
        if len(opened) < _MOST_NESTED:
            opened.append(token.name)
        self._pieces = []

    def _end(self, name: str, opened: list[str]) -> None:
        while opened.pop() != name:
            pass
        if not opened:
            self._texts.setdefault(name, "".join(self._pieces).strip())
        self._pieces = []

    def _keep_href(self, tag: str) -> None:
        """Keep the href of an Atom link, unless its rel says that it is not the page of the entry."""
        found = {name.rpartition(":")[2].lower(): double or single for name, double, single in _ATTRIBUTE.findall(tag)}
        if found.get("href") and found.get("rel", "alternate") == "alternate":
            self._texts.setdefault("href", _decoded(found["href"]))
