"""Coverage: how many items of each type there are, and how full their fields; what is suddenly always empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gossamer.values.item_schema import merged
from gossamer.values.model import Item
from gossamer.values.snapshot import Coverage, FieldStats, ItemTypeStats

MOST_TYPES: Final = 100
MOST_FIELDS: Final = 500
"""So many types, and fields of one, are told apart: names made up from data would go on for ever."""
OTHERS: Final = "other types"

OFTEN: Final = 10
LEAST: Final = 20
CHANCE: Final = 0.001
"""A field that was filled so often is suddenly empty when at least so many items running do not have it, and that would
be less likely than this by chance, were it as frequent as before."""


class FieldCoverage:
    """Count items by type, and how often each field is filled."""

    def __init__(self) -> None:
        self._items: dict[str, int] = {}
        self._fields: dict[str, dict[str, FieldStats]] = {}

    def take(self, items: Iterable[Item]) -> None:
        """Count the items of one page."""
        for item in items:
            known = item.type in self._items or len(self._items) < MOST_TYPES
            name = item.type if known else OTHERS
            number = self._items[name] = self._items.get(name, 0) + 1
            fields = self._fields.setdefault(name, {})
            for field in item.fields if known else ():
                before = fields.get(field.name)
                if before is None and len(fields) >= MOST_FIELDS:
                    continue
                before = before or FieldStats(field.kind)
                last = number if field.filled else before.last
                fields[field.name] = FieldStats(merged(before.kind, field.kind), before.filled + field.filled, last)

    def restore(self, stats: Mapping[str, ItemTypeStats]) -> None:
        """Go on counting from saved statistics."""
        self._items = {name: one.items for name, one in stats.items()}
        self._fields = {name: dict(one.fields) for name, one in stats.items()}

    def saved_stats(self) -> dict[str, ItemTypeStats]:
        """Give the counts as a journal keeps them."""
        return {name: ItemTypeStats(number, dict(self._fields[name])) for name, number in self._items.items()}

    def coverage(self) -> dict[str, Coverage]:
        """Tell by type how full the fields are."""
        return {name: coverage_of(stats) for name, stats in self.saved_stats().items()}


def coverage_of(stats: ItemTypeStats) -> Coverage:
    """Tell how full the fields of a type are, and which are suddenly empty."""
    shares = {name: field.filled / stats.items for name, field in stats.fields.items()}
    gone = {name: stats.items - field.last for name, field in stats.fields.items() if _is_gone(field, stats.items)}
    return Coverage(stats.items, shares, gone)


def _is_gone(field: FieldStats, items: int) -> bool:
    empty = items - field.last
    return field.filled >= OFTEN and empty >= LEAST and (1 - field.filled / field.last) ** empty < CHANCE
