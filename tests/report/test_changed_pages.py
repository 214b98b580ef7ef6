"""What changed since the crawl before is counted and named, gone pages too."""

from __future__ import annotations

from pathlib import Path

from gossamer.api.crawler import Crawler
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from tests.support.reports import HOME, Site, crawled, linking, reported

BEFORE: Site = {
    "/": linking("/same", "/new", "/other", "/gone", "/unlinked", "/down"),
    "/same": "the same", "/other": "<title>Old</title>", "/gone": "x", "/unlinked": "x", "/down": "x",
}  # fmt: skip
NOW: Site = {
    "/": linking("/same", "/new", "/other", "/gone", "/down"),
    "/same": "the same", "/new": "<title>New</title>", "/other": "<title>Changed</title>", "/down": RecordedPage(500),
}  # fmt: skip


def updated(directory: Path, site: Site, **options: int) -> Path:
    web = RecordedFetcher.of_site(dict(site), HOME)
    crawler = Crawler.update(directory, fetcher=web, clock=FakeClock(), **options)  # type: ignore[arg-type]
    crawler.run()
    assert crawler.directory is not None
    return crawler.directory


def test_an_update_names_every_page_that_changed(tmp_path: Path) -> None:
    crawled(tmp_path / "c", BEFORE, retries=0)
    report = reported(updated(tmp_path / "c", NOW))
    assert report.changes == (
        "Since the crawl before: 1 added, 2 changed, 2 gone, 1 unchanged, 1 unknown (could not be fetched this time)."
    )
    rows = {(row.url.removeprefix(HOME), row.change, row.title, row.why) for row in report.changed.rows}
    assert rows == {
        ("/", "changed", "", ""), ("/other", "changed", "Changed", ""), ("/new", "added", "New", ""),
        ("/gone", "gone", "", "status 404"), ("/unlinked", "gone", "", "linked no more"),
        ("/down", "unknown", "", "not fetched"),
    }  # fmt: skip
    assert [row.change for row in report.changed.rows] == ["gone", "gone", "changed", "changed", "added", "unknown"]
    assert report.state.endswith("It updates the crawl in c.")


def test_an_update_that_ended_early_counts_by_its_records(tmp_path: Path) -> None:
    crawled(tmp_path / "c", BEFORE)
    report = reported(updated(tmp_path / "c", NOW, max_pages=2))
    assert report.changes.startswith("Since the crawl before: ")
    assert {row.change for row in report.changed.rows} <= {"added", "changed", "gone"}
    assert report.changed.total == len(report.changed.rows) >= 1


def test_a_first_crawl_says_that_it_is_one(tmp_path: Path) -> None:
    crawled(tmp_path / "c", BEFORE)
    report = reported(tmp_path / "c")
    assert report.changes.startswith("This is a first crawl")
    assert report.changed.rows == ()
