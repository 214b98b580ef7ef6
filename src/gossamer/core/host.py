"""A host: the links that wait for it, how it is being spared, and what its robots.txt says."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gossamer.core.ip_limits import Address
from gossamer.rules.robots import Robots
from gossamer.values.model import Link, Purpose, Request
from gossamer.values.reasons import Reason, Waiting

DEEPEST: Final = 0xFFF
"""What lies deeper counts as being there: a depth has 12 bits."""
_COMPACTED_FROM: Final = 4096


class HostQueue:
    """The links of one host that wait for their turn: first by depth and hops, then in order of discovery.

    One packed array of ids per (depth, hops), 8 bytes a link; ids arrive in growing order, so each is a plain queue.
    """

    __slots__ = ("_heads", "_ids")

    def __init__(self) -> None:
        self._ids: dict[int, array[int]] = {}
        self._heads: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._ids)

    @property
    def depth(self) -> int:
        """Tell the depth of the next link; the queue must not be empty."""
        return min(self._ids) >> 4

    def push(self, link: Link) -> None:
        """Append a link."""
        place = place_of(link)
        known = self._ids.get(place)
        if known is None:
            self.extend(place, array("Q", (link.id,)))
        else:
            known.append(link.id)

    def extend(self, place: int, ids: array[int]) -> None:
        """Append links of one place (depth and hops), in order of discovery."""
        known = self._ids.get(place)
        if known is None:
            self._ids[place] = ids
            self._heads[place] = 0
        else:
            known.extend(ids)

    def next(self, count: int) -> array[int]:
        """Look at the next ids, at most `count` and at least one, without taking them."""
        key = min(self._ids)
        head = self._heads[key]
        return self._ids[key][head : head + count]

    def peek(self) -> int:
        """Look at the next id without taking it."""
        key = min(self._ids) if len(self._ids) > 1 else next(iter(self._ids))
        return self._ids[key][self._heads[key]]

    def pop(self) -> int:
        """Take the next id."""
        key = min(self._ids) if len(self._ids) > 1 else next(iter(self._ids))
        ids, head = self._ids[key], self._heads[key]
        taken = ids[head]
        head += 1
        if head == len(ids):
            del self._ids[key], self._heads[key]
        else:
            if head > _COMPACTED_FROM and head * 2 > len(ids):
                del ids[:head]
                head = 0
            self._heads[key] = head
        return taken


def place_of(link: Link) -> int:
    """Pack what decides a link's place in its queue, 16 bits: the depth, at most `DEEPEST`, then the hops."""
    return link.depth << 4 | min(link.hops, 15)


def grouped(
    owners: NDArray[np.uint32], places: NDArray[np.uint16], ids: NDArray[np.int64]
) -> Iterator[tuple[int, int, array[int]]]:
    """Group ids by host and place, each group in order of discovery."""
    order = np.lexsort((ids, places, owners))
    owners, places, ids = owners[order], places[order], ids[order]
    borders = np.flatnonzero((np.diff(owners) != 0) | (np.diff(places) != 0)) + 1
    for first, last in pairwise((0, *borders.tolist(), len(ids))):
        if last > first:
            yield int(owners[first]), int(places[first]), array("Q", ids[first:last].astype(np.uint64).tobytes())


class Host:
    """One politeness key (scheme and authority): its queue, its rest, and what its robots.txt says.

    `robots` is None until it was read, `crawl_delay` what it asks for, `robots_next` what to ask when the first try
    gave no rules; `missing` is the sketch of what it shows for a page that cannot exist (None: not known yet), `probed`
    how often it was asked for one in vain; `held`: no page may start before an answer; `closed` is why no page of the
    host may be fetched any more, `detail` the same in more words; `most` fetches may be `in_flight` at once. `silences`
    counts fetches in a row that no answer came to (below 0: so many are forgiven), and `spared` is up to when a closed
    host would have rested, for the sake of those whose robots.txt has moved here.
    """

    __slots__ = (
        "address", "again", "closed", "crawl_delay", "detail", "held", "in_flight", "key", "listed", "missing", "most",
        "probed", "queue", "ready_at", "recalling", "resting", "robots", "robots_expire", "robots_next", "silences",
        "spared",
    )  # fmt: skip

    def __init__(self, key: str, most: int = 1) -> None:
        self.key = key
        self.most = most
        self.address: Address | None = None
        self.queue = HostQueue()
        self.again: list[Request] = []
        self.ready_at = 0.0
        self.resting = Waiting.POLITENESS
        self.in_flight = 0
        self.silences = 0
        self.spared = 0.0
        self.robots: Robots | None = None
        self.robots_expire = 0.0
        self.crawl_delay: float | None = None
        self.robots_next: Request | None = None
        self.held = False
        self.missing: bytes | None = None
        self.probed = 0
        self.recalling = False
        self.closed: Reason | None = None
        self.detail = ""
        self.listed = False

    @property
    def errand(self) -> bool:
        """Tell whether the next request is for a robots.txt that another host's redirects to; nothing comes before."""
        return bool(self.again) and self.again[0].purpose is Purpose.ROBOTS

    @property
    def due_at(self) -> float:
        """Tell when the rests are over, that of the host and that of its address."""
        return self.ready_at if self.address is None else max(self.ready_at, self.address.ready_at)

    def rest(self, until: float, waiting: Waiting) -> None:
        """Spare the host until then, unless it rests longer already."""
        if until > self.ready_at:
            self.ready_at = until
            self.resting = waiting
