"""Where a crawl recorded references, its problems are what a check finds, without asking anybody."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from gossamer.check.run import check_site
from gossamer.check.settings import CheckSettings
from gossamer.report import problems as module
from gossamer.report.assembly import read_report
from gossamer.report.csv_files import CsvFiles
from gossamer.report.files import write_csv, write_html, write_report
from gossamer.report.site_report import SiteReport
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from tests.support.reports import HOME, Site, crawled, linking, page_of, reported

PAGES: Site = {
    "/": "<title>Home</title><meta name=description content=x><a href=/a#here>to a</a><a href=/gone>Gone</a>"
    "<img src=/i.png alt=x><a href=https://b.example/x>b</a><a href=https://b.example/>b</a>",
    "/a": "<title>A</title><h2 id=there>x</h2><a href=/gone>Also gone</a><img src=/lost.png alt=x>",
    "/i.png": RecordedPage(headers={"content-type": "image/png"}, body=b"x"),
}
ELSEWHERE: Site = {"https://b.example/": "fine"}


def web() -> RecordedFetcher:
    return RecordedFetcher({**{f"{HOME}{path}": page for path, page in PAGES.items()}, **ELSEWHERE})


def judged(directory: Path, **check: Any) -> SiteReport:
    with CsvFiles(directory, "report") as files:
        return read_report(directory, files, CheckSettings(**check))


def test_findings_take_the_place_of_failures(tmp_path: Path) -> None:
    crawled(tmp_path / "c", PAGES, formats=("jsonl", "references"), resources=True)
    report = reported(tmp_path / "c")
    assert report.verdict == "1 broken link, 1 broken resource and 1 broken fragment; 3 pages were fetched."
    assert [(group.title, group.severity) for group in report.problems] == [
        ("Broken links: 1", "error"), ("Broken resources: 1", "error"), ("Broken fragments: 1", "error"),
        ("No description: 1", "notice"),
    ]  # fmt: skip
    [row] = report.problems[0].table.rows
    assert (row.url, row.status, row.pages) == (f"{HOME}/gone", "404", 2)
    assert [(one.page, one.element, one.text, one.line) for one in row.referrers] == [
        (f"{HOME}/", "a[href]", "Gone", 1), (f"{HOME}/a", "a[href]", "Also gone", 1),
    ]  # fmt: skip
    assert [(figure.value, figure.note) for figure in report.figures[1:3]] == [("1", ""), ("2", "1 notice")]


def test_what_is_outside_the_crawl_is_not_asked_for_but_counted(tmp_path: Path) -> None:
    crawled(tmp_path / "c", PAGES, formats=("jsonl", "references"), resources=True)
    limits = reported(tmp_path / "c").limits
    assert limits == "2 URLs outside the crawl, mostly of other sites, may be broken: gossamer check asks for them."
    assert limits in page_of(tmp_path / "c")


def test_what_a_check_has_asked_for_is_known(tmp_path: Path) -> None:
    found = check_site(f"{HOME}/", directory=tmp_path / "c", fetcher=web(), clock=FakeClock(1000.0))
    report = reported(tmp_path / "c")
    rows = [row for group in report.problems for row in group.table.rows]
    assert {row.url for row in rows} == {finding.url for finding in found.findings}
    assert f"{HOME}/gone" in {row.url for row in rows}
    assert "https://b.example/x" in {row.url for row in rows}
    assert report.limits == ""


def test_a_crawl_with_bodies_is_judged_by_them_once_it_was_checked(tmp_path: Path) -> None:
    crawled(tmp_path / "c", PAGES, formats=("jsonl", "warc"))
    assert reported(tmp_path / "c").problems[0].severity is None
    check_site(tmp_path / "c", fetcher=web(), clock=FakeClock(1000.0))
    assert reported(tmp_path / "c").problems[0].severity == "error"


def test_a_crawl_that_kept_neither_says_where_its_check_is(tmp_path: Path) -> None:
    crawled(tmp_path / "c", PAGES)
    check_site(tmp_path / "c", fetcher=web(), clock=FakeClock(1000.0))
    report = reported(tmp_path / "c")
    assert report.notes == ("gossamer check crawled the site again; its report: gossamer report c/check",)
    assert report.problems[0].severity is None
    assert "gossamer check" in report.limits
    assert reported(tmp_path / "c" / "check").problems[0].severity == "error"


OTHER = "1 broken link, 1 broken resource, 1 broken fragment and 1 other error; 3 pages were fetched."
ALL = "1 broken link, 1 broken resource and 1 broken fragment; 3 pages were fetched."


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        ({}, ALL),
        ({"ignore": ("*",)}, "No problem on 3 pages."),
        ({"accept": ("404",)}, "1 broken fragment; 3 pages were fetched."),
        ({"severity": {"broken_fragment": "warning"}}, ALL.replace("broken fragment", "warning")),
        ({"severity": {"broken_fragment": "off"}}, "1 broken link and 1 broken resource; 3 pages were fetched."),
        (
            {"severity": {"missing_description": "error"}},
            OTHER,
        ),
    ],
)
def test_problems_are_judged_by_the_settings_of_a_check(tmp_path: Path, check: dict[str, Any], verdict: str) -> None:
    crawled(tmp_path / "c", PAGES, formats=("jsonl", "references"), resources=True)
    assert judged(tmp_path / "c", **check).verdict == verdict


def test_notices_are_folded_up(tmp_path: Path) -> None:
    crawled(tmp_path / "c", PAGES, formats=("jsonl", "references"), resources=True)
    page = page_of(tmp_path / "c")
    assert "<details><summary><h3>No description: 1</h3></summary>" in page
    assert "<h3>Broken links: 1</h3>\n" in page
    assert "line 1, a[href], “Also gone”" in page


def test_of_many_findings_the_most_linked_are_named_and_all_are_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 1)
    site: Site = {"/": linking("/a", "/b", "/x", "/y"), "/a": linking("/y"), "/b": linking("/y")}
    crawled(tmp_path / "c", site, formats=("jsonl", "references"))
    table = reported(tmp_path / "c").problems[0].table
    assert [(row.url, row.pages) for row in table.rows] == [(f"{HOME}/y", 3)]
    assert table.total == 2
    with (tmp_path / "c" / "report-broken-link.csv").open(newline="") as file:
        lines = {(line["url"], line["page"]) for line in csv.DictReader(file)}
    assert lines == {(f"{HOME}/y", f"{HOME}/{name}") for name in ("", "a", "b")} | {(f"{HOME}/x", f"{HOME}/")}


def test_findings_with_many_places_have_a_file(tmp_path: Path) -> None:
    pages = [f"/{number}" for number in range(25)]
    crawled(tmp_path / "c", {"/": linking(*pages), **dict.fromkeys(pages, linking("/gone"))}, formats=["references"])
    assert "report-broken-link.csv" in {path.name for path in write_html(tmp_path / "c").tables}
    assert len(reported(tmp_path / "c").problems[0].table.rows[0].referrers) == 20


def test_every_kind_of_finding_becomes_a_file_of_its_own(tmp_path: Path) -> None:
    crawled(tmp_path / "c", PAGES, formats=("jsonl", "references"), resources=True)
    names = {path.name for path in write_csv(tmp_path / "c", tmp_path / "out").tables}
    assert {"report-broken-link.csv", "report-broken-fragment.csv", "report-missing-description.csv"} <= names
    assert "report-broken.csv" not in names


def test_findings_about_pages_and_tables_of_pages_have_files_of_their_own(tmp_path: Path) -> None:
    app = "<title>App</title><div id=root></div><script src=/app.js></script><noscript>Enable JavaScript</noscript>"
    site = {"/": linking("/app"), "/app": app}
    crawled(tmp_path / "c", site, formats=("jsonl", "references"))
    check = {"large_page": 1, "slow_page": 0.001, "severity": {"large": "error"}}
    names = [path.name for path in write_report(tmp_path / "c", tmp_path / "out", format="csv", check=check).tables]
    assert {"report-needs-js.csv", "report-javascript.csv", "report-large.csv", "report-largest.csv"} <= set(names)
    assert len(set(names)) == len(names)
    ids = re.findall(
        r'\bid="([^"]*)"', write_html(tmp_path / "c", check=CheckSettings.of(check)).path.read_text("utf-8")
    )
    assert len(set(ids)) == len(ids)


def test_of_what_is_wrong_with_a_page_itself_no_number_of_links_is_told(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": linking("/a"), "/a": "aa"}, formats=("jsonl", "references"))
    check = {"large_page": 1, "severity": {"large": "error"}}
    write_report(tmp_path / "c", tmp_path / "out", format="csv", check=check)
    with (tmp_path / "out/report-large.csv").open(encoding="utf-8") as file:
        assert {(line["url"], line["pages"], line["page"]) for line in csv.DictReader(file)} == {
            (f"{HOME}/", "", ""), (f"{HOME}/a", "", ""),
        }  # fmt: skip


def test_settings_of_a_check_may_be_loose(tmp_path: Path) -> None:
    crawled(tmp_path / "c", PAGES, formats=("jsonl", "references"), resources=True)
    written = write_report(tmp_path / "c", check={"severity": {"missing_description": "off"}})
    assert "No description" not in written.path.read_text()
