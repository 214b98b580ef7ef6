"""A host that asks to be left alone (429, 503, Retry-After) is, by crawls and downloads alike, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gossamer
from gossamer.api.status import status
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage, Recording
from gossamer.journals import sqlite
from gossamer.testing import FakeClock
from gossamer.values.model import Failure, Purpose, Request, Response
from gossamer.values.reasons import FinishReason, Reason

ORIGIN = "https://example.org"
PAGES = [f"{ORIGIN}/{number}" for number in range(20)]
ELEVEN_DAYS = 11 * 86_400
ROBOTS = RecordedPage(200, {"content-type": "text/plain"}, "User-agent: *\nAllow: /")
every_engine = pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])


def paused(seconds: object, status: int = 429) -> RecordedPage:
    return RecordedPage(status, {"retry-after": str(seconds)}, "later")


class LimitedHosts(RecordedFetcher):
    """Hosts that answer five requests in a moment, and then ask for a pause of two seconds."""

    def __init__(self, clock: FakeClock, pages: dict[str, Recording]) -> None:
        super().__init__(pages)
        self._clock = clock
        self._until = -1.0
        self._answered: list[float] = []
        self.too_early = 0

    def fetch(self, request: Request) -> Response | Failure:
        now = self._clock.now()
        if request.purpose is not Purpose.PAGE:
            return super().fetch(request)
        recent = [at for at in self._answered if at > now - 1.0]
        if now < self._until or len(recent) >= 5:
            self.too_early += now < self._until
            self._until = now + 2.0
            return Response(request.url, 429, {"retry-after": "2"})
        self._answered.append(now)
        return super().fetch(request)


@every_engine
def test_downloads_leave_a_host_alone_when_it_asks_for_that_and_lose_nothing(engine: Any) -> None:
    clock = FakeClock()
    hosts = LimitedHosts(clock, dict.fromkeys(PAGES, "<title>Page</title>"))
    pages = list(gossamer.fetch_all(PAGES, engine=engine, fetcher=hosts, clock=clock))
    assert [page.url for page in pages if page.ok] == PAGES
    assert hosts.too_early == 0
    assert clock.time >= 3 * 2.0


@every_engine
def test_a_crawl_leaves_a_host_alone_when_it_asks_for_that_and_loses_nothing(engine: Any) -> None:
    clock = FakeClock()
    home = "".join(f"<a href={url}>x</a>" for url in PAGES)
    hosts = LimitedHosts(clock, {f"{ORIGIN}/": home, **dict.fromkeys(PAGES, "<title>Page</title>")})
    report = gossamer.Crawler(f"{ORIGIN}/", engine=engine, fetcher=hosts, clock=clock, delay=0.0).run()
    assert (report.pages, report.failed, hosts.too_early) == (21, 0, 0)


def test_a_pause_of_one_host_holds_up_no_other() -> None:
    clock, asked = FakeClock(), list[tuple[str, float]]()

    class Watched(RecordedFetcher):
        def fetch(self, request: Request) -> Response | Failure:
            asked.append((request.url, clock.now()))
            return super().fetch(request)

    busy, free = "https://busy.example/", "https://free.example/"
    fetcher = Watched({busy: [paused(60), "<title>Busy</title>"], free: "<title>Free</title>"})
    pages = list(gossamer.fetch_all([busy, free], engine="inline", fetcher=fetcher, clock=clock))
    assert [page.title for page in pages] == ["Busy", "Free"]
    assert asked == [(busy, 0.0), (free, 0.0), (busy, 60.0)]


def test_downloads_of_a_host_that_asks_for_days_end_with_what_it_answered() -> None:
    other = "https://free.example/"
    fetcher = RecordedFetcher(dict.fromkeys(PAGES, paused(ELEVEN_DAYS)) | {other: "<title>Free</title>"})
    clock = FakeClock()
    pages = list(gossamer.fetch_all([*PAGES, other], fetcher=fetcher, clock=clock))
    assert [page.status for page in pages] == [429, *[None] * 19, 200]
    assert {page.reason for page in pages[1:20]} == {Reason.FAIL_PAUSED}
    said = f"{ORIGIN} asked to be left alone for another 950,400 s, by its answer to {PAGES[0]}"
    assert pages[1].record.detail == said
    assert len(fetcher.requests) == 2
    assert clock.time == 0.0


def test_downloads_wait_as_long_as_they_are_told_to() -> None:
    fetcher = RecordedFetcher({PAGES[0]: [paused(1000), "<title>At last</title>"]})
    [page] = gossamer.fetch_all(PAGES[0], fetcher=fetcher, clock=FakeClock(), max_wait=1000)
    assert page.title == "At last"


def test_a_download_that_only_backs_off_is_tried_again_however_short_the_wait() -> None:
    fetcher = RecordedFetcher({PAGES[0]: [RecordedPage(500), "<title>Better</title>"]})
    [page] = gossamer.fetch_all(PAGES[0], fetcher=fetcher, clock=FakeClock(), max_wait=0)
    assert page.title == "Better"


# ------------------------------------------------------------ a crawl that would have to wait for days


def site(pause: object = ELEVEN_DAYS) -> RecordedFetcher:
    """Two hosts; one asks for a pause at its second page."""
    return RecordedFetcher(
        {
            f"{ORIGIN}/": f"<a href={PAGES[0]}>0</a><a href={PAGES[1]}>1</a><a href=https://free.example/>free</a>",
            PAGES[0]: [paused(pause), "<title>Zero</title>"],
            PAGES[1]: "<title>One</title>",
            "https://free.example/": "".join(f"<a href=/{number}>x</a>" for number in range(5)),
            **{f"https://free.example/{number}": f"<title>Free {number}</title>" for number in range(5)},
        }
    )


def crawler(fetcher: RecordedFetcher, **options: Any) -> gossamer.Crawler:
    fields: dict[str, Any] = {"clock": FakeClock(), "scope": "any", "sitemaps": False} | options
    return gossamer.Crawler(f"{ORIGIN}/", fetcher=fetcher, **fields)


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio", "processes"])
def test_a_crawl_does_all_other_work_and_then_ends_without_waiting_for_days(engine: Any) -> None:
    clock = FakeClock()
    report = crawler(site(), engine=engine, clock=clock).run()
    assert report.finish_reason is FinishReason.WAITING
    assert report.pages == 7
    assert report.failed == 0
    assert report.snapshot.known - report.counts.ended == 2
    assert report.snapshot.paused.hosts == 1
    [one] = report.snapshot.paused.examples
    assert (one.host, round(one.seconds, -2), one.url) == (ORIGIN, ELEVEN_DAYS, PAGES[0])
    assert clock.time < 60


@pytest.mark.parametrize(("pause", "max_wait", "finish"), [
    (200, 300, FinishReason.COMPLETE),
    (400, 300, FinishReason.WAITING),
    (400, 500, FinishReason.COMPLETE),
    (ELEVEN_DAYS, 20 * 86_400, FinishReason.COMPLETE),
])  # fmt: skip
def test_a_crawl_waits_up_to_max_wait(pause: int, max_wait: int, finish: FinishReason) -> None:
    clock = FakeClock()
    report = crawler(site(pause), clock=clock, max_wait=max_wait).run()
    assert report.finish_reason is finish
    assert (clock.time >= pause) == (finish is FinishReason.COMPLETE)


def test_rests_of_ones_own_are_no_pauses_however_long() -> None:
    clock = FakeClock()
    fetcher = RecordedFetcher({f"{ORIGIN}/": "<a href=/0>0</a>", PAGES[0]: "<title>Zero</title>"})
    report = crawler(fetcher, clock=clock, delay=1000.0, max_wait=1.0).run()
    assert (report.finish_reason, report.pages) == (FinishReason.COMPLETE, 2)
    assert clock.time >= 1000.0


def test_a_robots_txt_that_asks_for_days_leaves_its_host_pending() -> None:
    fetcher = RecordedFetcher({f"{ORIGIN}/robots.txt": paused(ELEVEN_DAYS, 503), f"{ORIGIN}/": "<title>Home</title>"})
    report = crawler(fetcher).run()
    assert report.finish_reason is FinishReason.WAITING
    assert report.counts.ended == 0
    assert len(fetcher.requests) == 1
    assert [one.url for one in report.snapshot.paused.examples] == [f"{ORIGIN}/robots.txt"]


def test_the_url_that_asked_for_the_longest_pause_of_a_host_is_named() -> None:
    fetcher = RecordedFetcher(
        {
            f"{ORIGIN}/": "".join(f"<a href={url}>x</a>" for url in PAGES[:3]),
            PAGES[0]: paused(1),
            PAGES[1]: paused(ELEVEN_DAYS),
            PAGES[2]: paused(2),
        }
    )
    report = crawler(fetcher, retries=0).run()
    assert [one.url for one in report.snapshot.paused.examples] == [PAGES[1]]


def test_a_robots_txt_on_another_host_that_asks_for_days_is_named() -> None:
    there = "https://free.example/robots.txt"
    fetcher = RecordedFetcher(
        {f"{ORIGIN}/robots.txt": RecordedPage(302, {"location": there}), there: paused(ELEVEN_DAYS, 503)}
    )
    assert {one.url for one in crawler(fetcher).run().snapshot.paused.examples} == {there}


def test_hosts_at_one_address_share_a_pause_of_days() -> None:
    hosts = ["http://127.0.0.1:81/", "http://127.0.0.1:82/"]
    fetcher = RecordedFetcher({hosts[0]: [paused(ELEVEN_DAYS)], hosts[1]: "<title>Other</title>"})
    report = gossamer.Crawler(
        hosts, fetcher=fetcher, clock=FakeClock(), ip_concurrency=1, allow_private="127.0.0.1", robots=False,
        sitemaps=False, concurrency=1,
    ).run()  # fmt: skip
    assert report.finish_reason is FinishReason.WAITING
    assert len(fetcher.requests) == 1
    assert [one.url for one in report.snapshot.paused.examples] == [hosts[0]] * 2


def test_a_host_that_was_paused_is_asked_one_by_one_whatever_it_was_allowed_before() -> None:
    clock = FakeClock()
    seen: list[tuple[float, int]] = []
    flying: set[int] = set()

    def trace(now: float, thing: object) -> None:
        for request in getattr(thing, "requests", ()):
            flying.add(request.link.id)
        if request := getattr(thing, "request", None):
            flying.discard(request.link.id)
        seen.append((now, len(flying)))

    home = "".join(f"<a href={url}>x</a>" for url in PAGES)
    answers: dict[str, Any] = {f"{ORIGIN}/": home, **dict.fromkeys(PAGES, "<title>Page</title>")}
    answers[PAGES[5]] = [paused(30), "<title>Page</title>"]
    options = {"delay": 0.0, "host_concurrency": 4, "clock": clock, "trace": trace}
    report = crawler(RecordedFetcher(answers), **options).run()
    assert report.pages == 21
    before = max(flying for now, flying in seen if now < 30)
    after = [flying for now, flying in seen if now >= 30]
    assert before == 4
    assert max(after) == 1, "fourteen pages are left, and the number doubles after sixty-four"


# ------------------------------------------------------------ taken up again


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The time of the journals, and of the crawls that use this clock."""
    clock = FakeClock(1_000_000.0)

    class Time:
        time = staticmethod(clock.wall)

    monkeypatch.setattr(sqlite, "time", Time)
    return clock


def test_a_resumed_crawl_waits_for_what_is_left_of_a_pause(tmp_path: Path, wall: FakeClock) -> None:
    directory = tmp_path / "crawl"
    assert crawler(site(), directory=directory, clock=wall).run().finish_reason is FinishReason.WAITING
    told = status(directory)
    assert told.state == "interrupted"
    assert told.resumable
    assert list(told.paused) == [ORIGIN]
    assert told.paused[ORIGIN] == pytest.approx(1_000_000.0 + ELEVEN_DAYS, abs=60)
    assert told.glance.stats.paused_by == {ORIGIN: PAGES[0]}

    wall.time += 86_400
    asked = site()
    report = gossamer.Crawler.resume(directory, fetcher=asked, clock=wall).run()
    assert report.finish_reason is FinishReason.WAITING
    assert asked.requests == [], "ten days are left"
    [one] = report.snapshot.paused.examples
    assert one.seconds == pytest.approx(ELEVEN_DAYS - 86_400, abs=60)
    assert one.url == PAGES[0]

    wall.time += ELEVEN_DAYS - 86_400 - 100
    done = RecordedFetcher({PAGES[0]: "<title>Zero</title>", PAGES[1]: "<title>One</title>"})
    report = gossamer.Crawler.resume(directory, fetcher=done, clock=wall).run()
    assert (report.finish_reason, report.pages, report.failed) == (FinishReason.COMPLETE, 9, 0)
    assert wall.time >= 1_000_000.0 + ELEVEN_DAYS, "the rest of the pause was waited for"
