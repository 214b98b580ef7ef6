"""Hosts, folders, depths, statuses, types and duplicates are counted rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.report import folders as folders_module
from gossamer.report import tally as tally_module
from gossamer.report.folders import FolderTally
from gossamer.report.hosts import HostTally
from gossamer.report.tally import VisitTally, meaning
from gossamer.testing import RecordedPage
from gossamer.values.audit import Audit, HostAudit
from gossamer.values.model import OutcomeKind, PageRecord, Timings
from gossamer.values.reasons import Reason
from tests.support.reports import HOME, Site, crawled, linking, reported


def page(url: str, kind: OutcomeKind = OutcomeKind.DONE, status: int | None = 200, **more: object) -> PageRecord:
    return PageRecord(url, kind, status, **more)  # type: ignore[arg-type]


def tree(tally: FolderTally) -> list[tuple[int, str, int, int]]:
    return [(*row.folder, row.pages, row.failed) for row in tally.figures()]


def test_a_page_counts_for_every_folder_that_it_lies_in() -> None:
    tally = FolderTally()
    for path in ("/", "/a/", "/a/b/c/d/e.html", "/a/b/x?y=/z/", "/top"):
        tally.note(page(f"https://a.example{path}", size=10))
    tally.note(page("https://a.example/a/none", OutcomeKind.FAILED, 404, size=999))
    tally.note(page("https://b.example/"))
    assert tree(tally) == [
        (0, "https://a.example/", 5, 1), (1, "https://a.example/a/", 3, 1), (2, "https://a.example/a/b/", 2, 0),
        (3, "https://a.example/a/b/c/", 1, 0), (0, "https://b.example/", 1, 0),
    ]  # fmt: skip
    first = next(tally.figures())
    assert first.size == 50
    assert first.share == pytest.approx(5 / 6)


def test_small_folders_are_left_out_unless_they_are_among_the_first() -> None:
    tally = FolderTally()
    for number in range(1000):
        tally.note(page(f"https://a.example/large/{number}"))
    for number in range(9):
        tally.note(page(f"https://a.example/small{number}/"))
    assert [folder for _, folder, *_ in tree(tally)] == [
        f"https://a.example/{name}" for name in ("", "large/", "small0/", "small1/")
    ]


def test_of_too_many_folders_the_first_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders_module, "FOLDERS", 3)
    tally = FolderTally()
    for name in "abcde":
        tally.note(page(f"https://a.example/{name}/"))
    assert tree(tally)[0] == (0, "https://a.example/", 5, 0)
    assert len(tree(tally)) == 3


def test_of_a_crawl_without_pages_no_folder_has_a_share() -> None:
    tally = FolderTally()
    tally.note(page("https://a.example/", OutcomeKind.FAILED, 500))
    assert [row.share for row in tally.figures()] == [0.0]


def test_the_time_of_a_host_is_that_of_its_own_answers() -> None:
    tally = HostTally()
    for number in range(1, 101):
        tally.note(page(f"https://a.example/{number}", timings=Timings(total=number / 100), size=2))
    tally.note(page("https://b.example/", timings=Timings(total=9.0)))
    tally.note(page("https://c.example/", OutcomeKind.FAILED, None, reason=Reason.FAIL_DNS))
    audit = Audit(by_host=(HostAudit("https://a.example", 100, 0.2, 1),))
    a, b, c = tally.figures(audit)
    assert (a.host, a.pages, a.failed, a.size) == ("https://a.example/", 100, 0, 200)
    assert [a.median, a.slowest] == pytest.approx([0.5, 0.95])
    assert (a.gap, a.at_once) == (0.2, 1)
    assert (b.median, b.slowest, b.gap, b.at_once) == (9.0, 9.0, None, None)
    assert (c.pages, c.failed, c.median, c.slowest) == (0, 1, None, None)


def test_pages_are_counted_by_depth_status_and_type(tmp_path: Path) -> None:
    site: Site = {
        "/": linking("/a", "/b", "/gone"),
        "/a": linking("/c"),
        "/b": RecordedPage(200, {"content-type": "image/png"}, b"x" * 700),
        "/c": "c",
    }
    crawled(tmp_path / "c", site)
    report = reported(tmp_path / "c")
    assert [(row.depth, row.pages, row.failed, row.share) for row in report.depths.rows] == [
        (0, 1, 0, 0.25), (1, 2, 1, 0.5), (2, 1, 0, 0.25),
    ]  # fmt: skip
    assert [(row.status, row.meaning, row.links) for row in report.statuses.rows] == [
        ("200", "OK", 4),
        ("404", "Not Found", 1),
    ]
    assert [(row.type, row.pages) for row in report.types.rows] == [("text/html", 3), ("image/png", 1)]
    assert report.types.rows[1].mean == 700


def test_slow_and_large_pages_are_ranked() -> None:
    tally = VisitTally()
    for number in range(30):
        timings = Timings(first_byte=0.01, total=number % 10)
        tally.note(page(f"https://a.example/{number}", size=number, timings=timings))
    assert [row.size for row in tally.large.table("").rows] == list(range(29, 4, -1))
    assert {row.seconds for row in tally.slow.table("").rows[:3]} == {9.0}


def test_rare_types_and_great_depths_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally_module, "_TYPES", 2)
    monkeypatch.setattr(tally_module, "DEPTHS", 3)
    tally = VisitTally()
    for number in range(6):
        tally.note(page(f"https://a.example/{number}", content_type=f"a/{number}; x=y", depth=number))
    assert [(row.type, row.pages) for row in tally.types()] == [("other", 4), ("a/0", 1), ("a/1", 1)]
    assert [(row.depth, row.pages) for row in tally.depths()] == [(0, 1), (1, 1), (2, 1), (3, 3)]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "Not Found"), (799, "not a status that HTTP defines"), ("done", ""),
        ("fail.dns", Reason.FAIL_DNS.sentence),
    ],
)  # fmt: skip
def test_a_status_has_a_meaning(status: int | str, words: str) -> None:
    assert meaning(status) == words


def test_pages_with_the_content_of_another_are_named_with_it(tmp_path: Path) -> None:
    same, other = "<p>" + "the same " * 50, "<p>" + "other words " * 50
    canonical = f"<link rel=canonical href=/a>{same}"
    site: Site = {"/": linking(*[f"/{name}" for name in "abcdefg"]), "/a": same, "/b": other, "/c": same, "/d": same,
            "/e": other, "/f": canonical, "/g": canonical}  # fmt: skip
    crawled(tmp_path / "c", site)
    report = reported(tmp_path / "c")
    pairs = [(row.url.removeprefix(HOME), row.same_as.removeprefix(HOME)) for row in report.duplicates.rows]
    assert pairs == [("/c", "/a"), ("/d", "/a"), ("/e", "/b")]
    assert report.duplicates.caption == "3 pages with the content of another"


def test_pages_that_need_javascript_are_named(tmp_path: Path) -> None:
    empty = "<title>App</title><div id=root></div><script src=/app.js></script><noscript>Enable JavaScript</noscript>"
    crawled(tmp_path / "c", {"/": linking("/app"), "/app": empty})
    assert [(row.url, row.title) for row in reported(tmp_path / "c").scripts.rows] == [(f"{HOME}/app", "App")]


def test_the_most_linked_page_is_ranked_first(tmp_path: Path) -> None:
    a, b = f"<title>A</title>{linking('/b')}", f"<title>B</title>{linking('/')}"
    crawled(tmp_path / "c", {"/": linking("/a", "/b"), "/a": a, "/b": b})
    [first, second, third] = reported(tmp_path / "c").ranked.rows
    assert {first.url, second.url} == {f"{HOME}/", f"{HOME}/b"}
    assert (third.url, third.title, third.linked_by, third.depth) == (f"{HOME}/a", "A", 1, 1)
    assert first.rank + second.rank + third.rank == pytest.approx(1.0)
