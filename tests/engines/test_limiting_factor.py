"""What limits a crawl is named rightly, on every engine that makes several requests at once, with real servers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gossamer.api.crawler import Crawler
from gossamer.api.report import Report
from gossamer.journals.sqlite import SqliteJournal
from gossamer.values.protocol import Batch
from gossamer.values.reasons import Waiting
from tests.support.paced_site import paced_site

ENGINES = ("threads", "asyncio", "processes")


class Scenario(NamedTuple):
    """A site, how it is crawled, and what limits that."""

    limits: Waiting
    latency: float
    pages: int
    options: Mapping[str, Any]
    start: str = "/many"
    robots: str = ""
    hosts: int = 1
    disk: float = 0.0


AT_ONCE = {"delay": 0, "host_concurrency": 8}
SCENARIOS = {
    "slow server": Scenario(Waiting.SERVER, 0.5, 16, AT_ONCE),
    "slow server, one request at a time": Scenario(Waiting.SERVER, 0.4, 4, {"delay": 0}),
    "slow server, fewer slots than it may have requests": Scenario(
        Waiting.SERVER, 0.4, 24, {"delay": 0, "host_concurrency": 64, "concurrency": 8}
    ),
    "slow server, pages that link to one more": Scenario(Waiting.SERVER, 0.3, 6, AT_ONCE, "/chain"),
    "Crawl-delay": Scenario(Waiting.CRAWL_DELAY, 0.01, 3, {}, robots="User-agent: *\nCrawl-delay: 0.7"),
    "rests": Scenario(Waiting.POLITENESS, 0.01, 6, {}),
    "rests, pages that link to one more": Scenario(Waiting.POLITENESS, 0.01, 6, {}, "/chain"),
    "saturated core": Scenario(Waiting.CPU, 0.0, 100, AT_ONCE, "/heavy"),
    "slow disk": Scenario(Waiting.DISK, 0.005, 120, AT_ONCE, disk=0.2),
    "slow disk, many at once": Scenario(Waiting.DISK, 0.005, 200, {"delay": 0, "host_concurrency": 64}, disk=0.3),
    "too few slots": Scenario(Waiting.CONCURRENCY, 0.05, 60, {"delay": 0, "host_concurrency": 8, "concurrency": 2}),
    "too few slots for many hosts": Scenario(Waiting.CONCURRENCY, 0.05, 4, {"delay": 0, "concurrency": 2}, hosts=8),
    "too few requests to the host": Scenario(Waiting.CONCURRENCY, 0.05, 25, {"delay": 0}),
    "nothing to do": Scenario(Waiting.NO_WORK, 0.005, 60, AT_ONCE, "/chain"),
}  # fmt: skip
SEEDS = {
    ("slow server", "asyncio"), ("Crawl-delay", "threads"), ("saturated core", "asyncio"), ("slow disk", "threads"),
    ("too few slots", "asyncio"), ("too few requests to the host", "threads"), ("nothing to do", "processes"),
}  # fmt: skip
"""What runs every time: one of each, spread over the engines."""


def crawled(scenario: Scenario, engine: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    commit = SqliteJournal.commit

    def slow(journal: SqliteJournal, batch: Batch, offsets: dict[str, int]) -> None:
        time.sleep(scenario.disk)  # as long as a slow disk would take, and no processor time
        commit(journal, batch, offsets)

    monkeypatch.setattr(SqliteJournal, "commit", slow)
    options = {**scenario.options, **({"workers": 1} if engine == "processes" else {})}
    with paced_site(scenario.latency, scenario.pages, robots=scenario.robots, hosts=scenario.hosts) as origins:
        return Crawler(
            [origin + scenario.start for origin in origins], directory=directory, engine=engine, sitemaps=False,  # type: ignore[arg-type]
            allow_private="127.0.0.1", **options,
        ).run()  # fmt: skip


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        pytest.param(name, engine, marks=() if (name, engine) in SEEDS else pytest.mark.slow)
        for name in SCENARIOS
        for engine in ENGINES
    ],
)
def test_what_limits_a_crawl_is_named(name: str, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = SCENARIOS[name]
    report = crawled(scenario, engine, tmp_path / "crawl", monkeypatch)
    snapshot = report.snapshot
    spent = {waiting.value: round(seconds, 2) for waiting, seconds in snapshot.seconds.items() if seconds > 0.005}
    assert report.limiting_factor is scenario.limits, (spent, snapshot.processor)
    assert sum(snapshot.seconds.values()) == pytest.approx(snapshot.elapsed * snapshot.slots)
