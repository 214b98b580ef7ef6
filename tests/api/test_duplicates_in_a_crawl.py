"""Of pages with the same content none is left out, and the count goes on after an interruption."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.api.crawler import Crawler
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.testing import FakeClock

ORIGIN = "https://example.org"
LONG = "<p>" + "The same words again. " * 20


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
