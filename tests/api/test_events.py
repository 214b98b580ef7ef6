"""The event log of a crawl: whoever reads it can show the crawl again."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gossamer.api.crawler import Crawler
from gossamer.engines.table import EngineName
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.testing import FakeClock
from gossamer.values.errors import UserError
from gossamer.values.event_log import (
    AnyEvent,
    CrawlFinished,
    CrawlResumed,
    CrawlStarted,
    HostClosed,
    HostContinued,
    HostDelayed,
    HostPaused,
    HostState,
    HostView,
    ProblemCounted,
    Tick,
    event_of,
)
from gossamer.values.model import Failure, Request, Response
from gossamer.values.reasons import FinishReason, Reason, Waiting
from tests.support.conformance_runs import ENGINES
from tests.support.scripted_server import Do, Server, Step, answer

every_engine = pytest.mark.parametrize("engine", ENGINES)
HTML = {"content-type": "text/html"}


def web() -> RecordedFetcher:
    """A site of 40 pages with a Crawl-delay and a pause, beside one that wants too long a rest and one that is down."""
    pages: dict[str, object] = {f"/p{number}": f"<a href=/p{number + 1}>x</a>" for number in range(40)}
    pages["/"] = "<a href=/p0>0</a><a href=/busy>b</a><a href=/gone>g</a><a href=/lost>l</a><a href=/secret>s</a>"
    pages["/p40"] = "the end"
    pages["/busy"] = [RecordedPage(503, {"retry-after": "40"}), "<title>Now</title>"]
    pages["/robots.txt"] = "User-agent: *\nCrawl-delay: 2\nDisallow: /secret"
    other = {"/robots.txt": "User-agent: *\nCrawl-delay: 999", "/": "never seen"}
    sites = {
        f"{origin}{path}": page
        for origin, site in (("https://a.example", pages), ("https://b.example", other))
        for path, page in site.items()
    }
    return RecordedFetcher({url: _page(page) for url, page in sites.items()})


def _page(page: object) -> Any:
    if isinstance(page, list):
        return [_page(one) for one in page]
    return RecordedPage(200, HTML, page) if isinstance(page, str) else page


def crawl(events: Path | str, engine: EngineName = "inline", **options: Any) -> Crawler:
    seeds = ("https://a.example/", "https://b.example/")
    return Crawler(
        *seeds, engine=engine, events=str(events), fetcher=web(), clock=FakeClock(1000.0), sitemaps=False, **options
    )


def events_in(path: Path) -> list[AnyEvent]:
    return [event_of(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.ndjson"


@every_engine
def test_whoever_replays_the_events_sees_what_the_report_says(path: Path, engine: EngineName) -> None:
    report = crawl(path, engine).run()
    first, *middle, last = events_in(path)
    assert isinstance(first, CrawlStarted)
    assert not isinstance(first, CrawlResumed)
    assert (first.engine, first.seeds) == (engine, ("https://a.example/", "https://b.example/"))
    assert isinstance(last, CrawlFinished)
    assert last.finish_reason == report.finish_reason is FinishReason.COMPLETE
    assert (last.limiting_factor, last.limiting_share) == (report.limiting_factor, report.snapshot.limiting_share)
    assert (last.snapshot, last.audit, last.error) == (report.snapshot, report.audit, "")

    ticks = [event for event in middle if isinstance(event, Tick)]
    assert ticks[-1].counts == report.counts
    assert (ticks[-1].queued, ticks[-1].in_flight, ticks[-1].hosts) == (0, 0, 2)
    assert sum(ticks[-1].seconds.values()) == pytest.approx(ticks[-1].elapsed * first.slots)
    assert [tick.counts.ended for tick in ticks] == sorted(tick.counts.ended for tick in ticks)
    assert all(one.elapsed < other.elapsed or other is ticks[-1] for one, other in pairwise(ticks))
    assert Waiting.CRAWL_DELAY in {tick.waiting for tick in ticks}

    hosts: dict[str, HostView] = {}
    for tick in ticks:
        hosts |= {view.host: view for view in tick.states}
    one, other = hosts["https://a.example"], hosts["https://b.example"]
    assert (one.state, one.crawl_delay, one.queued) == (HostState.IDLE, 2.0, 0)
    assert one.fetches + other.fetches == report.snapshot.fetches
    assert one.failed == 3, "two broken links and the pause"
    assert one.p95 is not None
    assert (other.state, other.closed) == (HostState.CLOSED, Reason.SKIP_CRAWL_DELAY)

    told = {type(event): event for event in middle if not isinstance(event, Tick)}
    assert [type(event) for event in middle if isinstance(event, HostPaused | HostContinued)] == [
        HostPaused, HostContinued,
    ]  # fmt: skip
    delays = {event.host: event.seconds for event in middle if isinstance(event, HostDelayed)}
    assert delays == {"https://a.example": 2.0, "https://b.example": 999.0}
    closed = told[HostClosed]
    assert isinstance(closed, HostClosed)
    assert (closed.host, closed.reason) == ("https://b.example", Reason.SKIP_CRAWL_DELAY)
    problems = {(event.host, event.reason): event.count for event in middle if isinstance(event, ProblemCounted)}
    assert problems == {
        ("https://a.example", Reason.FAIL_HTTP_4XX): 2,
        ("https://a.example", Reason.SKIP_ROBOTS): 1,
        ("https://b.example", Reason.SKIP_CRAWL_DELAY): 1,
    }


def traced(events: Path | str) -> list[tuple[float, object]]:
    steps: list[tuple[float, object]] = []
    crawl(events, trace=lambda now, step: steps.append((now, step))).run()
    return steps


def test_the_log_changes_nothing_of_a_crawl(path: Path) -> None:
    assert traced(path) == traced("") != []


def test_a_crawl_that_goes_on_appends_to_the_same_file(path: Path, tmp_path: Path) -> None:
    crawl(path, directory=tmp_path / "crawl", max_pages=10).run()
    report = Crawler.resume(tmp_path / "crawl", fetcher=web(), clock=FakeClock(5000.0), max_pages=None).run()
    events = events_in(path)
    kinds = [type(event) for event in events if not isinstance(event, Tick)]
    assert (kinds[0], kinds.count(CrawlFinished), kinds.count(CrawlResumed)) == (CrawlStarted, 2, 1)
    at = next(index for index, event in enumerate(events) if isinstance(event, CrawlResumed))
    assert isinstance(events[at - 1], CrawlFinished)
    assert events[at - 1].elapsed == events[at].elapsed, "time goes on where the run before ended"
    assert isinstance(events[-1], CrawlFinished)
    assert events[-1].snapshot.counts == report.counts


def test_an_update_appends_and_names_the_crawl_that_it_updates(path: Path, tmp_path: Path) -> None:
    crawl(path, directory=tmp_path / "crawl").run()
    Crawler.update(tmp_path / "crawl", fetcher=web(), clock=FakeClock(5000.0)).run()
    started = [event for event in events_in(path) if isinstance(event, CrawlStarted)]
    assert [(type(event), event.updates) for event in started] == [(CrawlStarted, ""), (CrawlStarted, "..")]


def test_the_log_may_lie_in_the_crawl_directory(tmp_path: Path) -> None:
    directory = tmp_path / "crawl"
    crawl(directory / "events.ndjson", directory=directory, max_pages=5).run()
    Crawler.resume(directory, fetcher=web(), clock=FakeClock(5000.0)).run()
    started = events_in(directory / "events.ndjson")[0]
    assert isinstance(started, CrawlStarted)
    assert (started.directory, started.formats) == (str(directory), ("jsonl",))


def test_a_log_that_cannot_be_written_leaves_no_crawl_directory(tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_text("{}\n")
    for events, complaint in (
        (tmp_path / "none" / "events", "there is no directory"),
        (tmp_path, "is a directory"),
        (tmp_path / "pages.jsonl", "is no event log"),
    ):
        with pytest.raises(UserError, match=complaint):
            crawl(events, directory=tmp_path / "crawl").run()
    assert not (tmp_path / "crawl").exists()


def test_no_secret_is_in_the_log(path: Path) -> None:
    crawl(
        path, headers={"Authorization": "Bearer hush"}, logins="https://me:hush@a.example", contact="me@a.example"
    ).run()
    text = path.read_text()
    assert "hush" not in text
    started = events_in(path)[0]
    assert isinstance(started, CrawlStarted)
    assert started.settings["contact"] == "me@a.example"
    assert set(started.versions) == {"gossamer", "python", "platform"}


class Broken(RecordedFetcher):
    """A fetcher with a bug."""

    def fetch(self, request: Request) -> Response | Failure:
        raise ValueError("the network is made of cheese")


def test_an_error_that_ends_a_crawl_is_in_its_last_event(path: Path) -> None:
    for _ in crawl(path):
        break
    left = events_in(path)[-1]
    assert isinstance(left, CrawlFinished)
    assert (left.finish_reason, left.error) == (None, ""), "its program left it early"
    crawler = Crawler("https://a.example/", engine="inline", events=str(path), fetcher=Broken({}), clock=FakeClock())
    with pytest.raises(ValueError, match="cheese"):
        crawler.run()
    broken = events_in(path)[-1]
    assert isinstance(broken, CrawlFinished)
    assert (broken.finish_reason, broken.error) == (None, "ValueError: the network is made of cheese")


def test_a_tick_comes_each_second_while_everything_waits(path: Path) -> None:
    def slow(_: str) -> Iterator[Step]:
        yield from [Do.TICK] * 46
        yield answer(b"late", "Content-Type: text/html")

    with Server({"/": slow}) as server:
        Crawler(server.origin, allow_private="127.0.0.1", sitemaps=False, events=str(path)).run()
    ticks = [event for event in events_in(path) if isinstance(event, Tick)]
    assert len(ticks) >= 4
    assert all(0.9 < later.at - earlier.at < 1.9 for earlier, later in pairwise(ticks[:-1]))
    assert (ticks[-2].waiting, ticks[-2].in_flight) == (Waiting.SERVER, 1), "though 63 slots have no work"


PROGRAM = """
import sys, gossamer
gossamer.Crawler(sys.argv[1], directory=sys.argv[2], events=sys.argv[3], allow_private="127.0.0.1", delay=0.1).run()
"""


def test_a_killed_crawl_goes_on_in_the_same_log(path: Path, tmp_path: Path) -> None:
    page = answer(b"".join(b"<a href=/%d>x</a>" % number for number in range(30)), "Content-Type: text/html")
    with Server({"/": page, **{f"/{number}": page for number in range(30)}}) as server:
        words = [sys.executable, "-c", PROGRAM, server.origin, str(tmp_path / "crawl"), str(path)]
        process = subprocess.Popen(words)
        deadline = time.monotonic() + 30
        while not (path.exists() and path.read_bytes().count(b'"event":"tick"') >= 2):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not isinstance(events_in(path)[-1], CrawlFinished)
        with path.open("ab") as file:
            file.write(b'{"event":"ti')
        report = Crawler.resume(tmp_path / "crawl").run()
    events = events_in(path)
    last = events[-1]
    assert [type(event) for event in events if isinstance(event, CrawlStarted)] == [CrawlStarted, CrawlResumed]
    assert isinstance(last, CrawlFinished)
    assert last.snapshot.counts.done == report.pages == 31


def test_every_line_is_valid_by_the_published_schema(path: Path, tmp_path: Path) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs/reference/events.schema.json").read_text())
    validator = importlib.import_module("jsonschema.validators").validator_for(schema)
    validator.check_schema(schema)
    crawl(path, directory=tmp_path / "crawl", max_pages=10).run()
    Crawler.resume(tmp_path / "crawl", fetcher=web(), clock=FakeClock(5000.0), max_pages=None).run()
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert {line["event"] for line in lines} == set(schema["discriminator"]["mapping"])
    for line in lines:
        validator(schema).validate(line)
    assert not validator(schema).is_valid({**lines[1], "queued": "many"})
