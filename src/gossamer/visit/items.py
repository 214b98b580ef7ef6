"""Items: the worker encodes what a handler yields as a line of JSON, to be sent and saved.

An item is a dict, a dataclass, a msgspec struct or a pydantic model. Besides its own fields a line has `_url` (of the
page), `_handler` and `_type` (their names). The type of a dict is the name of the handler that yielded it.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from gossamer.parse.characters import scalar_values
from gossamer.values import item_schema
from gossamer.values.item_schema import OWN
from gossamer.values.model import Field, Item

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])


class NoItemError(TypeError):
    """A handler's value is no item. The message is a sentence for the user."""


def is_item(value: object) -> bool:
    """Whether a value is of a type that can be an item."""
    if isinstance(value, dict | msgspec.Struct):
        return True
    return (dataclasses.is_dataclass(value) and not isinstance(value, type)) or _is_pydantic(value)


def item_of(value: object, *, url: str, handler: str) -> Item:
    """Encode a value as an item. Raise NoItemError if it is of another type or cannot be written as JSON."""
    if not is_item(value):
        raise NoItemError(
            f"The handler {handler} gave a value of type {type(value).__name__}; "
            "items are dicts, dataclasses, msgspec structs or pydantic models."
        )
    type_: Any = type(value)
    kind = handler if type_ is dict else type_.__name__
    try:
        body = _json(
            value.model_dump(mode="json")  # type: ignore[attr-defined]  # it is a pydantic model then
            if _is_pydantic(value)
            else value
        )
        decoded = _DECODER.decode(body)
    except Exception as error:
        raise NoItemError(_no_json(handler, value, error)) from error
    if taken := decoded.keys() & set(OWN):
        raise NoItemError(
            f"The handler {handler} gave a {type_.__name__} with a field {min(taken)!r}, which gossamer itself adds."
        )
    facts = _ENCODER.encode(dict(zip(OWN, (url, handler, kind), strict=True)))
    line = facts[:-1] + b"," + body[1:] if decoded else facts
    return Item(handler, kind, line + b"\n", tuple(_fields(decoded, item_schema.declared(type_))))


def _json(value: object) -> bytes:
    """Write a value as JSON; lone surrogates, halves of characters that a site has cut, become U+FFFD."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(scalar_values(msgspec.to_builtins(value)))


def _no_json(handler: str, value: object, error: Exception) -> str:
    """Return why an item cannot be written as JSON: the field, and what was probably meant."""
    message = str(error)
    if "LexborNode" in message:
        message = (
            "it is an element of the page; its text was probably meant: page.css(…).text, or .text() of an element"
        )
    name = next((name for name, one in _values(value) if not _has_json(one)), None)
    subject = f"a {type(value).__name__}" + ("" if name is None else f" whose field {name!r}")
    return (
        f"The handler {handler} gave {subject}{' that' if name is None else ''} cannot be written as JSON: {message}."
    )


def _values(value: Any) -> Iterable[tuple[Any, object]]:
    """Return the fields of an item with their values."""
    if isinstance(value, dict):
        return value.items()
    names: Iterable[str] = getattr(value, "__struct_fields__", ()) or getattr(value, "__dataclass_fields__", ())
    return [(name, getattr(value, name)) for name in names]


def _has_json(value: object) -> bool:
    try:
        _ENCODER.encode(value)
    except Exception:  # noqa: BLE001  # the same exception has been reported before
        return False
    return True


def _fields(decoded: Mapping[str, Any], declared: Mapping[str, str]) -> Iterator[Field]:
    """Yield the description of each field that is declared or present."""
    for name in declared if declared.keys() >= decoded.keys() else {**declared, **decoded}:
        value = decoded.get(name)
        yield Field(name, item_schema.seen(value, declared.get(name, item_schema.NULL)), is_filled(value))


def is_filled(value: object) -> bool:
    """Whether a value is filled: not None, not empty, not white space alone. False and 0 are filled."""
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and (not isinstance(value, list | dict) or bool(value))


def values_of(items: Sequence[Item]) -> tuple[dict[str, Any], ...]:
    """Return items as dicts of their own fields, as they were recorded, without the fields that gossamer adds."""
    several = (_DECODER.decode(item.line) for item in items)
    return tuple({name: value for name, value in one.items() if name not in OWN} for one in several)


def _is_pydantic(value: object) -> bool:
    pydantic = sys.modules.get("pydantic")  # a pydantic model exists only where pydantic is loaded
    return pydantic is not None and isinstance(value, pydantic.BaseModel)
