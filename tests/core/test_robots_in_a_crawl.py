"""robots.txt inside a crawl: when it is read, again, elsewhere, and what follows from each answer."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.core.host_access import ROBOTS_HOPS
from gossamer.rules.policy import HostManners, Policy
from gossamer.values.model import Failure, Purpose, Response
from gossamer.values.protocol import Commit, Committed, Fetch, Stop
from gossamer.values.reasons import FinishReason, Reason
from gossamer.visit.visitor import Visitor
from tests.support.webs import Answer, Played, Web, html, play, robots_txt

HOME = "https://a.example/"
RULES = HOME + "robots.txt"
CHECK = (
    "<!doctype html><title>Just a moment...</title><noscript>Enable JavaScript and cookies to continue</noscript>"
    "<script>window._cf_chl_opt = {cvId: '3'}</script>"
)


def crawled(*answers: Answer, pages: int = 1, **fields: object) -> Played:
    web = Web()
    web.page(HOME, *[f"/{number}" for number in range(1, pages)])
    for number in range(1, pages):
        web.page(f"{HOME}{number}")
    web.put(RULES, *answers)
    for hop in range(9):
        web.put(f"{HOME}rules{hop}", Response(f"{HOME}rules{hop}", 302, {"location": f"/rules{hop + 1}"}))
    web.put(f"{HOME}rules9", robots_txt(f"{HOME}rules9", "User-agent: *\nDisallow: /"))
    return play(Policy(seeds=(HOME,), **fields), web)  # type: ignore[arg-type]


def test_a_closed_host_is_spared_when_the_rules_of_another_have_moved_there() -> None:
    web, other = Web(), "https://b.example/"
    web.put(RULES, Response(RULES, 500, {}))
    web.put(f"{other}robots.txt", Response(f"{other}robots.txt", 301, {"location": f"{HOME}moved"}))
    web.put(f"{HOME}moved", robots_txt(f"{HOME}moved", "User-agent: *\nDisallow: /secret"))
    web.page(other, "/secret")
    hurried = {"b.example": HostManners(delay=0.0)}
    policy = Policy(
        seeds=(HOME, other), scope="any", concurrency=2, retries=0, delay=5.0, sitemaps=False, hosts=hurried
    )
    played = play(policy, web)
    moments = [(start, end) for url, _, start, end in played.fetches if url.startswith(HOME)]
    assert moments[1][0] - moments[0][1] >= 5.0
    assert played.outcomes[f"{other}secret"][1] == Reason.SKIP_ROBOTS


def rules_asked(played: Played) -> list[str]:
    return [url for url, purpose, _, _ in played.fetches if purpose is Purpose.ROBOTS]


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (Response(RULES, 404, {}), ("done", None)),
        (Response(RULES, 401, {}), ("done", None)),
        (Response(RULES, 200, {"content-type": "text/plain"}), ("done", None)),
        (robots_txt(RULES, "User-agent: *\nDisallow: /"), ("skipped", Reason.SKIP_ROBOTS)),
        (robots_txt(RULES, "User-agent: *\nCrawl-delay: 30"), ("done", None)),
        (robots_txt(RULES, "User-agent: *\nCrawl-delay: 31"), ("skipped", Reason.SKIP_CRAWL_DELAY)),
        (html(RULES, "<!doctype html><title>Hello</title>"), ("done", None)),
        (html(RULES, "<!doctype html><pre>\nUser-agent: *\nDisallow: /\n</pre>"), ("skipped", Reason.SKIP_ROBOTS)),
        (html(RULES, CHECK), ("failed", Reason.FAIL_BLOCKED)),
        (html(RULES, CHECK, 403), ("failed", Reason.FAIL_BLOCKED)),
        (html(RULES, CHECK, 503), ("failed", Reason.FAIL_BLOCKED)),
        (Response(RULES, 403, {"cf-mitigated": "challenge"}), ("failed", Reason.FAIL_BLOCKED)),
        (Response(RULES, 500, {}), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Response(RULES, 501, {}), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Response(RULES, 429, {}), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Response(RULES, 304, {}), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Response(RULES, 206, {"content-range": "bytes 0-9/99"}), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Response(RULES, 416, {}), ("done", None)),
        (Response(RULES, 302, {}), ("done", None)),
        (Response(RULES, 302, {"location": "/x\n/y"}), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Failure(Reason.FAIL_TIMEOUT), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Failure(Reason.FAIL_TOO_LARGE), ("failed", Reason.FAIL_ROBOTS_UNREACHABLE)),
        (Failure(Reason.FAIL_DNS), ("failed", Reason.FAIL_DNS)),
        (Failure(Reason.FAIL_TLS), ("failed", Reason.FAIL_TLS)),
    ],
)  # fmt: skip
def test_an_answer_decides_what_becomes_of_the_pages(answer: Answer, end: tuple[str, str | None]) -> None:
    assert crawled(answer).outcomes[HOME][:2] == end


def test_strict_robots_leaves_a_host_alone_whose_robots_txt_is_a_page() -> None:
    page = html(RULES, "<!doctype html><title>Hello</title>")
    played = crawled(page, strict_robots=True)
    assert played.outcomes[HOME][:2] == ("failed", Reason.FAIL_ROBOTS_HTML)
    assert played.snapshot.robots_html == ()


def test_a_robots_txt_that_is_a_page_is_noted() -> None:
    assert crawled(html(RULES, "<!doctype html><title>Hello</title>")).snapshot.robots_html == ("https://a.example",)
    assert crawled(robots_txt(RULES, "User-agent: *\nAllow: /")).snapshot.robots_html == ()


def test_without_robots_nothing_is_asked_and_all_is_allowed() -> None:
    played = crawled(robots_txt(RULES, "User-agent: *\nDisallow: /"), robots=False)
    assert rules_asked(played) == []
    assert played.outcomes[HOME][:2] == ("done", None)


def test_redirects_of_robots_are_followed_five_times() -> None:
    assert ROBOTS_HOPS == 5
    followed = crawled(Response(RULES, 301, {"location": "/rules5"}))
    assert rules_asked(followed) == [RULES, *[f"{HOME}rules{hop}" for hop in range(5, 10)]]
    assert followed.outcomes[HOME][:2] == ("skipped", Reason.SKIP_ROBOTS)
    endless = crawled(Response(RULES, 301, {"location": "/rules4"}))
    assert rules_asked(endless) == [RULES, *[f"{HOME}rules{hop}" for hop in range(4, 9)]]
    assert endless.outcomes[HOME][:2] == ("done", None), "unavailable: all may be crawled (RFC 9309, 2.3.1.2)"


def test_a_host_that_others_keep_their_robots_on_is_spared() -> None:
    web, others = Web(), [f"https://h{number}.example/" for number in range(5)]
    web.page(HOME, "/1", "/2", "/3")
    for number in (1, 2, 3):
        web.page(f"{HOME}{number}")
    for other in others:
        web.page(other)
        web.put(other + "robots.txt", Response(other + "robots.txt", 301, {"location": RULES}))
    played = play(Policy(seeds=(HOME, *others), sitemaps=False, concurrency=8), web, seed=1)
    spans = [(start, end) for url, _, start, end in played.fetches if url.startswith(HOME)]
    assert len(spans) == 5 + 5
    assert all(later >= end + 0.2 for (_, end), (later, _) in pairwise(spans))
    assert {played.outcomes[url][0] for url in (HOME, *others)} == {"done"}


@pytest.mark.parametrize("answer", [Response(RULES, 404, {}), Response(RULES, 503, {}), None])
def test_robots_that_redirect_to_each_other_end(answer: Response | None) -> None:
    web, other = Web(), "https://b.example/"
    for one, two in ((HOME, other), (other, HOME)):
        web.page(one)
        web.put(one + "robots.txt", Response(one + "robots.txt", 301, {"location": two + "robots.txt"}))
    if answer is not None:
        web.put(RULES, answer)
    played = play(Policy(seeds=(HOME, other), sitemaps=False, concurrency=8), web, seed=1)
    kind = "failed" if answer is not None and answer.status == 503 else "done"
    assert {played.outcomes[url][0] for url in (HOME, other)} == {kind}


def test_a_robots_redirect_to_nowhere_allows_all() -> None:
    assert crawled(Response(RULES, 301, {"location": "mailto:x"})).outcomes[HOME][:2] == ("done", None)


def test_a_passing_trouble_with_robots_is_waited_out() -> None:
    played = crawled(
        Response(RULES, 503, {"retry-after": "50"}),
        Failure(Reason.FAIL_RESET),
        robots_txt(RULES, "User-agent: *\nAllow: /"),
    )
    starts = [start for _, purpose, start, _ in played.fetches if purpose is Purpose.ROBOTS]
    assert len(starts) == 3
    assert starts[1] - starts[0] == pytest.approx(50.0)
    assert 2.0 <= starts[2] - starts[1] <= 3.0
    assert played.outcomes[HOME][:2] == ("done", None)


def test_a_delay_ends_where_robots_no_longer_asks_for_it() -> None:
    rules = robots_txt(RULES, "User-agent: *\nCrawl-delay: 30"), robots_txt(RULES, "User-agent: *\nDisallow: /no")
    played = crawled(*rules, pages=3000, delay=1.0)
    again = [start for _, purpose, start, _ in played.fetches if purpose is Purpose.ROBOTS][1]
    after = [start for _, purpose, start, _ in played.fetches if purpose is Purpose.PAGE and start > again]
    assert len(after) > 100
    assert after[-1] - after[0] == pytest.approx(len(after) - 1, rel=0.1), "one second each"


def test_robots_is_asked_again_after_a_day() -> None:
    played = crawled(
        robots_txt(RULES, "User-agent: *\nCrawl-delay: 30"), robots_txt(RULES, "User-agent: *\nDisallow: /"), pages=3000
    )
    asked = [start for _, purpose, start, _ in played.fetches if purpose is Purpose.ROBOTS]
    assert len(asked) == 2
    assert 24 * 3600 <= asked[1] - asked[0] <= 24 * 3600 + 60
    kinds = [kind for kind, _, _ in played.outcomes.values()]
    assert kinds.count("done") + kinds.count("skipped") == 3000
    assert 2870 <= kinds.count("done") <= 2890


def test_links_of_a_closed_host_do_not_wait_for_its_rest() -> None:
    played = crawled(Response(RULES, 501, {}), delay=59.0)
    assert played.snapshot.elapsed == 0.0


def test_a_crawl_that_is_abandoned_leaves_what_flies_for_the_next_run() -> None:
    policy = Policy(seeds=(HOME, HOME + "2"), robots=False, concurrency=2, host_concurrency=2, delay=0.0)
    crawl, visitor = Crawl(policy, Frontier(host_concurrency=2)), Visitor(policy)
    first = crawl.poll(0.0)
    assert isinstance(first, Commit)
    crawl.handle(Committed(), 0.0)
    both = crawl.poll(0.0)
    assert isinstance(both, Fetch)
    one, _ = both.requests
    crawl.handle(visitor.visit(one, html(HOME, "")), 1.0)
    crawl.abandon()
    last = crawl.poll(1.0)
    assert isinstance(last, Commit)
    assert [ended.link.url for ended in last.batch.ended] == [one.url]
    crawl.handle(Committed(), 1.0)
    assert crawl.poll(1.0) == Stop(FinishReason.STOPPED)
    snapshot = crawl.snapshot(1.0)
    assert (snapshot.in_flight, snapshot.counts.ended, snapshot.finish_reason) == (0, 1, FinishReason.STOPPED)


def test_robots_is_asked_for_once_though_several_slots_are_free() -> None:
    played = crawled(
        robots_txt(RULES, "User-agent: *\nAllow: /"), pages=9, concurrency=8, host_concurrency=8, delay=0.0
    )
    assert rules_asked(played) == [RULES]
    assert len(played.outcomes) == 9


def test_the_first_reason_to_stop_is_the_one_that_is_told() -> None:
    crawl = Crawl(Policy(seeds=(HOME,)), Frontier())
    crawl.stop(FinishReason.TIME_LIMIT)
    crawl.stop(FinishReason.STOPPED)
    assert isinstance(crawl.poll(0.0), Commit)
    crawl.handle(Committed(), 0.0)
    assert crawl.poll(0.0) == Stop(FinishReason.TIME_LIMIT)


def test_what_robots_txt_says_of_usage_is_recorded_with_each_page_again_after_a_retry_too() -> None:
    web = Web()
    web.put(RULES, robots_txt(RULES, "User-agent: *\nContent-Signal: ai-train=no\nContent-Usage: /b train-ai=n"))
    web.page(HOME, "/b")
    web.put(HOME + "b", Response(HOME + "b", 500, {}), html(HOME + "b", "", x_robots_tag="noai"))
    played = play(Policy(seeds=(HOME,)), web)
    said = {ended.outcome.record.url: ended.outcome.record.usage for ended in played.ended}
    assert said[HOME] == ("content-signal: ai-train=no",)
    assert said[HOME + "b"] == ("content-signal: ai-train=no", "content-usage: train-ai=n", "noai")


def test_rules_that_moved_to_an_address_with_octets_beyond_ascii_are_found() -> None:
    web = Web()
    web.page(HOME, "/secret")
    web.page(f"{HOME}secret")
    web.put(RULES, Response(RULES, 301, {"location": "/r\xc3\xb4bots"}))
    moved = f"{HOME}r%C3%B4bots"
    web.put(moved, robots_txt(moved, "User-agent: *\nDisallow: /secret"))
    played = play(Policy(seeds=(HOME,)), web)
    assert rules_asked(played) == [RULES, moved]
    assert played.outcomes[f"{HOME}secret"][:2] == ("skipped", Reason.SKIP_ROBOTS)
