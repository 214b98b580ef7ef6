"""A crawl that goes on from what its journal remembers: nothing twice, nothing lost, the statistics carried on."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.journals.memory import MemoryJournal
from gossamer.rules.policy import HostManners, Policy
from gossamer.rules.urls import fingerprint, host_key
from gossamer.values.model import Link, Outlink, Outlinks, Response, priority_of
from gossamer.values.protocol import (
    NO_NOTES,
    Batch,
    Chunk,
    Commit,
    Committed,
    Fetch,
    HostNotes,
    Recall,
    Recalled,
    Saved,
    Wait,
)
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats
from tests.support.webs import Played, Web, play, random_web, robots_txt

A = "https://a.example"


def saved_from(batches: Sequence[Batch]) -> Saved:
    """Pack what a durable journal would give back."""
    hosts: dict[str, int] = {}
    chunks, ended, stats = list[Chunk](), array("Q"), None
    for batch in batches:
        owners = [hosts.setdefault(host_key(link.url), len(hosts)) for link in batch.links]
        chunks.append(
            Chunk(
                batch.links[0].id if batch.links else chunks[-1].first_id + len(chunks[-1].priorities) // 2,
                array("Q", batch.fingerprints).tobytes(),
                array("I", owners).tobytes(),
                array("H", [priority_of(link) for link in batch.links]).tobytes(),
                array("Q", batch.refused).tobytes(),
            )
        )
        ended.extend(one.link.id for one in batch.ended)
        stats = batch.stats
    notes = reduce(or_, [batch.notes for batch in batches], NO_NOTES).holding()
    return Saved(0, tuple(hosts), tuple(chunks), ended.tobytes(), stats=stats, notes=notes)


def crawl_on(
    policy: Policy, web: Web, journal: MemoryJournal, before: list[Batch], *, commits: int | None
) -> FinishReason | None:
    """Go on from the batches before, until so many more are committed and the crawl is killed, or to the end."""
    played = play(policy, web, journal=journal, saved=saved_from(before), commits=commits)
    before.extend(played.batches)
    return played.reason


@given(st.integers(0, 2**32), st.lists(st.integers(0, 12), max_size=4), st.sampled_from([None, 3]))
@settings(max_examples=50)
def test_a_crawl_killed_at_any_commit_ends_as_if_it_had_not_been(
    seed: int, kills: list[int], depth: int | None
) -> None:
    def a_web() -> tuple[Web, list[str]]:  # with redirects, a depth limit depends on who comes first (an open matter)
        return random_web(seed, redirects=depth is None)

    web, origins = a_web()
    policy = Policy(seeds=tuple(origins), scope="any", delay=0.0, max_depth=depth)
    whole: list[Batch] = []
    reason = crawl_on(policy, web, MemoryJournal(), whole, commits=None)
    web, _ = a_web()
    journal, batches = MemoryJournal(), list[Batch]()
    for commits in kills:
        crawl_on(policy, web, journal, batches, commits=commits)
        web.asked = {url: 0 for url in web.asked if url.endswith("robots.txt")} | _asked_by(web, batches)
    assert crawl_on(policy, web, journal, batches, commits=None) == reason
    ends = [one.link.url for batch in batches for one in batch.ended]
    assert len(ends) == len(set(ends)), "no link ends twice"
    assert set(ends) == {one.link.url for batch in whole for one in batch.ended}
    stats = batches[-1].stats
    assert {kind: n for kind, n in stats.kinds.items() if kind != "retry"} == {
        kind: n for kind, n in whole[-1].stats.kinds.items() if kind != "retry"
    }
    assert stats.by_reason == whole[-1].stats.by_reason
    assert stats.fetches >= whole[-1].stats.fetches


def _asked_by(web: Web, batches: list[Batch]) -> dict[str, int]:
    """Let a page that has not ended answer as after the attempts that were committed, as if no other had been made."""
    ended = {one.link.url for batch in batches for one in batch.ended}
    urls = {link.id: link.url for batch in batches for link in batch.links}
    tried = {urls[number]: count for number, count in batches[-1].stats.attempts.items()} if batches else {}
    return tried | {url: count for url, count in web.asked.items() if url in ended}


def test_what_was_restored_comes_out_in_the_order_of_depth_and_discovery() -> None:
    links = tuple(
        Link(id, f"https://{host}.example/{id}", depth)
        for id, (host, depth) in enumerate([("a", 0), ("b", 1), ("a", 2), ("a", 1), ("b", 1), ("a", 1)])
    )
    marks = tuple(fingerprint(link.url, 0) for link in links)
    frontier = Frontier(host_concurrency=9)
    frontier.restore(saved_from([Batch((), links[:4], marks[:4], (123,)), Batch((), links[4:], marks[4:])]))
    assert (frontier.known, frontier.queued, len(frontier.hosts)) == (6, 6, 2)
    assert [frontier.hosts["https://a.example"].queue.pop() for _ in range(4)] == [0, 3, 5, 2]
    assert [frontier.hosts["https://b.example"].queue.pop() for _ in range(2)] == [1, 4]
    frontier.offer(Outlinks.of([Outlink(marks[3], links[3].url)]), depth=0, hops=0, via="")
    assert frontier.settle().links == (), "it is known"
    assert frontier.nbytes >= 8 * 7


def test_the_books_are_carried_on() -> None:
    crawl = Crawl(Policy(seeds=("https://a.example/",), max_time=100.0), Frontier())
    stats = SavedStats(
        {"done": 5, "retry": 2}, {"fail.timeout": 1}, 3, 1000, 9, 40.0, {"wait.server": 40.0}, ("https://b/",)
    )
    crawl.restore(Saved(stats=stats))
    snapshot = crawl.snapshot(7.0)
    assert (snapshot.counts.done, snapshot.counts.retried, snapshot.counts.refused) == (5, 2, 3)
    assert (snapshot.elapsed, snapshot.bytes, snapshot.fetches) == (40.0, 1000, 9)
    fetch = crawl.poll(7.0)
    assert isinstance(fetch, Commit)
    assert fetch.batch.stats.adopted == ("https://b/",)
    crawl.handle(Committed(), 7.0)
    crawl.poll(7.0)
    wait = crawl.poll(7.0)
    assert isinstance(wait, Wait)
    assert wait.until == 67.0, "the time limit counts the runs before"


def test_a_resumed_crawl_spares_a_host_as_long_as_it_asked_before() -> None:
    web = Web()
    web.put("https://a.example/", Response("https://a.example/", 503, {"retry-after": "600"}))
    policy = Policy(seeds=("https://a.example/",))
    saved = play(policy, web, stop_after=2).batches[-1].stats
    assert saved.resting == {"https://a.example": 600.0}
    resumed = Crawl(replace(policy, max_wait=600.0), Frontier())
    resumed.restore(Saved(stats=saved), passed=200.0, now=5000.0)
    commit = resumed.poll(5000.0)
    assert isinstance(commit, Commit)
    resumed.handle(Committed(), 5000.0)
    assert resumed.poll(5000.0) == Wait(5400.0)
    assert isinstance(resumed.poll(5400.0), Fetch)


def delays_of(played: Played) -> list[Mapping[str, float | None]]:
    return [batch.notes.crawl_delays for batch in played.batches if batch.notes.crawl_delays]


def robots_of(text: str) -> Web:
    web = Web()
    web.put(f"{A}/robots.txt", robots_txt(f"{A}/robots.txt", f"User-agent: *\n{text}"))
    web.page(f"{A}/", *(f"/{number}" for number in range(9)))
    return web


def first_fetch(policy: Policy, batches: list[Batch], *, passed: float = 0.0, in_order: bool = False) -> float:
    """Return how many seconds a resumed crawl waits before its first fetch."""
    saved = replace(saved_from(batches), in_order=in_order)
    frontier = Frontier()
    frontier.restore(saved)
    crawl = Crawl(policy, frontier)
    crawl.restore(saved, passed=passed, now=5000.0)
    now, command = 5000.0, crawl.poll(5000.0)
    while not isinstance(command, Fetch):
        match command:
            case Wait(until):
                now = until
            case Commit():
                crawl.handle(Committed(), now)
            case Recall(ids):
                crawl.handle(Recalled(tuple(Link(id, f"{A}/{id}") for id in ids)), now)
            case _:
                raise AssertionError(f"nothing is left to do: {command}")
        command = crawl.poll(now)
    return now - 5000.0


@pytest.mark.parametrize(
    ("text", "delay", "rest"),
    [("", 0.0, 0.0), ("", 0.5, 0.5), ("", "auto", 1.0), ("Crawl-delay: 7", 0.5, 7.0), ("Crawl-delay: 7", "auto", 7.0)],
)
def test_every_host_rests_as_long_as_usual_after_a_crash(text: str, delay: Any, rest: float) -> None:
    policy = Policy(seeds=(f"{A}/",), delay=delay)
    batches = play(policy, robots_of(text), stop_after=2).batches
    assert first_fetch(policy, batches) == rest
    assert first_fetch(policy, batches, passed=600.0) == rest, "nobody knows when it crashed"
    assert first_fetch(policy, batches, passed=600.0, in_order=True) == 0.0
    assert first_fetch(policy, batches, passed=0.25, in_order=True) == max(0.0, rest - 0.25)


def test_a_host_of_its_own_manners_rests_by_these_after_a_crash() -> None:
    policy = Policy(seeds=(f"{A}/",), delay=0.5, hosts={"a.example": HostManners(delay=3.0)})
    assert first_fetch(policy, play(policy, robots_of(""), stop_after=2).batches) == 3.0


@pytest.mark.parametrize("delay", [0.5, "auto"])
def test_usual_rests_are_not_saved_and_a_crawl_delay_is_saved_once(delay: Any) -> None:
    played = play(Policy(seeds=(f"{A}/",), delay=delay), robots_of("Crawl-delay: 7"))
    assert len(played.batches) > 5
    assert all(not batch.stats.resting for batch in played.batches)
    assert delays_of(played) == [{A: 7.0}]


def test_a_rest_longer_than_usual_is_saved() -> None:
    web = Web()
    web.page(f"{A}/", "/1")
    played = play(Policy(seeds=(f"{A}/",)), web, seed=1, slowest=20.0)
    longest = max(batch.stats.resting.get(A, 0.0) for batch in played.batches)
    assert longest > 1.0


def test_a_crawl_delay_that_robots_txt_does_not_say_any_more_is_forgotten() -> None:
    policy, journal = Policy(seeds=(f"{A}/",), delay=0.0), MemoryJournal()
    before = play(policy, robots_of(""), stop_after=2, journal=journal).batches
    played = play(policy, robots_of(""), journal=journal, saved=replace(saved_from(before), notes=HostNotes({A: 7.0})))
    assert delays_of(played) == [{A: None}]
    assert played.fetches[1][2] - played.fetches[0][2] == 7.0, "before the rules were read"
    assert played.fetches[-1][2] - played.fetches[1][2] == 0.0, "and after"
