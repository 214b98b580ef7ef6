"""What has been seen: a set of 64-bit fingerprints in 13 to 27 bytes each, which grows without a pause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FingerprintTable = NDArray[np.uint64]

_SMALLEST: Final = 1 << 12
_FULL: Final = 0.6
_FEW: Final = 32
_MIGRATED_AT_LEAST: Final = 1 << 12


class Seen:
    """Remember fingerprints, a batch at a time.

    An open-addressing table with linear probing; a slot of 0 is empty, so 0 is no fingerprint. When 60 % full a table
    twice as large takes over and the old one is moved into it a slice at each call: no call pays for all of it.
    Invariant: a fingerprint is in `_table`, or in `_old` at or after `_moved`, or in both.
    """

    def __init__(self) -> None:
        self._table: FingerprintTable = np.zeros(_SMALLEST, np.uint64)
        self._old: FingerprintTable | None = None
        self._moved = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, fingerprint: int) -> bool:
        return bool(self.has((fingerprint,))[0])

    @property
    def nbytes(self) -> int:
        """Tell the memory the tables take, in bytes."""
        return self._table.nbytes + (self._old.nbytes if self._old is not None else 0)

    def has(self, fingerprints: Sequence[int]) -> list[bool]:
        """Tell for each fingerprint whether it was added before."""
        wanted = np.array(fingerprints, np.uint64)
        found = _find(self._table, wanted)
        if self._old is not None:
            found |= _find(self._old, wanted)
        return list(map(bool, found))

    def add(self, fingerprints: Sequence[int] | FingerprintTable) -> list[bool]:
        """Add fingerprints, distinct within the call and none 0; tell for each whether it is new."""
        if not len(fingerprints):
            return []
        wanted = np.array(fingerprints, np.uint64)
        self._make_room(len(wanted))
        if self._old is None:
            fresh = _insert(self._table, wanted)
        else:
            fresh = ~_find(self._old, wanted)
            fresh[fresh] = _insert(self._table, wanted[fresh])
        self._count += int(fresh.sum())
        answer: list[bool] = fresh.tolist()
        return answer

    def _make_room(self, more: int) -> None:
        if self._old is not None:
            self._move(max(4 * more, _MIGRATED_AT_LEAST))
        while self._count + more > _FULL * len(self._table):
            if self._old is not None:
                self._move(len(self._old))
            self._old, self._moved = self._table, 0
            self._table = np.zeros(2 * len(self._old), np.uint64)

    def _move(self, slots: int) -> None:
        assert self._old is not None
        part = self._old[self._moved : self._moved + slots]
        _insert(self._table, part[part != 0])
        self._moved += slots
        if self._moved >= len(self._old):
            self._old = None


def _find(table: FingerprintTable, wanted: FingerprintTable) -> NDArray[np.bool_]:
    mask = np.uint64(len(table) - 1)
    slots = wanted & mask
    found = np.zeros(len(wanted), np.bool_)
    active = np.arange(len(wanted))
    while active.size:
        there = table[slots[active]]
        found[active] = there == wanted[active]
        active = active[(there != 0) & ~found[active]]
        slots[active] = (slots[active] + np.uint64(1)) & mask
    return found


def _insert(table: FingerprintTable, wanted: FingerprintTable) -> NDArray[np.bool_]:
    """Insert all of `wanted`; tell which were not there. Where several claim a slot, one wins and the others go on.

    The last few, whose way is long, go one by one: a round of arrays costs as much as `_FEW` of them.
    """
    mask = np.uint64(len(table) - 1)
    slots = wanted & mask
    fresh = np.zeros(len(wanted), np.bool_)
    active = np.arange(len(wanted))
    while active.size > _FEW:
        at, fingerprints = slots[active], wanted[active]
        empty = table[at] == 0
        table[at[empty]] = fingerprints[empty]
        settled = table[at] == fingerprints
        fresh[active[empty & settled]] = True
        active = active[~settled]
        slots[active] = (slots[active] + np.uint64(1)) & mask
    for one in active.tolist():
        slot, mark = slots.item(one), wanted.item(one)
        while (there := table.item(slot)) and there != mark:
            slot = (slot + 1) % len(table)
        if not there:
            table[slot] = mark
            fresh[one] = True
    return fresh
