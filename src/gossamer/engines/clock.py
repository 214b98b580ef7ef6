"""Clocks: the real time, and a simulated one that jumps."""

from __future__ import annotations

import math
import time
from typing import Final

AWAKE_EVERY: Final = 1.0
"""Maximum time (seconds) that a driver sleeps, so that a display of the crawl sees its time go on."""


class SystemClock:
    """The real time: monotonic for the crawl, wall for the records."""

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return time.monotonic()

    def wall(self) -> float:
        """Return the seconds since the Unix epoch."""
        return time.time()

    def spent(self) -> float:
        """Return the CPU time (seconds) that this process has used."""
        return time.process_time()

    def patience(self, until: float, in_flight: int) -> float | None:
        """Return how many seconds to block for an event: until `until`, and at most `AWAKE_EVERY`."""
        return max(0.0, min(until - time.monotonic(), AWAKE_EVERY))


class FakeClock:
    """A clock for tests: it stands still while anything is in flight and jumps to the next moment when nothing is.

    With it a crawl of days, with all its rests and back-offs, runs in milliseconds and always the same way.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.time = start

    def now(self) -> float:
        """Return the simulated time."""
        return self.time

    def spent(self) -> float:
        """Return 0: simulated time has no processor."""
        return 0.0

    def wall(self) -> float:
        """Return the simulated time as Unix time."""
        return self.time

    def patience(self, until: float, in_flight: int) -> float | None:
        """Return None if an event must come; else jump to `until` and return 0."""
        if in_flight:
            return None
        assert not math.isinf(until), "nothing in flight and nothing to wait for"
        self.time = max(self.time, until)
        return 0.0
