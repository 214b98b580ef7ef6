"""The file of references: read while it grows, up to the last commit, and exactly what was written."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from gossamer import Crawler
from gossamer.api.references import read_references
from gossamer.engines.table import EngineName
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage, Recording
from gossamer.outputs.references import FILE, references_in
from gossamer.testing import FakeClock
from gossamer.values.errors import OutputError, UserError
from tests.support.conformance_runs import ENGINES

ORIGIN = "https://example.org"


def css(text: str) -> RecordedPage:
    return RecordedPage(headers={"content-type": "text/css"}, body=text)


def picture() -> RecordedPage:
    return RecordedPage(headers={"content-type": "image/png"}, body=b"\x89PNG")


def site() -> RecordedFetcher:
    return RecordedFetcher.of_site(
        {
            "/": "<link rel=stylesheet href=a.css><a href=p#x>The page</a><img src=i.png><img src=http://other.example/x>",
            "/p": "<h1 id=x>Page</h1><a href=/>up</a>",
            "/a.css": css("@import 'b.css'; p { background: url(lost.png) }"),
            "/b.css": css("@font-face { src: url(f.woff) }"),
            "/i.png": picture(),
            "/f.woff": picture(),
        },
        ORIGIN,
    )


def crawl(directory: Path, engine: EngineName = "inline", **settings: object) -> Crawler:
    crawler = Crawler(
        f"{ORIGIN}/",
        directory=directory,
        engine=engine,
        fetcher=site(),
        clock=FakeClock(1000.0),
        **settings,  # type: ignore[arg-type]
    )
    crawler.run()
    return crawler


def pages(directory: Path) -> dict[str, list[str]]:
    return {page.url.removeprefix(ORIGIN): [one.url for one in page.references] for page in read_references(directory)}


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_records_what_pages_and_stylesheets_point_to(engine: EngineName, tmp_path: Path) -> None:
    crawler = crawl(tmp_path / "crawl", engine, resources=True)
    assert pages(tmp_path / "crawl") == {
        "/": [f"{ORIGIN}/a.css", f"{ORIGIN}/p", f"{ORIGIN}/i.png", "http://other.example/x"],
        "/p": [f"{ORIGIN}/"],
        "/a.css": [f"{ORIGIN}/b.css", f"{ORIGIN}/lost.png"],
        "/b.css": [f"{ORIGIN}/f.woff"],
    }
    assert crawler.results == ("pages.jsonl", FILE)
    assert (crawler.report.pages, crawler.report.failed) == (6, 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_sitemaps_name_is_recorded_too(engine: EngineName, tmp_path: Path) -> None:
    urls = "".join(f"<url><loc>{ORIGIN}{path}</loc></url>" for path in ("/", "/lost", "/out?utm_source=x"))
    xml = RecordedPage(headers={"content-type": "application/xml"}, body=f"<urlset>{urls}</urlset>")
    empty = RecordedPage(headers={"content-type": "application/xml"}, body="<urlset></urlset>")
    robots = RecordedPage(body=f"Sitemap: {ORIGIN}/map.xml\nSitemap: {ORIGIN}/empty.xml")
    fetcher = RecordedFetcher.of_site(
        {"/robots.txt": robots, "/": "<a href=/>x</a>", "/map.xml": xml, "/empty.xml": empty}
    )
    Crawler(
        f"{ORIGIN}/", directory=tmp_path / "crawl", engine=engine, fetcher=fetcher, clock=FakeClock(1000.0),
        formats=["references"], strip_tracking=True, exclude=["/out"],
    ).run()  # fmt: skip
    [sitemap] = [page for page in read_references(tmp_path / "crawl") if page.is_sitemap]
    assert sitemap.url == f"{ORIGIN}/map.xml"
    assert [(one.url, one.element) for one in sitemap.references] == [
        (f"{ORIGIN}/", "loc"), (f"{ORIGIN}/lost", "loc"), (f"{ORIGIN}/out", "loc")
    ]  # fmt: skip


def test_a_redirect_to_a_fragment_is_recorded(tmp_path: Path) -> None:
    pages: dict[str, RecordedPage | str] = {
        "/": "<a href=/old>x</a><a href=/other>x</a>",
        "/old": RecordedPage(301, {"location": "/new?a#here"}),
        "/other": RecordedPage(301, {"location": "/new"}),
    }
    fetcher = RecordedFetcher.of_site(pages)
    Crawler(f"{ORIGIN}/", directory=tmp_path / "crawl", fetcher=fetcher, clock=FakeClock(1.0), resources=True).run()
    found = {page.url: page.references for page in read_references(tmp_path / "crawl")}
    [place] = found[f"{ORIGIN}/old"]
    assert (place.url, place.fragment, place.element) == (f"{ORIGIN}/new?a", "here", "Location")
    assert f"{ORIGIN}/other" not in found


def test_a_crawl_without_that_format_keeps_nothing_of_sitemaps(tmp_path: Path) -> None:
    Crawler(f"{ORIGIN}/", directory=tmp_path / "crawl", fetcher=site(), clock=FakeClock(1000.0)).run()
    assert not (tmp_path / "crawl" / FILE).exists()


def test_without_resources_only_pages_are_fetched(tmp_path: Path) -> None:
    assert crawl(tmp_path / "crawl", formats=["references"]).report.pages == 2
    assert list(pages(tmp_path / "crawl")) == ["/", "/p"]


def test_resources_are_fetched_without_a_directory_too() -> None:
    crawler = Crawler(f"{ORIGIN}/", fetcher=site(), clock=FakeClock(1000.0), engine="inline", resources=True)
    assert crawler.run().pages == 6
    assert crawler.results == ()


def test_a_page_at_the_maximum_depth_is_whole(tmp_path: Path) -> None:
    crawl(tmp_path / "crawl", resources=True, max_depth=0)
    assert sorted(pages(tmp_path / "crawl")) == ["/", "/a.css", "/b.css"]


def test_a_crawl_without_references_has_none_to_read(tmp_path: Path) -> None:
    crawl(tmp_path / "crawl")
    with pytest.raises(UserError, match="recorded no references"):
        next(read_references(tmp_path / "crawl"))


def test_a_file_that_was_cut_is_noticed(tmp_path: Path) -> None:
    crawl(tmp_path / "crawl", resources=True)
    file = tmp_path / "crawl" / FILE
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(OutputError, match="shorter than the journal knows"):
        list(read_references(tmp_path / "crawl"))


def test_a_member_without_an_end_is_noticed(tmp_path: Path) -> None:
    crawl(tmp_path / "crawl", resources=True)
    file = tmp_path / "crawl" / FILE
    member = gzip.compress(random.Random(1).randbytes(5000).hex().encode())
    file.write_bytes(file.read_bytes() + member)
    with pytest.raises(OutputError, match="it ends in the middle"):
        list(references_in(file, file.stat().st_size - 100))


def test_a_damaged_file_is_noticed(tmp_path: Path) -> None:
    crawl(tmp_path / "crawl", resources=True)
    file = tmp_path / "crawl" / FILE
    file.write_bytes(b"\0" * file.stat().st_size)
    with pytest.raises(OutputError, match="is damaged"):
        list(read_references(tmp_path / "crawl"))


def test_what_no_commit_vouches_for_is_not_read(tmp_path: Path) -> None:
    crawl(tmp_path / "crawl", resources=True)
    whole = pages(tmp_path / "crawl")
    with (tmp_path / "crawl" / FILE).open("ab") as file:
        file.write(b"half a member")
    assert pages(tmp_path / "crawl") == whole


def test_in_an_update_a_page_that_has_not_changed_has_its_line_too(tmp_path: Path) -> None:
    tagged = RecordedPage(headers={"content-type": "text/html", "etag": '"1"'}, body="<a href=/p>p</a><img src=i.png>")
    web: dict[str, Recording] = {"/": tagged, "/p": "<h1>Page</h1>", "/i.png": picture()}
    first = Crawler(
        f"{ORIGIN}/", directory=tmp_path / "crawl", engine="inline", clock=FakeClock(1000.0), resources=True,
        fetcher=RecordedFetcher.of_site(web, ORIGIN),
    )  # fmt: skip
    first.run()
    again = Crawler.update(tmp_path / "crawl", clock=FakeClock(2000.0), fetcher=RecordedFetcher.of_site(web, ORIGIN))
    report = again.run()
    assert again.directory is not None
    assert pages(again.directory) == pages(tmp_path / "crawl")
    assert report.changes is not None
    assert (report.changes.unchanged, report.changes.gone) == (3, 0)


def test_a_crawl_that_was_stopped_goes_on_with_its_references(tmp_path: Path) -> None:
    whole = crawl(tmp_path / "whole", resources=True)
    crawl(tmp_path / "crawl", resources=True, max_pages=2)
    Crawler.resume(tmp_path / "crawl", fetcher=site(), clock=FakeClock(2000.0), max_pages=None).run()
    assert pages(tmp_path / "crawl") == pages(tmp_path / "whole")
    assert whole.report.pages == 6
