"""The queued links of one host, in the order in which they are fetched."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gossamer.values.model import Link, priority_of

EMPTY: Final = 1 << 16
"""The priority of an empty queue, below that of any link."""
_COMPACTED_FROM: Final = 4096
"""Minimum number of taken ids before an array drops them."""


class HostQueue:
    """The queue of one host: by priority (`values.model.priority_of`: depth, then hops), then in order of discovery.

    It has one packed array of ids per priority, 8 bytes a link. Ids arrive in ascending order, so no array is sorted.
    """

    __slots__ = ("_heads", "_ids", "priority")

    def __init__(self) -> None:
        self._ids: dict[int, array[int]] = {}
        self._heads: dict[int, int] = {}
        self.priority = EMPTY
        """The priority of the next link; `EMPTY` if there is none."""

    def __bool__(self) -> bool:
        return self.priority != EMPTY

    def __len__(self) -> int:
        return sum([len(ids) for ids in self._ids.values()]) - sum(self._heads.values())

    @property
    def depth(self) -> int:
        """Return the depth of the next link; the queue must not be empty."""
        return self.priority >> 4

    def push(self, link: Link) -> None:
        """Append a link."""
        priority = priority_of(link)
        known = self._ids.get(priority)
        if known is None:
            self.extend(priority, array("Q", (link.id,)))
        else:
            known.append(link.id)

    def extend(self, priority: int, ids: array[int]) -> None:
        """Append links of one priority, in order of discovery."""
        known = self._ids.get(priority)
        if known is None:
            self._ids[priority] = ids
            self._heads[priority] = 0
            self.priority = min(self.priority, priority)
        else:
            known.extend(ids)

    def next(self, count: int) -> array[int]:
        """Return the next ids, at least one and at most `count`, all of one priority, without taking them."""
        head = self._heads[self.priority]
        return self._ids[self.priority][head : head + count]

    def peek(self) -> int:
        """Return the next id without taking it."""
        return self._ids[self.priority][self._heads[self.priority]]

    def pop(self) -> int:
        """Remove and return the next id."""
        priority = self.priority
        ids, head = self._ids[priority], self._heads[priority]
        taken = ids[head]
        head += 1
        if head == len(ids):
            del self._ids[priority], self._heads[priority]
            self.priority = min(self._ids, default=EMPTY)
        else:
            if head > _COMPACTED_FROM and head * 2 > len(ids):
                del ids[:head]
                head = 0
            self._heads[priority] = head
        return taken


def grouped(
    owners: NDArray[np.uint32], priorities: NDArray[np.uint16], ids: NDArray[np.int64]
) -> Iterator[tuple[int, int, array[int]]]:
    """Yield host, priority and ids of each group of ids that share both; the ids are in order of discovery."""
    order = np.lexsort((ids, priorities, owners))
    owners, priorities, ids = owners[order], priorities[order], ids[order]
    borders = np.flatnonzero((np.diff(owners) != 0) | (np.diff(priorities) != 0)) + 1
    for first, last in pairwise((0, *borders.tolist(), len(ids))):
        if last > first:
            yield int(owners[first]), int(priorities[first]), array("Q", ids[first:last].astype(np.uint64).tobytes())
