"""Crawler with handlers: how they are given, what is refused, how a crawl goes on with them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import gossamer
from gossamer import Crawler, Page, UserError
from gossamer.api.settings_file import read_settings
from gossamer.cli import summary
from gossamer.demo.server import DemoServer
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.reasons import FinishReason, Reason

HOME = "https://example.org/"
ENGINES = ("inline", "threads", "asyncio")


every_engine = pytest.mark.parametrize("engine", ENGINES)


def web(pages: int = 12) -> RecordedFetcher:
    links = "".join(f"<a href=/p{number}>x</a>" for number in range(pages))
    return RecordedFetcher.of_site(
        {"/": links} | {f"/p{number}": f"<title>{number}</title>" for number in range(pages)}
    )


def crawler_of(engine: str = "inline", **options: Any) -> Crawler:
    return Crawler(HOME, engine=engine, fetcher=web(), clock=FakeClock(1000.0), **options)  # type: ignore[arg-type]


def go_on(directory: Path, **changes: Any) -> Crawler:
    return Crawler.resume(directory, fetcher=web(), clock=FakeClock(5000.0), **changes)


def title(page: Page) -> dict[str, str]:
    return {"title": page.title}


def broken(page: Page) -> dict[str, str]:
    raise ValueError(page.url)


async def awaited(page: Page) -> AsyncIterator[dict[str, str]]:
    yield {"title": page.title}


def items(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "items.jsonl").read_bytes().splitlines()]


# ---------------------------------------------------------------- in Python


def test_a_handler_is_an_ordinary_function_that_needs_no_crawl() -> None:
    crawler = crawler_of()

    @crawler.on("/p*")
    def article(page: Page) -> Iterator[dict[str, str]]:
        yield {"title": page.title}
        page.follow(page.css("a.next"))

    page = Page.of("<title>T</title><a class=next href=/2>next</a>", url=HOME)
    assert list(article(page)) == [{"title": "T"}]
    assert page.followed == (HOME + "2",)
    assert {one.url: one.items for one in crawler if one.items} == {
        f"{HOME}p{number}": ({"title": str(number)},) for number in range(12)
    }


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_an_async_handler_is_refused_by_engines_that_cannot_run_it(engine: str, tmp_path: Path) -> None:
    crawler = crawler_of(engine, directory=tmp_path / "crawl")
    crawler.on()(awaited)
    with pytest.raises(UserError, match=f"The handler awaited is `async def`, which the engine {engine} cannot run"):
        crawler.run()
    assert not (tmp_path / "crawl").exists()


def test_an_async_handler_runs_on_asyncio_and_can_still_be_abandoned() -> None:
    crawler = crawler_of("asyncio")
    crawler.on()(awaited)
    assert len([page for page in crawler if page.items]) == 13


def test_handlers_are_marked_before_the_crawl_begins_and_their_patterns_at_once() -> None:
    crawler = crawler_of()
    with pytest.raises(UserError, match="'p' can match no URL"):
        crawler.on("p")
    mark = crawler.on("/p*")
    crawler.run()
    with pytest.raises(UserError, match="begun already"):
        mark(title)


# ---------------------------------------------------------------- resume


def stop_early(crawler: Crawler) -> None:
    for _ in crawler:
        break


@every_engine
def test_a_crawl_with_handlers_is_not_resumed_without_them(engine: str, tmp_path: Path) -> None:
    crawler = crawler_of(engine, directory=tmp_path / "crawl")
    crawler.on()(title)
    stop_early(crawler)
    before = items(tmp_path / "crawl")
    with pytest.raises(UserError, match="has handlers, and goes on with them only"):
        go_on(tmp_path / "crawl").run()
    assert items(tmp_path / "crawl") == before
    again = go_on(tmp_path / "crawl", engine="asyncio")
    again.on()(awaited)
    again.run()
    assert len(items(tmp_path / "crawl")) == 13


def test_an_update_fetches_pages_with_handlers_whole_and_tells_all_the_same_what_has_changed(tmp_path: Path) -> None:
    def fetcher(**other: str) -> RecordedFetcher:
        texts = {
            "/": "<a href=/p1>1</a><a href=/p2>2</a>",
            "/p1": "<title>1</title>",
            "/p2": "<title>2</title>",
        } | other
        headers = {"content-type": "text/html"}
        return RecordedFetcher.of_site(
            {path: RecordedPage(200, headers | {"etag": f'"{text}"'}, text) for path, text in texts.items()}
        )

    first = Crawler(HOME, engine="inline", directory=tmp_path / "1", fetcher=fetcher(), clock=FakeClock(1000.0))
    first.on("/p*")(title)
    first.run()
    again = Crawler.update(tmp_path / "1", fetcher=fetcher(**{"/p2": "<title>two</title>"}), clock=FakeClock(2000.0))
    again.on("/p*")(title)
    pages = {page.url: page for page in again}
    assert {url: page.items for url, page in pages.items()} == {
        HOME: (), HOME + "p1": ({"title": "1"},), HOME + "p2": ({"title": "two"},),
    }  # fmt: skip
    assert {url: page.record.change for url, page in pages.items()} == {
        HOME: "unchanged", HOME + "p1": "unchanged", HOME + "p2": "changed",
    }  # fmt: skip
    assert pages[HOME].status == 304
    assert again.directory is not None
    assert len(items(again.directory)) == 2


def test_an_update_without_handlers_is_said_to_find_no_items_and_may_be_meant(tmp_path: Path) -> None:
    def update(**changes: str) -> Crawler:
        return Crawler.update(tmp_path / "crawl", fetcher=web(), clock=FakeClock(2000.0), **changes)  # type: ignore[arg-type]

    crawler = crawler_of("inline", directory=tmp_path / "crawl")
    crawler.on()(title)
    crawler.run()
    with pytest.raises(UserError, match="has handlers, and without them nothing yields items: mark them with @crawler"):
        update().run()
    assert not (tmp_path / "crawl" / "update-0001").exists()
    again = update()
    again.on()(title)
    again.run()
    assert len(items(tmp_path / "crawl" / "update-0001")) == 13
    assert update(handlers="").run().items == {}
    assert update().run().items == {}, "the crawl before it had none"


KILLED = """
    import gossamer, os, signal

    @gossamer.on()
    def links(page):
        yield {"links": len(page.links)}
        yield {"title": page.title}
        if os.path.exists("deadly") and os.path.getsize("c/items.jsonl") > int(open("deadly").read()):
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_items_are_there_exactly_if_their_pages_are_after_kill_9(tmp_path: Path) -> None:
    (tmp_path / "links.py").write_text(textwrap.dedent(KILLED))
    program = [sys.executable, "-m", "gossamer"]
    talk = ["-q", "--delay", "0", "--host-concurrency", "4", "--retries", "0"]

    def live(*words: str) -> int:
        return subprocess.run([*program, *words], cwd=tmp_path, timeout=100, check=False).returncode

    with DemoServer() as server:
        begun = ("crawl", server.url, "--allow-private", "127.0.0.1", "-o", "c", "--handlers", "links.py", *talk)
        for number, size in enumerate((0, 5_000, 20_000)):
            (tmp_path / "deadly").write_text(str(size))
            assert live(*(("resume", "c", "-e", ENGINES[number], *talk) if number else begun)) == -signal.SIGKILL
        (tmp_path / "deadly").unlink()
        assert live("resume", "c", *talk) in (0, 1)
    records = [json.loads(line) for line in (tmp_path / "c" / "pages.jsonl").read_bytes().splitlines()]
    done = [record["url"] for record in records if record["outcome"] == "done"]
    assert len(records) == len({record["url"] for record in records}) > 300
    assert Counter(item["_url"] for item in items(tmp_path / "c")) == dict.fromkeys(done, 2)


# ---------------------------------------------------------------- a file of handlers


FILE = """
    import dataclasses
    import gossamer

    @dataclasses.dataclass
    class Story:
        title: str

    @gossamer.on("/p*")
    def story(page):
        yield Story(page.title)
"""


@pytest.fixture
def handlers_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    (tmp_path / "shop.py").write_text(textwrap.dedent(FILE))
    return "shop.py"


def test_the_settings_remember_the_file_of_handlers(
    handlers_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_early(crawler_of(directory="crawl", handlers=handlers_file))
    assert read_settings(Path("crawl")).policy.handlers == str(tmp_path / "shop.py")
    monkeypatch.chdir("/")
    go_on(tmp_path / "crawl").run()
    found = items(tmp_path / "crawl")
    assert (len(found), found[0]["_handler"], found[0]["_type"]) == (12, "story", "Story")


def test_handlers_marked_by_hand_come_after_those_of_the_file(handlers_file: str) -> None:
    crawler = crawler_of(handlers=handlers_file)
    crawler.on()(title)
    crawler.on("/p1")(broken)
    assert {page.url for page in crawler if not page.items} == set()


def test_on_is_a_public_name() -> None:
    assert gossamer.on("/a")(title) is title
    del title.__gossamer_patterns__  # type: ignore[attr-defined]


# ---------------------------------------------------------------- errors


@every_engine
def test_a_limit_of_handler_errors_ends_the_crawl_and_a_mended_handler_goes_on(engine: str, tmp_path: Path) -> None:
    crawler = crawler_of(engine, directory=tmp_path / "crawl", max_handler_errors=3)
    crawler.on("/p*")(broken)
    report = crawler.run()
    assert (report.finish_reason, summary.exit_code(report)) == (FinishReason.HANDLER_ERRORS, summary.EARLY)
    failed = report.counts.by_reason[Reason.FAIL_HANDLER]
    assert 3 <= failed <= 4, "one more may have been under way"
    again = go_on(tmp_path / "crawl")
    again.on("/p*")(title)
    report = again.run()
    assert (report.finish_reason, summary.exit_code(report)) == (FinishReason.COMPLETE, summary.FINDINGS)
    assert report.counts.by_reason[Reason.FAIL_HANDLER] == failed
    assert len(items(tmp_path / "crawl")) == 12 - failed


@every_engine
def test_a_page_limit_counts_pages_whose_handlers_failed(engine: str) -> None:
    crawler = crawler_of(engine, max_pages=3)
    crawler.on()(broken)
    report = crawler.run()
    assert (report.pages, report.failed, report.finish_reason) == (0, 3, FinishReason.PAGE_LIMIT)
    assert summary.exit_code(report) == summary.EARLY


def test_a_crawl_all_of_whose_pages_fail_in_handlers_fetched_something_all_the_same() -> None:
    crawler = crawler_of()
    crawler.on()(broken)
    report = crawler.run()
    assert (report.pages, report.finish_reason) == (0, FinishReason.COMPLETE)
    assert summary.exit_code(report) == summary.FINDINGS
    assert report.counts.failed == 13, "links of a page whose handler failed are followed"
