"""Read a sitemap: urlset, index, plain text, RSS or Atom, zipped or not, as broken as they come.

The format is that of sitemaps.org. What reads it here knows no DTD and no entities but XML's own five and the numeric
ones, opens nothing, and takes time in proportion to the size, whatever the input. Namespaces are ignored. A sitemap is
trusted with nothing: its URLs pass the crawl's scope like any link, so where the file lies does not limit them.
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
MAX_URLS: Final = 50_000
"""What one file may hold (sitemaps.org): bytes once unzipped, and URLs. The rest is not read."""
MAX_PIECES: Final = 2_000_000
"""Of XML: as many tags and texts as 50,000 full entries have, twice."""
MAX_RATIO: Final = 300
RATIO_FREE: Final = 1024 * 1024
"""A zipped file may expand to so many times its size; the first MiB is free."""
_GZIP: Final = b"\x1f\x8b"
_MOST_NESTED: Final = 32
_PREAMBLE: Final = 64 * 1024
_STRAY_TAGS: Final = 64
"""Where the outermost element is looked for, in characters and in tags: servers put warnings of theirs before it."""

Kind = Literal["urlset", "index", "text", "rss", "atom", "none"]

_ROOTS: Final[dict[str, Kind]] = {
    "urlset": "urlset", "sitemapindex": "index", "rss": "rss", "rdf": "rss", "feed": "atom",
    "url": "urlset", "sitemap": "index",
}  # fmt: skip
"""The kind by the outermost element; the last two where the real one was lost."""
_ENTRIES: Final[dict[Kind, str]] = {"urlset": "url", "index": "sitemap", "rss": "item", "atom": "entry"}
_ADDRESS: Final[dict[Kind, str]] = {"urlset": "loc", "index": "loc", "rss": "link", "atom": "link"}
_LEAVES: Final = frozenset("loc lastmod changefreq priority link title pubdate updated published guid id".split())
"""Elements that hold text alone: where another begins inside one, its end tag is missing."""
_DATES: Final = ("lastmod", "pubdate", "updated", "published", "date")

# Possessive throughout: nothing is ever read twice. A tag that meets the next one before its own end ends there.
_MARKUP: Final = re.compile(r"<(?:(/?+)([^\s<>/!?]++)([^<>]*+)>?+|(!--|!\[CDATA\[|!|\?))")
_ENTITY: Final = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ATTRIBUTE: Final = re.compile(r"(?<!\S)([^\s=\"']++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_LINE: Final = re.compile(r"^[ \t]*+(https?://[^\s<>\"]++)[ \t\r]*+$", re.MULTILINE | re.IGNORECASE)


class SitemapURL(Struct, frozen=True):
    """A page named by a sitemap: its canonical URL, and its date and priority (0 to 1) where they are said."""

    url: str
    lastmod: str | None = None
    priority: float | None = None


class Sitemap(Struct, frozen=True):
    """What a sitemap names: pages, or (an index) further sitemaps, distinct and in order.

    `kind` is "none" for what is no sitemap. `truncated` tells that a limit cut it short, or its end is missing; `notes`
    say in plain words what was wrong.
    """

    urls: tuple[SitemapURL, ...] = ()
    sitemaps: tuple[str, ...] = ()
    kind: Kind = "none"
    truncated: bool = False
    notes: tuple[str, ...] = ()


def parse(body: bytes, url: str = "", content_type: str = "") -> Sitemap:
    """Read a sitemap from its bytes. Never raises.

    `url` is its own address, against which relative ones are resolved; `content_type` may name the encoding, which a
    byte-order mark overrules; without either the XML declaration counts, then a guess.
    """
    notes: list[str] = []
    text = encoding.decode(_unzipped(body, notes), content_type)[0]
    draft = _EntryBuilder(url)
    kind = _read_xml(text, draft) if "<" in text[:_PREAMBLE] else _read_lines(text, draft)
    return draft.finish(kind, notes)


def in_order(pages: Iterable[SitemapURL]) -> list[SitemapURL]:
    """Put pages in the order in which a crawl that may not get them all should: by priority, then the newest first.

    What says no priority has 0.5 (sitemaps.org), what says no date is older than all that do; equals keep their order.
    """
    return sorted(pages, key=_urgency)


def _urgency(page: SitemapURL) -> tuple[float, float]:
    changed = moment_of(page.lastmod) if page.lastmod else None
    return -(0.5 if page.priority is None else page.priority), -changed.timestamp() if changed else math.inf


# ---------------------------------------------------------------- bytes


def _unzipped(body: bytes, notes: list[str]) -> bytes:
    """Undo gzip, told by its first bytes, within the limits; what came before an error is kept."""
    if body.startswith(_GZIP):
        body = _inflated(body, min(MAX_BYTES, max(RATIO_FREE, len(body) * MAX_RATIO)), notes)
    if len(body) > MAX_BYTES:
        notes.append(f"only the first {MAX_BYTES:,} bytes were read")
    return body[:MAX_BYTES]


def _inflated(body: bytes, limit: int, notes: list[str]) -> bytes:
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


# ---------------------------------------------------------------- what was found


class _EntryBuilder:
    """Collect the addresses of a file, each once."""

    def __init__(self, url: str) -> None:
        self._resolver = UrlResolver(url or None)
        self._found: dict[str, SitemapURL] = {}
        self._invalid = 0
        self.full = False

    def add(self, address: str, lastmod: str = "", priority: str = "") -> None:
        """Take one entry as it is written."""
        if len(self._found) >= MAX_URLS:
            self.full = True
            return
        address = address.strip()
        url = self._resolver.canonical(address) if address else None
        if url is None:
            self._invalid += 1
        elif url not in self._found:
            self._found[url] = SitemapURL(url, lastmod.strip()[:64] or None, _priority(priority))

    def finish(self, kind: Kind, notes: list[str]) -> Sitemap:
        """Give all that was found."""
        truncated = self.full or bool(notes)
        if self.full:
            notes.append(f"only its first {len(self._found):,} addresses were read")
        if self._invalid:
            entries = "one entry has" if self._invalid == 1 else f"{self._invalid:,} entries have"
            notes.append(f"{entries} no usable address")
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


def _read_lines(text: str, draft: _EntryBuilder) -> Kind:
    found = False
    for line in _LINE.finditer(text):
        found = True
        draft.add(line[1])
        if draft.full:
            break
    return "text" if found else "none"


# ---------------------------------------------------------------- XML, and what passes for it


class _Token(Struct, frozen=True):
    """A piece of markup: `form` is "<" for a start tag, "/" for an end tag, "t" for text; `name` is local, lower-case.

    `rest` is the inside of the tag behind its name, or the text itself.
    """

    form: str
    name: str
    rest: str


def _tokens(text: str) -> Iterator[_Token]:
    """Cut text into tags and character data; comments, declarations and instructions are left out."""
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
                at = _skipped(text, at, opening)


def _skipped(text: str, at: int, opening: str) -> int:
    """Find the end of a comment, an instruction or a declaration; what has no end swallows the rest, as in XML."""
    if opening == "!":
        end = text.find(">", at)
        subset = text.find("[", at, end) if end >= 0 else -1
        if subset >= 0:  # a DOCTYPE with declarations of its own: nothing of it is believed
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


def _read_xml(text: str, draft: _EntryBuilder) -> Kind:
    tokens = _tokens(text)
    root = _root(tokens)
    if root is None:
        return "none"
    kind = _ROOTS[root.name]
    reader = _SitemapReader(kind, draft)
    reader.take(root)
    for token in islice(tokens, MAX_PIECES):
        reader.take(token)
        if draft.full:
            break
    draft.full |= next(tokens, None) is not None
    reader.close()
    return kind


def _root(tokens: Iterator[_Token]) -> _Token | None:
    for token in islice((token for token in tokens if token.form == "<"), _STRAY_TAGS):
        if token.name in _ROOTS:
            return token
        if token.name == "html":
            return None
    return None


class _SitemapReader:
    """Follow the entries of one kind of file, and of each its address, date and priority.

    Only direct children of an entry count: an image's own `loc` is no page. An entry that begins ends the one before.
    """

    def __init__(self, kind: Kind, draft: _EntryBuilder) -> None:
        self._draft = draft
        self._entry = _ENTRIES[kind]
        self._address = _ADDRESS[kind]
        self._open: list[str] | None = None  # names of the elements open inside the entry; None outside of entries
        self._said: dict[str, str] = {}
        self._text: list[str] = []

    def take(self, token: _Token) -> None:
        """Take the next piece of the file."""
        if token.form == "t":
            if self._open:
                self._text.append(token.rest)
        elif token.name == self._entry and self._at_top(token):
            self.close()
            self._open = [] if token.form == "<" else None
        elif self._open is not None:
            if token.form == "<":
                self._begin(token, self._open)
            elif token.name in self._open:
                self._end(token.name, self._open)

    def _at_top(self, token: _Token) -> bool:
        """Tell whether a tag of the entry's name is an entry's: inside of something else it is not, as in an image."""
        if token.form == "/":
            return token.name not in (self._open or ())
        return not self._open or self._open[-1] in _LEAVES

    def close(self) -> None:
        """End the entry, as far as it came."""
        if self._open:
            self._end(self._open[0], self._open)
        if self._open is not None:
            said = self._said
            date = next((said[name] for name in _DATES if said.get(name)), "")
            self._draft.add(said.get(self._address) or said.get("href", ""), date, said.get("priority", ""))
        self._open, self._said, self._text = None, {}, []

    def _begin(self, token: _Token, opened: list[str]) -> None:
        if opened and opened[-1] in _LEAVES:
            self._end(opened[-1], opened)
        if not opened and token.name == "link":
            self._keep_href(token.rest)
        if len(opened) < _MOST_NESTED:
            opened.append(token.name)
        self._text = []

    def _end(self, name: str, opened: list[str]) -> None:
        while opened.pop() != name:
            pass
        if not opened:
            self._said.setdefault(name, "".join(self._text).strip())
        self._text = []

    def _keep_href(self, inside: str) -> None:
        """Take the address out of an Atom link, unless it leads to something other than the entry's page."""
        said = {name.rpartition(":")[2].lower(): a or b for name, a, b in _ATTRIBUTE.findall(inside)}
        if said.get("href") and said.get("rel", "alternate") == "alternate":
            self._said.setdefault("href", _decoded(said["href"]))
