"""What kinds the values of items have: declared or seen, and merged without regard to order."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest

from gossamer.values import item_schema
from gossamer.values.item_schema import declared, fitted, merged, seen

EVERY = (
    "null", "bool", "int64", "double", "timestamp", "date", "string", "json", "list<null>", "list<int64>",
    "list<string>", "list<list<date>>",
)  # fmt: skip


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


@dataclass
class Offer:
    name: str
    euros: float | None
    pieces: int
    sold_out: bool
    at: dt.datetime
    day: dt.date | None
    tags: list[str]
    codes: tuple[int, ...]
    size: Size
    state: Literal["new", "used"]
    price: Decimal
    key: UUID
    raw: bytes
    more: dict[str, int]
    anything: Any
    number_or_text: int | str


class Renamed(msgspec.Struct, rename="camel"):
    first_name: str
    born: dt.date | None = None


class Model:
    model_fields: Mapping[str, object] = {"title": None, "count": None}
    title: str
    count: int


@dataclass
class Puzzling:
    what: Nowhere  # type: ignore[name-defined]  # noqa: F821  # such is life


def test_kinds_are_declared_by_annotations() -> None:
    assert declared(Offer) == {
        "name": "string", "euros": "double", "pieces": "int64", "sold_out": "bool", "at": "timestamp", "day": "date",
        "tags": "list<string>", "codes": "list<int64>", "size": "string", "state": "string", "price": "string",
        "key": "string", "raw": "string", "more": "json", "anything": "json", "number_or_text": "json",
    }  # fmt: skip
    assert declared(Renamed) == {"firstName": "string", "born": "date"}
    assert declared(Model) == {"title": "string", "count": "int64"}


@pytest.mark.parametrize("type_", [dict, Puzzling, SimpleNamespace])
def test_where_nothing_is_declared_values_tell(type_: type) -> None:
    assert declared(type_) == {}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"), (True, "bool"), (1, "int64"), (2**63, "json"), (-(2**63), "int64"), (1.5, "double"),
        ("x", "string"), ("2026-01-02", "string"), ([], "list<null>"), ([1, 2.5, None], "list<double>"),
        ([1, "x"], "list<json>"), ([["x"], []], "list<list<string>>"), ({"a": 1}, "json"),
    ],
)  # fmt: skip
def test_values_have_kinds(value: object, kind: str) -> None:
    assert seen(value) == kind


@pytest.mark.parametrize(
    ("value", "told", "kind"),
    [
        (None, "double", "double"),
        (1, "double", "double"),
        ("2026-01-02T03:04:05Z", "timestamp", "timestamp"),
        ("yesterday", "timestamp", "string"),
        ("2026-01-02", "date", "date"),
        ("2026-13-02", "date", "string"),
        (["2026-01-02"], "list<date>", "list<date>"),
        (["2026-01-02", "x"], "list<date>", "list<string>"),
        ("x", "int64", "json"),
        ("x", "json", "json"),
    ],
)
def test_a_value_that_is_not_what_was_declared_widens_the_kind(value: object, told: str, kind: str) -> None:
    assert seen(value, told) == kind


def test_kinds_merge_in_any_order() -> None:
    for a, b, c in itertools.product(EVERY, repeat=3):
        assert merged(a, a) == a
        assert merged(a, b) == merged(b, a)
        assert merged(merged(a, b), c) == merged(a, merged(b, c))
        assert merged("null", a) == a
        assert merged("json", a) == "json"


def test_values_are_fitted_into_columns() -> None:
    utc = dt.UTC
    assert fitted(None, "json") is None
    assert fitted({"a": [1]}, "json") == '{"a":[1]}'
    assert fitted("2026-01-02T03:04:05", "timestamp") == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=utc)
    assert fitted("2026-01-02T03:04:05Z", "timestamp") == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=utc)
    assert fitted("2026-01-02", "date") == dt.date(2026, 1, 2)
    assert fitted([1, None], "list<double>") == [1.0, None]
    assert fitted(7, item_schema.INTEGER) == 7
