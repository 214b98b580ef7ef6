"""The hosts of others are spared, whatever a user does with his own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from gossamer.check import external
from gossamer.check.external import probe
from gossamer.check.external_results import ExternalResult
from gossamer.check.findings import Verdict
from gossamer.check.probe_queue import ProbeQueue, manners_abroad
from gossamer.engines.clock import FakeClock
from gossamer.fetchers import RecordedFetcher, RecordedPage
from gossamer.rules.policy import HostManners, Policy
from gossamer.values.model import Failure, Purpose, Request, Response
from gossamer.values.reasons import Reason

Web = Mapping[str, object]
OK = RecordedPage(200, {"content-type": "text/html"}, "<title>a</title>there")
POLICY = Policy(seeds=("https://own.example/",))


class WatchedFetcher(RecordedFetcher):
    """A recorded web that notes when each request was made."""

    def __init__(self, pages: Web, clock: FakeClock) -> None:
        super().__init__(pages)  # type: ignore[arg-type]
        self.clock = clock
        self.times: list[tuple[float, str, str]] = []

    def fetch(self, request: Request) -> Response | Failure:
        self.times.append((round(self.clock.now(), 3), request.method, request.url))
        return super().fetch(request)


def judged(
    directory: Path, web: Web, *urls: str, policy: Policy = POLICY
) -> tuple[list[ExternalResult], list[tuple[float, str, str]]]:
    """Judge URLs of a recorded web (all that it has, unless some are named); return results and requests."""
    clock = FakeClock(1_000_000_000.0)
    fetcher = WatchedFetcher(web, clock)
    asked = urls or tuple(url for url in web if not url.endswith("/robots.txt") and " " not in url)
    results = list(probe(asked, directory, policy, fetcher=fetcher, clock=clock))
    return results, [(moment - 1_000_000_000.0, method, url) for moment, method, url in fetcher.times]


def test_a_host_rests_between_requests_however_fast_the_own_site_may_be_asked(tmp_path: Path) -> None:
    policy = Policy(seeds=POLICY.seeds, delay=0.0, host_concurrency=8, robots=False)
    web = {f"http://a.example/{number}": OK for number in range(4)}
    _, times = judged(tmp_path, web, policy=policy)
    assert [moment for moment, _, _ in times] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])
    assert times[0][2] == "http://a.example/robots.txt"


def test_a_longer_delay_and_the_settings_of_single_hosts_stay() -> None:
    hosts = {"a.example": HostManners(delay=0.0, robots=False)}
    policy = manners_abroad(Policy(delay=5.0, hosts=hosts, headers=(("User-Agent", "me/1"),)))
    assert (policy.delay, policy.hosts, policy.user_agent) == (5.0, hosts, "me/1")
    assert manners_abroad(Policy(delay=0.1)).delay == "auto"


def test_robots_txt_of_the_own_site_counts_as_in_the_crawl(tmp_path: Path) -> None:
    refused = {"http://own.example:8080/robots.txt": "User-agent: *\nDisallow: /"}
    web = refused | {"http://own.example:8080/deep": OK, "http://b.example/robots.txt": "User-agent: *\nDisallow: /"}
    urls, own = ("http://own.example:8080/deep", "http://b.example/x"), ("http://own.example:8080",)
    for robots, verdict in ((False, Verdict.OK), (True, Verdict.UNVERIFIABLE)):
        (tmp_path / str(robots)).mkdir()
        policy = Policy(seeds=POLICY.seeds, robots=robots, hosts={"own.example:8080": HostManners(delay=0.0)})
        clock = FakeClock(1_000_000_000.0)
        fetcher = WatchedFetcher(web, clock)
        found = probe(urls, tmp_path / str(robots), policy, own=own, fetcher=fetcher, clock=clock)
        assert {one.url: one.verdict for one in found} == dict(zip(urls, (verdict, Verdict.UNVERIFIABLE), strict=True))


def test_it_is_said_what_the_next_request_waits_for(tmp_path: Path) -> None:
    web: Web = {
        "http://a.example/robots.txt": "",
        "http://a.example/1": [RecordedPage(503), RecordedPage(503, {"retry-after": "60"}), OK],
        "http://a.example/2": OK,
    }
    said: list[str] = []
    clock = FakeClock(1_000_000_000.0)
    urls = ("http://a.example/1", "http://a.example/2")
    list(probe(urls, tmp_path, POLICY, fetcher=WatchedFetcher(web, clock), clock=clock, watch=said.append))
    reasons = list(dict.fromkeys(said))
    assert reasons[0] == "waiting for 1 answer"
    assert "http://a.example rests between two requests" in reasons
    assert [one for one in reasons if re.fullmatch("http://a.example asked to be left alone until [0-9:]{8} UTC", one)]


def test_a_crawl_delay_is_kept_and_one_that_is_too_long_ends_the_host(tmp_path: Path) -> None:
    web = {
        "http://a.example/robots.txt": "User-agent: *\nCrawl-delay: 7",
        "http://a.example/1": OK,
        "http://a.example/2": OK,
        "http://b.example/robots.txt": "User-agent: *\nCrawl-delay: 70",
        "http://b.example/1": OK,
    }
    results, times = judged(tmp_path, web)
    assert [moment for moment, _, url in times if "//a" in url] == pytest.approx([0.0, 7.0, 14.0])
    assert {result.url: result.reason for result in results} == {
        "http://a.example/1": "",
        "http://a.example/2": "",
        "http://b.example/1": "skip.crawl_delay",
    }


def test_robots_txt_may_live_on_another_host_which_is_spared_too(tmp_path: Path) -> None:
    moved = RecordedPage(301, {"location": "http://www.a.example/robots.txt"})
    web = {
        "http://a.example/robots.txt": moved,
        "http://www.a.example/robots.txt": "User-agent: *\nDisallow: /no",
        "http://a.example/no": OK,
        "http://a.example/yes": OK,
        "http://www.a.example/": OK,
    }
    results, times = judged(tmp_path, web)
    assert {result.url: result.verdict.value for result in results} == {
        "http://a.example/no": "unverifiable",
        "http://a.example/yes": "ok",
        "http://www.a.example/": "ok",
    }
    moments = [moment for moment, _, url in times if "//www" in url]
    assert all(later - before >= 0.199 for before, later in pairwise(moments))


def test_a_robots_txt_that_fails_is_tried_again_and_then_closes_the_host(tmp_path: Path) -> None:
    broken = RecordedPage(503, {}, "")
    web = {"http://a.example/robots.txt": broken, "http://a.example/1": OK, "http://a.example/2": OK}
    results, times = judged(tmp_path, web)
    assert [(result.verdict, result.reason) for result in results] == [
        (Verdict.UNVERIFIABLE, "fail.robots_unreachable")
    ] * 2
    assert [url for _, _, url in times] == ["http://a.example/robots.txt"] * 3


def test_a_dead_host_is_asked_for_its_robots_txt_alone(tmp_path: Path) -> None:
    dead = Failure(Reason.FAIL_DNS, "no such name")
    urls = [f"http://dead.example/{number}" for number in range(100)]
    results, times = judged(tmp_path, {"http://dead.example/robots.txt": dead}, *urls)
    assert {(result.verdict, result.reason) for result in results} == {(Verdict.BROKEN, "fail.dns")}
    assert len(results) == 100
    assert len(times) == 3
    assert "no such name" in results[0].detail


def test_a_host_that_stops_answering_is_given_up(tmp_path: Path) -> None:
    slow = Failure(Reason.FAIL_TIMEOUT, "too slow", elapsed=30.0)
    web: dict[str, object] = {f"http://a.example/{number}": slow for number in range(50)}
    web["http://a.example/robots.txt"] = ["User-agent: *", slow]
    results, times = judged(tmp_path, web)
    assert len(results) == 50
    assert {result.verdict for result in results} == {Verdict.UNVERIFIABLE}
    assert {result.reason for result in results} <= {"fail.timeout", "fail.host_unreachable"}
    assert len(times) < 20


def test_a_pause_is_kept_while_others_are_asked(tmp_path: Path) -> None:
    busy = RecordedPage(429, {"retry-after": "200"})
    web = {"http://a.example/1": [busy, OK], "http://a.example/2": OK, "http://b.example/1": OK}
    results, times = judged(tmp_path, web)
    assert {result.verdict for result in results} == {Verdict.OK}
    assert [round(moment) for moment, _, url in times if "//a" in url] == [0, 0, 200, 200]
    assert [round(moment) for moment, _, url in times if "//b" in url] == [0, 0]


def test_a_pause_that_is_too_long_ends_the_host_when_nothing_else_is_left(tmp_path: Path) -> None:
    busy = RecordedPage(429, {"retry-after": "7200"})
    web = {
        "http://a.example/1": busy,
        "http://a.example/2": OK,
        "http://b.example/robots.txt": RecordedPage(302, {"location": "http://a.example/robots.txt"}),
        "http://b.example/1": OK,
        "http://c.example/1": OK,
    }
    results, times = judged(tmp_path, web)
    assert {result.url: result.reason for result in results if result.verdict is Verdict.UNVERIFIABLE} == {
        "http://a.example/1": "fail.paused",
        "http://a.example/2": "fail.paused",
        "http://b.example/1": "fail.paused",
    }
    assert max(moment for moment, _, _ in times) < 300
    assert "asks for another 7,2" in results[-1].detail or "asks for another 7,1" in results[-1].detail


def test_what_another_host_is_to_be_asked_again_is_not_given_up_with_a_paused_one(tmp_path: Path) -> None:
    policy = Policy(seeds=POLICY.seeds, max_wait=0.1)
    web: Web = {
        "http://a.example/1": RecordedPage(429, {"retry-after": "7200"}),
        "http://b.example/1": [RecordedPage(500), RecordedPage(500), OK],
    }
    results, _ = judged(tmp_path, web, policy=policy)
    assert {result.url: (result.verdict.value, result.reason) for result in results} == {
        "http://a.example/1": ("unverifiable", "fail.paused"),
        "http://b.example/1": ("ok", ""),
    }


def test_a_host_with_room_for_several_requests_gets_one_after_a_pause_and_then_more(tmp_path: Path) -> None:
    hosts = {"a.example": HostManners(delay=0.0, host_concurrency=4)}
    web: Web = {f"http://a.example/{number}": OK for number in range(200)}
    web = {**web, "http://a.example/0": [RecordedPage(429, {"retry-after": "9"}), OK]}
    results, times = judged(tmp_path, web, policy=Policy(seeds=POLICY.seeds, hosts=hosts))
    assert {result.verdict for result in results} == {Verdict.OK}
    assert len(times) == 202
    assert [moment for moment, _, _ in times[:5]] == [0.0] * 5, "robots.txt, then four at once"
    assert {moment for moment, _, _ in times[5:]} == {9.0}


def test_after_a_pause_a_host_gets_one_request_at_a_time_and_more_as_it_answers() -> None:
    hosts = {"a.example": HostManners(delay=0.0, host_concurrency=4)}
    queue = ProbeQueue(manners_abroad(Policy(hosts=hosts)))
    urls = [f"http://a.example/{number}" for number in range(200)]
    for url in urls:
        queue.add(url)
    fetcher = RecordedFetcher({**dict.fromkeys(urls, OK), urls[0]: [RecordedPage(429), OK]})
    at_once, now = [], 0.0
    while queue.left:
        started: list[Request] = []
        queue.start_due(now, started.append)
        at_once.append(len(started))
        for request in started:
            queue.land(request, fetcher.fetch(request), now)
        now += 5.0
    assert at_once[:5] == [1, 4, 1, 1, 1]
    assert at_once.index(2) == 2 + 64 - 3
    assert 3 not in at_once[:-1]


def test_requests_to_a_host_keep_their_distance_even_if_several_may_be_under_way(tmp_path: Path) -> None:
    policy = Policy(seeds=POLICY.seeds, hosts={"a.example": HostManners(delay=1.0, host_concurrency=4)})
    _, times = judged(tmp_path, {f"http://a.example/{number}": OK for number in range(6)}, policy=policy)
    assert [moment for moment, _, _ in times] == [float(second) for second in range(7)]


def test_a_failure_before_the_request_is_tried_again_with_the_same_method(tmp_path: Path) -> None:
    web: Web = {"http://a.example/robots.txt": "", "http://a.example/": Failure(Reason.FAIL_CONNECT, "refused")}
    [result], times = judged(tmp_path, web)
    assert (result.verdict, result.reason) == (Verdict.BROKEN, "fail.connect")
    assert [method for _, method, _ in times] == ["GET", "HEAD", "HEAD", "HEAD"]


def test_an_error_that_may_pass_is_asked_again_as_often_as_the_policy_says(tmp_path: Path) -> None:
    policy = Policy(seeds=POLICY.seeds, retries=3)
    [result], times = judged(tmp_path, {"http://a.example/1": RecordedPage(503)}, policy=policy)
    assert (result.verdict, result.reason, result.status) == (Verdict.UNVERIFIABLE, "fail.http_5xx", 503)
    assert [method for _, method, _ in times] == ["GET", "HEAD", "GET", "GET", "GET"]


REFUSED = RecordedPage(405)
WALL = "<title>Just a moment...</title><script>window._cf_chl_opt={}</script><p>Checking your browser before you go on"
MISSING = "<title>Page not found</title><h1>Page not found</h1><p>Try the search.</p>"


@pytest.mark.parametrize(
    ("path", "head", "body", "reason"),
    [
        ("/a", REFUSED, WALL, "fail.blocked"),
        ("/a", REFUSED, WALL + "".join(f"<a href=/{n}>more</a>" for n in range(9)), ""),
        ("/a", REFUSED, MISSING, "soft_404"),
        ("/", REFUSED, MISSING, ""),
        ("/a", RecordedPage(200, {"cf-mitigated": "challenge"}), WALL, "fail.blocked"),
        ("/a", OK, WALL, ""),
        ("/a", OK, MISSING, ""),
    ],
    ids=[
        "a check for bots", "an article on checks for bots", "a page that says it does not exist", "a front page",
        "a check that says so in its header", "a good HEAD is believed", "whatever the page says",
    ],
)  # fmt: skip
def test_what_a_page_says_is_read_where_it_was_asked_for(
    tmp_path: Path, path: str, head: RecordedPage, body: str, reason: str
) -> None:
    url = f"http://a.example{path}"
    [result], _ = judged(tmp_path, {url: body, f"HEAD {url}": head}, url)
    assert result.reason == reason


@pytest.mark.parametrize("target", ["https://a.example/x/", "https://a.example/"])
def test_a_page_that_only_changed_its_scheme_or_became_the_front_page_is_not_read(tmp_path: Path, target: str) -> None:
    web = {"http://a.example/x": RecordedPage(301, {"location": target}), target: OK}
    [result], times = judged(tmp_path, web, "http://a.example/x")
    assert result.moved == target
    assert [method for _, method, url in times if not url.endswith("robots.txt")] == ["HEAD", "HEAD"]


def test_a_host_that_is_in_line_waits_for_a_pause_that_it_asks_for_meanwhile() -> None:
    hosts = {"a.example": HostManners(delay=1.0, host_concurrency=2)}
    queue = ProbeQueue(manners_abroad(Policy(hosts=hosts)))
    for number in range(3):
        queue.add(f"http://a.example/{number}")
    fetcher = RecordedFetcher({"http://a.example/0": RecordedPage(429, {"retry-after": "100"})})
    started: list[Request] = []
    queue.start_due(0.0, started.append)
    queue.land(started[0], fetcher.fetch(started[0]), 0.0)
    queue.start_due(1.0, started.append)
    queue.land(started[1], fetcher.fetch(started[1]), 1.5)
    queue.start_due(2.0, started.append)
    assert [request.url for request in started] == ["http://a.example/robots.txt", "http://a.example/0"]
    queue.start_due(101.5, started.append)
    assert len(started) == 3


def test_redirects_end_at_the_limit(tmp_path: Path) -> None:
    web = {f"http://a.example/{number}": RecordedPage(302, {"location": f"/{number + 1}"}) for number in range(9)} | {
        "http://a.example/9": OK
    }
    for most, reason in ((9, ""), (8, "fail.too_many_redirects")):
        directory = tmp_path / str(most)
        directory.mkdir()
        policy = Policy(seeds=POLICY.seeds, max_redirects=most)
        [result], _ = judged(directory, web, "http://a.example/0", policy=policy)
        assert (result.reason, result.hops) == (reason, 9 if not reason else 8)


def test_a_robots_txt_that_asks_for_a_pause_pauses_both_hosts(tmp_path: Path) -> None:
    web: Web = {
        "http://a.example/robots.txt": RecordedPage(302, {"location": "http://b.example/robots.txt"}),
        "http://b.example/robots.txt": ["", RecordedPage(429, {"retry-after": "100"}), ""],
        "http://a.example/1": OK,
        "http://b.example/1": OK,
    }
    results, times = judged(tmp_path, web)
    assert {result.verdict for result in results} == {Verdict.OK}
    assert min(moment for moment, _, url in times if url.endswith("/1")) >= 100


def test_a_robots_txt_to_be_asked_for_again_rests_the_host_that_has_it(tmp_path: Path) -> None:
    web: Web = {
        "http://a.example/robots.txt": RecordedPage(302, {"location": "http://b.example/robots.txt"}),
        "http://b.example/robots.txt": ["", RecordedPage(500), ""],
        "http://a.example/1": OK,
        "http://b.example/1": OK,
    }
    _, times = judged(tmp_path, web)
    moments = [moment for moment, _, url in times if "//b" in url]
    assert moments[2] - moments[1] >= 1


def test_each_url_is_judged_once_however_often_it_is_named(tmp_path: Path) -> None:
    results, times = judged(tmp_path, {"http://a.example/1": OK}, *["http://a.example/1"] * 3)
    assert (len(results), len(times)) == (1, 2)


def test_no_more_requests_are_under_way_than_there_are_slots(tmp_path: Path) -> None:
    clock, fetcher, most = FakeClock(), RecordedFetcher({}), 0
    queue = ProbeQueue(manners_abroad(Policy(concurrency=3)))
    for number in range(20):
        queue.add(f"http://{number}.example/")
    while queue.left:
        started: list[Request] = []
        queue.start_due(clock.now(), started.append)
        most = max(most, queue.in_flight)
        if not started:
            clock.patience(queue.next_moment, 0)
        for request in started:
            queue.land(request, fetcher.fetch(request), clock.now())
    assert most == 3


def test_credentials_are_sent_to_no_external_host() -> None:
    secret = (("Authorization", "Bearer x"),)
    own = external._options(Policy(seeds=("https://own.example/",), headers=secret))
    assert own.origins == ("https://own.example",)
    assert external._options(Policy(headers=secret)).origins == ()


def test_what_is_requested_of_a_redirects_target_obeys_its_own_robots_txt(tmp_path: Path) -> None:
    web = {
        "http://a.example/1": RecordedPage(301, {"location": "http://b.example/private"}),
        "http://b.example/robots.txt": "User-agent: *\nDisallow: /private",
        "http://b.example/private": OK,
    }
    [result], times = judged(tmp_path, web, "http://a.example/1")
    assert (result.verdict, result.reason, result.location) == (
        Verdict.UNVERIFIABLE,
        "skip.robots",
        "http://b.example/private",
    )
    assert [url for _, _, url in times][-1] == "http://b.example/robots.txt"


def test_robots_txt_is_fetched_as_such(tmp_path: Path) -> None:
    fetcher = RecordedFetcher({"http://a.example/": OK})
    list(probe(["http://a.example/"], tmp_path, POLICY, fetcher=fetcher, clock=FakeClock()))
    assert fetcher.requests == [
        ("http://a.example/robots.txt", Purpose.ROBOTS),
        ("http://a.example/", Purpose.EXTERNAL),
    ]


def test_ten_thousand_urls_of_a_thousand_hosts_take_little_time_and_memory(tmp_path: Path) -> None:
    urls = [f"http://{number % 1000}.example/{number}" for number in range(10_000)]
    results = list(probe(urls, tmp_path, POLICY, fetcher=RecordedFetcher({}), clock=FakeClock()))
    assert len({result.url for result in results}) == 10_000
