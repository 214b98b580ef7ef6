"""The beginning of a report says how a crawl stands, whatever became of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gossamer.api.directory_layout import JOURNAL, LOCK
from gossamer.api.lock import Lock
from gossamer.api.saved_report import saved_report
from gossamer.api.status import status
from gossamer.journals.sqlite import SqliteJournal
from gossamer.testing import RecordedPage
from tests.support.reports import HOME, Site, crawled, linking, moved, page_of, reported

WHOLE: Site = {
    "/": linking("/a", "/b", "/gone", "/private"),
    "/a": linking("/"),
    "/b": "b",
    "/private": RecordedPage(403),
}


def test_the_verdict_names_what_is_wrong_and_how_much_came(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE)
    report = reported(tmp_path / "c")
    assert report.verdict == "1 broken link and 1 page refused or behind a login; 3 pages were fetched."
    assert report.state == "Done: every link in scope was visited."
    assert [(figure.value, figure.label) for figure in report.figures[:4]] == [
        ("3", "pages"), ("1", "broken link"), ("1", "other problem"), ("0", "links not followed"),
    ]  # fmt: skip


def test_where_nothing_is_wrong_the_verdict_says_so(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": "nothing else"})
    report = reported(tmp_path / "c")
    assert report.verdict == "No problem on 1 page."
    assert "None was found." in page_of(tmp_path / "c")


def test_a_crawl_without_pages_says_why(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": moved("/x"), "/x": RecordedPage(404)})
    report = reported(tmp_path / "c")
    assert report.verdict == "1 broken link; 0 pages were fetched."
    assert report.state == f"Nothing fetched: the start page redirects to {HOME}/x, which answered 404."


def test_a_crawl_that_robots_txt_kept_out_says_so(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/robots.txt": "User-agent: *\nDisallow: /", "/": "never fetched"})
    report = reported(tmp_path / "c")
    assert report.verdict == "No page was fetched."
    assert report.state.startswith("Nothing fetched: robots.txt")
    assert [(row.url, row.code) for row in report.skipped_links.rows] == [(f"{HOME}/", "skip.robots")]


def test_a_crawl_at_its_limit_says_what_is_left_and_how_to_go_on(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE, max_pages=1)
    state = reported(tmp_path / "c").state
    assert (
        state
        == "Ended early: the page limit was reached; 4 known links not visited. gossamer resume c goes on with it."
    )


def test_a_crawl_that_was_killed_says_so(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE, max_pages=1)
    journal = SqliteJournal(tmp_path / "c" / JOURNAL)
    journal.open()
    journal.note("")
    journal.close()
    state = reported(tmp_path / "c").state
    assert state.startswith("The crawl was interrupted: 4 known links not visited. What was saved is whole.")
    assert 'class="state interrupted"' in page_of(tmp_path / "c")


def test_a_crawl_that_runs_says_so(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE, max_pages=1)
    journal, lock = SqliteJournal(tmp_path / "c" / JOURNAL), Lock(tmp_path / "c" / LOCK)
    journal.open()
    journal.note("")
    lock.take()
    try:
        report = reported(tmp_path / "c")
    finally:
        journal.close()
        lock.release()
    assert report.state.startswith(
        "The crawl is running: 4 known links not visited so far. This is what was saved until 20"
    )
    assert report.methods.count("The crawl had not ended: 4 known links had not been visited.") == 1


def test_a_crawl_that_has_just_begun_has_a_report(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE)
    (tmp_path / "c" / "pages.jsonl").unlink()
    (tmp_path / "c" / JOURNAL).unlink()
    lock = Lock(tmp_path / "c" / LOCK)
    lock.take()
    try:
        report = reported(tmp_path / "c")
    finally:
        lock.release()
    assert report.verdict == "No page was fetched."
    assert report.state == "The crawl is running: 0 known links not visited so far. Nothing is saved yet."


def test_a_crawl_with_updates_says_where_they_are(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE)
    crawled(tmp_path / "c" / "update-0001", WHOLE)
    assert reported(tmp_path / "c").state.endswith(
        "This is the first crawl in c; the last of its updates is update-0001."
    )


def test_start_pages_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": RecordedPage(200, {"content-type": "text/plain"}, "no links")})
    report = reported(tmp_path / "c")
    assert report.state.startswith("Nothing to follow: the start page is no HTML")
    assert report.notes[0].startswith(f"{HOME}/: the start page is no HTML")


def test_pages_that_only_sitemaps_name_are_told(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": linking("/a"), "/a": "", "/b": "", "/sitemap.xml": sitemap("/a", "/b")})
    assert reported(tmp_path / "c").notes == (f"1 page in sitemaps that no page links to, such as {HOME}/b.",)


def sitemap(*paths: str) -> RecordedPage:
    named = "".join(f"<url><loc>{HOME}{path}</loc></url>" for path in paths)
    text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{named}</urlset>'
    return RecordedPage(200, {"content-type": "application/xml"}, text)


def test_hosts_that_ask_to_be_left_alone_are_told(tmp_path: Path) -> None:
    busy = RecordedPage(503, {"retry-after": "86400"})
    crawled(tmp_path / "c", {"/": linking("/a"), "/a": busy}, max_wait=10.0)
    [note] = reported(tmp_path / "c").notes
    assert note.startswith(f"Asked to be left alone by {HOME} until 20")


def test_a_robots_txt_that_is_a_page_is_told(tmp_path: Path) -> None:
    page = RecordedPage(200, {"content-type": "text/html"}, "<!doctype html><title>Shop</title><p>Welcome")
    crawled(tmp_path / "c", {"/": linking("/"), "/robots.txt": page})
    assert (
        f"robots.txt is an HTML page; it was obeyed as far as it holds rules: {HOME}." in reported(tmp_path / "c").notes
    )


@pytest.mark.parametrize("options", [{}, {"max_pages": 1}])
def test_what_is_read_from_a_directory_is_what_the_crawl_reported(tmp_path: Path, options: dict[str, int]) -> None:
    told = crawled(tmp_path / "c", WHOLE, **options).report
    read = saved_report(status(tmp_path / "c"))
    for name in ("pages", "failed", "redirected", "skipped", "finish_reason", "limiting_factor", "counts", "results"):
        assert getattr(read, name) == getattr(told, name), name
    for name in ("known", "queued", "hosts", "bytes", "fetches", "seconds", "start_pages", "slots"):
        assert getattr(read.snapshot, name) == getattr(told.snapshot, name), name


def test_reading_changes_nothing(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "c").iterdir()}
    time.sleep(0.01)
    reported(tmp_path / "c")
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "c").iterdir()} == before


def test_the_time_is_told_in_the_words_of_the_summary(tmp_path: Path) -> None:
    crawled(tmp_path / "c", WHOLE, delay=1.0)
    report = reported(tmp_path / "c")
    assert "of the time with work went into sparing the servers: a rest between requests" in report.time
    assert "That is good manners." in report.time
    assert report.times.rows[0].code in ("wait.politeness", "wait.no_work")
    assert sum(row.share for row in report.times.rows) == pytest.approx(1.0)


def test_pages_behind_a_login_are_told(tmp_path: Path) -> None:
    form = "<form action=/login method=post><input name=user><input type=password name=password></form>"
    crawled(
        tmp_path / "c", {"/": linking("/a", "/b"), "/a": "a", "/b": moved("/login?next=/b"), "/login?next=/b": form}
    )
    [note] = reported(tmp_path / "c").notes
    assert note.startswith("1 page that redirects to a login. gossamer fills in no forms.")


def test_a_directory_is_named_as_it_was_but_not_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawled(tmp_path / "crawls" / "c", WHOLE, max_pages=1)
    monkeypatch.chdir(tmp_path)
    assert reported(Path("crawls/c")).state.endswith("gossamer resume crawls/c goes on with it.")
    assert str(tmp_path) not in page_of(tmp_path / "crawls" / "c")
    monkeypatch.chdir("crawls/c")
    assert '<p class="soft">c \u00b7 ' in page_of(Path())
