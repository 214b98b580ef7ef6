"""Many downloads at once: in order, lazily, failures as values, on every engine alike."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest

import gossamer
from gossamer.demo.server import DemoServer
from gossamer.demo.site import DemoSite
from gossamer.rules.policy import SETTINGS
from gossamer.rules.setting import DOWNLOADS
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.reasons import Reason

ENGINES = ("inline", "threads", "asyncio")
DownloadEngine = Literal["inline", "threads", "asyncio"]
every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture(scope="module")
def museum() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


def local(urls: Any, **options: Any) -> gossamer.Downloads:
    return gossamer.fetch_all(urls, allow_private="127.0.0.1", **options)


async def listed(downloads: gossamer.Downloads) -> list[gossamer.Page]:
    return [page async for page in downloads]


@every_engine
def test_pages_come_in_the_order_asked_with_failures_among_them(museum: DemoServer, engine: DownloadEngine) -> None:
    asked = [f"{museum.url}visit/", f"{museum.url}nowhere", "mailto:me@example.org", museum.url] * 5
    downloads = local(asked, engine=engine)
    assert downloads.landed == 0
    pages = list(downloads)
    assert downloads.landed == len(asked)
    assert [page.status for page in pages] == [200, 404, None, 200] * 5
    assert [page.reason for page in pages[:4]] == [None, Reason.FAIL_HTTP_4XX, Reason.SKIP_SCHEME, None]
    assert [page.ok for page in pages[:4]] == [True, False, False, True]
    assert pages[3].title.endswith("The Museum of Silk")
    assert pages[3].links, "a downloaded page still knows its links"


@every_engine
def test_async_for_gives_the_same(museum: DemoServer, engine: DownloadEngine) -> None:
    asked = [museum.url, f"{museum.url}nowhere"] * 3
    pages = asyncio.run(listed(local(asked, engine=engine)))
    assert [page.status for page in pages] == [200, 404] * 3


@every_engine
def test_an_endless_generator_is_read_only_a_window_ahead(engine: DownloadEngine) -> None:
    read = itertools.count()
    asked = (f"https://example.org/{next(read)}" for _ in itertools.count())
    downloads = gossamer.fetch_all(asked, engine=engine, concurrency=4, fetcher=RecordedFetcher({}))
    taken = list(itertools.islice(downloads, 100))
    assert [page.url for page in taken] == [f"https://example.org/{number}" for number in range(100)]
    assert next(read) <= 100 + 4 * 4 * 4, "the window, and the batches handed over"


@every_engine
def test_what_is_no_text_is_a_page_that_says_so_and_nothing_is_lost(engine: DownloadEngine) -> None:
    asked: Any = ["https://example.org/", None, "", float("nan"), 5, b"http://a.example/", "https://example.org/end"]
    pages = list(gossamer.fetch_all(asked, engine=engine, fetcher=RecordedFetcher({})))
    assert [page.status for page in pages] == [404, None, None, None, None, None, 404]
    assert {page.reason for page in pages[1:-1]} == {Reason.SKIP_INVALID}
    assert (pages[1].url, pages[3].url) == ("None", "nan")
    assert pages[1].record.detail == "None is no URL; give texts such as 'https://example.org/'."


def test_an_async_iterator_may_give_none_too() -> None:
    async def asked() -> AsyncIterator[Any]:
        yield None
        yield "https://example.org/"

    pages = asyncio.run(listed(gossamer.fetch_all(asked(), fetcher=RecordedFetcher({}))))
    assert [page.status for page in pages] == [None, 404]


@pytest.mark.parametrize("wrong", [None, 5, b"http://a.example/"])
def test_what_gives_no_urls_is_refused_in_words(wrong: Any) -> None:
    with pytest.raises(gossamer.UserError, match=r"Downloads take a URL as text, or several, .*; not "):
        gossamer.fetch_all(wrong)


@every_engine
def test_what_the_callers_generator_raises_comes_after_the_pages_before_it(
    museum: DemoServer, engine: DownloadEngine
) -> None:
    def asked() -> Iterator[str]:
        yield museum.url
        yield f"{museum.url}nowhere"
        raise RuntimeError("the list is broken")

    taken: list[int | None] = []
    with pytest.raises(RuntimeError, match="the list is broken"):
        taken.extend(page.status for page in local(asked(), engine=engine))
    assert taken == [200, 404]


def test_what_an_async_iterator_raises_comes_after_the_pages_before_it() -> None:
    taken: list[int | None] = []
    answers = iter(["https://example.org/"])

    class Asked:
        def __aiter__(self) -> Asked:
            return self

        async def __anext__(self) -> str:
            for answer in answers:
                return answer
            times.append("asked")
            raise RuntimeError("the list is broken")

    times: list[str] = []

    async def take() -> None:
        async for page in gossamer.fetch_all(Asked(), fetcher=RecordedFetcher({})):
            assert page.url == "https://example.org/"
            taken.append(page.status)

    with pytest.raises(RuntimeError, match="the list is broken"):
        asyncio.run(take())
    assert taken == [404]
    assert times == ["asked"], "what is broken is not asked again"


def test_an_async_iterator_of_urls_is_awaited_beside_the_fetches(museum: DemoServer) -> None:
    async def scenario() -> list[int | None]:
        seen: list[int | None] = []
        first_came = asyncio.Event()

        async def asked() -> AsyncIterator[str]:
            yield museum.url
            await first_came.wait()  # the second is asked only after the first was taken
            yield f"{museum.url}nowhere"

        async for page in local(asked()):
            seen.append(page.status)
            first_came.set()
        return seen

    assert asyncio.run(asyncio.wait_for(scenario(), 20)) == [200, 404]


def test_an_async_iterator_needs_the_asyncio_engine() -> None:
    async def asked() -> AsyncIterator[str]:
        yield "https://example.org/"

    with pytest.raises(gossamer.UserError, match="asyncio"):
        gossamer.fetch_all(asked(), engine="threads")


@every_engine
def test_at_most_host_concurrency_fetches_of_a_host_run_at_once(engine: DownloadEngine) -> None:
    with DemoServer(site=DemoSite(slow_seconds=0.03)) as slow:
        list(local([f"{slow.url}cabinet/patient-thread"] * 12, engine=engine, host_concurrency=2))
    at_once = [sum(one.arrived <= other.arrived < one.ended for one in slow.log) for other in slow.log]
    assert max(at_once) == (1 if engine == "inline" else 2)


def test_a_host_may_be_fetched_from_less_at_once_than_others() -> None:
    with DemoServer(site=DemoSite(slow_seconds=0.03)) as slow:
        urls = [f"{slow.url}cabinet/patient-thread"] * 4
        list(local(urls, engine="threads", hosts={"127.0.0.1": {"host_concurrency": 1}}))
    assert not any(one.arrived < other.arrived < one.ended for one in slow.log for other in slow.log)


SITE = {
    "/": RecordedPage(301, {"Location": "/second"}),
    "/second": RecordedPage(302, {"Location": "https://other.example/end"}),
    "/round": RecordedPage(302, {"Location": "/about"}),
    "/about": RecordedPage(302, {"Location": "/round"}),
}
WEB = {f"https://example.org{path}": page for path, page in SITE.items()} | {
    "https://other.example/end": "<title>There</title>"
}


@every_engine
def test_redirects_are_followed_hop_by_hop_and_via_tells_what_was_asked(engine: DownloadEngine) -> None:
    fetcher = RecordedFetcher(WEB)
    [page] = gossamer.fetch_all("https://example.org/", engine=engine, fetcher=fetcher)
    assert (page.url, page.title, page.via) == ("https://other.example/end", "There", "https://example.org/")


def test_redirects_can_be_left_alone() -> None:
    [page] = gossamer.fetch_all("https://example.org/", follow=False, fetcher=RecordedFetcher(WEB))
    assert (page.status, page.record.location) == (301, "https://example.org/second")


def test_redirects_in_a_ring_end_at_the_limit() -> None:
    fetcher = RecordedFetcher(WEB)
    [page] = gossamer.fetch_all("https://example.org/round", fetcher=fetcher, max_redirects=5)
    assert page.reason is Reason.FAIL_TOO_MANY_REDIRECTS
    assert len(fetcher.requests) == 6


@every_engine
def test_a_passing_failure_is_tried_again_after_a_while(engine: DownloadEngine) -> None:
    busy = RecordedPage(503, {"Retry-After": "20"})
    fetcher = RecordedFetcher({"https://example.org/": [busy, "<title>Better</title>"]})
    clock = FakeClock()
    [page] = gossamer.fetch_all("https://example.org/", engine=engine, fetcher=fetcher, clock=clock)
    assert page.title == "Better"
    assert page.record.attempts == 2
    assert clock.time >= 20


def test_a_server_that_wants_a_long_pause_is_taken_at_its_word() -> None:
    busy = RecordedPage(503, {"Retry-After": "600"})
    fetcher = RecordedFetcher({"https://example.org/": [busy, "<title>Better</title>"]})
    [page] = gossamer.fetch_all("https://example.org/", fetcher=fetcher)
    assert (page.status, page.outcome, page.reason) == (503, gossamer.OutcomeKind.FAILED, Reason.FAIL_HTTP_5XX)


def test_private_addresses_are_refused_unless_allowed(museum: DemoServer) -> None:
    before = len(museum.log)
    [page] = gossamer.fetch_all(museum.url)
    assert page.reason is Reason.FAIL_ADDRESS_REFUSED
    assert len(museum.log) == before


@every_engine
def test_leaving_the_loop_early_ends_cleanly(museum: DemoServer, engine: DownloadEngine) -> None:
    threads = threading.active_count()
    for page in local([museum.url] * 50, engine=engine):
        assert page.ok
        break
    assert threading.active_count() <= threads + 1, "at most an idle resolver"


@pytest.mark.parametrize("wrong", [{"engine": "steam"}, {"timeuot": 3}, {"timeout": "soon"}, {"concurrency": 0}])
def test_what_cannot_be_is_said_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(gossamer.UserError):
        gossamer.fetch_all(["https://example.org/"], **wrong)


def test_settings_that_mean_nothing_to_downloads_are_refused_by_name() -> None:
    with pytest.raises(gossamer.UserError, match=r"^Leave out max_pages and delay: they mean nothing to downloads"):
        gossamer.fetch_all(["https://example.org/"], max_pages=1, delay=2, timeout=5)  # type: ignore[call-arg]
    for name in (name for name, setting in SETTINGS.items() if DOWNLOADS not in setting.traits):
        nothing: dict[str, Any] = {name: None}
        with pytest.raises(gossamer.UserError, match=f"^Leave out {name}: it means nothing to downloads"):
            gossamer.fetch_all(["https://example.org/"], **nothing)


def test_a_policy_that_serves_crawls_too_may_be_given_whole() -> None:
    policy = gossamer.Policy(max_pages=1, delay=2.0, timeout=5.0)
    downloads = gossamer.fetch_all(["https://example.org/"] * 2, policy=policy, fetcher=RecordedFetcher({}))
    assert downloads.policy.timeout == 5.0
    assert len(list(downloads)) == 2


@pytest.mark.parametrize("wrong", [{"policy": {"timeout": 5}}, {"fetcher": 5}, {"clock": 5}])
def test_what_cannot_take_the_place_of_a_part_is_refused_in_words(wrong: dict[str, Any]) -> None:
    [name] = wrong
    with pytest.raises(gossamer.UserError, match=f"^{name} must be "):
        gossamer.fetch_all(["https://example.org/"], **wrong)


# ---------------------------------------------------------------- credentials


class Echo(BaseHTTPRequestHandler):
    """Redirect /to?URL, and show the Authorization header elsewhere."""

    def do_GET(self) -> None:
        target = self.path.partition("?")[2]
        body = self.headers.get("Authorization", "none").encode()
        self.send_response(302 if target else 200)
        if target:
            self.send_header("Location", target)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def two_servers() -> Iterator[list[str]]:
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Echo) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{server.server_address[1]}/" for server in servers]
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


@every_engine
def test_credentials_never_leave_the_origin_that_was_asked(two_servers: list[str], engine: DownloadEngine) -> None:
    here, there = two_servers
    asked = [here, f"{here}to?{here}", f"{here}to?{there}", f"{here}to?{there}to?{here}"]
    pages = list(local(asked, engine=engine, headers={"Authorization": "Basic xyz"}))
    assert [page.body for page in pages] == [b"Basic xyz", b"Basic xyz", b"none", b"Basic xyz"]


@pytest.mark.parametrize("engine", ["processes", "warp"])
def test_an_engine_that_makes_no_downloads_is_refused_in_words(engine: Any) -> None:
    with pytest.raises(gossamer.UserError, match="asyncio, threads, inline, not on"):
        gossamer.fetch_all(["https://example.org/"], engine=engine)
