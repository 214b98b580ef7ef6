"""The external URLs that wait to be judged, by host: decides which request is due, and performs no I/O.

Hosts are spared as in a crawl: robots.txt comes first and is obeyed, a host rests after every answer, and is left alone
for as long as it asks. Invariant: every URL that was added ends in exactly one result.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Final, assert_never

from msgspec.structs import replace

from gossamer.check.external_results import ExternalResult
from gossamer.check.probe_verdicts import Judged, Onward, Probe, judge, refused
from gossamer.core.host import Host
from gossamer.core.host_access import HostAccess
from gossamer.fetchers import user_agent
from gossamer.rules import politeness, urls
from gossamer.rules.policy import HostManners, Policy
from gossamer.values.formatting import numbered
from gossamer.values.model import Failure, Link, Purpose, Request, Response
from gossamer.values.protocol import RobotsRead
from gossamer.values.reasons import Reason, Waiting

SLOTS: Final = 64
"""Default number of requests at once, to all hosts together."""


def manners_abroad(policy: Policy, own: Iterable[str] = ()) -> Policy:
    """Return the policy for the hosts of others: robots.txt is obeyed, and one request at a time with a rest between.

    How fast one's own site may be asked says nothing about theirs. A longer delay stays, and so do settings of single
    hosts. `own` are the keys of the hosts of the site itself, whose robots.txt counts as in the crawl.
    """
    delay, hosts, manners = policy.delay, dict(policy.hosts), politeness.Manners(policy)
    for key in own:
        if not manners.of(key).robots:
            name = key.partition("://")[2]
            hosts[name] = replace(hosts.get(name, HostManners()), robots=False)
    if delay == "auto" or delay < politeness.AUTO_LEAST:
        delay = "auto"
    return replace(
        policy,
        robots=True,
        hosts=hosts,
        soft_404=False,
        delay=delay,
        host_concurrency=1,
        concurrency=policy.concurrency or SLOTS,
        user_agent=user_agent(policy),
    )


class _ProbedHost(Host):
    """A host with the probes that wait for it, and the requests for robots.txt of hosts that redirect here."""

    __slots__ = ("errands", "waiting")

    def __init__(self, key: str, most: int) -> None:
        super().__init__(key, most)
        self.errands: deque[Request] = deque()
        self.waiting: deque[Probe] = deque()

    @property
    def has_work(self) -> bool:
        """Whether a request of the host could be next."""
        return bool(self.errands) or (bool(self.waiting) and not self.access.awaited)


class ProbeQueue:
    """The URLs to judge and what is under way.

    `policy` holds for the hosts of others (`manners_abroad`). `epoch` is the Unix time of moment 0.
    """

    def __init__(self, policy: Policy, *, epoch: float = 0.0) -> None:
        self._policy = policy
        self._epoch = epoch
        self._access = HostAccess(policy, count(-1, -1))
        self._manners = politeness.Manners(policy)
        self._slots = policy.concurrency or SLOTS
        self._hosts: dict[str, _ProbedHost] = {}
        self._ready: list[tuple[float, int, _ProbedHost]] = []  # a heap of the hosts that are `listed`
        self._later: list[tuple[float, int, Probe]] = []  # a heap of what is tried again
        self._numbers = count(1)
        self._under_way: dict[int, Probe] = {}
        self._awaited_robots: dict[int, _ProbedHost] = {}
        self._results: list[ExternalResult] = []
        self.left = 0
        """Number of URLs that are not judged yet."""
        self.in_flight = 0
        """Number of requests under way."""

    def add(self, url: str) -> None:
        """Add a canonical URL to judge."""
        self.left += 1
        self._await_turn(Probe(url, url))

    def taken(self) -> list[ExternalResult]:
        """Return the results since the last call."""
        results, self._results = self._results, []
        return results

    @property
    def next_moment(self) -> float:
        """The moment when the next request is due; infinity while all that could start waits for an answer."""
        free = self.in_flight < self._slots
        return min(
            self._ready[0][0] if self._ready and free else math.inf, self._later[0][0] if self._later else math.inf
        )

    def waiting_for(self, now: float) -> str:
        """Return in words what holds the next request up; "" where nothing is left."""
        if self.in_flight:
            return f"waiting for {numbered(self.in_flight, 'answer')}"
        if self._ready and (not self._later or self._ready[0][0] <= self._later[0][0]):
            host = self._ready[0][2]
            if host.paused_until > now:
                return f"{host.key} asked to be left alone until {self._moment(host.paused_until):%H:%M:%S} UTC"
            return f"{host.key} rests between two requests"
        return f"waiting to try {self._later[0][2].url} again" if self._later else ""

    # ------------------------------------------------------------ what is due

    def start_due(self, now: float, start: Callable[[Request], None]) -> None:
        """Start the requests that are due.

        Where nothing is under way and every host left asks to be left alone for longer than `max_wait`, end them.
        """
        while self._later and self._later[0][0] <= now:
            self._await_turn(heapq.heappop(self._later)[2], first=True)
        while self.in_flight < self._slots and self._ready and self._ready[0][0] <= now:
            _, _, host = heapq.heappop(self._ready)
            host.listed = False
            if host.ready_at <= now and (request := self._next(host, now)) is not None:
                self._start(request, now)
                start(request)
            self._list(host)
        if not self.in_flight and self.next_moment > now + self._policy.max_wait:
            self._give_up(now)

    def _next(self, host: _ProbedHost, now: float) -> Request | None:
        """Return the next request to a host; None if it has none, or waits for its robots.txt."""
        if host.errands:
            return host.errands.popleft()
        if self._access.needs_robots(host, now):
            return self._ask_robots(host)
        while host.waiting:
            probe = host.waiting.popleft()
            reason = self._access.refusal(host, probe.url)
            if reason is None:
                link = Link(next(self._numbers), probe.url)
                self._under_way[link.id] = probe
                return Request(link, Purpose.EXTERNAL, probe.attempt, method=probe.method)
            self._refuse(probe, reason, host.access.detail, now)
        return None

    def _ask_robots(self, host: _ProbedHost) -> Request | None:
        """Return the request for a host's robots.txt; one that moved to another host waits for that host's turn."""
        request = self._access.robots_request(host)
        self._awaited_robots[request.link.id] = host
        where = self._host(request.url)
        if where is host:
            return request
        where.errands.append(request)
        self._list(where)
        return None

    def _start(self, request: Request, now: float) -> None:
        host = self._host(request.url)
        host.in_flight += 1
        self.in_flight += 1
        host.rest(now + self._access.pace(host).spacing, Waiting.POLITENESS)

    def _give_up(self, now: float) -> None:
        """End the probes that wait for hosts which asked to be left alone for too long."""
        for host in [host for host in self._hosts.values() if host.paused_until > now + self._policy.max_wait]:
            waiting = [host, *(self._awaited_robots[request.link.id] for request in host.errands)]
            probes = [probe for one in waiting for probe in one.waiting]
            for one in waiting:
                one.waiting.clear()
            kept = []
            for each in self._later:
                if self._host(each[2].url) in waiting:
                    probes.append(each[2])
                else:
                    kept.append(each)
            self._later = kept
            detail = f"{host.key} asks for another {math.ceil(host.paused_until - now):,} s"
            for probe in probes:
                self._refuse(probe, Reason.FAIL_PAUSED, detail, now)
        heapq.heapify(self._later)

    # ------------------------------------------------------------ what came of it

    def land(self, request: Request, answer: Response | Failure, now: float) -> None:
        """Record what came of a request."""
        host = self._host(request.url)
        host.in_flight -= 1
        self.in_flight -= 1
        took = answer.timings.total if isinstance(answer, Response) else answer.elapsed
        host.rest(now + self._access.pace(host).rest(took), Waiting.POLITENESS)
        if request.purpose is Purpose.ROBOTS:
            self._read_robots(request, answer, host, now)
        else:
            self._follow(self._under_way.pop(request.link.id), answer, host, now)
        self._list(host)

    def _read_robots(self, request: Request, answer: Response | Failure, where: _ProbedHost, now: float) -> None:
        host = self._awaited_robots.pop(request.link.id)
        self._access.read(RobotsRead(request, answer), now)
        if host.paused_until > now:  # "too many requests" holds for any host's robots.txt
            where.pause(host.paused_until, now)
        elif host.access.next_request is not None:
            where.rest(host.ready_at, host.resting)
        self._end_closed(host, now)
        self._list(host)

    def _follow(self, probe: Probe, answer: Response | Failure, host: _ProbedHost, now: float) -> None:
        if isinstance(answer, Failure):
            self._access.failed(host, probe.url, answer, now)
            self._end_closed(host, now)
        else:
            self._access.answered(host)
        step = judge(self._policy, probe, answer, self._moment(now))
        if step.host_pause:
            host.pause(now + step.host_pause, now)
        elif isinstance(answer, Response) and host.most < host.limit:
            host.count_answer()
        match step:
            case Judged(result):
                self._end(result)
            case Onward(onward, after) if after:
                heapq.heappush(self._later, (now + after, next(self._numbers), onward))
            case Onward(onward):
                self._await_turn(onward, first=True)
            case _:
                assert_never(step)

    def _end_closed(self, host: _ProbedHost, now: float) -> None:
        """End the probes of a host from which nothing may be fetched any more: nothing is asked of it."""
        if host.closed is None:
            return
        for probe in host.waiting:
            self._refuse(probe, host.closed, host.access.detail, now)
        host.waiting.clear()

    def _refuse(self, probe: Probe, reason: Reason, detail: str, now: float) -> None:
        self._end(refused(probe, reason, detail, self._moment(now)))

    def _end(self, result: ExternalResult) -> None:
        self._results.append(result)
        self.left -= 1

    def _moment(self, now: float) -> datetime:
        return datetime.fromtimestamp(self._epoch + now, UTC)

    # ------------------------------------------------------------ hosts

    def _host(self, url: str) -> _ProbedHost:
        key = urls.host_key(url)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _ProbedHost(key, self._manners.host_concurrency(key))
        return host

    def _await_turn(self, probe: Probe, *, first: bool = False) -> None:
        host = self._host(probe.url)
        (host.waiting.appendleft if first else host.waiting.append)(probe)
        self._list(host)

    def _list(self, host: _ProbedHost) -> None:
        """Put a host in line, if it has a request that could start and is not in line yet."""
        if not host.listed and host.has_work and host.in_flight < host.most:
            host.listed = True
            heapq.heappush(self._ready, (host.ready_at, next(self._numbers), host))
