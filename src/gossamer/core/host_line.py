"""The line of hosts that could start a fetch: who is next, and when."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import chain, islice

from gossamer.core.host import Host


class HostLine:
    """The hosts that could start a fetch, each by the moment from which it may.

    If all hosts took turns fetch by fetch, a crawl of many would open a connection for every page: servers close what
    is not used, and only so many are kept. So a host that has begun goes first whenever it is due, for `TURN` fetches;
    then it waits behind the others. Those begin in the order in which they were due, so none is passed over for ever.
    Invariant: a host is in line at most once (`Host.listed`).
    """

    __slots__ = ("_begun", "_others", "_tick")

    def __init__(self) -> None:
        self._begun: list[tuple[float, int, Host]] = []
        self._others: list[tuple[float, int, Host]] = []
        self._tick = 0

    def __bool__(self) -> bool:
        return bool(self._begun or self._others)

    def __iter__(self) -> Iterator[Host]:
        return (host for _, _, host in chain(self._begun, self._others))

    def add(self, host: Host) -> None:
        """Put a host in line that is not there."""
        self._tick += 1
        heapq.heappush(self._begun if host.turn else self._others, (host.due_at, self._tick, host))
        host.listed = True

    def pop(self, now: float) -> Host | None:
        """Remove and return the host whose turn it is; None while no host's moment has come.

        Its rest may have begun anew since it was put in line.
        """
        for line in (self._begun, self._others):
            if line and line[0][0] <= now:
                host = heapq.heappop(line)[2]
                host.listed = False
                return host
        return None

    def remove(self, host: Host) -> None:
        """Remove a host that is in line."""
        line = self._begun if any(each is host for _, _, each in self._begun) else self._others
        line[:] = [entry for entry in line if entry[2] is not host]
        heapq.heapify(line)
        host.listed = False

    def first(self) -> tuple[float, Host] | None:
        """Return the earliest moment, as of when its host was put in line, and that host; None where nobody is."""
        heads = [line[0] for line in (self._begun, self._others) if line]
        if not heads:
            return None
        moment, _, host = min(heads)
        return moment, host

    def near(self, count: int) -> Iterator[Host]:
        """Return some hosts that will be due soon."""
        return islice(self, count)
