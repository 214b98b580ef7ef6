"""The fetches in flight: each with its request, host and start, and the rests that follow its start and its end."""

from __future__ import annotations

from gossamer.core.frontier import Frontier
from gossamer.core.host import Host
from gossamer.core.host_access import HostAccess
from gossamer.core.rests import RestLog
from gossamer.core.stats import OutcomeCounts
from gossamer.core.time_accounting import SlotTimes
from gossamer.values.model import Purpose, Request
from gossamer.values.reasons import Waiting

_PAGE, _ROBOTS = Purpose.PAGE, Purpose.ROBOTS  # a faster look-up, see `crawl.py`


class InFlight:
    """The requests in flight, at most `slots` at once. It lets hosts and IP addresses rest as politeness requires."""

    def __init__(
        self,
        slots: int,
        frontier: Frontier,
        access: HostAccess,
        counts: OutcomeCounts,
        time: SlotTimes,
        rests: RestLog,
    ) -> None:
        self._slots = slots
        self._frontier = frontier
        self._access = access
        self._counts = counts
        self._time = time
        self._rests = rests
        self.requests: dict[int, tuple[Request, Host, float, float]] = {}
        """The requests in flight by the id of their link, each with its host, the moment of its start, and how long the
        driver had waited for the disk until then."""
        self.free = slots
        """Number of free slots."""
        self.pages = 0
        """Number of requests in flight for pages."""

    def since(self, request: Request) -> float:
        """Return when a request was started."""
        return self.requests[request.link.id][2]

    def start(self, request: Request, host: Host, now: float) -> Request:
        """Record a fetch that starts now, and return its request; the next one to its host must keep the spacing."""
        self.requests[request.link.id] = (request, host, now, self._time.blocked)
        self._counts.fetches += 1
        self.free -= 1
        if request.purpose is _PAGE:
            self.pages += 1
        self._time.begin()
        pace = self._access.pace(host)
        if pace.spacing:
            host.rest(now + pace.spacing, pace.category(pace.spacing))
        if host.ip is not None:
            host.rest_ip(now + self._access.ip_pace(host).spacing)
        self._frontier.start(host)
        return request

    def land(self, request: Request, answered_in: float, now: float, peer: str = "", unstarted: float = 0.0) -> Host:
        """Free the slot of a fetch that ended now and let its host rest; return the host.

        The server took `answered_in` seconds; `peer` is the IP address that answered, "" if none did. For `unstarted`
        seconds the fetch waited for its worker process to start.
        """
        _, host, since, blocked = self.requests.pop(request.link.id)
        self.free += 1
        if request.purpose is _PAGE:
            self.pages -= 1
        blocked = self._time.blocked - blocked
        self._time.end(now - since, answered_in, blocked, unstarted, robots=request.purpose is _ROBOTS)
        pace = self._access.pace(host)
        rested = pace.rest(answered_in)
        if rested:
            host.rest(now + rested, pace.category(rested))
            if rested > pace.usual:
                self._rests.note(host, now)
        if host.ip is not None:
            self._frontier.record_ip(host, peer, now + self._access.ip_pace(host).rest(answered_in))
        self._frontier.finish(host)
        return host

    def give_up(self) -> None:
        """Forget the fetches in flight: their links have not ended and are pending for the next run."""
        for _ in self.requests:
            self._time.end(0.0, 0.0)
        self.requests.clear()
        self.free = self._slots
        self.pages = 0

    def why_idle(self) -> Waiting:
        """Return what a slot without a fetch waits for, when no host will become ready by time alone."""
        if self.pages < len(self.requests) and any(one.purpose is _ROBOTS for one, *_ in self.requests.values()):
            return Waiting.ROBOTS
        if not self._frontier.queued:
            return Waiting.NO_WORK
        return Waiting.SERVER if self.pages else Waiting.POLITENESS  # the fetches before it must end first
