"""The structured data of a page: JSON-LD, microdata, and the properties of its meta elements (OpenGraph)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from gossamer.parse.characters import scalar_values
from gossamer.parse.links.base import document_base
from gossamer.parse.links.scan import Reader, text_of
from gossamer.parse.tokenizer import Token, TokenType
from gossamer.rules.urls import UrlResolver

MAX_JSON: Final = 1024 * 1024
"""Maximum size of one block of JSON-LD (characters); a larger one is not read."""

MAX_ENTRIES: Final = 5000
"""Maximum number of blocks, items, properties and meta elements that are read from one page, taken together."""

MAX_TEXT: Final = 10_000
"""Maximum length of the text of a property (characters); the rest is cut off."""

# Strings, which stay as they are, and what is no JSON: comments, the marks of comments and CDATA sections.
_COMMENTS: Final = re.compile(
    r'("(?:[^"\\]++|\\.)*+(?:"|\Z))|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|'
    r"(?://[ \t]*+)?(?:<!--|-->|<!\[CDATA\[|\]\]>)|//[^\n]*+",
    re.DOTALL,
)
_FINAL_COMMAS: Final = re.compile(r'("(?:[^"\\]++|\\.)*+(?:"|\Z))|,(?=\s*+[\]}])', re.DOTALL)
_AROUND: Final = " \t\r\n\f\v\xa0;,\ufeff\u2028\u2029"
_VOCABULARY: Final = re.compile(r"\A.*[/#]", re.DOTALL)
_URLS: Final = {
    "a": "href", "area": "href", "audio": "src", "embed": "src", "iframe": "src", "img": "src", "link": "href",
    "object": "data", "source": "src", "track": "src", "video": "src",
}  # fmt: skip
_VALUES: Final = {"meta": "content", "data": "value", "meter": "value", "time": "datetime"}
_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
_TEXT, _REFERENCE = TokenType.TEXT, TokenType.CHARACTER_REFERENCE
_START, _END = TokenType.START_TAG, TokenType.END_TAG


class DataItem(Struct, frozen=True):
    """An item of microdata (HTML section 5.2)."""

    types: tuple[str, ...] = ()
    """The item types, which are URLs."""
    id: str = ""
    """The global identifier; "" if absent."""
    properties: tuple[tuple[str, str | DataItem], ...] = ()
    """Pairs of a name and a value, in the order in which their elements end."""

    def first(self, name: str) -> str | DataItem | None:
        """Return the first value of a property, or None."""
        return next((value for property, value in self.properties if property == name), None)


class PageData(Struct, frozen=True):
    """The structured data of a page."""

    json_ld: tuple[Any, ...] = ()
    """The JSON values of the valid blocks of JSON-LD."""
    microdata: tuple[DataItem, ...] = ()
    """The top-level items: those that are not a property of another one."""
    meta: Mapping[str, tuple[str, ...]] = {}
    """The contents of the meta elements, by their property or name in lower case."""

    @property
    def opengraph(self) -> Mapping[str, tuple[str, ...]]:
        """The part of `meta` that OpenGraph defines: names that begin with "og:", "article:" and the like."""
        spaces = ("og:", "article:", "book:", "profile:", "music:", "video:")
        return {name: values for name, values in self.meta.items() if name.startswith(spaces)}

    def of_type(self, name: str) -> list[Mapping[str, Any]]:
        """Return the objects in `json_ld`, at any depth, that have a type such as "NewsArticle".

        URLs of types are compared by their last part: "https://schema.org/NewsArticle" is the same type.
        """
        wanted = _last_part(name)
        return [one for one in _objects(self.json_ld) if wanted in map(_last_part, _types(one))]


def data(text: str, url: str = "") -> PageData:
    """Return the structured data of a decoded HTML page. Never raises.

    `url` is the page's own URL, against which those in microdata are resolved unless the page has a base element.
    JSON-LD may have comments, may be wrapped in one or in a CDATA section, and may have line breaks in strings and
    commas before closing brackets; a block with any other error is left out. Lone surrogates become U+FFFD.
    """
    reader = _DataReader(text, url)
    reader.read()
    return reader.data()


def _types(one: Mapping[str, Any]) -> list[Any]:
    types = one.get("@type")
    return types if isinstance(types, list) else [types]


def _last_part(type_: Any) -> Any:
    """Return what follows the last "/" or "#" of a type."""
    return _VOCABULARY.sub("", type_) if isinstance(type_, str) else type_


def _objects(values: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list | tuple):
            waiting.extend(reversed(value))


def _parsed(text: str) -> Any:
    """Parse JSON, without comments and final commas if it has any. Raises ValueError or RecursionError."""
    try:
        value = json.loads(text.strip(_AROUND), strict=False)
    except ValueError:
        for what in (_COMMENTS, _FINAL_COMMAS):
            text = what.sub(lambda found: found[1] or " ", text)
        value = json.loads(text.strip(_AROUND), strict=False)
    return scalar_values(value) if "\\u" in text or not text.isascii() else value


class _OpenItem:
    """An open element with itemprop, itemscope or both."""

    def __init__(self, names: list[str], item: _ItemBuilder | None, begins: int, depth: int) -> None:
        self.names, self.item, self.begins, self.depth = names, item, begins, depth
        self.value: str | None = None
        self.left = 0  # number of entries that could still be opened: the innermost element has the fewest


class _ItemBuilder:
    def __init__(self, types: tuple[str, ...], id: str, parent: _ItemBuilder | None) -> None:
        self.types, self.id, self.parent = types, id, parent
        self.properties: list[tuple[str, str | DataItem]] = []

    def done(self) -> DataItem:
        return DataItem(self.types, self.id, tuple(self.properties))


class _DataReader(Reader):
    def __init__(self, text: str, url: str) -> None:
        super().__init__(text)
        self._resolver = UrlResolver(document_base(text, url) or None)
        self._json: list[Any] = []
        self._meta_texts: dict[str, list[str]] = {}
        self._items: list[DataItem] = []
        self._item: _ItemBuilder | None = None  # the innermost open item
        self._open: dict[str, list[_OpenItem]] = {}
        self._depths: dict[str, int] = {}
        self._parts: list[str] = []
        self._collecting = 0  # number of open elements that collect text
        self._entries_left = MAX_ENTRIES

    def data(self) -> PageData:
        """Return the data read so far; elements that are open are closed."""
        for opened in sorted((one for some in self._open.values() for one in some), key=lambda one: one.left):
            self._close(opened)
        meta = {self.restored(name): tuple(texts) for name, texts in self._meta_texts.items()}
        return PageData(tuple(self._json), tuple(self._items), meta)

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of a text, and read the data from them."""
        tokens = super().tokens(text)
        skips_text = False
        for token in tokens:
            kind = token.type
            if kind is _START or kind is _END:
                tag = token.tag or ""
                skips_text = kind is _START and tag in ("script", "style")
                if not self.nesting.inert:
                    if kind is _END:
                        self._on_end(tag)
                    elif tag == "script":
                        self._on_script(token, tokens)
                    else:
                        self._on_start(tag, token)
            elif self._collecting and not skips_text and (kind is _TEXT or kind is _REFERENCE):
                self._parts.append(token.data or "")
            yield token

    def _on_script(self, token: Token, tokens: Iterator[Token]) -> None:
        kind = (token.attr("type") or "").partition(";")[0].strip().lower()
        if kind != "application/ld+json" or not self._entries_left:
            return
        self._entries_left -= 1
        text = text_of(tokens, as_written=True)
        if len(text) <= MAX_JSON:
            try:
                self._json.append(_parsed(text))
            except (ValueError, RecursionError):
                return  # invalid JSON is common; the valid blocks are returned

    def _on_start(self, tag: str, token: Token) -> None:
        if tag == "meta":
            self._on_meta(token)
        if tag not in _VOID:
            self._depths[tag] = self._depths.get(tag, 0) + 1
        names, is_item = (token.attr("itemprop") or "").split(), token.attr("itemscope") is not None
        if not (names or is_item) or not self._entries_left:
            return
        self._entries_left -= 1
        opened = _OpenItem(names, None, len(self._parts), self._depths.get(tag, 0))
        opened.left = self._entries_left
        if is_item:
            types = tuple((token.attr("itemtype") or "").split())
            opened.item = self._item = _ItemBuilder(types, token.attr("itemid") or "", self._item)
        else:
            opened.value = self._value(tag, token)
        if tag in _VOID:
            self._close(opened)
        else:
            self._open.setdefault(tag, []).append(opened)
            self._collecting += 1

    def _on_meta(self, token: Token) -> None:
        content, name = token.attr("content"), token.attr("property") or token.attr("name")
        if content and name and self._entries_left:
            self._entries_left -= 1
            texts = self._meta_texts.setdefault(name.strip().lower(), [])
            texts.append(self.restored(" ".join(content[:MAX_TEXT].split())))

    def _value(self, tag: str, token: Token) -> str | None:
        """Return the value of a property from its attribute (HTML section 5.2.4); None if it is the element's text."""
        if tag in _URLS:
            href = (token.attr(_URLS[tag]) or "").strip()
            return self.restored((self._resolver.canonical(href) if href else None) or href)
        value = token.attr(_VALUES[tag]) if tag in _VALUES else None
        return None if value is None else self.restored(value[:MAX_TEXT].strip())

    def _on_end(self, tag: str) -> None:
        depth = self._depths.get(tag, 0)
        if depth:
            self._depths[tag] = depth - 1
            opened = self._open.get(tag)
            if opened and opened[-1].depth == depth:
                self._close(opened.pop())
                self._collecting -= 1
                if not self._collecting:
                    self._parts.clear()

    def _close(self, opened: _OpenItem) -> None:
        value: str | DataItem
        if opened.item is not None:
            self._item = opened.item.parent
            value = opened.item.done()
            if not opened.names or self._item is None:
                self._items.append(value)
        elif opened.value is not None:
            value = opened.value
        else:
            parts = self._parts[opened.begins : opened.begins + MAX_TEXT]
            value = self.restored(" ".join("".join(parts)[:MAX_TEXT].split()))
        if self._item is not None:
            self._item.properties += [(name, value) for name in opened.names]
