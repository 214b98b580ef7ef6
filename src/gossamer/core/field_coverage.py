"""Field coverage: the number of items of each type, the share with each field filled, and fields that went empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gossamer.values.item_schema import merged
from gossamer.values.model import Item
from gossamer.values.snapshot import Coverage, FieldStats, ItemTypeStats

MOST_TYPES: Final = 100
"""Maximum number of item types that are counted separately: names generated from data would be unlimited."""
MOST_FIELDS: Final = 500
"""Maximum number of fields of a type that are counted."""
OTHERS: Final = "other types"
"""The type under which items beyond `MOST_TYPES` are counted."""

OFTEN: Final = 10
"""Minimum number of items with a field filled before the field can count as suddenly empty."""
LEAST: Final = 20
"""Minimum number of consecutive items without a field for it to count as suddenly empty."""
CHANCE: Final = 0.001
"""Probability of such a run by chance below which the field counts as suddenly empty."""


class FieldCoverage:
    """Counts items by type, and how often each of their fields is filled."""

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
        """Continue from saved statistics."""
        self._items = {name: one.items for name, one in stats.items()}
        self._fields = {name: dict(one.fields) for name, one in stats.items()}

    def saved_stats(self) -> dict[str, ItemTypeStats]:
        """Return the counts as the journal stores them."""
        return {name: ItemTypeStats(number, dict(self._fields[name])) for name, number in self._items.items()}

    def coverage(self) -> dict[str, Coverage]:
        """Return the coverage of the fields, by item type."""
        return {name: coverage_of(stats) for name, stats in self.saved_stats().items()}


def coverage_of(stats: ItemTypeStats) -> Coverage:
    """Return the share of items with each field filled, and the fields that are suddenly empty."""
    shares = {name: field.filled / stats.items for name, field in stats.fields.items()}
    gone = {name: stats.items - field.last for name, field in stats.fields.items() if _is_gone(field, stats.items)}
    return Coverage(stats.items, shares, gone)


def _is_gone(field: FieldStats, items: int) -> bool:
    empty = items - field.last
    return field.filled >= OFTEN and empty >= LEAST and (1 - field.filled / field.last) ** empty < CHANCE
