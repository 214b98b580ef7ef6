"""Simulated crawls are interrupted at random steps, and nothing is ever lost or recorded twice."""

from __future__ import annotations

import contextlib
import random
from functools import partial

import pytest

from gossamer.rules.policy import Policy
from gossamer.values.model import Response
from tests.simulation.bugs import BUGS, Bug
from tests.simulation.disk import Blow, Crash, Disk, End, Fate
from tests.simulation.network import Weather
from tests.simulation.plan import Plan
from tests.simulation.real_database import DatabaseStore
from tests.simulation.real_files import FileStore
from tests.simulation.simulator import Broken, Story, simulate, strike
from tests.simulation.truth import Truth
from tests.support.webs import html

SEEDS, REAL_SEEDS, PARTS = 400, 48, 8


# By default as many seeds as find every deliberate bug below.
@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=pytest.mark.slow if part % 2 else ()) for part in range(PARTS)]
)
def test_however_a_crawl_is_struck_nothing_is_lost_or_recorded_twice(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        simulate(seed)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_deliberate_bug_is_found_within_200_seeds(bug: Bug) -> None:
    assert first_broken(bug, 200) is not None


def first_broken(bug: Bug, seeds: int) -> int | None:
    """Return the first seed that reveals the bug; None if none does."""
    for seed in range(seeds):
        try:
            with bug():
                simulate(seed)
        except Broken:
            return seed
    return None


def test_a_failing_seed_fails_again_in_the_same_way_and_says_how_to_see_it() -> None:
    told = []
    for _ in range(2):
        seed = first_broken(BUGS[0], 200)
        assert seed is not None
        with BUGS[0](), pytest.raises(Broken) as broken:
            simulate(seed)
        told.append(str(broken.value))
    assert told[0] == told[1]
    assert f"again: make simulate FIRST={told[0].split()[1].rstrip(',')} SEEDS=1" in told[0]


def test_a_seed_decides_everything() -> None:
    assert simulate(7) == simulate(7)
    assert Plan.of(7) == Plan.of(7)


def test_the_seeds_reach_every_end_and_make_pages_be_fetched_again() -> None:
    stories: list[Story] = [simulate(seed) for seed in range(60)]
    ends = {end for story in stories for end in story.lives}
    assert ends == set(End)
    assert sum(story.refetched for story in stories) > 50
    assert sum(story.links for story in stories) > 500


# ---------------------------------------------------------------- the real journal and output, on real files


@pytest.mark.parametrize("part", range(PARTS))
def test_with_sqlite_on_real_files_nothing_is_lost_either(part: int) -> None:
    for seed in range(part, REAL_SEEDS, PARTS):
        simulate(seed, FileStore)


@pytest.mark.server
def test_with_postgres_nothing_is_lost_either() -> None:
    with DatabaseStore.running() as store:
        for seed in range(REAL_SEEDS // PARTS):
            simulate(seed, store)


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 7])
@pytest.mark.parametrize("end", [End.DISK_ERROR, End.KILL, End.POWER])
def test_every_single_storage_call_of_a_small_crawl_may_be_struck(end: End, every: int) -> None:
    plan = small(durable=end is End.POWER)
    step = steps = 1
    while step <= steps:
        story = strike(plan, partial(at_step, end, step), FileStore)
        step, steps = step + every, story.storage_steps
    assert steps > 50


def at_step(end: End, step: int, storage_steps: int, collects: int) -> list[Blow]:
    return [Blow(end, step)]


def small(*, durable: bool) -> Plan:
    """Return the plan of a crawl of five pages, a redirect and a missing page on two hosts."""
    a, b = "https://a.example", "https://b.example"
    links = "".join(f"<a href={url}>x</a>" for url in (f"{a}/1", f"{a}/2", f"{b}/", f"{a}/none", "http://[/"))
    pages = [f"{a}/", f"{a}/1", f"{a}/2", f"{b}/", f"{b}/new"]
    truth: Truth = {url: html(url, f"<title>{url}</title>" + links) for url in pages}
    truth[f"{b}/"] = Response(f"{b}/", 301, {"location": "/new"})
    policy = Policy(seeds=(f"{a}/",), scope="any", user_agent="gossamer", concurrency=4, delay=0.0)
    weather = Weather({a: 0.3, b: 0.5})
    return Plan(0, 7, truth, policy, weather, durable=durable, outputs=1, at_hand=0, ends=())


# ---------------------------------------------------------------- the disk itself


def struck(end: End, step: int, seed: int) -> bytes:
    """Write three times, sync after the first, and end at a step; return the content of the file afterwards."""
    disk = Disk()
    disk.begin_life(Fate(random.Random(seed), lambda note: None, Blow(end, step)))
    file = disk.file("x")
    with contextlib.suppress(OSError, Crash):
        file.append(b"first")
        file.sync()
        file.append(b"second")
        file.append(b"third")
    return file.read()


def test_power_loss_keeps_what_was_synced_and_loses_or_tears_the_rest() -> None:
    found = {struck(End.POWER, 4, seed) for seed in range(300)}
    assert all(content.startswith(b"first") for content in found)
    assert b"first" in found
    assert b"firstsecond" in found
    assert any(b"\0" in content for content in found), "a block that never reached the disk"
    assert any(b"first" < content < b"firstsecond" for content in found), "a torn write"


def test_kill_9_keeps_all_that_was_written_and_tears_only_the_last_write() -> None:
    found = {struck(End.KILL, 4, seed) for seed in range(300)}
    assert all(b"firstsecond" <= content <= b"firstsecondthird" for content in found)
    assert len(found) > 2


def test_a_disk_error_is_no_death() -> None:
    assert struck(End.DISK_ERROR, 1, 0) in (b"", b"f", b"fi", b"fir", b"firs", b"first")


def test_whoever_is_dead_writes_nothing_more() -> None:
    disk = Disk()
    disk.begin_life(Fate(random.Random(0), lambda note: None, Blow(End.KILL, 1)))
    for _ in range(2):
        with pytest.raises(Crash):
            disk.file("x").append(b"more")
    assert disk.file("x").read() in (b"", b"m", b"mo", b"mor", b"more")
