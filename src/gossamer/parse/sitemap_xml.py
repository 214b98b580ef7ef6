"""Read a sitemap or a feed in XML, valid or not: tags and texts as they come, without a tree.

The reader knows no DTD and no entities but XML's predefined five and the numeric ones. Its time is linear in the size
of any input. Namespaces are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from gossamer.parse.sitemap_entries import EntryBuilder, Kind

MAX_PIECES: Final = 2_000_000
"""Maximum number of tags and texts in an XML file: twice those of 50,000 complete entries."""
_MOST_NESTED: Final = 32
"""Maximum depth of the elements of an entry that are tracked."""
_STRAY_TAGS: Final = 64
"""Number of start tags among which the root element is searched for: servers write warnings before it."""

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

_OTHER_ENTRIES: Final[dict[Kind, str]] = {"urlset": "sitemap", "index": "url"}
"""The element of an entry that does not belong, by kind."""
_FEEDS: Final = frozenset({"rss", "atom"})
"""The kinds whose entries may have their URL in an attribute."""
_REGISTERED: Final = re.compile(r"\Ahttps?://www\.iana\.org/assignments/relation/")
"""The start of the long form of a link relation (RFC 4287 section 4.2.7.2)."""

# Possessive quantifiers throughout, so no backtracking. A tag without an end ends where the next one begins.
_MARKUP: Final = re.compile(r"<(?:(/?+)([^\s<>/!?]++)([^<>]*+)>?+|(!--|!\[CDATA\[|!|\?))")
_ENTITY: Final = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ATTRIBUTE: Final = re.compile(r"(?<!\S)([^\s=\"']++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')")
_URL: Final = re.compile(r"https?://", re.IGNORECASE)


def read_xml(text: str, entries: EntryBuilder) -> Kind:
    """Read the entries of a file in XML, and return its kind."""
    tokens = _tokens(text)
    root = _find_root(tokens, entries, is_xml=text.lstrip().startswith("<?xml"))
    if root is None:
        return "none"
    kind = _ROOTS[root.name]
    reader = _SitemapReader(kind, root.name, entries)
    reader.process(root)
    for token in islice(tokens, MAX_PIECES):
        reader.process(token)
        if entries.full:
            break
    entries.full |= next(tokens, None) is not None
    reader.finish()
    return kind


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


def _find_root(tokens: Iterator[_Token], entries: EntryBuilder, *, is_xml: bool) -> _Token | None:
    """Return the start tag of the root element; None if the file is no sitemap, with a remark if it is other XML."""
    first = ""
    for token in islice((token for token in tokens if token.form == "<"), _STRAY_TAGS):
        if token.name in _ROOTS:
            return token
        first = first or token.name
        if token.name == "html":
            break
    if first and is_xml:
        entries.remarks.append(f"its first element is <{first[:40]}>")
    return None


def _attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a start tag, by local name in lower case; the first one of a name counts."""
    found: dict[str, str] = {}
    for name, double, single in _ATTRIBUTE.findall(tag):
        found.setdefault(name.rpartition(":")[2].lower(), _decoded(double or single))
    return found


class _SitemapReader:
    """Reads the entries of one kind of file: the URL, date and priority of each.

    Only the children of an entry count, because the `loc` of an image inside it is not a page. The start of an entry
    ends the one before. Entries of the other kind, pages in an index or sitemaps among pages, are counted.
    """

    def __init__(self, kind: Kind, root: str, entries: EntryBuilder) -> None:
        self._kind = kind
        self._root = "" if root == _ENTRY_ELEMENTS[kind] else root
        self._entries = entries
        self._has_ended = False
        self._is_text = False  # whether the last token was a text
        self._others = 0
        self._entry_element = _ENTRY_ELEMENTS[kind]
        self._url_element = _URL_ELEMENTS[kind]
        self._open: list[str] | None = None  # names of the open elements inside the entry; None outside of entries
        self._texts: dict[str, str] = {}
        self._pieces: list[str] = []
        self._is_permalink = False  # whether the open guid is a URL

    def process(self, token: _Token) -> None:
        """Process the next token."""
        self._is_text = token.form == "t" and (self._is_text or token.rest != "")
        if token.form == "t":
            if self._open:
                self._pieces.append(token.rest)
        elif token.name == self._root:
            self._on_root(token)
        elif token.name == self._entry_element and self._is_entry(token):
            self.close()
            if token.form == "<":
                self._open = []
                if self._kind in _FEEDS:
                    self._keep_about(token.rest)
        elif self._open is None:
            self._others += token.form == "<" and token.name == _OTHER_ENTRIES.get(self._kind)
        elif token.form == "<":
            self._begin(token, self._open)
        elif token.name in self._open:
            self._end(token.name, self._open)

    def _on_root(self, token: _Token) -> None:
        if token.form == "/":
            self.close()
            self._has_ended = True
        elif base := self._kind in _FEEDS and _attributes(token.rest).get("base"):
            self._entries.rebase(base)

    def _is_entry(self, token: _Token) -> bool:
        """Whether a tag with the name of an entry is one: not if it is nested in another element, as in an image."""
        if token.form == "/":
            return token.name not in (self._open or ())
        return not self._open or self._open[-1] in _LEAVES

    def close(self, *, is_cut: bool = False) -> None:
        """Add the entry that is open, if any, complete or not; of a file that was cut, only with a URL."""
        if self._open:
            self._end(self._open[0], self._open)
        if self._open is not None:
            texts = self._texts
            date = next((texts[name] for name in _DATE_ELEMENTS if texts.get(name)), "")
            url = texts.get(self._url_element) or texts.get("href") or texts.get("permalink") or texts.get("about", "")
            if url or not is_cut:
                self._entries.add(url, date, texts.get("priority", ""))
        self._open, self._texts, self._pieces = None, {}, []

    def finish(self) -> None:
        """End the file. A text without a tag after it may be the start of a longer one, so it does not count."""
        is_cut = self._open is not None and not self._entries.full
        if is_cut and self._open and self._is_text:
            self._open.clear()
        self.close(is_cut=is_cut)
        self._entries.cut = is_cut or not (self._has_ended or not self._root)
        if self._others:
            what = "sitemap" if self._kind == "urlset" else "page"
            self._entries.remarks.append(
                f"a {what} among its entries was left out"
                if self._others == 1
                else f"{self._others:,} {what}s among its entries were left out"
            )

    def _begin(self, token: _Token, opened: list[str]) -> None:
        if opened and opened[-1] in _LEAVES:
            self._end(opened[-1], opened)
        if not opened and self._kind in _FEEDS:
            if token.name == "link":
                self._keep_href(token.rest)
            elif token.name == "guid":
                self._is_permalink = _attributes(token.rest).get("ispermalink", "true").strip().lower() != "false"
        if len(opened) < _MOST_NESTED:
            opened.append(token.name)
        self._pieces = []

    def _end(self, name: str, opened: list[str]) -> None:
        while opened.pop() != name:
            pass
        if not opened:
            text = "".join(self._pieces).strip()
            if text or self._kind not in _FEEDS:  # `atom:link` has no text
                self._texts.setdefault(name, text)
            if name == "guid" and self._is_permalink and _URL.match(text):
                self._texts.setdefault("permalink", text)
        self._pieces = []

    def _keep_about(self, tag: str) -> None:
        """Keep the URL of an item of RSS 1.0, which is also its identifier."""
        about = _attributes(tag).get("about", "")
        if _URL.match(about):
            self._texts["about"] = about

    def _keep_href(self, tag: str) -> None:
        """Keep the href of an Atom link, unless its rel says that it is not the page of the entry."""
        found = _attributes(tag)
        if found.get("href") and _REGISTERED.sub("", found.get("rel", "alternate").strip().lower()) == "alternate":
            self._texts.setdefault("href", found["href"])
