"""The statistics of a crawl in shards: those of all shards, joined as if one crawl had counted them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Final, TypeVar

from gossamer.values.audit import Audit
from gossamer.values.item_schema import NULL, merged
from gossamer.values.snapshot import EXAMPLES, FieldStats, ItemTypeStats, SavedStats, StartPages

ValueT = TypeVar("ValueT")
NumberT = TypeVar("NumberT", int, float)
NAMED: Final = 20
"""Maximum number of hosts that joined statistics name."""


def joined(several: Sequence[SavedStats]) -> SavedStats:
    """Return the sum of the statistics of shards that ran beside each other.

    Attempts are by the numbers of links, which shards have each for themselves, so they are left out.
    """
    if len(several) == 1:
        return several[0]
    return SavedStats(
        kinds=summed([one.kinds for one in several]),
        by_reason=summed([one.by_reason for one in several]),
        refused=sum(one.refused for one in several),
        bytes=sum(one.bytes for one in several),
        fetches=sum(one.fetches for one in several),
        elapsed=max((one.elapsed for one in several), default=0.0),
        seconds=summed([one.seconds for one in several]),
        adopted=_each_once(one.adopted for one in several),
        resting=_united([one.resting for one in several]),
        paused=_united([one.paused for one in several]),
        paused_by=_united([one.paused_by for one in several]),
        audit=joined_audit([one.audit for one in several if one.audit is not None]),
        changes=summed([one.changes for one in several]),
        duplicates=sum(one.duplicates for one in several),
        items=_items([one.items for one in several]),
        soft_404s=sum(one.soft_404s for one in several),
        robots_html=_each_once(one.robots_html for one in several)[:NAMED],
        needs_js=sum(one.needs_js for one in several),
        behind_login=sum(one.behind_login for one in several),
        files=sum(one.files for one in several),
        start_pages=_start_pages([one.start_pages for one in several]),
        orphans=_orphans(several),
        requests=sum(one.requests for one in several),
        processor=max((one.processor for one in several), default=0.0),
    )


def joined_audit(several: Sequence[Audit]) -> Audit | None:
    """Return what hosts saw of all shards: no host is in two of them. None if nothing was measured."""
    if not several:
        return None
    gaps = [(one.smallest_gap, one.smallest_gap_host) for one in several if one.smallest_gap is not None]
    gap, gap_host = min(gaps) if gaps else (None, "")
    most = max(several, key=lambda one: one.most_at_once)
    return Audit(
        fetches=sum(one.fetches for one in several),
        smallest_gap=gap,
        smallest_gap_host=gap_host,
        most_at_once=most.most_at_once,
        most_at_once_host=most.most_at_once_host,
        robots_violations=sum(one.robots_violations for one in several),
        violations=sum(one.violations for one in several),
        examples=tuple(example for one in several for example in one.examples)[:EXAMPLES],
        by_host=tuple(host for one in several for host in one.by_host)[:NAMED],
    )


def summed(several: Iterable[Mapping[str, NumberT]]) -> dict[str, NumberT]:
    """Return the sum of some counts, key by key."""
    total: dict[str, NumberT] = {}
    for counts in several:
        for key, count in counts.items():
            total[key] = total[key] + count if key in total else count
    return total


def _united(several: Iterable[Mapping[str, ValueT]]) -> dict[str, ValueT]:
    """Return all entries; no host is in two shards."""
    return {key: value for one in several for key, value in one.items()}


def _each_once(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for one in several for text in one))


def _start_pages(several: Sequence[StartPages]) -> StartPages:
    examples = sorted((page for one in several for page in one.examples), key=lambda page: page.url)
    return StartPages(summed([one.by_problem for one in several]), tuple(examples[:EXAMPLES]))


def _orphans(several: Sequence[SavedStats]) -> tuple[str, ...] | None:
    """Return the orphans of all shards; None where those of one are not known."""
    found = [one.orphans for one in several if one.orphans is not None]
    return _each_once(found) if len(found) == len(several) else None


def _items(several: Sequence[Mapping[str, ItemTypeStats]]) -> dict[str, ItemTypeStats]:
    names = dict.fromkeys(name for one in several for name in one)
    return {name: _item_type([one[name] for one in several if name in one]) for name in names}


def _item_type(several: Sequence[ItemTypeStats]) -> ItemTypeStats:
    """Return the counts of one type; a field counts as filled lately where any shard has it so."""
    total = sum(one.items for one in several)
    names = dict.fromkeys(name for one in several for name in one.fields)
    fields = {}
    for name in names:
        known = [(one.items, one.fields[name]) for one in several if name in one.fields]
        kind = reduce(merged, [field.kind for _, field in known], NULL)
        empty_since = min(items - field.last for items, field in known)
        fields[name] = FieldStats(kind, sum(field.filled for _, field in known), total - empty_since)
    return ItemTypeStats(total, fields)
