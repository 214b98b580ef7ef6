"""Read the structured data of a page: JSON-LD, microdata, and the properties of its meta elements (OpenGraph)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from turbohtml import Token, TokenType

from gossamer.parse.links.scan import Reader, text_of
from gossamer.rules.urls import UrlResolver

MAX_JSON: Final = 1024 * 1024
"""Characters of one block of JSON-LD beyond which it is not read."""

MAX_ENTRIES: Final = 5000
"""Blocks, items, properties and meta elements of a page beyond which no more are read."""

MAX_TEXT: Final = 10_000
"""Characters of the text of a property beyond which it is cut."""

_WRAPPING: Final = re.compile(r"\A\s*(?:<!--|(?://\s*)?<!\[CDATA\[)|(?:-->|(?://\s*)?\]\]>)\s*;?\s*\Z|;\s*\Z")
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
    """An item of microdata: its types, its id, and its properties, each a text or an item, in document order."""

    types: tuple[str, ...] = ()
    id: str = ""
    properties: tuple[tuple[str, str | DataItem], ...] = ()

    def first(self, name: str) -> str | DataItem | None:
        """Give the first value of a property, or None."""
        return next((value for property, value in self.properties if property == name), None)


class PageData(Struct, frozen=True):
    """The structured data of a page.

    `json_ld` are the values of its blocks that could be read, as JSON gives them; `microdata` its items that are no
    property of another; `meta` the texts of its meta elements by property or name in lower case, `opengraph` those of
    them whose names begin with "og:" and the like.
    """

    json_ld: tuple[Any, ...] = ()
    microdata: tuple[DataItem, ...] = ()
    meta: Mapping[str, tuple[str, ...]] = {}

    @property
    def opengraph(self) -> Mapping[str, tuple[str, ...]]:
        """The properties of OpenGraph."""
        spaces = ("og:", "article:", "book:", "profile:", "music:", "video:")
        return {name: values for name, values in self.meta.items() if name.startswith(spaces)}

    def of_type(self, name: str) -> list[Mapping[str, Any]]:
        """List the objects of JSON-LD of a type, such as "NewsArticle", however deep they are.

        A type may be written as a URL, here or there: "https://schema.org/NewsArticle" is the same one.
        """
        wanted = _last_part(name)
        return [one for one in _objects(self.json_ld) if wanted in map(_last_part, _types(one))]


def data(text: str, url: str = "") -> PageData:
    """Read the structured data of a decoded HTML page; never raises. URLs in microdata are absolute if `url` is given.

    JSON-LD that is broken is left out, after the usual mistakes (comment marks around it, line ends in texts) were
    forgiven.
    """
    reader = _DataReader(text, url)
    reader.read()
    return reader.data()


def _types(one: Mapping[str, Any]) -> list[Any]:
    types = one.get("@type")
    return types if isinstance(types, list) else [types]


def _last_part(type_: Any) -> Any:
    """Cut a type that is a URL down to its name: what is after the last slash or number sign."""
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


class _OpenItem:
    """An element with a property, an item, or both."""

    def __init__(self, names: list[str], item: _Making | None, begins: int, depth: int) -> None:
        self.names, self.item, self.begins, self.depth = names, item, begins, depth
        self.value: str | None = None
        self.left = 0  # how many more could be opened after it: the innermost has the fewest


class _Making:
    def __init__(self, types: tuple[str, ...], id: str, around: _Making | None) -> None:
        self.types, self.id, self.around = types, id, around
        self.properties: list[tuple[str, str | DataItem]] = []

    def done(self) -> DataItem:
        return DataItem(self.types, self.id, tuple(self.properties))


class _DataReader(Reader):
    def __init__(self, text: str, url: str) -> None:
        super().__init__(text)
        self._resolver = UrlResolver(url or None)
        self._json: list[Any] = []
        self._meta_texts: dict[str, list[str]] = {}
        self._items: list[DataItem] = []
        self._item: _Making | None = None  # the innermost that is open
        self._open: dict[str, list[_OpenItem]] = {}
        self._depths: dict[str, int] = {}
        self._parts: list[str] = []
        self._heard = 0  # how many elements need text
        self._room = MAX_ENTRIES

    def data(self) -> PageData:
        """Give what was read."""
        for opened in sorted((one for some in self._open.values() for one in some), key=lambda one: one.left):
            self._close(opened)
        meta = {self.written(name): tuple(texts) for name, texts in self._meta_texts.items()}
        return PageData(tuple(self._json), tuple(self._items), meta)

    def tokens(self, text: str) -> Iterator[Token]:
        """Cut text into tokens, and listen to them."""
        tokens = super().tokens(text)
        unseen = False
        for token in tokens:
            kind = token.type
            if kind is _START or kind is _END:
                tag = token.tag or ""
                unseen = kind is _START and tag in ("script", "style")
                if not self.nesting.inert:
                    if kind is _END:
                        self._hear_end(tag)
                    elif tag == "script":
                        self._hear_script(token, tokens)
                    else:
                        self._hear_start(tag, token)
            elif self._heard and not unseen and (kind is _TEXT or kind is _REFERENCE):
                self._parts.append(token.data or "")
            yield token

    def _hear_script(self, token: Token, tokens: Iterator[Token]) -> None:
        kind = (token.attr("type") or "").partition(";")[0].strip().lower()
        if kind != "application/ld+json" or not self._room:
            return
        self._room -= 1
        text = text_of(tokens, as_written=True)
        if len(text) <= MAX_JSON:
            try:
                self._json.append(json.loads(_WRAPPING.sub("", text), strict=False))
            except (ValueError, RecursionError):
                return  # many sites write what is no JSON; what can be read is what is told

    def _hear_start(self, tag: str, token: Token) -> None:
        if tag == "meta":
            self._hear_meta(token)
        if tag not in _VOID:
            self._depths[tag] = self._depths.get(tag, 0) + 1
        names, is_item = (token.attr("itemprop") or "").split(), token.attr("itemscope") is not None
        if not (names or is_item) or not self._room:
            return
        self._room -= 1
        opened = _OpenItem(names, None, len(self._parts), self._depths.get(tag, 0))
        opened.left = self._room
        if is_item:
            types = tuple((token.attr("itemtype") or "").split())
            opened.item = self._item = _Making(types, token.attr("itemid") or "", self._item)
        else:
            opened.value = self._value(tag, token)
        if tag in _VOID:
            self._close(opened)
        else:
            self._open.setdefault(tag, []).append(opened)
            self._heard += 1

    def _hear_meta(self, token: Token) -> None:
        content, name = token.attr("content"), token.attr("property") or token.attr("name")
        if content and name and self._room:
            self._room -= 1
            texts = self._meta_texts.setdefault(name.strip().lower(), [])
            texts.append(self.written(" ".join(content[:MAX_TEXT].split())))

    def _value(self, tag: str, token: Token) -> str | None:
        """Take the value from an attribute, where the element has one (HTML section 5.2.4)."""
        if tag in _URLS:
            href = (token.attr(_URLS[tag]) or "").strip()
            return self.written((self._resolver.canonical(href) if href else None) or href)
        value = token.attr(_VALUES[tag]) if tag in _VALUES else None
        return None if value is None else self.written(value[:MAX_TEXT].strip())

    def _hear_end(self, tag: str) -> None:
        depth = self._depths.get(tag, 0)
        if depth:
            self._depths[tag] = depth - 1
            opened = self._open.get(tag)
            if opened and opened[-1].depth == depth:
                self._close(opened.pop())
                self._heard -= 1
                if not self._heard:
                    self._parts.clear()

    def _close(self, opened: _OpenItem) -> None:
        value: str | DataItem
        if opened.item is not None:
            self._item = opened.item.around
            value = opened.item.done()
            if not opened.names or self._item is None:
                self._items.append(value)
        elif opened.value is not None:
            value = opened.value
        else:
            parts = self._parts[opened.begins : opened.begins + MAX_TEXT]
            value = self.written(" ".join("".join(parts)[:MAX_TEXT].split()))
        if self._item is not None:
            self._item.properties += [(name, value) for name in opened.names]
