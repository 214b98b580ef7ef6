"""Where the time of every slot went, and how long hosts rest."""

from __future__ import annotations

from collections.abc import Mapping

from gossamer.values.reasons import Waiting

_SERVER, _CPU = Waiting.SERVER, Waiting.CPU  # found sooner so, see `crawl.py`


class RestLog:
    """Remember which hosts are resting, for a crawl that resumes this one: it shall not ask them any sooner."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def note(self, host: str, until: float) -> None:
        """Note that a host rests until then."""
        self._until[host] = until

    def left(self, now: float) -> dict[str, float]:
        """Tell the seconds each host still has to rest, and forget those that have rested."""
        self._until = {host: until for host, until in self._until.items() if until > now}
        return {host: until - now for host, until in self._until.items()}


class SlotTimes:
    """Put every slot's time into one category.

    A busy slot waits for the server until its answer came; what else it took is the processor's. An idle slot waits for
    whatever holds the crawl up at that moment (`idle`); where that is the server, it waits behind the busy ones, and
    shares what these turn out to have waited for. Invariant: the sum of all categories is wall time x slots.
    """

    __slots__ = ("_before", "_behind", "_busy", "_last", "_slots", "_started", "idle", "seconds")

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._busy = 0
        self._behind = 0.0
        self._last: float | None = None
        self._before = 0.0
        self._started = 0.0
        self.idle = Waiting.CPU
        self.seconds = dict.fromkeys(Waiting, 0.0)

    def advance(self, now: float) -> None:
        """Book the time since the last call."""
        if self._last is None:
            self._started = self._last = now
        passed = now - self._last
        if passed > 0:
            self.seconds[_SERVER] += passed * self._busy
            idle = passed * (self._slots - self._busy)
            self.seconds[self.idle] += idle
            if self.idle is _SERVER:
                self._behind += idle
            self._last = now

    def begin(self) -> None:
        """Note that a slot became busy."""
        self._busy += 1

    def end(self, took: float, answered_in: float) -> None:
        """Note that a slot is free again after `took` seconds, of which the server needed `answered_in`."""
        self._busy -= 1
        own = took - answered_in
        if own > 0.0:
            own += self._behind * own / took
            self.seconds[_SERVER] -= own
            self.seconds[_CPU] += own
        self._behind = 0.0

    def restore(self, elapsed: float, seconds: Mapping[str, float]) -> None:
        """Go on from the times of earlier runs."""
        self._before = elapsed
        self.seconds.update({Waiting(waiting): spent for waiting, spent in seconds.items()})

    def elapsed(self, now: float) -> float:
        """Tell the wall time of this run and those before, in seconds."""
        return self._before + (0.0 if self._last is None else now - self._started)

    def moment(self, elapsed: float) -> float:
        """Tell when so much wall time will have passed."""
        return self._started + elapsed - self._before
