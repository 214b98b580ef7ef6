"""What users see of a host: a view of its state at one moment."""

from __future__ import annotations

from gossamer.core.host import Host
from gossamer.values.event_log import HostState, HostView
from gossamer.values.reasons import Waiting


def view(host: Host, now: float) -> HostView:
    """Return the state of a host, without what was measured of its fetches."""
    left = max(0.0, host.due_at - now)
    state = _state(host, left)
    return HostView(
        host.key,
        state,
        why=_why(host, state),
        left=left,
        queued=len(host.queue) + len(host.again),
        in_flight=host.in_flight,
        at_once=host.most,
        crawl_delay=host.access.crawl_delay,
        paused_for=max(0.0, host.paused_until - now),
        closed=host.closed,
        detail=host.access.detail,
    )


def _state(host: Host, left: float) -> HostState:
    if host.closed is not None:
        return HostState.CLOSED
    if left > 0 and host.is_paused:
        return HostState.PAUSED
    if host.access.awaited:
        return HostState.ROBOTS
    if host.in_flight >= host.most:
        return HostState.FETCHING
    if not host.queue and not host.again:
        return HostState.FETCHING if host.in_flight else HostState.IDLE
    return HostState.RESTING if left > 0 else HostState.READY


def _why(host: Host, state: HostState) -> Waiting | None:
    """Return the category of a host's rest; None where it does not rest."""
    if state is HostState.PAUSED:
        return Waiting.RETRY_AFTER
    return host.resting if state is HostState.RESTING else None
