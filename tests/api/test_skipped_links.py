"""What a crawl keeps of the links that it refuses, in its directory, over resumes and updates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler
from gossamer.cli.problems import left_out
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.outputs import skipped
from gossamer.testing import FakeClock
from tests.support.conformance_cases import page, robots

HOME = "https://a.example/"


def site() -> RecordedFetcher:
    return RecordedFetcher(
        {
            HOME: page("/b", "/private", "https://other.example/x", "http://[", "ftp://me:secret@old.example/", "/c"),
            HOME + "robots.txt": robots("User-agent: *\nDisallow: /private"),
            HOME + "b": page("https://other.example/x", "https://other.example/y#part"),
            HOME + "c": RecordedPage(301, {"location": "https://away.example/"}),
        }
    )


def crawl(directory: Path, **fields: Any) -> Crawler:
    crawler = Crawler(HOME, directory=directory, engine="inline", fetcher=site(), clock=FakeClock(), **fields)
    crawler.run()
    return crawler


def lines(directory: Path) -> list[tuple[str, str, str]]:
    text = (directory / "skipped.jsonl").read_text()
    return [(one["url"], one["reason"], one["via"]) for one in map(json.loads, text.splitlines())]


ALL = [
    ("https://other.example/x", "skip.scope", HOME),
    ("http://[", "skip.invalid", HOME),
    ("ftp://old.example/", "skip.scheme", HOME),
    ("https://other.example/y", "skip.scope", HOME + "b"),
]


def test_each_refused_link_is_kept_with_the_page_and_no_password(tmp_path: Path) -> None:
    crawler = crawl(tmp_path / "c")
    assert lines(tmp_path / "c") == ALL
    assert crawler.report.counts.refused == len(ALL), "what has a record in pages.jsonl is not among them"


def test_a_crawl_that_keeps_none_has_no_file_and_counts_the_same(tmp_path: Path) -> None:
    crawler = crawl(tmp_path / "c", keep_skipped=False)
    assert not (tmp_path / "c" / "skipped.jsonl").exists()
    assert crawler.report.counts.refused == len(ALL)


def test_a_resumed_crawl_that_keeps_no_more_leaves_what_there_is(tmp_path: Path) -> None:
    crawl(tmp_path / "c", max_pages=1)
    first = lines(tmp_path / "c")
    assert first == ALL[:3]
    for keeps in (False, True):
        Crawler.resume(tmp_path / "c", keep_skipped=keeps, max_pages=9, fetcher=site(), clock=FakeClock(99.0)).run()
        assert lines(tmp_path / "c") == first


def test_an_update_has_the_refused_links_of_its_own(tmp_path: Path) -> None:
    crawl(tmp_path / "c")
    Crawler.update(tmp_path / "c", fetcher=site(), clock=FakeClock(99.0)).run()
    assert lines(tmp_path / "c" / "update-0001") == lines(tmp_path / "c") == ALL


def test_the_summary_says_where_the_file_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawler = crawl(tmp_path / "c")
    assert left_out(crawler.report) == []
    monkeypatch.setattr(skipped, "MOST_BYTES", 100)
    assert [text.plain for _, text in left_out(crawler.report)] == [
        "  skipped.jsonl is full: it has only the first of the refused links."
    ]
    assert left_out(Crawler(HOME, engine="inline", fetcher=site(), clock=FakeClock()).run()) == []
