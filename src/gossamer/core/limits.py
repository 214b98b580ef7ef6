"""When a crawl starts nothing new: limits on pages, time, bytes and handler errors, no free slot, or a stop."""

from __future__ import annotations

import math

from gossamer.core.in_flight import InFlight
from gossamer.core.stats import OutcomeCounts
from gossamer.core.time_accounting import SlotTimes
from gossamer.rules.policy import Policy
from gossamer.values.reasons import FinishReason


class Limits:
    """The limits of a policy, checked against what a crawl has counted and has in flight."""

    def __init__(self, policy: Policy, counts: OutcomeCounts, in_flight: InFlight, time: SlotTimes) -> None:
        self._policy = policy
        self._counts = counts
        self._in_flight = in_flight
        self._time = time
        self.handler_errors = 0
        """Number of pages that failed in their handlers in this run."""
        self.reached: FinishReason | None = None
        """Why nothing new starts any more; None while it may."""

    def stop(self, reason: FinishReason) -> None:
        """Forbid new fetches from now on. The first reason counts."""
        if self.reached is None:
            self.reached = reason

    def check(self, now: float) -> None:
        """Stop where a limit has been reached."""
        policy = self._policy
        if policy.max_time is not None and now >= self._time.moment(policy.max_time):  # the same sum as in `next_check`
            self.stop(FinishReason.TIME_LIMIT)
        if policy.max_bytes is not None and self._counts.bytes >= policy.max_bytes:
            self.stop(FinishReason.BYTE_LIMIT)
        if policy.max_handler_errors is not None and self.handler_errors >= policy.max_handler_errors:
            self.stop(FinishReason.HANDLER_ERRORS)

    @property
    def next_check(self) -> float:
        """Return the moment at which `check` must be called although nothing happens; infinity for none."""
        if self.reached is not None or self._policy.max_time is None:
            return math.inf
        return self._time.moment(self._policy.max_time)

    def allow_start(self) -> bool:
        """Whether a fetch may start now: a slot is free, and the pages in flight do not use up the page limit."""
        if self.reached is not None or not self._in_flight.free:
            return False
        most = self._policy.max_pages
        return most is None or self._counts.came + self._in_flight.pages < most
