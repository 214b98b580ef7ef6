"""The monitor tells all that matters of a crawl, and keeps only so much of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from gossamer.engines import monitor
from gossamer.engines.monitor import AnswerTimes, Monitor
from gossamer.outputs.event_log import EventLog
from gossamer.rules.policy import Policy
from gossamer.values.event_log import (
    AnyEvent,
    CrawlStarted,
    HostClosed,
    HostContinued,
    HostDelayed,
    HostPaused,
    HostState,
    HostView,
    ProblemCounted,
    Tick,
)
from gossamer.values.model import Failure, Link, OutcomeKind, PageRecord, Purpose, Request, Response, Timings
from gossamer.values.protocol import Ended, Failed, Lost, Outcome, RobotsRead, Visited
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import Snapshot

ABOUT = CrawlStarted(at=0.0, elapsed=0.0, seeds=("https://a.example/",), engine="inline", slots=1)


class KeptEvents(EventLog):
    """A log that keeps its events."""

    def __init__(self) -> None:
        super().__init__("-")
        self.events: list[AnyEvent] = []

    def write(self, event: AnyEvent) -> None:
        self.events.append(event)


class Watched:
    """A monitor, and what it tells of hosts that are as they are set."""

    def __init__(self) -> None:
        self.log = KeptEvents()
        self.monitor = Monitor(self.log, ABOUT, Policy())
        self.hosts: dict[str, HostView] = {}

    def views(self, keys: Iterable[str]) -> Sequence[HostView]:
        return [self.hosts.get(key, HostView(key, HostState.READY)) for key in keys]

    def tick(self, at: float, *, last: bool = False) -> list[AnyEvent]:
        self.log.events.clear()
        self.monitor.tick(Snapshot(elapsed=at), at, self.views, last=last)
        return list(self.log.events)

    def told(self, at: float) -> list[AnyEvent]:
        """Return what is told besides a tick."""
        return [event for event in self.tick(at) if not isinstance(event, Tick)]

    def states(self, at: float, *, last: bool = False) -> list[HostView]:
        return [view for event in self.tick(at, last=last) if isinstance(event, Tick) for view in event.states]


def request(url: str, purpose: Purpose = Purpose.PAGE) -> Request:
    return Request(Link(1, url), purpose)


def visited(url: str, answered_in: float = 0.1, **fields: Any) -> Visited:
    return Visited(request(url), Outcome(b"", OutcomeKind.DONE), answered_in, 100, **fields)


def ended(url: str, reason: Reason | None = Reason.FAIL_HTTP_4XX, status: int | None = 404) -> Ended:
    kind = OutcomeKind.FAILED if reason else OutcomeKind.DONE
    return Ended(Link(1, url), Outcome.of(PageRecord(url, kind, status, reason, via="https://a.example/")))


def test_percentiles_are_those_of_the_last_answers() -> None:
    times = AnswerTimes(100)
    assert times.percentile(0.95) is None
    for hundredth in range(1, 101):
        times.add(hundredth / 100)
    assert (times.percentile(0.5), times.percentile(0.95)) == (0.5, 0.95)
    for _ in range(60):
        times.add(7.0)
    assert (times.percentile(0.1), times.percentile(0.95)) == (0.7, 7.0)


def test_what_ends_at_a_host_is_measured_whatever_it_was_for() -> None:
    watched = Watched()
    url, robots = "https://a.example/1", request("https://a.example/robots.txt", Purpose.ROBOTS)
    outcome = Outcome(b"", OutcomeKind.FAILED, Reason.FAIL_TIMEOUT)
    for event in (
        RobotsRead(robots, Response(robots.url, 200, {}, timings=Timings(total=0.3))),
        RobotsRead(robots, Failure(Reason.FAIL_DNS)),
        visited(url, 0.1),
        Failed(request(url), outcome, Failure(Reason.FAIL_TIMEOUT, elapsed=30.0)),
        Lost(request(url)),
    ):
        watched.monitor.ended(event)
    assert watched.states(1.0) == [
        HostView("https://a.example", HostState.READY, fetches=5, failed=3, bytes=100, p50=0.1, p95=0.3)
    ]
    assert watched.states(2.0) == [], "nothing has happened since"


def test_a_tick_has_some_hosts_and_the_last_one_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "HOSTS_A_TICK", 2)
    monkeypatch.setattr(monitor, "HOSTS", 6)
    watched = Watched()
    for number in range(9):
        watched.monitor.ended(visited(f"https://{number}.example/"))
    assert [view.host for view in watched.states(1.0)] == ["https://0.example", "https://1.example"]
    watched.monitor.ended(visited("https://0.example/"))
    assert [view.host for view in watched.states(2.0)] == ["https://2.example", "https://3.example"]
    rest = ["https://4.example", "https://5.example", "https://0.example"]
    assert [view.host for view in watched.states(3.0, last=True)] == rest


def test_problems_are_grouped_by_reason_and_host_and_told_when_they_grow() -> None:
    watched = Watched()
    watched.monitor.committed([ended("https://a.example/1"), ended("https://a.example/2"), ended("https://b.example/")])
    watched.monitor.committed([ended("https://a.example/3", None)])
    shared = {"at": 1.0, "elapsed": 1.0, "reason": Reason.FAIL_HTTP_4XX, "status": 404, "via": "https://a.example/"}
    one = ProblemCounted(host="https://a.example", count=2, url="https://a.example/1", **shared)  # type: ignore[arg-type]
    other = ProblemCounted(host="https://b.example", count=1, url="https://b.example/", **shared)  # type: ignore[arg-type]
    assert watched.told(1.0) == [one, other]
    assert watched.told(2.0) == []
    watched.monitor.committed([ended("https://a.example/4")])
    [more] = watched.told(3.0)
    assert isinstance(more, ProblemCounted)
    assert (more.count, more.url) == (3, "https://a.example/1")


def test_groups_of_problems_beyond_the_first_are_one_for_each_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "GROUPS", 3)
    monkeypatch.setattr(monitor, "GROUPS_A_TICK", 3)
    watched = Watched()
    watched.monitor.committed([ended(f"https://{number}.example/") for number in range(9)])
    watched.monitor.committed([ended("https://9.example/", Reason.FAIL_DNS, None)])
    told = [*watched.told(1.0), *watched.told(2.0)]
    groups = [(event.reason, event.host, event.count) for event in told if isinstance(event, ProblemCounted)]
    named = [(Reason.FAIL_HTTP_4XX, f"https://{number}.example", 1) for number in range(3)]
    assert groups == [*named, (Reason.FAIL_HTTP_4XX, "", 6), (Reason.FAIL_DNS, "", 1)]


def test_a_pause_is_told_once_and_when_it_is_longer_and_over() -> None:
    watched, key = Watched(), "https://a.example"
    watched.monitor.ended(visited(f"{key}/", host_pause=60.0))
    watched.hosts[key] = HostView(key, HostState.PAUSED, left=60.0, paused_for=60.0)
    assert watched.told(1.0) == [HostPaused(at=1.0, elapsed=1.0, host=key, seconds=60.0)]
    watched.hosts[key] = HostView(key, HostState.PAUSED, left=59.0, paused_for=59.0)
    assert watched.told(2.0) == []
    watched.hosts[key] = HostView(key, HostState.PAUSED, left=120.0, paused_for=120.0)
    assert watched.told(3.0) == [HostPaused(at=3.0, elapsed=3.0, host=key, seconds=120.0)]
    watched.hosts[key] = HostView(key, HostState.READY)
    assert watched.told(124.0) == [HostContinued(at=124.0, elapsed=124.0, host=key)]
    assert watched.told(125.0) == []


def test_a_pause_between_two_ticks_is_told_too() -> None:
    watched, key = Watched(), "https://a.example"
    watched.monitor.ended(visited(f"{key}/", host_pause=0.5))
    assert watched.told(1.0) == [
        HostPaused(at=1.0, elapsed=1.0, host=key, seconds=0.5),
        HostContinued(at=1.0, elapsed=1.0, host=key),
    ]


def test_a_crawl_delay_and_a_closed_host_are_told_once() -> None:
    watched, key = Watched(), "https://a.example"
    watched.hosts[key] = HostView(
        key, HostState.CLOSED, crawl_delay=99.0, closed=Reason.SKIP_CRAWL_DELAY, detail="robots.txt: Crawl-delay: 99"
    )
    watched.monitor.ended(visited(f"{key}/"))
    assert watched.told(1.0) == [
        HostDelayed(at=1.0, elapsed=1.0, host=key, seconds=99.0),
        HostClosed(at=1.0, elapsed=1.0, host=key, reason=Reason.SKIP_CRAWL_DELAY, detail="robots.txt: Crawl-delay: 99"),
    ]
    watched.monitor.ended(visited(f"{key}/"))
    assert watched.told(2.0) == []


def test_ticks_are_a_second_apart() -> None:
    one = Watched().monitor
    assert [one.is_due(now) for now in (0.0, 0.5, 0.99, 1.0, 1.5, 9.0, 9.9, 10.0)] == [
        True, False, False, True, False, True, False, True
    ]  # fmt: skip
