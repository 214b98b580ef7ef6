"""A crawl taken up again: wherever it ended, on whichever engine, every page is recorded exactly once."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gossamer import Page
from gossamer.api.crawler import Crawler
from gossamer.api.lock import Lock, holder
from gossamer.api.settings_file import Settings, read_settings, toml, write_settings
from gossamer.api.status import status
from gossamer.fetchers.recorded import RecordedAsyncFetcher, RecordedFetcher, RecordedPage
from gossamer.journals.summary import lines
from gossamer.rules.policy import Policy
from gossamer.testing import FakeClock
from gossamer.values.errors import JournalError, OutputError, UserError
from gossamer.values.model import Failure
from gossamer.values.reasons import FinishReason, Reason

ORIGIN = "https://example.org"
ENGINES = ("inline", "threads", "asyncio")


def site(pages: int = 40) -> RecordedFetcher:
    """A tree of pages, with a broken link, a redirect, a passing error and a page that robots.txt forbids."""
    web: dict[str, object] = {
        f"/p{number}": "".join(
            f"<a href=/p{child}>x</a>" for child in (2 * number + 1, 2 * number + 2) if child < pages
        )
        for number in range(pages)
    }
    web["/robots.txt"] = RecordedPage(200, {"content-type": "text/plain"}, "User-agent: *\nDisallow: /secret")
    web["/p0"] = "<a href=/p1>1</a><a href=/p2>2</a><a href=/gone>x</a><a href=/old>x</a><a href=/secret>x</a>"
    web["/old"] = RecordedPage(301, {"location": "/p7"})
    web["/p5"] = [RecordedPage(503), str(web["/p5"])]
    return RecordedFetcher.of_site(web, ORIGIN)  # type: ignore[arg-type]


def start(directory: Path, **options: object) -> Crawler:
    return Crawler(
        f"{ORIGIN}/p0",
        directory=directory,
        fetcher=site(),
        clock=FakeClock(1000.0),
        **({"engine": "inline"} | options),  # type: ignore[arg-type]
    )


def go_on(directory: Path, **changes: object) -> Crawler:
    return Crawler.resume(directory, fetcher=site(), clock=FakeClock(5000.0), **changes)  # type: ignore[arg-type]


def recorded(directory: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (directory / "pages.jsonl").read_text(encoding="utf-8").splitlines()]


def outcomes(directory: Path) -> list[tuple[object, ...]]:
    fields = ("url", "outcome", "status", "reason", "depth")
    return sorted(tuple(record[name] for name in fields) for record in recorded(directory))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """What an uninterrupted crawl records."""
    directory = tmp_path_factory.mktemp("whole") / "crawl"
    start(directory).run()
    return outcomes(directory)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "a crawl"


# ---------------------------------------------------------------- going on


@pytest.mark.parametrize("first", ENGINES)
@pytest.mark.parametrize("then", ENGINES)
def test_a_limited_crawl_goes_on_on_any_engine(
    directory: Path, whole: list[tuple[object, ...]], first: str, then: str
) -> None:
    report = start(directory, engine=first, max_pages=10).run()
    assert (report.finish_reason, report.pages) == (FinishReason.PAGE_LIMIT, 10)
    report = go_on(directory, engine=then, max_pages=20).run()
    assert (report.finish_reason, report.pages) == (FinishReason.PAGE_LIMIT, 20)
    report = go_on(directory, engine=first, max_pages=None).run()
    assert (report.finish_reason, report.pages) == (FinishReason.COMPLETE, 40)
    assert outcomes(directory) == whole
    assert b"".join(lines(directory / "journal.db")) == (directory / "pages.jsonl").read_bytes()
    assert report.counts.ended == len(whole)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_crawl_left_in_the_middle_goes_on(directory: Path, whole: list[tuple[object, ...]], engine: str) -> None:
    crawler = start(directory, engine=engine)
    for number, _ in enumerate(crawler):
        if number == 5:
            break
    report = go_on(directory).run()
    assert report.finish_reason is FinishReason.COMPLETE
    assert outcomes(directory) == whole


def test_an_abandoned_crawl_goes_on(directory: Path, whole: list[tuple[object, ...]]) -> None:
    crawler = start(directory, engine="threads")
    for _ in crawler:
        crawler.abandon()
    assert crawler.report.finish_reason is FinishReason.STOPPED
    assert status(directory).state == "interrupted"
    go_on(directory).run()
    assert outcomes(directory) == whole


def test_a_finished_crawl_fetches_nothing_more(directory: Path, whole: list[tuple[object, ...]]) -> None:
    before = start(directory).run()
    crawler = go_on(directory)
    report = crawler.run()
    assert (report.finish_reason, report.pages) == (FinishReason.COMPLETE, before.pages)
    assert crawler._fetcher is not None
    assert crawler._fetcher.requests == []
    assert outcomes(directory) == whole


def test_what_was_written_after_the_last_commit_is_cut_off(directory: Path, whole: list[tuple[object, ...]]) -> None:
    start(directory, max_pages=10).run()
    with (directory / "pages.jsonl").open("ab") as file:
        file.write(b'{"url":"https://example.org/half')
    go_on(directory, max_pages=None).run()
    assert outcomes(directory) == whole


def test_an_output_somebody_cut_is_refused_in_words(directory: Path) -> None:
    start(directory, max_pages=10).run()
    os.truncate(directory / "pages.jsonl", 100)
    with pytest.raises((OutputError, JournalError, UserError), match=r"pages\.jsonl"):
        go_on(directory).run()
    assert holder(directory / "lock") is None


def test_the_asynchronous_face_goes_on_too(directory: Path, whole: list[tuple[object, ...]]) -> None:
    async def some() -> None:
        pages = start(directory, engine="asyncio").__aiter__()
        async for _ in pages:
            break
        await pages.aclose()

    asyncio.run(some())
    list(go_on(directory))
    assert outcomes(directory) == whole


def test_time_and_books_add_up_over_runs(directory: Path) -> None:
    first = start(directory, max_pages=10).run()
    second = go_on(directory, max_pages=None).run()
    assert second.seconds > first.seconds
    assert second.snapshot.fetches > first.snapshot.fetches


def test_status_tells_of_the_time_until_the_end_and_a_resume_goes_on_from_there(tmp_path: Path) -> None:
    web = {"/": "<a href=/late>x</a>", "/late": RecordedPage(503, {"retry-after": "100"})}
    options: dict[str, Any] = {"fetcher": RecordedFetcher.of_site(web), "retries": 1}  # type: ignore[arg-type]
    first = Crawler(
        "https://example.org/", directory=tmp_path, clock=FakeClock(1000.0), engine="inline", max_time=50.0, **options
    ).run()
    assert first.finish_reason is FinishReason.TIME_LIMIT
    assert first.seconds == 50.0
    stats = status(tmp_path).glance.stats
    assert (stats.elapsed, stats.fetches) == (first.seconds, first.snapshot.fetches)
    assert sum(stats.seconds.values()) == pytest.approx(50.0)
    assert 49.0 < stats.resting["https://example.org"] < 51.0
    second = Crawler.resume(tmp_path, max_time=None, clock=FakeClock(1051.0), **options).run()
    assert second.finish_reason is FinishReason.COMPLETE
    assert second.seconds > 90.0
    assert status(tmp_path).glance.stats.elapsed == second.seconds


# ---------------------------------------------------------------- what may be changed, and what not


def test_what_decided_the_links_cannot_be_changed(directory: Path) -> None:
    start(directory, max_pages=3).run()
    changes: dict[str, object] = {
        "scope": "any", "include": "/x", "exclude": ["/y"], "max_depth": 3, "nofollow": False, "max_url_length": 10,
        "robots": False, "hosts": {"127.0.0.1": {"robots": False}}, "seeds": ("https://example.com/",),
    }  # fmt: skip
    for name, value in changes.items():
        with pytest.raises(UserError, match=f"^{name} cannot be changed"):
            go_on(directory, **{name: value})
    with pytest.raises(UserError, match="no setting 'max_page'"):
        go_on(directory, max_page=5)
    with pytest.raises(UserError, match="no engine"):
        go_on(directory, engine="steam")
    go_on(directory, scope="host", max_pages=4).run()


@pytest.mark.parametrize("name", ["formats", "durable", "policy"])
@pytest.mark.parametrize("again", [Crawler.resume, Crawler.update])
def test_what_a_crawl_is_made_of_is_not_given_again(directory: Path, again: Any, name: str) -> None:
    start(directory).run()
    with pytest.raises(UserError, match=f"^{name} cannot be given here: a crawl that goes on takes single settings by"):
        again(directory, **{name: None})


@pytest.mark.parametrize("again", [Crawler.resume, Crawler.update])
def test_what_names_no_directory_is_refused_in_words(again: Any) -> None:
    with pytest.raises(UserError, match=r"A directory is a text or a Path, not 5."):
        again(5)


def test_what_was_derived_is_derived_again(directory: Path) -> None:
    start(directory, engine="asyncio", max_pages=3).run()
    resumed = go_on(directory, engine="threads", contact="me@example.org")
    assert resumed.policy.concurrency == 8
    assert "me@example.org" in resumed.policy.user_agent
    resumed.run()
    assert read_settings(directory).policy == resumed.policy
    assert read_settings(directory).engine == "threads"


def test_what_was_said_stays(directory: Path) -> None:
    start(directory, engine="asyncio", max_pages=3, concurrency=5, user_agent="silk/1", headers={"X": 'a"b\\'}).run()
    resumed = go_on(directory, engine="threads")
    assert (resumed.policy.concurrency, resumed.policy.user_agent) == (5, "silk/1")
    assert resumed.policy.headers == (("X", 'a"b\\'),)


def test_what_is_different_for_some_hosts_stays_and_may_be_changed(directory: Path) -> None:
    hosts = {"*.Example.org": {"delay": "auto", "robots": False}, "127.0.0.1": {"delay": 0, "host_concurrency": 2}}
    start(directory, max_pages=3, hosts=hosts).run()
    assert go_on(directory).policy.hosts == Policy.of({"hosts": hosts}).hosts
    calmer = {"*.Example.org": {"robots": False}, "127.0.0.1": {"delay": 0.01}}
    go_on(directory, hosts=calmer, max_pages=4).run()
    assert read_settings(directory).policy.hosts == Policy.of({"hosts": calmer}).hosts


# ---------------------------------------------------------------- one crawl a directory, one process a crawl


@pytest.mark.parametrize("formats", [("jsonl",), ("jsonl", "warc")])
def test_a_crawl_that_reached_nobody_may_be_begun_again_in_its_directory(
    tmp_path: Path, formats: tuple[str, ...]
) -> None:
    def crawler(**pages: Failure | str) -> Crawler:
        web = RecordedFetcher.of_site({f"/{name}".replace("home", ""): page for name, page in pages.items()})
        clock = FakeClock(1000.0)
        return Crawler("https://example.org/", directory=tmp_path / "x", fetcher=web, clock=clock, formats=formats)

    dead = Failure(Reason.FAIL_CONNECT)
    assert crawler(**{"home": dead, "robots.txt": dead}).run().finish_reason is FinishReason.UNREACHABLE
    report = crawler(home="here").run()
    assert (report.pages, report.failed, report.finish_reason) == (1, 0, FinishReason.COMPLETE)
    assert len((tmp_path / "x" / "pages.jsonl").read_bytes().splitlines()) == 1
    with pytest.raises(UserError, match="already holds a crawl"):
        crawler(home="here").run()


def test_a_directory_with_a_crawl_is_refused_with_the_way_on(directory: Path) -> None:
    start(directory, max_pages=3).run()
    with pytest.raises(UserError, match=r"Crawler\.resume"):
        start(directory).run()
    go_on(directory, max_pages=None).run()
    with pytest.raises(UserError, match=r"Crawler\.update\(.* or name another directory\.$"):
        start(directory).run()


def test_a_directory_without_a_crawl_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no crawl directory"):
        Crawler.resume(tmp_path)
    with pytest.raises(UserError, match="is no crawl directory"):
        status(tmp_path / "nowhere")


def test_other_files_in_the_directory_are_left_alone(directory: Path) -> None:
    directory.mkdir()
    (directory / "notes.txt").write_text("mine")
    start(directory).run()
    assert (directory / "notes.txt").read_text() == "mine"


def test_a_second_process_is_refused_by_the_name_of_the_first(directory: Path) -> None:
    with closing(_running(start(directory))):
        with pytest.raises(UserError, match=rf"in use: process {os.getpid()} .* since "):
            go_on(directory).run()
        seen = status(directory)
        assert seen.state == "running"
        assert seen.holder is not None
        assert seen.holder.pid == os.getpid()
        assert not seen.resumable
    assert status(directory).state == "interrupted"


def test_a_stale_lock_is_taken_over(directory: Path) -> None:
    start(directory, max_pages=3).run()
    (directory / "lock").write_text('{"pid": 1, "host": "gone", "started": 0.0}')
    assert holder(directory / "lock") is None
    go_on(directory, max_pages=None).run()


def test_a_lock_file_with_nonsense_is_still_a_lock(tmp_path: Path) -> None:
    first = Lock(tmp_path / "lock")
    first.take()
    (tmp_path / "lock").write_text("?")
    with pytest.raises(UserError, match="another process is at work there"):
        Lock(tmp_path / "lock").take()
    first.release()


def _running(crawler: Crawler) -> Generator[Page, None, None]:
    pages = iter(crawler)
    next(pages)
    return pages


# ---------------------------------------------------------------- status


def test_status_tells_how_it_ended(directory: Path) -> None:
    start(directory, max_pages=3).run()
    seen = status(directory)
    assert (seen.state, seen.finish_reason, seen.resumable) == ("ended", FinishReason.PAGE_LIMIT, True)
    assert seen.glance.stats.kinds["done"] == 3
    assert seen.glance.pending
    go_on(directory, max_pages=None).run()
    seen = status(directory)
    assert (seen.state, seen.finish_reason, seen.resumable) == ("ended", FinishReason.COMPLETE, False)


# ---------------------------------------------------------------- settings


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    policy = Policy(
        seeds=("https://example.org/ü\U0001f577",), include=("/a'b\"c\\d\n\x00\x7f",), headers=(("A", "b"), ("C", "ü")),
        max_time=1.5, delay=0.0, max_depth=0, timeout=1e-7, max_bytes=10**15,
    )  # fmt: skip
    for settings in (Settings(policy, "threads", ("jsonl", "warc"), durable=True), Settings(Policy(), "asyncio")):
        write_settings(tmp_path, settings)
        assert read_settings(tmp_path) == settings
    assert (tmp_path / "gossamer.toml").stat().st_mode & 0o077 == 0


def test_settings_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "gossamer.toml").write_text("this is = = no toml")
    with pytest.raises(UserError, match="cannot be read"):
        read_settings(tmp_path)
    (tmp_path / "gossamer.toml").write_text("max_page = 5")
    with pytest.raises(UserError, match="max_pages"):
        read_settings(tmp_path)


def test_only_texts_numbers_and_lists_are_settings() -> None:
    with pytest.raises(TypeError):
        toml(object())


def test_an_unknown_format_is_refused_at_once(directory: Path) -> None:
    with pytest.raises(UserError, match="no format 'cvs'"):
        start(directory, formats=["jsonl", "cvs"])
    assert not directory.exists()


async def _taken_in_turn(crawler: Crawler) -> None:
    async for _ in crawler:
        pass


@pytest.mark.parametrize(
    "begin",
    [Crawler.run, list, lambda crawler: asyncio.run(crawler.arun()),
     lambda crawler: asyncio.run(_taken_in_turn(crawler))],
    ids=["run", "for", "arun", "async for"],
)  # fmt: skip
@pytest.mark.parametrize("engine", ENGINES)
def test_a_script_that_runs_twice_is_told_in_a_short_traceback_what_to_call(
    directory: Path, engine: str, begin: Callable[[Crawler], object]
) -> None:
    start(directory, max_pages=3).run()
    with pytest.raises(UserError) as told:
        begin(start(directory, engine=engine))
    way = f"Crawler.resume({str(directory)!r}) goes on with it; or name another directory."
    assert str(told.value) == f"{directory} already holds a crawl: {way}"
    assert not [frame for frame in told.traceback if "gossamer" in Path(frame.path).parts]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_refused_crawl_leaves_no_fetcher_behind(
    directory: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(directory, max_pages=3).run()
    closed = []
    monkeypatch.setattr(RecordedFetcher, "close", lambda self: closed.append("close"))

    async def aclose(self: object) -> None:
        closed.append("aclose")

    monkeypatch.setattr(RecordedAsyncFetcher, "aclose", aclose)
    with pytest.raises(UserError, match="already holds a crawl"):
        start(directory, engine=engine).run()
    assert closed == ["aclose" if engine == "asyncio" else "close"]


def test_who_is_interrupted_while_a_crawl_is_restored_may_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path / "crawl", max_pages=3).run()
    with monkeypatch.context() as patched:
        patched.setattr("gossamer.core.frontier.Frontier.restore", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            go_on(tmp_path / "crawl").run()
    assert go_on(tmp_path / "crawl", max_pages=5).run().pages == 5


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("empty", [False, True])
def test_results_without_their_journal_are_not_touched(tmp_path: Path, *, empty: bool) -> None:
    start(tmp_path / "c", max_pages=5).run()
    before = (tmp_path / "c" / "pages.jsonl").read_bytes()
    for file in (tmp_path / "c").glob("journal.db*"):
        file.unlink()
    if empty:
        (tmp_path / "c" / "journal.db").touch()
    with pytest.raises(UserError, match=r"has no journal\.db any more"):
        go_on(tmp_path / "c").run()
    assert before
    assert (tmp_path / "c" / "pages.jsonl").read_bytes() == before


def test_a_crawl_that_died_before_its_journal_was_made_begins_when_it_is_resumed(tmp_path: Path) -> None:
    start(tmp_path / "c", max_pages=5).run()
    for file in (tmp_path / "c").iterdir():
        if file.name != "gossamer.toml":
            file.unlink()
    assert go_on(tmp_path / "c", max_pages=None).run().finish_reason is FinishReason.COMPLETE


def test_the_report_of_an_iteration_left_early_tells_how_far_it_came(tmp_path: Path) -> None:
    crawler = start(tmp_path / "c")
    for number, _ in enumerate(crawler, 1):
        if number == 5:
            break
    assert crawler.report.counts.ended >= 5


def test_the_lock_names_the_program_and_not_the_words_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/bin/gossamer", "crawl", "-H", "Authorization: Bearer secret"])
    lock = Lock(tmp_path / "lock")
    lock.take()
    with pytest.raises(UserError, match=r"is in use: process \d+ on .* \(gossamer\)\.$"):
        Lock(tmp_path / "lock").take()
    lock.release()
    assert "secret" not in (tmp_path / "lock").read_text()


class BusyClock(FakeClock):
    """A clock by which all time is the processor's."""

    def now(self) -> float:
        self.time += 0.01
        return self.time

    def spent(self) -> float:
        return self.time


def test_a_run_that_fetched_nothing_does_not_say_what_took_the_time(tmp_path: Path) -> None:
    web = RecordedFetcher.of_site({"/": "<a href=/a>a</a>", "/a": "a"}, "https://a.example")
    Crawler("https://a.example/", directory=tmp_path / "c", fetcher=web, clock=BusyClock()).run()
    assert status(tmp_path / "c").glance.stats.processor > 0.9
    Crawler.resume(tmp_path / "c", fetcher=web, clock=BusyClock()).run()
    assert status(tmp_path / "c").glance.stats.processor == 0.0
