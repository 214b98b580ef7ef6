"""Read the items of a JSON Feed (jsonfeed.org), whole or cut off."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from gossamer.rules.headers import mime_type

_TYPE: Final = "application/feed+json"
_VERSION: Final = re.compile(r'"version"\s*+:\s*+"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/')
_OBJECT: Final = re.compile(r"\s*+\{")
_ITEMS: Final = re.compile(r'"items"\s*+:\s*+\[\s*+')  # in a string of JSON the quotes would be escaped
_BETWEEN: Final = re.compile(r"\s*+,\s*+")
_END: Final = re.compile(r"\s*+\]")
_URL: Final = re.compile(r"\s*+https?://", re.IGNORECASE)
_DECODER: Final = json.JSONDecoder()


class JsonItem(Struct, frozen=True):
    """An item of a feed."""

    url: str = ""
    """Its URL as written; "" if it has none."""
    date: str = ""
    """The date of its last change as written; "" if it has none."""


def is_feed(text: str, content_type: str) -> bool:
    """Whether a text is a JSON Feed, by its version or by its Content-Type."""
    if not _OBJECT.match(text) or _ITEMS.search(text) is None:
        return False
    kind = mime_type(content_type)
    return (kind is not None and kind.essence == _TYPE) or _VERSION.search(text) is not None


def items(text: str) -> tuple[list[JsonItem], bool]:
    """Return the items of a feed, and whether these are all; of a broken one, those before the fault. Never raises."""
    try:
        values, is_whole = msgspec.json.decode(text, type=dict[str, Any]).get("items"), True
    except (msgspec.DecodeError, ValueError, RecursionError):
        values, is_whole = _before_fault(text)
    listed = values if isinstance(values, list) else []
    return [_item(value) for value in listed if isinstance(value, dict)], is_whole


def _before_fault(text: str) -> tuple[list[Any], bool]:
    """Return the values of the items up to the first that is broken or missing, and whether the list has its end."""
    values: list[Any] = []
    start = _ITEMS.search(text)
    at = start.end() if start is not None else len(text)
    while not _END.match(text, at):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return values, False
        values.append(value)
        between = _BETWEEN.match(text, at)
        at = between.end() if between is not None else at
    return values, True


def _item(value: dict[str, Any]) -> JsonItem:
    return JsonItem(_url(value), _text(value, "date_modified") or _text(value, "date_published"))


def _url(item: dict[str, Any]) -> str:
    """Return the URL of an item: its own, or else its id if that is one, or else that of the page it is about."""
    identifier = _text(item, "id")
    return _text(item, "url") or (identifier if _URL.match(identifier) else _text(item, "external_url"))


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
