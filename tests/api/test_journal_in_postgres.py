"""A crawl whose journal is in PostgreSQL: everything that is done with a crawl directory works as with a file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gossamer.api.crawler import Crawler
from gossamer.api.export import export
from gossamer.api.link_graph import LinkGraph
from gossamer.api.settings_file import journal_of, read_settings
from gossamer.api.status import status
from gossamer.demo.server import DemoServer
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.journals.address import PostgresAddress
from gossamer.journals.postgres import drop
from gossamer.journals.reading import exists
from gossamer.report.diff import CrawlDiff
from gossamer.report.explain import explain
from gossamer.testing import FakeClock
from gossamer.values.errors import JournalError, UserError
from gossamer.values.model import Failure
from gossamer.values.reasons import Reason
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.server

ORIGIN = "https://example.org"
PAGES = 40


def site(pages: int = PAGES) -> RecordedFetcher:
    web = {
        f"/p{number}": "".join(
            f"<a href=/p{child}>x</a>" for child in (2 * number + 1, 2 * number + 2) if child < pages
        )
        for number in range(pages)
    }
    return RecordedFetcher.of_site(web, ORIGIN)


def crawler(directory: Path, server: PostgresServer, **options: object) -> Crawler:
    return Crawler(
        f"{ORIGIN}/p0",
        directory=directory,
        journal=server.url,
        fetcher=site(),
        clock=FakeClock(1000.0),
        engine="inline",
        **options,  # type: ignore[arg-type]
    )


def urls(directory: Path) -> list[str]:
    return [json.loads(line)["url"] for line in (directory / "pages.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_limited_crawl_goes_on(tmp_path: Path, postgres: PostgresServer) -> None:
    directory = tmp_path / "Example.org crawl"
    crawler(directory, postgres, max_pages=10).run()
    assert not (directory / "journal.db").exists()
    address = journal_of(directory)
    assert isinstance(address, PostgresAddress)
    assert address.schema.startswith("crawl_example_org_crawl_")
    told = status(directory)
    assert (told.state, told.glance.ended, told.resumable) == ("ended", 10, True)
    Crawler.resume(directory, max_pages=None, fetcher=site(), clock=FakeClock(5000.0)).run()
    assert sorted(urls(directory)) == sorted(f"{ORIGIN}/p{number}" for number in range(PAGES))
    assert status(directory).glance.pending == 0
    with LinkGraph(directory) as graph:
        assert sum(len(visit.targets) for visit in graph.visits()) == PAGES - 1
    assert export(directory, "jsonl").pages == PAGES


def test_an_update_has_a_schema_of_its_own(tmp_path: Path, postgres: PostgresServer) -> None:
    directory = tmp_path / "crawl"
    crawler(directory, postgres).run()
    report = Crawler.update(directory, fetcher=site(PAGES - 1), clock=FakeClock(90_000.0)).run()
    assert report.changes is not None
    assert (report.changes.gone, report.changes.unchanged) == (1, PAGES - 2)
    before, after = journal_of(directory), journal_of(directory / "update-0001")
    assert isinstance(before, PostgresAddress)
    assert isinstance(after, PostgresAddress)
    assert (before.url, before.schema) != (after.url, after.schema)
    assert before.url == after.url


def test_a_crawl_is_explained_and_compared_as_with_a_file(tmp_path: Path, postgres: PostgresServer) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    crawler(there, postgres, max_pages=10).run()
    options = {"fetcher": site(), "clock": FakeClock(1000.0), "engine": "inline", "max_pages": 10}
    Crawler(f"{ORIGIN}/p0", directory=here, **options).run()  # type: ignore[arg-type]
    for url in (f"{ORIGIN}/p3", f"{ORIGIN}/p15", f"{ORIGIN}/p30", f"{ORIGIN}/P3"):
        one, other = explain(url, there), explain(url, here)
        assert (one.state, one.referrers, one.path, one.nearest) == (
            other.state,
            other.referrers,
            other.path,
            other.nearest,
        )
        places = [queue and (queue.before, queue.on_host) for queue in (one.queue, other.queue)]
        assert places[0] == places[1]  # the rest of the host depends on the moment
    with CrawlDiff(here, there) as diff:
        assert not diff.differs()
        assert diff.summary().counts["same"] == 10


def test_a_crawl_whose_schema_is_gone_cannot_go_on(tmp_path: Path, postgres: PostgresServer) -> None:
    directory = tmp_path / "crawl"
    crawler(directory, postgres, max_pages=10).run()
    before = (directory / "pages.jsonl").read_bytes()
    address = journal_of(directory)
    assert isinstance(address, PostgresAddress)
    drop(address)
    with pytest.raises(UserError, match=f"has no .*{address.schema} any more"):
        Crawler.resume(directory, fetcher=site(), clock=FakeClock(5000.0)).run()
    assert (directory / "pages.jsonl").read_bytes() == before


def test_a_schema_that_holds_a_crawl_is_not_taken_for_another(tmp_path: Path, postgres: PostgresServer) -> None:
    crawler(tmp_path / "first", postgres).run()
    taken = read_settings(tmp_path / "first").policy.journal
    with pytest.raises(UserError, match="already holds the journal of a crawl"):
        Crawler(f"{ORIGIN}/p0", directory=tmp_path / "second", journal=taken, fetcher=site(), engine="inline").run()


def test_a_crawl_that_reached_nobody_leaves_no_schema(tmp_path: Path, postgres: PostgresServer) -> None:
    directory = tmp_path / "crawl"
    nobody = RecordedFetcher.of_site(
        {"/p0": Failure(Reason.FAIL_CONNECT), "/robots.txt": Failure(Reason.FAIL_CONNECT)}, ORIGIN
    )
    Crawler(
        f"{ORIGIN}/p0", directory=directory, journal=postgres.url, fetcher=nobody, clock=FakeClock(1.0), engine="inline"
    ).run()
    address = journal_of(directory)
    crawler(directory, postgres).run()
    assert not exists(address)
    assert len(urls(directory)) == PAGES


def test_a_journal_needs_a_directory_and_stays_where_it_is(tmp_path: Path, postgres: PostgresServer) -> None:
    with pytest.raises(UserError, match="journal says how a crawl is recorded, and needs a directory"):
        Crawler(ORIGIN, journal=postgres.url)
    directory = tmp_path / "crawl"
    crawler(directory, postgres, max_pages=1).run()
    with pytest.raises(UserError, match="journal cannot be given here"):
        Crawler.resume(directory, journal=postgres.url)
    with pytest.raises(UserError, match="must not hold a password"):
        Crawler(ORIGIN, directory=tmp_path / "other", journal="postgresql://me:secret@127.0.0.1/x")


@pytest.mark.parametrize(
    "engine",
    ["asyncio", pytest.param("threads", marks=pytest.mark.slow), pytest.param("processes", marks=pytest.mark.slow)],
)
def test_a_killed_crawl_loses_nothing(engine: str, tmp_path: Path, postgres: PostgresServer) -> None:
    with DemoServer() as museum:
        directory, words = (
            tmp_path / "crawl",
            ("--allow-private", "127.0.0.1", "--retries", "0", "-q", "--engine", engine),
        )
        command = [sys.executable, "-m", "gossamer"]
        first = subprocess.Popen(
            [*command, "crawl", museum.url, "-o", str(directory), "--journal", postgres.url, "--delay", "0.005", *words]
        )
        patience = time.monotonic() + 30
        while not (directory / "pages.jsonl").exists() or (directory / "pages.jsonl").read_bytes().count(b"\n") < 20:
            assert time.monotonic() < patience
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        first.wait()
        resumed = [*command, "resume", str(directory), "--delay", "0", *words[2:]]
        assert subprocess.run(resumed, check=False).returncode in (0, 1)
        found = urls(directory)
        assert len(found) == len(set(found))
        assert len(found) == status(directory).glance.known
        assert status(directory).glance.pending == 0


def test_two_processes_cannot_go_on_with_one_crawl(tmp_path: Path, postgres: PostgresServer) -> None:
    directory = tmp_path / "crawl"
    pages = iter(crawler(directory, postgres))
    next(pages)
    (tmp_path / "copy").mkdir()
    for name in ("gossamer.toml", "pages.jsonl"):
        (tmp_path / "copy" / name).write_bytes((directory / name).read_bytes())
    Crawler.resume(tmp_path / "copy", fetcher=site(), clock=FakeClock(5000.0)).run()
    with pytest.raises(JournalError, match="another process goes on with this crawl"):
        list(pages)
    assert len(urls(tmp_path / "copy")) == PAGES
