"""Clocks: the one that runs, and the one that jumps."""

from __future__ import annotations

import math
import time
from typing import Final

AWAKE_EVERY: Final = 1.0
"""Seconds a driver sleeps at the most: whoever watches a crawl sees its time go on."""


class SystemClock:
    """The real time: monotonic for the crawl, wall for the records."""

    def now(self) -> float:
        """Tell the seconds since some fixed moment."""
        return time.monotonic()

    def wall(self) -> float:
        """Tell the seconds since the Unix epoch."""
        return time.time()

    def spent(self) -> float:
        """Tell the seconds of CPU time that this process has used."""
        return time.process_time()

    def patience(self, until: float, in_flight: int) -> float | None:
        """Tell how many seconds to block for an event: until then, or until it is time to be seen awake."""
        return max(0.0, min(until - time.monotonic(), AWAKE_EVERY))


class FakeClock:
    """A clock for tests: it stands still while anything is in flight and jumps to the next moment when nothing is.

    With it a crawl of days, with all its rests and back-offs, runs in milliseconds and always the same way.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.time = start

    def now(self) -> float:
        """Tell the pretended time."""
        return self.time

    def spent(self) -> float:
        """Tell that nothing was computed: pretended time knows no processor."""
        return 0.0

    def wall(self) -> float:
        """Tell the pretended time as Unix time."""
        return self.time

    def patience(self, until: float, in_flight: int) -> float | None:
        """Block for an event when one must come; jump otherwise."""
        if in_flight:
            return None
        assert not math.isinf(until), "nothing in flight and nothing to wait for"
        self.time = max(self.time, until)
        return 0.0
