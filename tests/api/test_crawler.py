"""Crawler, as a user meets it: iterated or run, on each engine, left early, stopped, broken, inside a running loop."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import gossamer
from gossamer import Crawler, Page, PageRecord, Policy, UserError, crawl
from gossamer.api.lock import holder
from gossamer.demo.server import DemoServer
from gossamer.demo.site import DemoSite
from gossamer.engines.table import LocalEngineName
from gossamer.testing import FakeClock, RecordedFetcher
from gossamer.values.model import OutcomeKind, Request, Response
from gossamer.values.protocol import Commit
from gossamer.values.reasons import FinishReason

ENGINES = ("inline", "threads", "asyncio")
HOME = "https://example.org/"
every_engine = pytest.mark.parametrize("engine", ENGINES)


def little_web() -> RecordedFetcher:
    pages = {f"/{number}": f"<title>{number}</title><a href=/{number + 1}>on</a>" for number in range(1, 9)}
    return RecordedFetcher.of_site({"/": "<title>Home</title><a href=/1>in</a><a href=/lost>x</a>", **pages})


def little_crawl(engine: LocalEngineName, **options: Any) -> Crawler:
    return crawl(HOME, engine=engine, fetcher=little_web(), clock=FakeClock(), **options)


ALL = {HOME, HOME + "lost", *[f"{HOME}{number}" for number in range(1, 10)]}


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    sockets = open_sockets()
    yield
    gc.collect()
    assert set(threading.enumerate()) <= before, "no thread outlives its crawl"
    assert open_sockets() <= sockets, "no socket outlives its crawl"


def open_sockets() -> int:
    """Count this process's sockets, where the system tells."""
    descriptors = Path("/proc/self/fd")
    return sum(is_socket(one) for one in descriptors.iterdir()) if descriptors.exists() else 0


def is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except OSError:  # the descriptor by which we look
        return False


async def pages_of(crawler: Crawler) -> list[Page]:
    return [page async for page in crawler]


# ---------------------------------------------------------------- iterating


@every_engine
def test_a_crawl_is_iterated(engine: LocalEngineName) -> None:
    pages = list(little_crawl(engine))
    assert {page.url for page in pages} == ALL
    assert len(pages) == len(ALL)
    assert pages[0].title == "Home"
    assert {page.url for page in pages if not page.ok} == {HOME + "lost", HOME + "9"}


@every_engine
def test_a_crawl_is_iterated_inside_an_event_loop(engine: LocalEngineName) -> None:
    pages = asyncio.run(pages_of(little_crawl(engine)))
    assert {page.url for page in pages} == ALL


@every_engine
def test_blocking_calls_work_inside_a_running_event_loop_as_in_a_notebook(engine: LocalEngineName) -> None:
    async def cell() -> tuple[int, set[str]]:
        return little_crawl(engine).run().pages, {page.url for page in little_crawl(engine)}

    assert asyncio.run(cell()) == (9, ALL)


@every_engine
def test_a_crawl_is_awaited_for_its_report_while_other_tasks_go_on(engine: LocalEngineName) -> None:
    async def ticking() -> None:
        while True:
            ticks.append(engine)
            await asyncio.sleep(0)

    async def main() -> gossamer.Report:
        other = asyncio.create_task(ticking())
        report = await little_crawl(engine).arun()
        other.cancel()
        return report

    ticks: list[str] = []
    report = asyncio.run(main())
    assert (report.pages, report.finish_reason) == (9, FinishReason.COMPLETE)
    assert len(ticks) > 2


@every_engine
def test_several_crawls_run_in_one_loop(engine: LocalEngineName) -> None:
    async def both() -> tuple[list[Page], list[Page]]:
        return await asyncio.gather(pages_of(little_crawl(engine)), pages_of(little_crawl(engine)))

    assert [len(pages) for pages in asyncio.run(both())] == [len(ALL)] * 2


@every_engine
def test_the_loop_goes_on_while_pages_come(engine: LocalEngineName) -> None:
    async def main() -> int:
        turns = 0
        async for _ in little_crawl(engine):
            await asyncio.sleep(0)
            turns += 1
        assert len(asyncio.all_tasks()) == 1
        return turns

    assert asyncio.run(main()) == len(ALL)


# ---------------------------------------------------------------- leaving early


@every_engine
def test_leaving_the_loop_ends_the_crawl(engine: LocalEngineName) -> None:
    fetcher = little_web()
    for page in crawl(HOME, engine=engine, fetcher=fetcher, clock=FakeClock()):
        assert page.url == HOME
        break
    assert 0 < len(fetcher.requests) < len(ALL)


@every_engine
def test_leaving_an_async_loop_ends_the_crawl(engine: LocalEngineName) -> None:
    async def first() -> str:
        async for page in little_crawl(engine):
            return page.url
        return ""

    assert asyncio.run(first()) == HOME


@every_engine
def test_an_exception_in_the_loop_is_the_one_that_comes_out(engine: LocalEngineName) -> None:
    def main() -> None:
        for page in little_crawl(engine):
            _ = 1 / len(page.via)

    with pytest.raises(ZeroDivisionError):
        main()


@every_engine
def test_an_exception_in_an_async_loop_is_the_one_that_comes_out(engine: LocalEngineName) -> None:
    async def main() -> None:
        async for page in little_crawl(engine):
            _ = 1 / len(page.via)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())


@every_engine
def test_a_cancelled_task_ends_its_crawl(engine: LocalEngineName) -> None:
    async def main() -> None:
        started = asyncio.Event()

        async def watch() -> None:
            async for _ in little_crawl(engine):
                started.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(watch())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


@every_engine
def test_leaving_a_crawl_of_real_sockets_closes_them(engine: LocalEngineName) -> None:
    with DemoServer(site=DemoSite(calendar_allowed=True, slow_seconds=0.01)) as server:
        for count, _ in enumerate(polite_enough(server.url, engine)):
            if count == 20:
                break
        assert len(server.log) < 900, "two batches and what was in flight, of an endless site"


# ---------------------------------------------------------------- stopping from outside


def polite_enough(url: str, engine: LocalEngineName, **options: Any) -> Crawler:
    """Crawl a server of our own, as fast as it goes."""
    usual: dict[str, Any] = {"delay": 0, "host_concurrency": 4, "allow_private": "127.0.0.0/8"}
    return crawl(url, engine=engine, **(usual | options))


@every_engine
def test_another_thread_stops_an_endless_crawl(engine: LocalEngineName) -> None:
    started = threading.Event()
    with DemoServer(site=DemoSite(calendar_allowed=True, slow_seconds=0.01)) as server:
        crawler = polite_enough(server.url, engine, max_time=60)

        def stop() -> None:
            started.wait()
            crawler.stop()

        stopper = threading.Thread(target=stop)
        stopper.start()
        seen = []
        for page in crawler:
            seen.append(page.url)
            started.set()
        stopper.join()
    assert crawler.report.finish_reason is FinishReason.STOPPED
    assert len(set(seen)) == len(seen) == crawler.report.counts.ended - crawler.report.skipped
    assert crawler.report.snapshot.in_flight == 0


class SilentServer:
    """A server that has no robots.txt and never answers anything else; `asked` is set once it was asked."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._held: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> SilentServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for connection in self._held:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._held.append(connection)
            if b"/robots.txt" in connection.recv(4096):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
            else:
                self.asked.set()


@every_engine
def test_another_thread_abandons_a_crawl_that_waits_for_a_server(engine: LocalEngineName) -> None:
    with SilentServer() as server:
        crawler = polite_enough(server.url, engine, timeout=60)

        def abandon() -> None:
            server.asked.wait()
            crawler.abandon()

        abandoner = threading.Thread(target=abandon)
        abandoner.start()
        began = time.monotonic()
        report = crawler.run()
        assert time.monotonic() - began < 20, "it does not wait for the answer"
        abandoner.join()
    assert report.finish_reason is FinishReason.STOPPED
    assert report.counts.ended == 0
    assert report.snapshot.in_flight == 0


@every_engine
@pytest.mark.parametrize("way", ["crawl", "fetch_all"])
def test_a_task_that_is_cancelled_while_a_server_is_silent_ends_at_once(
    engine: LocalEngineName, way: str, tmp_path: Path
) -> None:
    async def main(url: str) -> None:
        if way == "crawl":
            pages: Any = polite_enough(url, engine, timeout=60, directory=tmp_path / "crawl")
        else:
            assert engine != "processes"
            pages = gossamer.fetch_all([url], engine=engine, allow_private="127.0.0.0/8", timeout=60)
        task = asyncio.create_task(anext(aiter(pages)))
        await asyncio.to_thread(server.asked.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with SilentServer() as server:
        began = time.monotonic()
        asyncio.run(main(server.url))
        assert time.monotonic() - began < 20, "it does not wait for the answer"
    assert holder(tmp_path / "crawl" / "lock") is None


@every_engine
def test_a_crawl_that_was_left_with_a_fetch_under_way_can_be_resumed(engine: LocalEngineName, tmp_path: Path) -> None:
    with SilentServer() as server:
        crawler = polite_enough(server.url, engine, timeout=60, directory=tmp_path / "crawl")

        def abandon() -> None:
            server.asked.wait()
            crawler.abandon()

        abandoner = threading.Thread(target=abandon)
        abandoner.start()
        crawler.run()
        abandoner.join()
    assert holder(tmp_path / "crawl" / "lock") is None, "not even by a duplicate of its descriptor"


@every_engine
def test_stopping_what_does_not_run_does_nothing(engine: LocalEngineName) -> None:
    crawler = little_crawl(engine)
    crawler.stop()
    crawler.abandon()
    assert crawler.snapshot is None
    assert crawler.run().finish_reason is FinishReason.COMPLETE
    crawler.stop()
    assert crawler.report.finish_reason is FinishReason.COMPLETE


# ---------------------------------------------------------------- mistakes and bugs


class BrokenFetcher(RecordedFetcher):
    """A fetcher with a bug that shows at the third fetch."""

    def fetch(self, request: Request) -> Response:
        if request.url.endswith("/1"):
            raise RuntimeError("a bug in the fetcher")
        return super().fetch(request)  # type: ignore[return-value]


def broken(engine: LocalEngineName) -> Crawler:
    fetcher = BrokenFetcher.of_site({"/": "<a href=/1>x</a><a href=/2>x</a>"})
    return crawl(HOME, engine=engine, fetcher=fetcher, clock=FakeClock(), host_concurrency=4, delay=0)


WAYS: dict[str, Callable[[Crawler], object]] = {
    "run": Crawler.run,
    "iterate": list,
    "iterate in a loop": lambda crawler: asyncio.run(pages_of(crawler)),
    "await": lambda crawler: asyncio.run(crawler.arun()),
}


@every_engine
@pytest.mark.parametrize("way", WAYS)
def test_a_bug_in_a_fetcher_ends_the_crawl_loudly(engine: LocalEngineName, way: str) -> None:
    with pytest.raises(RuntimeError, match="a bug in the fetcher"):
        WAYS[way](broken(engine))


@every_engine
@pytest.mark.parametrize("way", WAYS)
def test_a_crawl_runs_once(engine: LocalEngineName, way: str) -> None:
    crawler = little_crawl(engine)
    crawler.run()
    with pytest.raises(UserError, match="has run already; make a new Crawler"):
        WAYS[way](crawler)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"engine": "warp"}, "There is no engine 'warp'; choose one of asyncio, threads, inline"),
        ({"dellay": 1}, "There is no setting 'dellay'. Did you mean 'delay'?"),
        ({"max_pages": 0}, "max_pages must be a whole number of at least 1 or None, not 0."),
        ({"scope": "galaxy"}, "scope must be 'any', 'domain', 'host' or 'prefix', not 'galaxy'."),
        ({"include": "re:("}, "re:("),
        ({"policy": {"max_pages": 2}}, "policy must be a gossamer.Policy, not {'max_pages': 2}; settings can also be"),
        ({"directory": 5}, "A directory is a text or a Path, not 5."),
        ({"directory": b"x"}, "A directory is a text or a Path, not b'x'."),
        ({"fetcher": 5}, "fetcher must be a gossamer.testing.RecordedFetcher or have `fetch` itself, not 5."),
        ({"clock": 5}, "clock must be one that tells what time it is now, not 5."),
        ({"trace": 5}, "trace must be a function of a moment and a command or event, not 5."),
        ({"formats": ["warc"]}, "formats says how a crawl is recorded, and needs a directory for that; name one."),
        ({"durable": True}, "durable says how a crawl is recorded, and needs a directory for that; name one."),
        ({"formats": 5, "directory": "x"}, "There is no format 5; choose from"),
        ({"seeds": [None]}, "None is no URL to start from"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as told:
        Crawler(HOME, **wrong)
    assert sentence in str(told.value)


@pytest.mark.parametrize("seeds", [(), [], ["mailto:someone@example.org"], ["http://"]])
def test_a_crawl_needs_a_seed_that_is_one(seeds: Any) -> None:
    with pytest.raises(UserError):
        Crawler(seeds)


@pytest.mark.parametrize("make", [Crawler, crawl])
def test_seeds_are_given_alone_or_several_at_once(make: Callable[..., Crawler]) -> None:
    other, third = HOME + "other", HOME + "third"
    assert make(HOME).policy.seeds == (HOME,)
    assert make(HOME, other).policy.seeds == (HOME, other)
    assert make([HOME, other], third).policy.seeds == (HOME, other, third)
    assert make(url for url in (HOME, other)).policy.seeds == (HOME, other)
    assert make(seeds=HOME).policy.seeds == (HOME,)


@pytest.mark.parametrize("wrong", [None, 5, Path("x"), [None], [HOME, 5], b"http://a.example/", [b"http://a.example/"]])
@pytest.mark.parametrize("make", [Crawler, crawl])
def test_what_is_no_text_is_no_seed(make: Callable[..., Crawler], wrong: object) -> None:
    with pytest.raises(UserError, match=r"is no URL to start from; give texts such as 'https://example.org/'."):
        make(wrong)


def test_a_crawl_without_a_directory_takes_no_formats_but_none(tmp_path: Path) -> None:
    assert Crawler(HOME, formats=None).results == ()
    assert Crawler(HOME, formats=None, directory=tmp_path).results == ("pages.jsonl",)


def test_there_is_no_report_before_the_crawl_has_begun() -> None:
    with pytest.raises(UserError, match=r"There is no report before the crawl has begun; run it, or take its pages."):
        _ = Crawler(HOME).report


def test_a_policy_and_keywords_come_together() -> None:
    policy = Policy(seeds=(HOME,), delay=3.0, max_depth=2)
    crawler = Crawler([HOME + "other", HOME], policy=policy, max_depth=5)
    assert crawler.policy.seeds == (HOME, HOME + "other")
    assert (crawler.policy.delay, crawler.policy.max_depth) == (3.0, 5)
    assert crawler.policy.user_agent.startswith("gossamer/")


def test_an_unwritable_directory_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    crawler = little_crawl("inline", directory=tmp_path / "file" / "crawl")
    with pytest.raises(UserError):
        crawler.run()


# ---------------------------------------------------------------- what is recorded


@every_engine
def test_pages_jsonl_holds_one_record_a_link(engine: LocalEngineName, tmp_path: Path) -> None:
    crawler = little_crawl(engine, directory=tmp_path / "crawl")
    given = {page.url: page.record for page in crawler}
    lines = (tmp_path / "crawl" / "pages.jsonl").read_bytes().splitlines()
    records = [msgspec.json.decode(line, type=PageRecord) for line in lines]
    assert {record.url: record for record in records} == given
    assert len(records) == len(ALL)
    assert crawler.report.directory == tmp_path / "crawl"
    lost = msgspec.json.decode(next(line for line in lines if b"/lost" in line))
    assert (lost["outcome"], lost["status"], lost["reason"]) == ("failed", 404, "fail.http_4xx")
    assert (lost["via"], lost["depth"], lost["attempts"]) == (HOME, 1, 1)


@every_engine
def test_a_skipped_link_is_recorded_but_no_page(engine: LocalEngineName, tmp_path: Path) -> None:
    fetcher = RecordedFetcher.of_site({"/robots.txt": "User-agent: *\nDisallow: /secret", "/": "<a href=/secret>x</a>"})
    crawler = crawl(HOME, engine=engine, fetcher=fetcher, clock=FakeClock(), directory=tmp_path / "crawl")
    assert [page.url for page in crawler] == [HOME]
    assert b"skip.robots" in (tmp_path / "crawl" / "pages.jsonl").read_bytes()
    assert crawler.report.skipped == 1


@every_engine
def test_a_page_is_given_only_after_it_was_saved(engine: LocalEngineName, tmp_path: Path) -> None:
    file = tmp_path / "crawl" / "pages.jsonl"
    for page in little_crawl(engine, directory=tmp_path / "crawl"):
        assert f'"{page.url}"'.encode() in file.read_bytes()


# ---------------------------------------------------------------- real sockets


@every_engine
def test_the_demo_site_is_found_exactly_as_it_was_made(engine: LocalEngineName) -> None:
    site = DemoSite(slow_seconds=0.05)
    expected = site.expected(sitemaps=False)
    with DemoServer(site=site) as server:
        # One retry is all the site asks for, and back-off is most of the time this takes.
        crawler = polite_enough(server.url, engine, retries=1, max_depth=30, sitemaps=False)
        records = [msgspec.structs.replace(record, url=path(record.url)) for record in recorded(crawler)]
        pages_fetched = [access.path for access in server.log if access.path != "/robots.txt"]
    assert {record.url: facts(record) for record in records} == {
        url: (one.outcome, one.status, one.reason, one.location, one.title, one.noindex, one.depth)
        for url, one in expected.pages.items()
    }
    again = len(pages_fetched) - len(set(pages_fetched))
    assert again == sum(record.attempts - 1 for record in records if record.attempts), "twice only where it failed"


def test_the_page_of_the_demo_site_that_only_its_sitemap_names_is_found_and_reported() -> None:
    site = DemoSite(slow_seconds=0.05)
    with DemoServer(site=site) as server:
        crawler = polite_enough(server.url, "asyncio", retries=1)
        records = {path(record.url) for record in recorded(crawler)}
    assert records == set(site.expected().pages)
    stats = crawler.report.snapshot.sitemaps
    assert (stats.files, stats.failed, stats.orphans, stats.notes) == (3, 0, 1, ())
    assert [path(url) for url in stats.examples] == ["/attic/"]


def recorded(crawler: Crawler) -> list[PageRecord]:
    """Run a crawl and list all its records, those of skipped links too."""
    records: list[PageRecord] = []

    def trace(_: float, step: object) -> None:
        if isinstance(step, Commit):
            records.extend(ended.outcome.record for ended in step.batch.ended)

    crawler._trace = trace
    crawler.run()
    return records


def path(url: str) -> str:
    return "/" + url.split("/", 3)[3] if "127.0.0.1" in url else url


def facts(record: PageRecord) -> tuple[Any, ...]:
    return (
        record.outcome, record.status, record.reason, path(record.location), record.title, record.noindex, record.depth,
    )  # fmt: skip


def test_failed_links_are_given_too() -> None:
    outcomes = {page.outcome for page in little_crawl("inline")}
    assert outcomes == {OutcomeKind.DONE, OutcomeKind.FAILED}
