"""The time of every slot by category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gossamer.values.reasons import Waiting
from gossamer.values.snapshot import SLOW_ANSWER

# A faster look-up, see `crawl.py`.
_SERVER, _CPU, _DISK, _ROBOTS, _NO_WORK = (
    Waiting.SERVER, Waiting.CPU, Waiting.DISK, Waiting.ROBOTS, Waiting.NO_WORK,
)  # fmt: skip


class SlotTimes:
    """Books every slot's time to one category.

    The time of a busy slot is booked to the server until the answer came. The rest of the fetch is booked to the start
    of its worker process, as far as it waited for that, to the disk, as far as the driver waited for that meanwhile, or
    else to the processor. As many idle slots as there are links wait for the current bottleneck; the others have no
    work. If the bottleneck is the server or a robots.txt, that time is later split like the busy slots' time.
    Invariant: the sum of all categories is wall time x slots.
    """

    __slots__ = (
        "_answered", "_answers", "_before", "_behind", "_busy", "_disk", "_disk_lanes", "_earlier", "_held", "_is_held",
        "_last", "_links", "_seconds", "_server", "_slots", "_started", "_waited_for_robots", "blocked", "idle",
    )  # fmt: skip

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._busy = 0
        self._behind = 0.0  # booked to the server for idle slots since the last `end`
        self._waited_for_robots = 0.0  # booked to robots.txt since the last one came
        self._disk = 0.0  # booked to the disk since the last `computed`
        self._disk_lanes = 0
        self._last: float | None = None
        self._before = 0.0
        self._started = 0.0
        self.idle = _CPU
        """What idle slots wait for at the moment."""
        self._links = slots
        self._is_held = False
        self._server = 0.0  # booked to the server in this run, and of that while links were held
        self._held = 0.0
        self._answers = 0
        self._answered = 0.0
        self.blocked = 0.0
        """Time that the driver waited for the disk in this run."""
        self._seconds = dict.fromkeys(Waiting, 0.0)
        self._earlier = dict(self._seconds)

    def waits(self, idle: Waiting, links: int, *, held: bool = False) -> None:
        """Record what idle slots wait for from now on, and how many of them at most, because there are no more links.

        `held`: only limits of requests at once hold these links up, of the crawl or of their hosts.
        """
        self.idle, self._links, self._is_held = idle, links, held

    def advance(self, now: float) -> None:
        """Book the time since the last call."""
        if self._last is None:
            self._started = self._last = now
        passed = now - self._last
        if passed > 0:
            self._last = now
            spare = self._slots - self._busy
            lanes = min(self._links, spare)
            busy, idle = passed * self._busy, passed * lanes
            self._seconds[_SERVER] += busy
            self._seconds[_NO_WORK] += passed * (spare - lanes)
            self._seconds[self.idle] += idle
            if self.idle is _SERVER:
                self._behind += idle
                busy += idle
            elif self.idle is _DISK:
                self._disk += idle
                self._disk_lanes = lanes
                self.blocked += passed
            elif self.idle is _ROBOTS:
                self._waited_for_robots += idle
            self._server += busy
            if self._is_held:
                self._held += busy

    def computed(self, seconds: float) -> None:
        """Book so much of the idle time up to now as the processor's that was taken for a wait for the disk."""
        own = min(seconds * self._disk_lanes, self._disk)
        self._seconds[_DISK] -= own
        self._seconds[_CPU] += own
        self._disk = 0.0
        self.blocked = max(0.0, self.blocked - seconds)

    def begin(self) -> None:
        """Record that a slot became busy."""
        self._busy += 1

    def end(
        self, took: float, answered_in: float, blocked: float = 0.0, unstarted: float = 0.0, *, robots: bool = False
    ) -> None:
        """Record that a slot is free again after `took` seconds, of which the server took `answered_in`.

        For `blocked` seconds of that the driver waited for the disk, and for `unstarted` its worker process was
        starting. `robots`: the answer was a robots.txt.
        """
        self._busy -= 1
        own = took - answered_in
        if own > 0.0:
            if robots or blocked or unstarted:
                self._split(took, own, blocked, unstarted, robots=robots)
            else:
                own += self._behind * own / took
                self._seconds[_SERVER] -= own
                self._seconds[_CPU] += own
        self._answers += 1
        self._answered += answered_in
        self._behind = 0.0
        if robots:
            self._waited_for_robots = 0.0

    def _split(self, took: float, own: float, blocked: float, unstarted: float, *, robots: bool) -> None:
        """Book what a fetch took and the server did not: to the start of a process, the disk, and the processor."""
        starting = min(own, unstarted)
        waited = min(own - starting, blocked)
        shares = ((Waiting.START, starting / took), (_DISK, waited / took), (_CPU, (own - starting - waited) / took))
        if starting and not self._answers:  # nothing else could be done before
            self._move(_NO_WORK, self._seconds[_NO_WORK] - self._earlier[_NO_WORK], shares[:1])
        self._move(_SERVER, took + self._behind, shares)
        self._server -= (took + self._behind) * starting / took
        if robots:
            self._move(_ROBOTS, self._waited_for_robots, shares)

    def _move(self, source: Waiting, seconds: float, shares: Iterable[tuple[Waiting, float]]) -> None:
        """Book shares of time that was booked to one category to others."""
        for waiting, share in shares:
            self._seconds[source] -= seconds * share
            self._seconds[waiting] += seconds * share

    def seconds(self) -> dict[Waiting, float]:
        """Return the slot-seconds by category, including those of earlier runs.

        Time for which links were held although servers answered quickly was no wait for servers: there were too few
        requests at once.
        """
        seconds = dict(self._seconds)
        if self._held and self._answered < SLOW_ANSWER * self._answers:
            held = (seconds[_SERVER] - self._earlier[_SERVER]) * min(1.0, self._held / self._server)
            seconds[_SERVER] -= held
            seconds[Waiting.CONCURRENCY] += held
        return seconds

    def restore(self, elapsed: float, seconds: Mapping[str, float]) -> None:
        """Continue from the wall time and the slot-seconds of earlier runs."""
        self._before = elapsed
        self._seconds.update({Waiting(waiting): spent for waiting, spent in seconds.items()})
        self._earlier = dict(self._seconds)

    def elapsed(self, now: float) -> float:
        """Return the wall time of this run and earlier ones, in seconds."""
        return self._before + (0.0 if self._last is None else now - self._started)

    def moment(self, elapsed: float) -> float:
        """Return the moment at which `elapsed` returns that many seconds."""
        return self._started + elapsed - self._before
