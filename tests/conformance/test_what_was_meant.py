"""The hand-made webs end as their makers meant: the engines agreeing is not enough."""

from __future__ import annotations

from collections import Counter

import pytest

from gossamer import Crawler
from gossamer.engines.table import EngineName
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.testing import FakeClock, RecordedPage
from gossamer.values.model import Purpose
from gossamer.values.reasons import FinishReason, Reason, StartProblem, Waiting
from gossamer.values.snapshot import StartPage
from tests.support.conformance_cases import CASES, A, B, C, Case, page, tree
from tests.support.conformance_runs import retried, run


def outcomes_of(name: str) -> dict[str, tuple[str, str | None, int | None]]:
    return run(CASES[name](), "inline").outcomes


def test_manners_are_kept_and_cost_time() -> None:
    one = run(CASES["manners"](), "inline")
    assert one.outcomes[A + "/1/"] == ("skipped", Reason.SKIP_ROBOTS, None)
    assert A + "/1/0" not in one.outcomes, "nothing is found on a page that was not fetched"
    assert one.outcomes[B + "/1/"] == ("done", None, 200)
    urls = [request.url for request in retried(one)]
    assert urls == [C + "/0/0", C + "/0/0", B + "/1/"], "nobody waits for the two minutes that one host asked for"
    assert one.report.seconds >= 120.0
    assert one.report.limiting_factor is Waiting.RETRY_AFTER


def test_redirects_are_followed_as_links() -> None:
    outcomes = outcomes_of("redirects")
    assert outcomes[A + "/old"] == ("redirected", None, 301)
    assert outcomes[A + "/new"] == ("done", None, 200)
    assert outcomes[A + "/loop"] == ("failed", Reason.FAIL_REDIRECT_LOOP, 302)
    assert outcomes[A + "/nowhere"] == ("failed", Reason.FAIL_BAD_REDIRECT, 302)
    assert outcomes[A + "/away"] == ("redirected", None, 307)
    assert outcomes[A + "/back"] == ("done", None, 200)
    assert outcomes[A + "/out"] == ("redirected", Reason.SKIP_SCOPE, 302)
    assert outcomes[A + "/ping"] == outcomes[A + "/pong"] == ("redirected", None, 302)
    assert outcomes[A + "/chain9"] == ("redirected", None, 308)
    assert outcomes[A + "/chain10"] == ("failed", Reason.FAIL_TOO_MANY_REDIRECTS, 308)
    assert A + "/chain11" not in outcomes


def test_near_duplicates_are_found_and_kept() -> None:
    one = run(CASES["near duplicates"](), "inline")
    found = one.report.snapshot.near_duplicates
    assert [alike.urls for alike in found.examples] == [(A + "/0/1", A + "/1/1")]
    assert {one.outcomes[url][0] for url in found.examples[0].urls} == {"done"}


def test_pages_that_look_missing_are_found_and_kept() -> None:
    one = run(CASES["soft 404s"](), "inline")
    assert one.report.snapshot.soft_404s.pages == 2
    assert {url for url, page in one.pages.items() if page["soft_404"]} == {f"{A}/0/1", f"{A}/1/2"}


def test_a_seed_may_move_out_of_scope_but_no_other_page() -> None:
    outcomes = outcomes_of("a seed redirects out of scope")
    assert outcomes["https://new.a.example/1/1"] == ("done", None, 200)
    assert outcomes[A + "/known"] == ("redirected", None, 301)
    assert not [url for url in outcomes if "other.example" in url]


def test_a_seed_that_redirects_to_another_site_gives_that_one_page() -> None:
    one = run(CASES["a seed redirects to another site"](), "inline")
    assert {url for url in one.outcomes if url.startswith(B)} == {B + "/"}
    assert one.outcomes[A + "/back"] == ("done", None, 200), "what it links back to belongs to the crawl"
    assert one.outcomes[A + "/on"] == ("redirected", Reason.SKIP_SCOPE, 302)
    assert one.outcomes["https://www.c.example/1/1"] == ("done", None, 200)
    assert not [url for url, purpose in one.requests if url.startswith(B) and purpose is Purpose.SITEMAP]
    assert one.report.snapshot.start_pages.examples == (StartPage(B + "/", StartProblem.ELSEWHERE, A + "/"),)


def test_pages_that_say_nothing_new_end_at_the_budget_and_honest_ones_do_not() -> None:
    case = CASES["pages that say nothing new"]()
    one = run(case, "inline")
    deep = [url for url in one.outcomes if "/deep/" in url]
    assert 60 < len(deep) < 400
    assert {url for url in case.pages if "/deep/" not in url} == set(one.outcomes) - set(deep)
    assert [trap.name for trap in one.report.snapshot.traps] == [f"{A}/deep/…: pages that say nothing new"]
    assert one.report.snapshot.traps[0].links == one.report.counts.by_reason[Reason.SKIP_TRAP]
    assert len(run(case, "inline", traps=False).outcomes) > 1200


def test_a_page_that_refreshes_to_a_variant_of_itself_ends_like_a_chain_of_redirects() -> None:
    one = run(CASES["refreshes without end"](), "inline")
    assert {url for url in one.outcomes if "/x?" in url} == {f"{A}/x?n={number}" for number in range(11)}
    assert f"{A}/slides/39" in one.outcomes, "slides that also link are pages"
    assert one.outcomes[A + "/refreshed"] == ("done", None, 200)
    assert [trap.name for trap in one.report.snapshot.traps] == [f"{A}/x: refreshes without end"]


def test_troubles_pass_or_not() -> None:
    outcomes = outcomes_of("passing troubles")
    assert outcomes[A + "/0/1"] == outcomes[A + "/1/2"] == ("done", None, 200)
    assert outcomes[A + "/found-late"] == ("failed", Reason.FAIL_HTTP_4XX, 404)
    assert outcomes[A + "/0/2"] == ("failed", Reason.FAIL_RESET, None)
    assert outcomes[A + "/1/3"] == ("failed", Reason.FAIL_TOO_LARGE, None)


def test_directives_are_obeyed() -> None:
    one = run(CASES["noindex and nofollow"](), "inline")
    assert A + "/never" not in one.outcomes
    assert [url for url, record in one.records.items() if record.noindex] == [A + "/noindex", A + "/header"]
    assert one.report.counts.by_reason == {Reason.SKIP_NOFOLLOW: 1}, "/never; /a has a page by another way"


def test_a_dead_host_does_not_hold_up_the_other() -> None:
    one = run(CASES["one dead host of two"](), "inline")
    assert one.outcomes[B + "/"] == ("failed", Reason.FAIL_ROBOTS_UNREACHABLE, None)
    assert one.records[B + "/"].detail == "robots.txt: "
    assert one.report.counts.done == 7


def test_a_depth_limit_counts_what_it_left_out() -> None:
    one = run(CASES["depth limit"](), "inline")
    assert Counter(record.depth for record in one.records.values()) == {0: 1, 1: 3}
    assert one.report.counts.done == 4
    assert one.report.counts.by_reason[Reason.SKIP_DEPTH] >= 12


@pytest.mark.parametrize("pages", [1, 7, 15])
@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_a_page_limit_is_kept_to_the_page(engine: EngineName, pages: int) -> None:
    case = Case(tree(A, 3, 4) | {A + "/0/": page("/lost", "/0/0")})
    report = run(case, engine, max_pages=pages, host_concurrency=5, delay=0.0).report
    assert report.pages == min(pages, 13)
    assert report.finish_reason is (FinishReason.PAGE_LIMIT if pages < 13 else FinishReason.COMPLETE)


@pytest.mark.parametrize("requests", [1, 2, 8, 19, 40])
@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_a_request_limit_is_kept_to_the_request(engine: EngineName, requests: int) -> None:
    site = {A + "/0/": page("/lost", "/moved"), A + "/moved": RecordedPage(301, {"location": "/0/0"})}
    case = Case(tree(A, 3, 4) | site | {A + "/1/": RecordedPage(503)})
    one = run(case, engine, max_requests=requests, retries=2, host_concurrency=5, delay=0.0)
    whole = len(run(case, "inline", retries=2, delay=0.0).requests)
    assert len(one.requests) == min(requests, whole) == one.report.snapshot.fetches
    assert (one.report.finish_reason is FinishReason.REQUEST_LIMIT) is (requests < whole)


def test_a_page_limit_exactly_met_is_complete() -> None:
    report = run(Case(tree(A, 2, 2)), "inline", max_pages=7).report
    assert (report.pages, report.finish_reason) == (7, FinishReason.COMPLETE)


def test_a_time_limit_ends_the_crawl_at_its_moment() -> None:
    assert run(CASES["time limit"](), "inline").report.seconds == pytest.approx(1.3)


def test_no_fetch_starts_beyond_the_byte_limit() -> None:
    one = run(CASES["byte limit"](), "inline")
    sizes = [record.size for record in one.records.values()]
    assert sum(sizes) >= 600
    assert sum(sizes[:-1]) < 600


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_a_stopped_crawl_says_so(engine: EngineName) -> None:
    crawler = Crawler(A + "/", engine=engine, fetcher=RecordedFetcher(tree(A, 3, 3)), clock=FakeClock())
    for _ in crawler:
        crawler.stop()
    assert crawler.report.finish_reason is FinishReason.STOPPED
    assert 0 < crawler.report.pages < 13


def test_every_finish_reason_but_an_error_is_shown_here() -> None:
    elsewhere = {FinishReason.STOPPED, FinishReason.HANDLER_ERRORS}  # no web can do that by itself
    shown = {case().finish for case in CASES.values()} | elsewhere
    assert shown == set(FinishReason) - {FinishReason.ERROR}
