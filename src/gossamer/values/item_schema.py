"""The kinds of values in items, which become the types of columns: from annotations, or else from the values.

    null < bool                < json
           int64 < double      <
           timestamp, date < string <
           list<kind>          <

Two kinds merge into the lowest kind above both, so the order of items does not matter. `json` is text that contains
JSON: for dicts, and for values that have no other kind in common.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, get_type_hints

import msgspec
from msgspec import inspect

NULL: Final = "null"
JSON: Final = "json"
STRING: Final = "string"
INTEGER: Final = "int64"
DOUBLE: Final = "double"
TIMESTAMP: Final = "timestamp"
DATE: Final = "date"
_LIST: Final = "list<"
_TEXTS: Final = frozenset((STRING, TIMESTAMP, DATE))
_NUMBERS: Final = frozenset((INTEGER, DOUBLE))
_LARGEST: Final = 2**63
"""Integers from here on do not fit into int64."""

_SCALARS: Final[Mapping[type, str]] = {
    inspect.NoneType: NULL,
    inspect.BoolType: "bool",
    inspect.IntType: INTEGER,
    inspect.FloatType: DOUBLE,
    inspect.DateTimeType: TIMESTAMP,
    inspect.DateType: DATE,
    **dict.fromkeys(
        (
            inspect.StrType, inspect.BytesType, inspect.ByteArrayType, inspect.TimeType, inspect.TimeDeltaType,
            inspect.UUIDType, inspect.DecimalType,
        ),
        STRING,
    ),
}  # fmt: skip


def list_of(kind: str) -> str:
    """Return the kind of a list with elements of a kind."""
    return f"{_LIST}{kind}>"


def element(kind: str) -> str:
    """Return the kind of a list's elements; "" if the kind is no list."""
    return kind[len(_LIST) : -1] if kind.startswith(_LIST) else ""


def merged(one: str, other: str) -> str:
    """Return the lowest kind that values of both kinds fit into."""
    if other in (one, NULL):
        return one
    if one == NULL:
        return other
    if one in _NUMBERS and other in _NUMBERS:
        return DOUBLE
    if one in _TEXTS and other in _TEXTS:
        return STRING
    if element(one) and element(other):
        return list_of(merged(element(one), element(other)))
    return JSON


def seen(value: object, declared: str = NULL) -> str:
    """Return the kind of a decoded JSON value, merged with the kind that was declared for its field."""
    match value:
        case None:
            return declared
        case bool():
            found = "bool"
        case int():
            found = INTEGER if -_LARGEST <= value < _LARGEST else JSON
        case float():
            found = DOUBLE
        case str():
            found = declared if declared in (TIMESTAMP, DATE) and _is_moment(value, declared) else STRING
        case list():
            found = list_of(NULL)
            for inner in value:
                found = merged(found, list_of(seen(inner, element(declared) or NULL)))
        case _:
            found = JSON
    return merged(declared, found)


def _is_moment(text: str, kind: str) -> bool:
    try:
        moment(text, kind)
    except ValueError:
        return False
    return True


def moment(text: str, kind: str) -> dt.date:
    """Return a timestamp (UTC if it has no time zone) or date from ISO 8601 text. Raise ValueError if it is invalid."""
    if kind == DATE:
        return dt.date.fromisoformat(text)
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


@lru_cache(maxsize=1000)
def declared(type_: type) -> Mapping[str, str]:
    """Return the kinds that a dataclass, msgspec struct or pydantic model declares, by the field's name in JSON.

    Empty for dicts and for annotations that cannot be resolved: then the values decide.
    """
    names = _names(type_)
    if not names:
        return {}
    try:
        hints = get_type_hints(type_)
        return {encoded: _kind_of(inspect.type_info(hints[name])) for name, encoded in names.items()}
    except Exception:  # noqa: BLE001  # annotations are the user's, and may be anything
        return {}


def _names(type_: type) -> dict[str, str]:
    """Return the fields of a type, each with its name in JSON."""
    if issubclass(type_, msgspec.Struct):
        return dict(zip(type_.__struct_fields__, type_.__struct_encode_fields__, strict=True))
    if dataclasses.is_dataclass(type_):
        return {field.name: field.name for field in dataclasses.fields(type_)}
    return {name: name for name in getattr(type_, "model_fields", ())}


def _kind_of(info: inspect.Type) -> str:
    match info:
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return list_of(_kind_of(info.item_type))
        case inspect.UnionType():
            found = NULL
            for one in info.types:
                found = merged(found, _kind_of(one))
            return found
        case inspect.LiteralType():
            return merged(seen(info.values[0]), seen(info.values[-1]))
        case inspect.EnumType():
            found = NULL
            for member in info.cls:
                found = merged(found, seen(member.value))
            return found
    return _SCALARS.get(type(info), JSON)


def fitted(value: Any, kind: str) -> Any:
    """Return a decoded JSON value converted to what a column of a kind contains."""
    if value is None:
        return None
    if kind == JSON:
        return msgspec.json.encode(value).decode()
    if kind in (TIMESTAMP, DATE):
        return moment(value, kind)
    if inner := element(kind):
        return [fitted(one, inner) for one in value]
    return float(value) if kind == DOUBLE else value


OWN: Final = ("_url", "_handler", "_type")
"""The fields that gossamer adds to every line of `items.jsonl`; no field of an item may have such a name."""
