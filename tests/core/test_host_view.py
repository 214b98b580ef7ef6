"""What users see of a host."""

from __future__ import annotations

import pytest

from gossamer.core.host import Host
from gossamer.core.host_view import view
from gossamer.values.event_log import HostState, HostView
from gossamer.values.model import Link, Purpose, Request
from gossamer.values.reasons import Reason, Waiting

KEY = "https://a.example"


def host(*, links: int = 0, in_flight: int = 0, most: int = 1) -> Host:
    made = Host(KEY, most)
    for number in range(links):
        made.queue.push(Link(number, f"{KEY}/{number}"))
    made.in_flight = in_flight
    return made


@pytest.mark.parametrize(
    ("links", "in_flight", "state"),
    [
        (0, 0, HostState.IDLE),
        (0, 1, HostState.FETCHING),
        (3, 0, HostState.READY),
        (3, 1, HostState.READY),
        (3, 2, HostState.FETCHING),
    ],
)
def test_a_host_has_links_that_may_be_fetched_or_not(links: int, in_flight: int, state: HostState) -> None:
    seen = view(host(links=links, in_flight=in_flight, most=2), 10.0)
    assert seen == HostView(KEY, state, queued=links, in_flight=in_flight, at_once=2)


def test_a_rest_has_its_category_and_its_end() -> None:
    resting = host(links=1)
    resting.rest(12.5, Waiting.CRAWL_DELAY)
    assert view(resting, 10.0) == HostView(KEY, HostState.RESTING, Waiting.CRAWL_DELAY, 2.5, 1)
    assert view(resting, 12.5) == HostView(KEY, HostState.READY, queued=1)
    idle = host()
    idle.rest(12.5, Waiting.POLITENESS)
    assert view(idle, 10.0) == HostView(KEY, HostState.IDLE, left=2.5), "it rests, but nothing waits for that"


def test_a_pause_is_told_with_its_end_while_it_is_what_holds_the_host_up() -> None:
    paused = host(links=1)
    paused.pause(40.0, 10.0)
    assert view(paused, 10.0) == HostView(KEY, HostState.PAUSED, Waiting.RETRY_AFTER, 30.0, 1, paused_for=30.0)
    paused.rest(50.0, Waiting.RETRY)
    assert view(paused, 10.0) == HostView(KEY, HostState.RESTING, Waiting.RETRY, 40.0, 1, paused_for=30.0)


def test_a_host_waits_for_its_robots_txt_or_is_closed() -> None:
    waiting = host(links=1, in_flight=1)
    waiting.access.awaited = True
    assert view(waiting, 0.0).state is HostState.ROBOTS
    waiting.access.closed, waiting.access.detail = Reason.FAIL_DNS, "no such name"
    waiting.access.crawl_delay = 7.0
    assert view(waiting, 0.0) == HostView(
        KEY, HostState.CLOSED, queued=1, in_flight=1, crawl_delay=7.0, closed=Reason.FAIL_DNS, detail="no such name"
    )


def test_what_waits_for_a_host_are_its_links_and_what_is_asked_of_it_besides() -> None:
    one = host(links=3)
    one.again.append(Request(Link(-1, f"{KEY}/sitemap.xml"), Purpose.SITEMAP))
    one.queue.pop()
    assert view(one, 0.0).queued == 3
