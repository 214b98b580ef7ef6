"""The set of all fingerprints seen: 64 bits each, in 13 to 27 bytes; it grows a slice at a time, never all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FingerprintTable = NDArray[np.uint64]

_SMALLEST: Final = 1 << 12
"""Initial number of slots; a power of 2, like every later one."""
_FULL: Final = 0.6
"""Maximum share of slots in use."""
_FEW: Final = 32
"""Number of fingerprints up to which a loop is faster than a round of array operations."""
_MIGRATED_AT_LEAST: Final = 1 << 12
"""Minimum number of slots that one call moves from the old table to the new one."""


class Seen:
    """A set of fingerprints with operations on batches.

    It is an open-addressing hash table with linear probing. A slot of 0 is empty, so 0 is no valid fingerprint. A table
    that is 60 % full is replaced by one twice as large, and moved into it one slice per call, so no call is slow.
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
        """Return the memory of the tables, in bytes."""
        return self._table.nbytes + (self._old.nbytes if self._old is not None else 0)

    def has(self, fingerprints: Sequence[int]) -> list[bool]:
        """Return for each fingerprint whether it was added before."""
        wanted = np.array(fingerprints, np.uint64)
        found = _find(self._table, wanted)
        if self._old is not None:
            found |= _find(self._old, wanted)
        return list(map(bool, found))

    def add(self, fingerprints: Sequence[int] | FingerprintTable) -> list[bool]:
        """Add fingerprints, distinct within the call and none 0; return for each whether it is new."""
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
    """Insert all of `wanted` and return which are new. Of several that need one slot, one gets it; the others probe on.

    The last few, with long probe sequences, are inserted in a loop: a round on arrays costs as much as `_FEW` of them.
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
        slot, fingerprint = slots.item(one), wanted.item(one)
        while (there := table.item(slot)) and there != fingerprint:
            slot = (slot + 1) % len(table)
        if not there:
            table[slot] = fingerprint
            fresh[one] = True
    return fresh
