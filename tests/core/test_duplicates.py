"""Pages with the same content are counted and named, on every engine alike, and none is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.api.crawler import Crawler
from gossamer.core import duplicates as module
from gossamer.core.duplicates import DuplicateCounter
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.testing import FakeClock
from gossamer.values.snapshot import Duplicates, SavedStats

ORIGIN = "https://example.org"
LONG = "<p>" + "The same words again. " * 20


def stats(*contents: int, at_once: int = 2) -> DuplicateCounter:
    made = DuplicateCounter()
    for number, content in enumerate(contents):
        made.note(content, f"u{number}")
        if number % at_once == at_once - 1:
            made.settle()
    made.settle()
    return made


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_the_first_of_some_is_not_counted(at_once: int) -> None:
    found = stats(7, 8, 7, 7, 9, 8, at_once=at_once).duplicates()
    assert found == Duplicates(3, (("u2", "u0"), ("u3", "u0"), ("u5", "u1")))


def test_only_some_are_named_and_only_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 1)
    assert stats(1, 2, 2, 1).duplicates() == Duplicates(2, (("u3", "u0"),))
    assert len(stats(*[1] * 20).duplicates().examples) == module.EXAMPLES


def test_a_resumed_crawl_goes_on_counting() -> None:
    resumed = DuplicateCounter()
    resumed.restore(SavedStats(duplicates=3), b"".join(content.to_bytes(8, "little") for content in (7, 8, 7)))
    resumed.note(8, "again")
    resumed.note(9, "new")
    resumed.settle()
    assert resumed.duplicates() == Duplicates(4)


def site() -> RecordedFetcher:
    """A site where / and /index.html are the same, and so are pages in two directories, with relative links."""
    home = f"<a href=a/>a</a><a href=b/>b</a><a href=index.html>home</a><a href=short1>1</a><a href=short2>2</a>{LONG}"
    web: dict[str, str | RecordedPage] = {"/": home, "/index.html": home}
    for name in ("a", "b"):
        web |= {f"/{name}/": f"<a href=more>more</a>{LONG}", f"/{name}/more": f"{name}{LONG}"}
    web |= {"/short1": "nothing", "/short2": "nothing"}
    return RecordedFetcher.of_site(web, ORIGIN)


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_no_page_is_lost_because_another_is_the_same(engine: str) -> None:
    crawler = Crawler(ORIGIN, engine=engine, fetcher=site(), clock=FakeClock(1000.0))  # type: ignore[arg-type]
    pages = {page.url.removeprefix(ORIGIN): page for page in crawler}
    assert set(pages) == {"/", "/index.html", "/a/", "/b/", "/a/more", "/b/more", "/short1", "/short2"}
    assert pages["/a/"].record.content_hash == pages["/b/"].record.content_hash != ""
    found = crawler.report.snapshot.duplicates
    assert found.pages == 2
    assert {frozenset(pair) for pair in found.examples} == {
        frozenset((f"{ORIGIN}/", f"{ORIGIN}/index.html")),
        frozenset((f"{ORIGIN}/a/", f"{ORIGIN}/b/")),
    }


@pytest.mark.parametrize("stop_after", range(1, 8))
def test_the_count_is_the_same_after_an_interruption(tmp_path: Path, stop_after: int) -> None:
    first = Crawler(ORIGIN, directory=tmp_path / "x", engine="inline", fetcher=site(), clock=FakeClock(1000.0))
    for number, _ in enumerate(first, 1):
        if number == stop_after:
            break
    report = Crawler.resume(tmp_path / "x", fetcher=site(), clock=FakeClock(5000.0)).run()
    assert (report.pages, report.snapshot.duplicates.pages) == (8, 2)
