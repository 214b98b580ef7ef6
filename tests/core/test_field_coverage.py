"""Coverage: how full the fields of items are, and which are suddenly always empty."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gossamer.core.field_coverage import MOST_FIELDS, MOST_TYPES, OTHERS, FieldCoverage, coverage_of
from gossamer.values.model import Item
from gossamer.values.snapshot import FieldStats, ItemTypeStats
from gossamer.visit.items import item_of


def items(*several: Mapping[str, object]) -> list[Item]:
    return [item_of(one, url="https://a.example/", handler="h") for one in several]


def test_fields_are_counted_by_type() -> None:
    harvest = FieldCoverage()
    harvest.take(items({"title": "a", "price": 1}, {"title": "b", "price": None}))
    harvest.take(items({"title": "", "tags": ["x"]}, {"title": "d", "price": 2.5}))
    [(name, coverage)] = harvest.coverage().items()
    assert (name, coverage.items, coverage.gone) == ("h", 4, {})
    assert coverage.fields == {"title": 0.75, "price": 0.5, "tags": 0.25}
    assert harvest.saved_stats()["h"].fields["price"] == FieldStats("double", 2, 4)


def test_a_resumed_crawl_goes_on_counting() -> None:
    whole, first, second = FieldCoverage(), FieldCoverage(), FieldCoverage()
    some, others = items({"a": 1, "b": "x"}, {"a": None}), items({"a": 2}, {"b": ["x"]})
    whole.take([*some, *others])
    first.take(some)
    second.restore(first.saved_stats())
    second.take(others)
    assert second.saved_stats() == whole.saved_stats()
    assert second.coverage() == whole.coverage()


@pytest.mark.parametrize(
    ("filled", "last", "items", "gone"),
    [
        (30, 30, 49, False),  # 19 in a row are too few
        (30, 30, 50, True),
        (10, 10, 30, True),
        (9, 9, 500, False),  # it was never frequent
        (10, 100, 130, False),  # one in ten had it: 30 without are no wonder
        (10, 100, 166, True),
        (0, 0, 500, False),  # never filled: the shares say so
        (50, 50, 50, False),
    ],
)
def test_a_field_is_gone_when_chance_does_not_explain_it(filled: int, last: int, items: int, gone: bool) -> None:
    coverage = coverage_of(ItemTypeStats(items, {"price": FieldStats("double", filled, last)}))
    assert coverage.gone == ({"price": items - last} if gone else {})


def test_names_made_up_from_data_are_counted_within_bounds() -> None:
    harvest = FieldCoverage()
    harvest.take(items(*({f"field {number}": 1} for number in range(MOST_FIELDS + 9))))
    harvest.take(Item("h", f"type {number}", b"{}\n") for number in range(MOST_TYPES + 9))
    assert len(harvest.coverage()["h"].fields) == MOST_FIELDS
    assert len(harvest.coverage()) == MOST_TYPES + 1
    assert harvest.coverage()[OTHERS].items == 10
