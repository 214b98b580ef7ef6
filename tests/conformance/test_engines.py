"""One fake web on every engine and every journal: the engine changes the speed, never the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.engines.table import EngineName
from gossamer.rules.urls import host_key
from gossamer.values.model import Purpose
from tests.support.conformance_cases import CASES, Case, random_case
from tests.support.conformance_runs import ENGINES, JOURNALS, Run, assert_polite, assert_replays, run

RANDOM_SEEDS = range(12)
SEEDED = [(seed, engine) for engine in ENGINES for seed in (range(2) if engine == "processes" else RANDOM_SEEDS)]
"""Worker processes take a moment to begin: they get fewer webs than the other engines."""
RUNS = [
    pytest.param(engine, journal, marks=pytest.mark.slow if (engine, journal) == ("processes", "memory") else ())
    for engine in ENGINES
    for journal in JOURNALS
]
"""Every engine with every journal. No worker meets the journal, so one is enough for worker processes by default."""


def assert_same(case: Case, one: Run, reference: Run) -> None:
    assert one.outcomes == reference.outcomes
    assert one.pages == reference.pages
    assert one.report.counts == reference.report.counts
    assert one.skipped == reference.skipped
    assert len(one.skipped) == one.report.counts.refused, "every refused link is kept, and only these"
    assert one.report.finish_reason is reference.report.finish_reason
    assert one.report.snapshot.near_duplicates == reference.report.snapshot.near_duplicates
    assert one.report.snapshot.traps == reference.report.snapshot.traps
    assert one.report.snapshot.start_pages == reference.report.snapshot.start_pages
    assert one.report.snapshot.needs_js.pages == reference.report.snapshot.needs_js.pages
    assert one.report.snapshot.behind_login.pages == reference.report.snapshot.behind_login.pages
    assert one.report.snapshot.soft_404s.pages == reference.report.snapshot.soft_404s.pages
    assert sorted(one.requests) == sorted(reference.requests), "the same fetches, retries and robots.txt included"
    if case.islands:
        for host in dict.fromkeys(host_key(url) for url, _ in reference.requests):
            assert one.order(host) == reference.order(host)


def assert_as_inline(case: Case, engine: EngineName, journal: dict[str, object]) -> Run:
    """Crawl on this engine, check all that can be told of the crawl, and return it."""
    reference, one = run(case, "inline"), run(case, engine, journal)
    assert_same(case, one, reference)
    assert assert_polite(one) == len(one.requests)
    assert_replays(one.policy, one.trace)
    return one


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("engine", "journal"), RUNS)
def test_a_web_gives_the_same_on_every_engine(name: str, engine: EngineName, journal: str, tmp_path: Path) -> None:
    case = CASES[name]()
    one = assert_as_inline(case, engine, JOURNALS[journal](tmp_path))
    assert one.report.finish_reason is case.finish


@pytest.mark.parametrize("journal", JOURNALS)
@pytest.mark.parametrize("engine", ["threads", "asyncio"])
@pytest.mark.parametrize("islands", [True, False], ids=["islands", "linked hosts"])
@pytest.mark.parametrize("seed", RANDOM_SEEDS)
def test_a_random_web_gives_the_same_on_every_engine(
    seed: int, islands: bool, engine: EngineName, journal: str, tmp_path: Path
) -> None:
    assert_as_inline(random_case(seed, islands=islands), engine, JOURNALS[journal](tmp_path))


@pytest.mark.parametrize(("seed", "engine"), SEEDED)
def test_a_host_that_takes_several_at_once_gives_the_same(seed: int, engine: EngineName) -> None:
    case = random_case(seed, islands=False)
    reference, one = run(case, "inline"), run(case, engine, host_concurrency=3, delay=0.0)
    assert one.outcomes == reference.outcomes
    assert_polite(one)
    assert_replays(one.policy, one.trace)


@pytest.mark.parametrize(("seed", "engine"), SEEDED)
@pytest.mark.parametrize("depth", [1, 2])
def test_a_depth_limit_reaches_the_same_pages_on_every_engine(seed: int, depth: int, engine: EngineName) -> None:
    case = random_case(seed, islands=False)
    reference, one = run(case, "inline", max_depth=depth), run(case, engine, max_depth=depth, concurrency=5)
    assert one.outcomes == reference.outcomes
    depths = {url: record.depth for url, record in one.records.items()}
    assert depths == {url: record.depth for url, record in reference.records.items()}
    assert max(depths.values()) <= depth


@pytest.mark.parametrize("engine", ENGINES)
def test_robots_is_read_once_for_each_host_and_before_its_pages(engine: EngineName) -> None:
    one = run(CASES["manners"](), engine)
    assert sum(purpose is Purpose.ROBOTS for _, purpose in one.requests) == 3
