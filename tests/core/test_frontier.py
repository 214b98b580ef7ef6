"""The frontier: each link comes out once, in order, when its host is rested and free."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gossamer.core.frontier import RECALLED_AT_ONCE, Frontier
from gossamer.core.host_queue import HostQueue
from gossamer.rules.refusals import refusal_hash
from gossamer.rules.urls import fingerprint
from gossamer.values.model import Link, Outlink, Outlinks, Purpose, Refusal, Request, SkippedLink, priority_of
from gossamer.values.reasons import Reason, Waiting


def outlink(url: str) -> Outlinks:
    return Outlinks.of([Outlink(fingerprint(url, 0), url)])


def frontier_of(*urls: str, **fields: object) -> Frontier:
    frontier = Frontier(**fields)  # type: ignore[arg-type]
    for url in urls:
        frontier.offer(outlink(url), depth=0, hops=0, via="")
    frontier.enqueue(frontier.settle().links)
    return frontier


def taken(frontier: Frontier, now: float) -> Request | None:
    host = frontier.due(now)
    if host is None:
        return None
    request = frontier.take(host)
    assert isinstance(request, Request)
    frontier.start(host)
    return request


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=80), st.data())
def test_a_host_queue_gives_the_shallowest_link_first_and_else_the_oldest(
    places: list[tuple[int, int]], data: st.DataObject
) -> None:
    queue, model = HostQueue(), list[tuple[int, int, int]]()
    for id, (depth, hops) in enumerate(places):
        queue.push(Link(id, "u", depth, hops))
        model.append((depth, hops, id))
        if data.draw(st.booleans()) and model:
            model.sort()
            depth_of_next, _, next_id = model.pop(0)
            assert queue.depth == depth_of_next
            assert queue.next(1)[0] == next_id
            assert queue.pop() == next_id
        assert bool(queue) == bool(model)
    while model:
        model.sort()
        assert queue.pop() == model.pop(0)[2]
    assert not queue


def test_a_long_queue_gives_back_the_memory_of_what_was_taken() -> None:
    queue = HostQueue()
    for id in range(20_000):
        queue.push(Link(id, "u"))
    assert [queue.pop() for _ in range(20_000)] == list(range(20_000))


def test_a_link_is_admitted_once() -> None:
    frontier = frontier_of("https://a.example/x")
    frontier.offer(outlink("https://a.example/x"), depth=3, hops=0, via="v")
    frontier.offer(outlink("https://a.example/y"), depth=3, hops=0, via="v")
    frontier.offer(outlink("https://a.example/y"), depth=2, hops=0, via="w")
    settled = frontier.settle()
    assert [(link.id, link.url, link.depth, link.via) for link in settled.links] == [(1, "https://a.example/y", 2, "w")]
    assert settled.fingerprints == (fingerprint("https://a.example/y", 0),)
    assert frontier.known == 2


def test_a_refusal_is_counted_once_for_each_reason_and_does_not_bar_the_link() -> None:
    frontier = frontier_of()
    mark = fingerprint("https://a.example/x", 0)
    for _ in range(3):
        frontier.refuse((Refusal(mark, Reason.SKIP_NOFOLLOW), Refusal(mark, Reason.SKIP_DEPTH)))
    assert sorted(frontier.settle().refused.values()) == [Reason.SKIP_DEPTH, Reason.SKIP_NOFOLLOW]
    frontier.refuse((Refusal(mark, Reason.SKIP_NOFOLLOW),))
    assert frontier.offers
    assert frontier.settle().refused == {}
    frontier.offer(outlink("https://a.example/x"), depth=0, hops=0, via="")
    assert len(frontier.settle().links) == 1


def test_a_refused_link_is_kept_once_with_the_first_page_that_has_it() -> None:
    frontier = frontier_of()
    away, deep = "https://b.example/", "https://a.example/deep"
    refusals = (
        Refusal(fingerprint(away, 0), Reason.SKIP_SCOPE, url=away),
        Refusal(fingerprint(deep, 0), Reason.SKIP_TRAP, "endless", deep),
    )
    frontier.refuse(refusals[:1], "https://a.example/one")
    frontier.refuse((), "https://a.example/none")
    assert frontier.refuse(refusals, "https://a.example/two") == [
        (refusal_hash(fingerprint(deep, 0), Reason.SKIP_TRAP), "endless")
    ]
    assert frontier.settle().skipped == (
        SkippedLink(away, Reason.SKIP_SCOPE, "https://a.example/one"),
        SkippedLink(deep, Reason.SKIP_TRAP, "https://a.example/two", "endless"),
    )
    frontier.refuse(refusals, "https://a.example/three")
    assert frontier.settle().skipped == ()


def test_a_refused_link_without_its_url_is_counted_and_not_kept() -> None:
    frontier = frontier_of()
    frontier.refuse((Refusal(1, Reason.SKIP_SCOPE),), "https://a.example/")
    settled = frontier.settle()
    assert (list(settled.refused.values()), settled.skipped) == ([Reason.SKIP_SCOPE], ())


def test_a_host_rests_and_the_others_go_on() -> None:
    frontier = frontier_of("https://a.example/1", "https://a.example/2", "https://b.example/1")
    first = frontier.due(0.0)
    assert first is not None
    assert first.key == "https://a.example"
    assert isinstance(frontier.take(first), Request)
    frontier.start(first)
    second = taken(frontier, 0.0)
    assert second is not None
    assert second.url == "https://b.example/1"
    first.rest(5.0, Waiting.CRAWL_DELAY)
    first.rest(4.0, Waiting.POLITENESS)
    frontier.finish(first)
    assert taken(frontier, 4.9) is None
    assert frontier.next_moment() == (5.0, Waiting.CRAWL_DELAY)
    third = taken(frontier, 5.0)
    assert third is not None
    assert third.url == "https://a.example/2"
    assert frontier.next_moment() is None
    assert frontier.queued == 0


def test_no_more_than_so_many_are_in_flight_on_a_host() -> None:
    urls = [f"https://a.example/{number}" for number in range(5)]
    frontier = frontier_of(*urls, host_concurrency=2)
    assert taken(frontier, 0.0) is not None
    assert taken(frontier, 0.0) is not None
    assert taken(frontier, 0.0) is None
    frontier.finish(frontier.hosts["https://a.example"])
    assert taken(frontier, 0.0) is not None
    assert taken(frontier, 0.0) is None


def test_a_postponed_request_comes_before_the_queue_when_its_time_has_come() -> None:
    frontier = frontier_of("https://a.example/1", "https://a.example/2", host_concurrency=9)
    request = taken(frontier, 0.0)
    assert request is not None
    frontier.finish(frontier.hosts["https://a.example"])
    frontier.postpone(Request(request.link, attempt=1), 10.0, Waiting.RETRY)
    assert frontier.queued == 2
    assert frontier.next_moment() == (0.0, Waiting.POLITENESS)
    other = taken(frontier, 1.0)
    assert other is not None
    assert other.url.endswith("2")
    assert taken(frontier, 9.0) is None
    assert frontier.next_moment() == (10.0, Waiting.RETRY)
    again = taken(frontier, 10.0)
    assert again is not None
    assert (again.url, again.attempt) == ("https://a.example/1", 1)


def test_links_beyond_what_is_kept_at_hand_are_recalled_by_id() -> None:
    urls = [f"https://a.example/{number}" for number in range(4)]
    frontier = frontier_of(*urls, at_hand=2, host_concurrency=9)
    assert [taken(frontier, 0.0).url[-1] for _ in range(2)] == ["0", "1"]  # type: ignore[union-attr]
    host = frontier.due(0.0)
    assert host is not None
    assert frontier.take(host) == (2, 3)
    frontier.reconsider(host)
    assert frontier.due(0.0) is None, "a host waits for its recall"
    frontier.recalled([Link(2, urls[2]), Link(3, urls[3])])
    assert [taken(frontier, 0.0).url[-1] for _ in range(2)] == ["2", "3"]  # type: ignore[union-attr]


def test_breadth_first_holds_a_level_back_until_the_one_above_has_ended() -> None:
    frontier = frontier_of("https://a.example/1", "https://b.example/1", breadth_first=True)
    one, two = taken(frontier, 0.0), taken(frontier, 0.0)
    assert one is not None
    assert two is not None
    frontier.offer(outlink("https://a.example/deep"), depth=1, hops=0, via="")
    frontier.enqueue(frontier.settle().links)
    frontier.finish(frontier.hosts["https://a.example"])
    frontier.close(one.link)
    assert taken(frontier, 0.0) is None
    frontier.finish(frontier.hosts["https://b.example"])
    frontier.close(two.link)
    deep = taken(frontier, 0.0)
    assert deep is not None
    assert deep.url == "https://a.example/deep"


def test_a_closed_host_is_hurried_past_its_rest() -> None:
    frontier = frontier_of("https://a.example/1", "https://a.example/2")
    host = frontier.hosts["https://a.example"]
    host.rest(100.0, Waiting.ROBOTS)
    assert frontier.due(1.0) is None
    frontier.hurry(host, 1.0)
    assert frontier.due(1.0) is host


def test_links_of_many_hosts_are_recalled_together_in_order_of_discovery() -> None:
    frontier = Frontier(at_hand=0)
    for number in range(12):
        frontier.offer(outlink(f"https://h{number % 3}.example/p{number}"), depth=0, hops=0, via="")
    links = frontier.settle().links
    frontier.enqueue(links)
    first = frontier.due(0.0)
    assert first is not None
    asked = frontier.take(first)
    assert asked == tuple(range(12))
    assert frontier.due(0.0) is None, "no host is due while its links are being recalled"
    frontier.recalled(links)
    for _ in range(3):
        host = frontier.due(0.0)
        assert host is not None
        assert isinstance(frontier.take(host), Request)
        frontier.start(host)


def test_what_is_recalled_for_many_hosts_stays_bounded() -> None:
    frontier = Frontier(at_hand=0)
    for number in range(4000):
        frontier.offer(outlink(f"https://h{number % 40}.example/p{number}"), depth=0, hops=0, via="")
    frontier.enqueue(frontier.settle().links)
    host = frontier.due(0.0)
    assert host is not None
    asked = frontier.take(host)
    assert isinstance(asked, tuple)
    assert 40 <= len(asked) <= RECALLED_AT_ONCE


def test_hurrying_a_host_that_stands_in_no_line_lets_it_stand_in_one_when_it_can() -> None:
    frontier = frontier_of("https://a.example/1", "https://a.example/2")
    request = taken(frontier, 0.0)
    assert request is not None
    host = frontier.hosts["https://a.example"]
    host.rest(100.0, Waiting.ROBOTS)
    frontier.hurry(host, 1.0)
    assert frontier.due(1.0) is None, "one is in flight"
    frontier.finish(host)
    assert frontier.due(1.0) is host


def test_very_deep_links_come_back_from_the_journal_as_deep_as_they_left() -> None:
    frontier = Frontier(at_hand=0)
    frontier.offer(outlink("https://a.example/"), depth=9000, hops=0, via="")
    links = frontier.settle().links
    frontier.enqueue(links)
    host = frontier.due(0.0)
    assert host is not None
    assert frontier.take(host) == (0,)
    frontier.recalled([Link(0, links[0].url, priority_of(links[0]) >> 4)])  # as a journal keeps it
    request = taken(frontier, 0.0)
    assert request is not None
    frontier.close(request.link)


def test_a_host_that_is_held_may_only_be_asked_for_the_rules_of_another() -> None:
    frontier = frontier_of("https://a.example/1")
    host = frontier.due(0.0)
    assert host is not None
    host.access.awaited = True
    frontier.reconsider(host)
    assert frontier.due(0.0) is None, "its own rules are being asked for"
    frontier.send(Request(Link(-1, "https://a.example/moved"), Purpose.ROBOTS), host)
    assert frontier.due(0.0) is host
    taken = frontier.take(host)
    assert isinstance(taken, Request)
    assert taken.purpose is Purpose.ROBOTS
