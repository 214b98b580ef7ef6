"""How long a crawl will take still, by two moments of it."""

from __future__ import annotations

from gossamer.rules.policy import Policy
from gossamer.values.snapshot import Snapshot


def time_left(then: Snapshot, now: Snapshot, policy: Policy) -> float | None:
    """Return the estimated time to the end of a crawl (seconds), by two moments of it; None where it cannot be told.

    While nearly as many links are found as are visited, only a limit tells when it ends.
    """
    passed = now.elapsed - then.elapsed
    visited, found = now.counts.ended - then.counts.ended, now.known - then.known
    ends = []
    if found < visited / 2:
        ends.append((now.queued + now.in_flight) * passed / (visited - found))
    if policy.max_pages is not None and now.counts.done > then.counts.done:
        ends.append((policy.max_pages - now.counts.done) * passed / (now.counts.done - then.counts.done))
    if policy.max_requests is not None and now.fetches > then.fetches:
        ends.append((policy.max_requests - now.fetches) * passed / (now.fetches - then.fetches))
    if policy.max_time is not None:
        ends.append(policy.max_time - now.elapsed)
    return max(min(ends), 0.0) if ends else None
