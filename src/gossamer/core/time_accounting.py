"""The time of every slot by category, and the rests of hosts."""

from __future__ import annotations

from collections.abc import Mapping

from gossamer.values.reasons import Waiting

_SERVER, _CPU, _DISK = Waiting.SERVER, Waiting.CPU, Waiting.DISK  # a faster look-up, see `crawl.py`


class RestLog:
    """The rests of hosts, saved so that a resumed crawl keeps them."""

    __slots__ = ("_paused", "_until")

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._paused: dict[str, tuple[float, str]] = {}

    def note(self, host: str, until: float) -> None:
        """Record that a host rests until then."""
        self._until[host] = until

    def note_pause(self, host: str, until: float, url: str) -> None:
        """Record that a host asked to be left alone until then, by the answer to a URL."""
        self._paused[host] = until, url

    def pauses_left(self, now: float) -> dict[str, float]:
        """Return the seconds that each paused host has left, and drop the pauses that are over."""
        self._paused = {host: pause for host, pause in self._paused.items() if pause[0] > now}
        return {host: until - now for host, (until, _) in self._paused.items()}

    def pausing_urls(self) -> dict[str, str]:
        """Return the URLs that asked for the pauses that are left, by host."""
        return {host: url for host, (_, url) in self._paused.items()}

    def left(self, now: float) -> dict[str, float]:
        """Return the seconds that each resting host has left, and drop the rests that are over."""
        self._until = {host: until for host, until in self._until.items() if until > now}
        return {host: until - now for host, until in self._until.items()}


class SlotTimes:
    """Books every slot's time to one category.

    The time of a busy slot is booked to the server until the answer came, and the rest of the fetch to the processor.
    Idle time is booked to the current bottleneck (`idle`). If that is the server, it is later split like the busy
    slots' time. Invariant: the sum of all categories is wall time x slots.
    """

    __slots__ = ("_before", "_behind", "_busy", "_disk", "_last", "_slots", "_started", "idle", "seconds")

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._busy = 0
        self._behind = 0.0
        self._disk = 0.0  # booked to the disk since the last `computed`
        self._last: float | None = None
        self._before = 0.0
        self._started = 0.0
        self.idle = Waiting.CPU
        """What idle slots wait for at the moment."""
        self.seconds = dict.fromkeys(Waiting, 0.0)
        """Slot-seconds by category, including those of earlier runs."""

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
            elif self.idle is _DISK:
                self._disk += idle
            self._last = now

    def computed(self, seconds: float) -> None:
        """Book so much of the idle time up to now as the processor's that was taken for a wait for the disk."""
        own = min(seconds * (self._slots - self._busy), self._disk)
        self.seconds[_DISK] -= own
        self.seconds[_CPU] += own
        self._disk = 0.0

    def begin(self) -> None:
        """Record that a slot became busy."""
        self._busy += 1

    def end(self, took: float, answered_in: float) -> None:
        """Record that a slot is free again after `took` seconds, of which the server took `answered_in`."""
        self._busy -= 1
        own = took - answered_in
        if own > 0.0:
            own += self._behind * own / took
            self.seconds[_SERVER] -= own
            self.seconds[_CPU] += own
        self._behind = 0.0

    def restore(self, elapsed: float, seconds: Mapping[str, float]) -> None:
        """Continue from the wall time and the slot-seconds of earlier runs."""
        self._before = elapsed
        self.seconds.update({Waiting(waiting): spent for waiting, spent in seconds.items()})

    def elapsed(self, now: float) -> float:
        """Return the wall time of this run and earlier ones, in seconds."""
        return self._before + (0.0 if self._last is None else now - self._started)

    def moment(self, elapsed: float) -> float:
        """Return the moment at which `elapsed` returns that many seconds."""
        return self._started + elapsed - self._before
