"""When a crawl starts nothing new: limits on pages, requests, time, bytes, handler errors, no free slot, or a stop."""

from __future__ import annotations

import math
from typing import Final

from msgspec.structs import replace

from gossamer.core.in_flight import InFlight
from gossamer.core.stats import OutcomeCounts
from gossamer.core.time_accounting import SlotTimes
from gossamer.rules.policy import Policy
from gossamer.values.reasons import FinishReason

GRANT: Final = 16
"""Number of requests that a commit counts in advance under `max_requests`: a killed crawl may have made them."""


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
        self._granted = 0  # number of requests that the journal already counts
        self._uncertain = 0  # number of requests that killed runs may have made after their last commits

    def restore(self, requests: int) -> None:
        """Continue from the requests that the journal counts; those beyond the known fetches may have been made."""
        self._uncertain = max(0, requests - self._counts.fetches)

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
    def requests(self) -> int:
        """Return the number of requests so far, with those that killed runs may have made after their last commits."""
        return self._counts.fetches + self._uncertain

    @property
    def claim(self) -> int:
        """Return the number of requests that a commit counts: those so far, and under a limit the next few."""
        most, requests = self._policy.max_requests, self.requests
        return requests if most is None else max(requests, min(requests + GRANT, most))

    def grant(self, requests: int) -> None:
        """Allow as many requests as the journal counts now."""
        self._granted = requests

    @property
    def needs_grant(self) -> bool:
        """Whether the limit on requests allows more of them than the journal counts, and those are used up."""
        most = self._policy.max_requests
        return most is not None and self._granted <= self.requests < most

    @property
    def spent(self) -> bool:
        """Whether all requests of the limit are used up."""
        most = self._policy.max_requests
        return most is not None and self.requests >= most

    def natural_end(self, *, queued: int) -> FinishReason:
        """Return how a crawl ended that was not stopped, with `queued` links and other requests still waiting."""
        return FinishReason.REQUEST_LIMIT if queued and self.spent else self._counts.natural_end(queued=queued)

    @property
    def next_check(self) -> float:
        """Return the moment at which `check` must be called although nothing happens; infinity for none."""
        if self.reached is not None or self._policy.max_time is None:
            return math.inf
        return self._time.moment(self._policy.max_time)

    def allow_start(self) -> bool:
        """Whether a fetch may start now: a slot is free, and no limit is used up by what is in flight."""
        if self.reached is not None or not self._in_flight.free:
            return False
        if self._policy.max_requests is not None and self.requests >= self._granted:
            return False
        most = self._policy.max_pages
        return most is None or self._counts.came + self._in_flight.pages < most


class ShardLimits(Limits):
    """The limits of one shard of a crawl: it may have as many pages and bytes as it was granted, none at first.

    Where these are used up nothing new starts, but the shard does not end. The time of the crawl is not its business.
    """

    def __init__(self, policy: Policy, counts: OutcomeCounts, in_flight: InFlight, time: SlotTimes) -> None:
        assert policy.max_requests is None, "requests are not granted to shards"
        super().__init__(replace(policy, max_pages=None, max_bytes=None, max_time=None), counts, in_flight, time)
        self._pages = math.inf if policy.max_pages is None else 0
        self._bytes = math.inf if policy.max_bytes is None else 0

    def grant_pages(self, pages: int) -> None:
        """Allow so many pages in all."""
        self._pages = pages

    def grant_bytes(self, size: int) -> None:
        """Allow so many bytes in all."""
        self._bytes = size

    @property
    def lacks_pages(self) -> bool:
        """Whether nothing starts because more pages would have to be granted."""
        return self._counts.came + self._in_flight.pages >= self._pages

    @property
    def lacks_bytes(self) -> bool:
        """Whether nothing starts because more bytes would have to be granted."""
        return self._counts.bytes >= self._bytes

    def allow_start(self) -> bool:
        """Whether a fetch may start now: a slot is free, and no grant is used up by what is in flight."""
        return super().allow_start() and not self.lacks_pages and not self.lacks_bytes
