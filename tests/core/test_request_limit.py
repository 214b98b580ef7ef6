"""A limit on requests: every fetch counts, whatever it is for, and there is never one more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.core.limits import GRANT
from gossamer.journals.memory import MemoryJournal
from gossamer.rules.policy import Policy
from gossamer.values.model import Purpose, Response
from gossamer.values.protocol import Batch
from gossamer.values.reasons import FinishReason
from tests.core.test_restore import saved_from
from tests.support.webs import Played, Web, play, random_web, robots_txt

A = "https://a.example"
WHOLE = 13
"""Number of requests for the whole web: two robots.txt, a sitemap, a probe, and nine for pages."""


def a_web() -> Web:
    """Return a web where robots.txt redirects, a page redirects, one fails three times, and a sitemap names another."""
    web = Web()
    web.put(f"{A}/robots.txt", Response(f"{A}/robots.txt", 301, {"location": "/rules"}))
    web.put(f"{A}/rules", robots_txt(f"{A}/rules", f"User-agent: *\nSitemap: {A}/map.xml"))
    web.put(f"{A}/map.xml", Response(f"{A}/map.xml", 200, {"content-type": "text/plain"}, f"{A}/named".encode()))
    web.page(f"{A}/", "/moved", "/busy", "/1", "/2")
    web.put(f"{A}/moved", Response(f"{A}/moved", 302, {"location": "/target"}))
    for name in ("target", "named", "1", "2"):
        web.page(f"{A}/{name}")
    web.put(f"{A}/busy", *[Response(f"{A}/busy", 500, {})] * 2)
    return web


def crawled(web: Web, requests: int | None, **fields: object) -> Played:
    policy = Policy(seeds=(f"{A}/",), max_requests=requests, soft_404=True, retries=2, **fields)  # type: ignore[arg-type]
    return play(policy, web, seed=3)


@pytest.mark.parametrize("concurrency", [1, 5])
@pytest.mark.parametrize("requests", range(1, WHOLE + 2))
def test_as_many_requests_are_made_as_the_limit_says(requests: int, concurrency: int) -> None:
    web = a_web()
    played = crawled(web, requests, concurrency=concurrency, host_concurrency=concurrency, delay=0.0)
    assert sum(web.asked.values()) == min(requests, WHOLE) == played.snapshot.fetches
    assert (played.reason is FinishReason.REQUEST_LIMIT) is (requests < WHOLE)


def test_the_web_of_these_tests_has_requests_of_every_kind() -> None:
    web = a_web()
    played = crawled(web, None)
    assert sum(web.asked.values()) == WHOLE
    assert {purpose for _, purpose, _, _ in played.fetches} == set(Purpose) - {Purpose.EXTERNAL}
    assert web.asked[f"{A}/busy"] == 3
    assert played.reason is FinishReason.COMPLETE


def test_a_host_that_asks_for_a_long_pause_is_not_why_a_crawl_without_requests_left_ends() -> None:
    web = Web()
    web.page(f"{A}/", "/1")
    web.put(f"{A}/1", Response(f"{A}/1", 429, {"retry-after": "9000"}))
    policy = Policy(seeds=(f"{A}/",), sitemaps=False)
    assert play(policy, web).reason is FinishReason.WAITING
    limited = Policy(seeds=(f"{A}/",), sitemaps=False, max_requests=3)
    assert play(limited, web).reason is FinishReason.REQUEST_LIMIT


@given(st.integers(0, 2**32), st.integers(1, 80), st.lists(st.integers(0, 6), max_size=4))
@settings(max_examples=60)
def test_a_killed_crawl_makes_no_request_too_many_and_few_too_few(seed: int, most: int, kills: list[int]) -> None:
    web, origins = random_web(seed)
    policy = Policy(seeds=tuple(origins), scope="any", delay=0.0, concurrency=4, max_requests=most)
    journal, batches = MemoryJournal(), list[Batch]()
    for commits in [*kills, None]:
        played = play(policy, web, seed=seed, journal=journal, saved=saved_from(batches), commits=commits)
        batches.extend(played.batches)
    made = sum(web.asked.values())
    assert made <= most
    if played.reason is FinishReason.REQUEST_LIMIT:
        assert made >= most - GRANT * len(kills)


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 60))
@settings(max_examples=40)
def test_a_higher_limit_allows_as_many_more(seed: int, first: int, more: int) -> None:
    web, origins = random_web(seed)
    journal, batches = MemoryJournal(), list[Batch]()
    for most in (first, first + more):
        policy = Policy(seeds=tuple(origins), scope="any", delay=0.0, max_requests=most)
        played = play(policy, web, journal=journal, saved=saved_from(batches))
        batches.extend(played.batches)
        made = sum(web.asked.values())
        assert made <= most
        if played.reason is FinishReason.REQUEST_LIMIT:
            assert made >= most - GRANT, "without final statistics the last grant counts as made"
