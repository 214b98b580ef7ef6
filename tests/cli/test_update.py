"""`gossamer crawl --update`: what a user does to learn what has changed on a site."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import gossamer.cli
from gossamer.api.crawler import Crawler
from gossamer.api.report import Report
from gossamer.cli.oddities import duplicates, near_duplicates
from gossamer.cli.summary import _changes
from gossamer.demo.server import DemoServer
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.testing import FakeClock, RecordedPage
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import Changes
from tests.support.scripted_server import Server, answer


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def test_a_site_that_stayed_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    with DemoServer() as museum:
        words = ["crawl", museum.url, "--allow-private", "127.0.0.1", "--delay", "0", "--max-pages", "12", "-o", "site"]
        assert gossamer.cli.main([*words, "-q"]) == 4
        assert gossamer.cli.main(["crawl", "--update", "site", "--no-progress", "--json"]) == 4
        said = capfd.readouterr()
        assert "Since the crawl before: " in said.err
        assert "site/update-0001/pages.jsonl" in said.err
        changes = json.loads(said.out)["changes"]
        assert (changes["changed"], changes["gone"]) == (0, 0)
        assert changes["unchanged"] + changes["added"] == 12
        assert gossamer.cli.main(["crawl", "--update", "site", "-e", "threads", "-q"]) == 4
    assert Path("site/update-0002/pages.jsonl").exists()


def test_an_interrupted_update_is_left_with_a_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with DemoServer() as museum:
        words = [
            "crawl",
            museum.url,
            "--allow-private",
            "127.0.0.1",
            "--delay",
            "0",
            "--max-depth",
            "1",
            "-o",
            "my site",
        ]
        gossamer.cli.main([*words, "-q"])
        for _ in Crawler.update("my site"):
            break
        assert gossamer.cli.main(["status", "my site"]) == 0
        assert "update-0001: interrupted" in capfd.readouterr().out
        gossamer.cli.main(["crawl", "--update", "my site", "--no-progress"])
    said = " ".join(capfd.readouterr().err.split())
    way = "to go on with it instead: gossamer resume 'my site/update-0001'"
    assert f"Hint: the update in my site/update-0001 was interrupted and stays so; {way} " in said
    assert Path("my site/update-0002/pages.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["https://example.org/"], "name no URL"),
        (["-o", "there"], "leave out -o"),
        (["-f", "warc"], "leave out -f"),
        (["--config", "x.toml"], "leave out --config"),
        ([], "is no crawl directory"),
    ],
)
def test_what_cannot_be_is_said(capfd: pytest.CaptureFixture[str], words: list[str], complaint: str) -> None:
    assert gossamer.cli.main(["crawl", "--update", "site", *words]) == 2
    assert complaint in capfd.readouterr().err


def test_the_summary_names_some_pages_of_each_kind() -> None:
    fetcher = RecordedFetcher.of_site({"/": "hello"})
    crawler = Crawler("https://example.org/", fetcher=fetcher, clock=FakeClock(1000.0))
    report = crawler.run()
    assert _changes(report) == []
    examples = {"added": ("https://a/1", "https://a/2"), "gone": ("https://a/3",)}
    changes = Changes(7, 0, 1_000, 1, examples)
    report = msgspec.structs.replace(report, changes=changes, directory=Path("site/update-0001"))
    assert [text.plain for _, text in _changes(report)] == [
        "Since the crawl before: 7 added, 0 changed, 1 gone, 1,000 unchanged",
        "  added    https://a/1",
        "  added    https://a/2",
        "  and 5 more in the results",
        "  gone     https://a/3",
        "  listed in site/update-0001/gone.jsonl",
    ]
    more = msgspec.structs.replace(report, changes=Changes(gone=1_001, examples={"gone": ("https://a/3",)}))
    assert _changes(more)[-1][1].plain == "  and 1,000 more; all are in site/update-0001/gone.jsonl"
    limited = msgspec.structs.replace(more, finish_reason=FinishReason.PAGE_LIMIT)
    assert _changes(limited)[-1][1].plain == "  and 1,000 more in the results"


def test_the_summary_names_pages_with_the_same_content() -> None:
    body = "the same " * 50
    fetcher = RecordedFetcher.of_site(
        {"/": f"<a href=/a>{body}</a>", "/a": f"<a href=/b>{body}", "/b": f"<a href=/b>{body}"}
    )
    crawler = Crawler("https://example.org/", engine="inline", fetcher=fetcher, clock=FakeClock(1000.0))
    assert [text.plain for _, text in duplicates(crawler.run())] == [
        "1 page with the content of another",
        "  https://example.org/b",
        "       the same as https://example.org/a",
    ]


def test_the_summary_names_pages_with_nearly_the_same_text() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    web = {"/": f"<a href=/a>{text}</a>", "/a": f"<b>{text}"}
    unasked = Crawler("https://example.org/", fetcher=RecordedFetcher.of_site(web), clock=FakeClock(1000.0))
    assert near_duplicates(unasked.run(), asked=False) == []
    fetcher = RecordedFetcher.of_site(web)
    crawler = Crawler("https://example.org/", fetcher=fetcher, clock=FakeClock(1000.0), near_duplicates=True)
    assert [text.plain for _, text in near_duplicates(crawler.run(), asked=True)] == [
        "2 pages with nearly the same text as another, in 1 group",
        "  https://example.org/  2 pages",
        "       nearly the same as https://example.org/a",
    ]


# ---------------------------------------------------------------- what could not be fetched, and limits

A = "https://example.org"
SITE: dict[str, RecordedPage | str] = {
    "/": "<a href=/hub>hub</a><a href=/page>page</a>",
    "/hub": "the hub <a href=/leaf>leaf</a>",
    "/leaf": "a leaf <a href=/deeper>deeper</a>",
    "/deeper": "deeper",
    "/page": "a page",
}


def crawled(directory: str, **changed: RecordedPage | str) -> Report:
    """Crawl a site, or update it once it was crawled, with some pages changed (by path, without the slash)."""
    pages = SITE | {f"/{name}": page for name, page in changed.items()}
    fetcher, clock = RecordedFetcher.of_site(pages), FakeClock(1000.0)
    if Path(directory).exists():
        return Crawler.update(directory, fetcher=fetcher, clock=clock, max_pages=None).run()
    return Crawler(f"{A}/", directory=directory, fetcher=fetcher, clock=clock, engine="inline", retries=0).run()


@pytest.mark.parametrize("trouble", [500, 503, 403, 429])
def test_what_cannot_be_fetched_is_unknown_with_all_that_only_it_leads_to(trouble: int) -> None:
    crawled("site")
    changes = crawled("site", hub=RecordedPage(trouble)).changes
    assert changes is not None
    assert (changes.unknown, changes.gone, changes.added, changes.unchanged) == (3, 0, 0, 2)
    assert changes.examples["unknown"] == (f"{A}/hub", f"{A}/deeper", f"{A}/leaf")
    assert Path("site/update-0001/gone.jsonl").read_text() == ""
    after = crawled("site").changes
    assert after is not None
    assert (after.unchanged, after.added, after.changed) == (5, 0, 0), "compared with what was last known"
    crawled("site", hub=RecordedPage(trouble))
    twice = crawled("site", hub=RecordedPage(trouble)).changes
    assert twice is not None
    assert (twice.unknown, twice.gone) == (3, 0), "however long it lasts"
    changed = crawled("site", hub="another hub <a href=/leaf>leaf</a>").changes
    assert changed is not None
    assert (changed.changed, changed.added, changed.gone) == (1, 0, 0)


def test_what_is_gone_stays_gone_beside_what_is_unknown() -> None:
    crawled("site")
    changes = crawled("site", hub=RecordedPage(500), page=RecordedPage(404)).changes
    assert changes is not None
    assert (changes.unknown, changes.gone) == (3, 1)
    said = [text.plain for _, text in _changes(crawled("site", hub=RecordedPage(500)))]
    assert said[0].endswith("1 added, 0 changed, 0 gone, 1 unchanged, 3 unknown (could not be fetched this time)")
    assert "  unknown  https://example.org/hub" in said
    listed = [json.loads(line) for line in Path("site/update-0002/unknown.jsonl").read_text().splitlines()]
    assert [page["why"] for page in listed] == ["not fetched", *["linked by pages not fetched"] * 2]


def test_an_update_compares_with_the_last_crawl_that_was_complete() -> None:
    crawled("site")
    fetcher, clock = RecordedFetcher.of_site(SITE), FakeClock(1000.0)
    short = Crawler.update("site", fetcher=fetcher, clock=clock, max_pages=1).run()
    assert short.finish_reason is FinishReason.PAGE_LIMIT
    changes = crawled("site").changes
    assert changes is not None
    assert (changes.unchanged, changes.added, changes.gone) == (5, 0, 0), "nothing is new because of a limit"
    assert 'previous = ".."' in Path("site/update-0002/gossamer.toml").read_text()


def test_status_lists_updates_and_export_says_which_crawl_it_exports(capfd: pytest.CaptureFixture[str]) -> None:
    crawled("site")
    for _ in range(2):
        crawled("site")
    assert gossamer.cli.main(["status", "site"]) == 0
    out = " ".join(capfd.readouterr().out.split())
    assert "update-0001: ended, because every link in scope was visited; 5 links ended update-0002: ended" in out
    assert gossamer.cli.main(["status", "site", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["updates"] == ["update-0001", "update-0002"]
    assert gossamer.cli.main(["export", "site", "-f", "jsonl"]) == 0
    said = capfd.readouterr()
    assert len(said.out.splitlines()) == 5
    assert "the first crawl in site" in said.err
    assert "site/update-0002" in said.err
    assert gossamer.cli.main(["export", "site/update-0002", "-f", "jsonl"]) == 0
    assert capfd.readouterr().err == ""


def test_an_update_names_links_that_broke_and_links_that_were_mended(capfd: pytest.CaptureFixture[str]) -> None:
    def page(text: str) -> bytes:
        return answer(text.encode(), "Content-Type: text/html")

    links = "".join(f"<a href=/{name}>x</a>" for name in ("kept", "lost", "found", "dead"))
    before = {"/": page(f"<title>Home</title>{links}"), "/kept": page("kept"), "/lost": page("lost")}
    after = {
        "/": page(f"<title>Home</title>{links}<a href=/wrong>x</a>"),
        "/kept": page("kept"),
        "/found": page("found"),
    }
    pages = dict(before)
    with Server(pages) as server:
        words = ["--allow-private", "127.0.0.1", "--delay", "0", "--no-sitemaps"]
        gossamer.cli.main(["crawl", server.origin, *words, "-q", "-o", "site"])
        pages.clear()
        pages.update(after)
        assert gossamer.cli.main(["crawl", "--update", "site", "--no-progress"]) == 1
        said = capfd.readouterr().err
        assert (
            f"2 links that fail since the crawl before\n  {server.origin}/lost  404 (200 before)\n"
            f"  {server.origin}/wrong  404 (a new link)\n"
            f"1 link that works again since the crawl before\n  {server.origin}/found  200 (404 before)\n"
            "  All that differs: gossamer diff site site/update-0001\n"
        ) in said
        gossamer.cli.main(["crawl", "--update", "site", "--no-progress"])
        assert "since the crawl before\n" not in capfd.readouterr().err
