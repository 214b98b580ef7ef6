"""The monitor: tells an event log what happens in a crawl, as the driver sees it.

It decides nothing. What it keeps is bounded: hosts and groups of problems beyond the first are only counted.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from msgspec.structs import asdict, replace

from gossamer.outputs.event_log import EventLog
from gossamer.rules.policy import Policy
from gossamer.rules.time_left import time_left
from gossamer.rules.urls import host_key
from gossamer.values.audit import Audit
from gossamer.values.event_log import (
    CrawlFinished,
    CrawlResumed,
    CrawlStarted,
    HostClosed,
    HostContinued,
    HostDelayed,
    HostPaused,
    HostView,
    ProblemCounted,
    Tick,
)
from gossamer.values.model import Failure, OutcomeKind, record_of
from gossamer.values.protocol import Ended, Failed, Lost, RobotsRead, Visited
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import Snapshot

TICK: Final = 1.0
"""Minimum time (seconds) between two ticks."""
HOSTS_A_TICK: Final = 50
"""Maximum number of hosts in a tick."""
HOSTS: Final = 2_000
"""Maximum number of hosts of which more than problems is told."""
GROUPS: Final = 1_000
"""Maximum number of groups of problems, each of a reason and a host; the rest has a group for each reason."""
GROUPS_A_TICK: Final = 50
"""Maximum number of groups of problems that are told with a tick."""
_WINDOW: Final = 10
"""Number of ticks over which the time to the end is estimated."""

Views = Callable[[Iterable[str]], Sequence[HostView]]
"""Returns the state of some hosts."""


class AnswerTimes:
    """The last answer times, and their percentiles."""

    __slots__ = ("_next", "_times", "_window")

    def __init__(self, window: int) -> None:
        self._window = window
        self._times = array("f")
        self._next = 0

    def add(self, seconds: float) -> None:
        """Record an answer time, which takes the place of the oldest."""
        if len(self._times) < self._window:
            self._times.append(seconds)
            return
        self._times[self._next] = seconds
        self._next = (self._next + 1) % self._window

    def percentile(self, share: float) -> float | None:
        """Return the time within which a share (0 to 1) of the answers came, to the millisecond; None without any."""
        if not self._times:
            return None
        return round(sorted(self._times)[math.ceil(share * len(self._times)) - 1], 3)


class _MeasuredHost:
    """What was measured of one host."""

    __slots__ = ("answers", "bytes", "failed", "fetches")

    def __init__(self) -> None:
        self.fetches = self.failed = self.bytes = 0
        self.answers = AnswerTimes(64)


class _ProblemGroup:
    """Links of one host that ended for one reason: their number, and the record of the first as a line of JSON."""

    __slots__ = ("count", "first")

    def __init__(self, first: bytes) -> None:
        self.count = 0
        self.first = first


class Monitor:
    """Writes the events of one run of a crawl: its start, ticks, hosts, problems, and its end.

    `about` says what there is to say of a crawl that starts; its moment does not count.
    """

    def __init__(self, log: EventLog, about: CrawlStarted, policy: Policy) -> None:
        self._log = log
        self._about = about
        self._policy = policy
        self._due_at = -math.inf
        self._ticks: deque[Snapshot] = deque([Snapshot()], maxlen=_WINDOW)
        self._answers = AnswerTimes(256)
        self._hosts: dict[str, _MeasuredHost] = {}
        self._touched: dict[str, None] = {}
        self._asked: dict[str, float] = {}
        self._paused: dict[str, float] = {}
        self._delays: dict[str, float] = {}
        self._closed: set[str] = set()
        self._groups: dict[tuple[Reason, str], _ProblemGroup] = {}
        self._grown: dict[tuple[Reason, str], None] = {}

    @property
    def trouble(self) -> str:
        """Why nothing more is written; "" while all is well."""
        return self._log.trouble

    def begin(self, snapshot: Snapshot, at: float, *, resumed: bool) -> None:
        """Open the log and tell that the crawl starts or goes on. Raise UserError where the log cannot be written."""
        self._log.open()
        self._ticks = deque([snapshot], maxlen=_WINDOW)
        started = replace(self._about, at=at, elapsed=snapshot.elapsed, slots=snapshot.slots)
        self._log.write(CrawlResumed(**asdict(started)) if resumed else started)

    # ------------------------------------------------------------ what happens

    def ended(self, event: Visited | Failed | RobotsRead | Lost) -> None:
        """Measure a fetch that ended."""
        key = host_key(event.request.url)
        host = self._hosts.get(key)
        if host is None:
            if len(self._hosts) >= HOSTS:
                return
            host = self._hosts[key] = _MeasuredHost()
        self._touched[key] = None
        host.fetches += 1
        match event:
            case Visited():
                host.bytes += event.size
                host.failed += event.outcome.kind in (OutcomeKind.FAILED, OutcomeKind.RETRY)
                self._answered(host, event.answered_in)
                if event.host_pause:
                    self._asked[key] = event.host_pause
            case RobotsRead(_, answer) if not isinstance(answer, Failure):
                self._answered(host, answer.timings.total)
            case _:
                host.failed += 1

    def _answered(self, host: _MeasuredHost, seconds: float) -> None:
        host.answers.add(seconds)
        self._answers.add(seconds)

    def committed(self, several: Iterable[Ended]) -> None:
        """Count the problems of links that ended."""
        for ended in several:
            reason = ended.outcome.reason
            if reason is not None and ended.outcome.kind in (OutcomeKind.FAILED, OutcomeKind.SKIPPED):
                group = reason, host_key(ended.link.url)
                if group not in self._groups and len(self._groups) >= GROUPS:
                    group = reason, ""
                if group not in self._groups:
                    self._groups[group] = _ProblemGroup(ended.outcome.line)
                self._groups[group].count += 1
                self._grown[group] = None
                if group[1] in self._hosts:
                    self._touched[group[1]] = None

    # ------------------------------------------------------------ what is told

    def is_due(self, now: float) -> bool:
        """Whether a tick is due; the next one then is not for a second."""
        due = now >= self._due_at
        if due:
            self._due_at = now + TICK
        return due

    def tick(self, snapshot: Snapshot, at: float, views: Views, *, last: bool = False) -> None:
        """Record the state of the crawl, and what is new since the tick before; all that is left if it is the last."""
        elapsed = snapshot.elapsed
        seen = views(list(dict.fromkeys((*self._touched, *self._paused))))
        for view in seen:
            self._tell_host(view, at, elapsed)
        for group in list(islice(self._grown, None if last else GROUPS_A_TICK)):
            self._tell_problem(group, at, elapsed)
        told = list(islice((view for view in seen if view.host in self._touched), None if last else HOSTS_A_TICK))
        for view in told:
            del self._touched[view.host]
        before = self._ticks[-1]
        passed = elapsed - before.elapsed
        self._log.write(
            Tick(
                at=at,
                elapsed=elapsed,
                counts=snapshot.counts,
                known=snapshot.known,
                queued=snapshot.queued,
                in_flight=snapshot.in_flight,
                hosts=snapshot.hosts,
                bytes=snapshot.bytes,
                fetches=snapshot.fetches,
                rate=snapshot.rate_since(before),
                byte_rate=(snapshot.bytes - before.bytes) / passed if passed > 0 else 0.0,
                waiting=snapshot.waiting_since(before),
                seconds=snapshot.seconds,
                limiting_factor=snapshot.limiting_factor,
                processor=snapshot.processor,
                left=time_left(self._ticks[0], snapshot, self._policy) if passed > 0 else None,
                p50=self._answers.percentile(0.5),
                p95=self._answers.percentile(0.95),
                paused=snapshot.paused,
                states=tuple(map(self._measured, told)),
                dropped=self._log.dropped,
            )
        )
        self._ticks.append(snapshot)

    def finish(self, snapshot: Snapshot, audit: Audit, at: float, error: str) -> None:
        """Record that the run has ended, and close the log."""
        self._log.write(
            CrawlFinished(
                at=at,
                elapsed=snapshot.elapsed,
                finish_reason=snapshot.finish_reason,
                error=error,
                limiting_factor=snapshot.limiting_factor,
                limiting_share=snapshot.limiting_share,
                snapshot=snapshot,
                audit=audit,
            )
        )
        self._log.close()

    def _tell_host(self, view: HostView, at: float, elapsed: float) -> None:
        """Record what is new of a host: a pause, its end, a Crawl-delay, that it is closed."""
        host, until = view.host, at + view.paused_for
        seconds = view.paused_for or self._asked.get(host, 0.0)
        self._asked.pop(host, None)
        if seconds and until > self._paused.get(host, -math.inf) + TICK:
            self._paused[host] = until
            self._log.write(HostPaused(at=at, elapsed=elapsed, host=host, seconds=seconds))
        if not view.paused_for and self._paused.pop(host, None) is not None:
            self._log.write(HostContinued(at=at, elapsed=elapsed, host=host))
        if view.crawl_delay is not None and view.crawl_delay != self._delays.get(host):
            self._delays[host] = view.crawl_delay
            self._log.write(HostDelayed(at=at, elapsed=elapsed, host=host, seconds=view.crawl_delay))
        if view.closed is not None and host not in self._closed:
            self._closed.add(host)
            self._log.write(HostClosed(at=at, elapsed=elapsed, host=host, reason=view.closed, detail=view.detail))

    def _tell_problem(self, group: tuple[Reason, str], at: float, elapsed: float) -> None:
        del self._grown[group]
        problem, (reason, host) = self._groups[group], group
        record = record_of(problem.first)
        self._log.write(
            ProblemCounted(
                at=at,
                elapsed=elapsed,
                reason=reason,
                host=host,
                count=problem.count,
                url=record.url,
                status=record.status,
                detail=record.detail,
                via=record.via,
            )
        )

    def _measured(self, view: HostView) -> HostView:
        """Return the view of a host with what was measured of its fetches."""
        host = self._hosts[view.host]
        return replace(
            view,
            fetches=host.fetches,
            failed=host.failed,
            bytes=host.bytes,
            p50=host.answers.percentile(0.5),
            p95=host.answers.percentile(0.95),
        )
