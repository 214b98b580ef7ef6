"""Who links to whom is known of every crawl, from its journal alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler
from gossamer.api import link_graph
from gossamer.api.link_graph import LinkGraph
from gossamer.demo.server import DemoServer
from gossamer.demo.site import DemoSite
from gossamer.journals.sqlite import SqliteJournal
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.errors import UserError

HOME = "https://example.org"


def moved(target: str) -> RecordedPage:
    return RecordedPage(301, {"location": target})


SITE: dict[str, RecordedPage | str] = {
    "/": "<a href=/a/>x</a> <a href=/old>x</a> <a href='/a/'>again</a> <a href=https://elsewhere.example/>x</a>",
    "/a/": "<base href=/b/><a href=c>x</a> <a href=/ rel=nofollow>x</a> <a href=#top>x</a> <a href=/a/>self</a>",
    "/b/c": "<a href=?page=2>x</a> <a href=/missing>x</a>",
    "/b/c?page=2": "<a href=?page=2>x</a> <a href=/missing>x</a> <a href=/a/>x</a>",
    "/old": moved("/a/"),
}


def crawled(directory: Path, site: dict[str, RecordedPage | str] = SITE, **options: object) -> None:
    web = RecordedFetcher.of_site(site, HOME)
    Crawler(f"{HOME}/", fetcher=web, clock=FakeClock(), directory=directory, **options).run()  # type: ignore[arg-type]


def links(directory: Path, *, unfollowed: bool = False) -> set[tuple[str, str]]:
    """Return the links by the paths of both ends."""
    with LinkGraph(directory) as graph:
        paths = {number: record.url.removeprefix(HOME) for number, record in graph.records()}
        return {
            (paths[visit.id], paths[int(target)])
            for visit in graph.visits()
            for target in (visit.unfollowed if unfollowed else visit.targets)
        }


def test_every_link_between_known_urls_is_found_once(tmp_path: Path) -> None:
    crawled(tmp_path / "c")
    assert links(tmp_path / "c") == {
        ("/", "/a/"), ("/", "/old"), ("/old", "/a/"), ("/a/", "/b/"), ("/a/", "/b/c"), ("/b/c", "/b/c?page=2"),
        ("/b/c", "/missing"), ("/b/c?page=2", "/missing"), ("/b/c?page=2", "/a/"),
    }  # fmt: skip
    assert links(tmp_path / "c", unfollowed=True) == {("/a/", "/")}


@pytest.mark.parametrize("hrefs", [0, 1, 5])
def test_little_memory_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hrefs: int) -> None:
    crawled(tmp_path / "c")
    expected = links(tmp_path / "c")
    monkeypatch.setattr(link_graph, "_HREFS", hrefs)
    assert links(tmp_path / "c") == expected


def test_the_page_that_led_somewhere_first_links_there(tmp_path: Path) -> None:
    with DemoServer(site=DemoSite(items=20, slow_seconds=0.0)) as server:
        settings: dict[str, Any] = {"allow_private": "127.0.0.1", "delay": 0.0, "sitemaps": False, "retries": 0}
        Crawler(server.url, directory=tmp_path / "c", **settings).run()
    with LinkGraph(tmp_path / "c") as graph:
        found = {visit.id: visit for visit in graph.visits()}
        assert len(found) > 50
        for visit in found.values():
            if visit.record.via:
                source = graph.find(visit.record.via)
                assert source is not None
                assert visit.id in found[source].targets


def test_a_page_is_known_under_any_session_and_without_tracking(tmp_path: Path) -> None:
    pages: dict[str, RecordedPage | str] = {
        "/": "<a href=/a?PHPSESSID=0123456789abcdef0123456789abcdef>x</a>",
        "/a?PHPSESSID=0123456789abcdef0123456789abcdef": "<a href=/a?PHPSESSID=fedcba9876543210fedcba9876543210>x</a>"
        "<a href='/?utm_source=x'>x</a>",
    }
    crawled(tmp_path / "c", pages, strip_tracking=True)
    with LinkGraph(tmp_path / "c") as graph:
        assert len(graph) == 2
        assert [visit.targets.tolist() for visit in graph.visits()] == [[1], [0]]


def test_queries_are_in_the_encoding_of_their_page(tmp_path: Path) -> None:
    html = "Content-Type"
    pages: dict[str, RecordedPage | str] = {
        "/": RecordedPage(200, {html: "text/html; charset=iso-8859-1"}, "<a href=/s?q=ä>x</a>".encode("latin-1")),
        "/s?q=%E4": "found",
    }
    crawled(tmp_path / "c", pages)
    assert links(tmp_path / "c") == {("/", "/s?q=%E4")}


def test_a_graph_is_of_one_moment(tmp_path: Path) -> None:
    crawled(tmp_path / "c", max_pages=2)
    with LinkGraph(tmp_path / "c") as graph:
        before = [visit.record.url for visit in graph.visits()]
        web = RecordedFetcher.of_site(SITE, HOME)
        Crawler.resume(tmp_path / "c", max_pages=50, fetcher=web, clock=FakeClock()).run()
        assert [visit.record.url for visit in graph.visits()] == before
    with LinkGraph(tmp_path / "c") as graph:
        assert len(list(graph.visits())) > len(before)


def test_of_an_unknown_url_there_is_no_id(tmp_path: Path) -> None:
    crawled(tmp_path / "c")
    with LinkGraph(tmp_path / "c") as graph:
        assert graph.find(f"{HOME}/") == 0
        assert graph.find(f"{HOME}/never") is None


def test_the_graph_of_a_crawl_that_just_began_is_empty(tmp_path: Path) -> None:
    crawled(tmp_path / "c")
    (tmp_path / "c" / "journal.db").unlink()
    journal = SqliteJournal(tmp_path / "c" / "journal.db")
    journal.open()
    journal.close()
    with LinkGraph(tmp_path / "c") as graph:
        assert len(graph) == 0
        assert graph.find(f"{HOME}/") is None
        assert list(graph.visits()) == []


def test_there_is_no_graph_without_a_crawl(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no crawl directory"):
        LinkGraph(tmp_path)
