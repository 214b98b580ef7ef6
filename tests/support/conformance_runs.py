"""Crawl a web with one engine and one journal under the jumping clock, and examine the result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from gossamer import Crawler
from gossamer.api.report import Report
from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines.table import EngineName, LocalEngineName
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.rules.policy import Policy
from gossamer.rules.refusals import DEPENDS_ON_PATH
from gossamer.rules.urls import host_key
from gossamer.testing import FakeClock
from gossamer.values.model import Failure, PageRecord, Purpose, Request, Response
from gossamer.values.protocol import (
    Command,
    Commit,
    Failed,
    Fetch,
    Lost,
    RobotsRead,
    Visited,
)
from tests.support.conformance_cases import Case
from tests.support.player import Step, replay

ENGINES: tuple[LocalEngineName, ...] = get_args(LocalEngineName)
OTHERS = tuple(engine for engine in ENGINES if engine != "inline")
"""The engines that are compared with inline."""
# The arguments of `Crawler` for each journal, given an empty directory. A new line adds a journal to all tests.
JOURNALS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "memory": lambda _: {},
    "directory": lambda empty: {"directory": empty / "crawl"},
}
WITH_TIMING = ("depth", "via", "timings", "fetched_at")
"""The fields of a record that may depend on timing."""


@dataclass
class Run:
    """The result of one crawl."""

    policy: Policy
    report: Report
    requests: list[tuple[str, Purpose]]
    trace: list[Step] = field(repr=False)

    @property
    def records(self) -> dict[str, PageRecord]:
        ended = [one for _, step in self.trace if isinstance(step, Commit) for one in step.batch.ended]
        records = [one.outcome.record for one in ended]
        assert len({record.url for record in records}) == len(records), "every link ends once"
        return {record.url: record for record in records}

    @property
    def outcomes(self) -> dict[str, tuple[str, str | None, int | None]]:
        return {url: (record.outcome, record.reason, record.status) for url, record in self.records.items()}

    @property
    def skipped(self) -> set[tuple[str, str, str]]:
        """The refused links that no other page has led to, each with its reason and trap."""
        batches = [step.batch for _, step in self.trace if isinstance(step, Commit)]
        skipped = [link for batch in batches for link in batch.skipped]
        kept = Counter((link.url, link.reason) for link in skipped)
        assert not kept or max(kept.values()) == 1, "every refused link is kept once for each reason"
        admitted = {link.url for batch in batches for link in batch.links}
        return {
            (link.url, link.reason, link.trap)
            for link in skipped
            if link.reason not in DEPENDS_ON_PATH or link.url not in admitted
        }

    @property
    def pages(self) -> dict[str, dict[str, Any]]:
        """The records by URL, without the fields that may depend on timing."""
        return {
            url: {name: getattr(record, name) for name in record.__struct_fields__ if name not in WITH_TIMING}
            for url, record in self.records.items()
        }

    def order(self, host: str) -> list[tuple[str, int]]:
        """Return the requests for robots.txt and pages of a host, in order."""
        asked = [(request.url, request.attempt) for request in fetched(self)]
        return [(url, attempt) for url, attempt in asked if host_key(url) == host]


def run(case: Case, engine: EngineName, journal: dict[str, Any] | None = None, **fields: Any) -> Run:
    """Crawl the web to the end."""
    fetcher, trace = RecordedFetcher(case.pages), list[Step]()
    crawler = Crawler(
        case.seeds,
        engine=engine,
        fetcher=fetcher,
        clock=FakeClock(1000.0),
        trace=lambda now, step: trace.append((now, step)),
        **(journal or {}),
        **(dict(case.fields) | fields),
    )
    report = crawler.run()
    return Run(crawler.policy, report, fetcher.requests, trace)


# ---------------------------------------------------------------- politeness, checked by the trace alone


@dataclass
class HostAsSeen:
    """What an observer knows about a host."""

    in_flight: int = 0
    ready_at: float = 0.0
    crawl_delay: float = 0.0
    rules_known: bool = False


def assert_polite(run: Run) -> int:
    """Check the politeness of every fetch of a trace; return how many fetches there were.

    Written from the promises of the README and not from the code of the crawl, with which it shares no constant.
    """
    policy, hosts, fetches, running = run.policy, dict[str, HostAsSeen](), 0, 0
    for now, step in run.trace:
        match step:
            case Fetch(requests):
                for request in requests:
                    _started(hosts.setdefault(host_key(request.url), HostAsSeen()), policy, request, now)
                running += len(requests)
                fetches += len(requests)
                assert running <= (policy.concurrency or 1)
            case Visited() | Failed() | RobotsRead() | Lost():
                running -= 1
                _landed(hosts[host_key(step.request.url)], policy, step, now)
            case _:
                pass
    assert running == 0, "everything landed"
    return fetches


def _started(host: HostAsSeen, policy: Policy, request: Request, now: float) -> None:
    assert host.in_flight < policy.host_concurrency, f"{request.url}: too many at once on its host"
    assert now >= host.ready_at - 1e-9, f"{request.url} at {now}: its host rests until {host.ready_at}"
    if policy.robots and request.purpose is Purpose.PAGE:
        assert host.rules_known, f"{request.url}: robots.txt comes first"
    host.in_flight += 1
    host.ready_at = max(host.ready_at, now + max(host.crawl_delay, _fixed(policy)))


def _fixed(policy: Policy) -> float:
    return 0.0 if policy.delay == "auto" else policy.delay


def _landed(host: HostAsSeen, policy: Policy, event: Visited | Failed | RobotsRead | Lost, now: float) -> None:
    host.in_flight -= 1
    answer = _answer_of(event)
    response = answer if isinstance(answer, Response) else None
    if isinstance(event, RobotsRead) and response is not None:
        host.rules_known = response.status < 500 and response.status != 429
        asked = re.search(rb"Crawl-delay: ([\d.]+)", response.body)
        host.crawl_delay = float(asked[1]) if asked else 0.0
    elapsed = answer.elapsed if isinstance(answer, Failure) else answer.timings.total if answer is not None else 0.0
    own = min(max(2 * elapsed, 0.2), 60.0) if policy.delay == "auto" else policy.delay
    pause = 0.0
    if response is not None and response.status in (429, 503):
        pause = float(response.headers.get("retry-after", 1.0))
    host.ready_at = max(host.ready_at, now + max(own, host.crawl_delay, pause))


def _answer_of(event: Visited | Failed | RobotsRead | Lost) -> Response | Failure | None:
    match event:
        case Visited():
            return event.outcome.response
        case Failed():
            return event.failure
        case RobotsRead():
            return event.answer
        case Lost():
            return None


# ---------------------------------------------------------------- replay


def assert_replays(policy: Policy, trace: list[Step]) -> None:
    """Check that a new crawl returns the same commands for the same events at the same moments."""
    crawl = Crawl(
        policy, Frontier(host_concurrency=policy.host_concurrency, breadth_first=policy.max_depth is not None)
    )
    commanded = [step for _, step in trace if isinstance(step, Command)]
    for number, (again, before) in enumerate(zip(replay(crawl, trace), commanded, strict=True)):
        assert again == before, f"command {number}"


def retried(run: Run) -> list[Request]:
    """Return the fetches that were not the first of their link."""
    return [request for request in fetched(run) if request.attempt]


def fetched(run: Run) -> list[Request]:
    """Return all fetches, in the order in which they began."""
    return [request for _, step in run.trace if isinstance(step, Fetch) for request in step.requests]
