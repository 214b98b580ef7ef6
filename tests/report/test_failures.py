"""What failed is named with every page that links there, through redirects too."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gossamer.report import failures as module
from gossamer.report.rows import ReportedProblem
from gossamer.testing import RecordedPage
from tests.support.reports import HOME, Site, crawled, linking, moved, reported

Found = dict[str, tuple[int, tuple[str, ...]]]


def problems(directory: Path, group: str) -> list[ReportedProblem]:
    report = reported(directory)
    return [row for one in report.problems if one.table.name == group for row in one.table.rows]


def found(directory: Path, group: str) -> Found:
    """Return the failures of a group: how many pages link there, and which."""
    return {
        row.url.removeprefix(HOME): (row.pages or 0, tuple(one.page.removeprefix(HOME) for one in row.referrers))
        for row in problems(directory, group)
    }


def test_a_broken_link_is_named_with_all_pages_that_have_it(tmp_path: Path) -> None:
    pages = [f"/p{number}" for number in range(17)]
    site: Site = {"/": linking(*pages), **dict.fromkeys(pages, linking("/gone", "/")), "/p3": linking("/lost", "/gone")}
    crawled(tmp_path / "c", site)
    assert found(tmp_path / "c", "broken") == {"/gone": (17, tuple(pages)), "/lost": (1, ("/p3",))}
    first = problems(tmp_path / "c", "broken")[0]
    assert (first.status, first.detail) == ("404", "The server says there is no such page (status 4xx).")


def test_a_link_with_nofollow_counts_where_the_page_is_known(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": linking("/gone", "/a"), "/a": "<a rel=nofollow href=/gone>x</a>"})
    assert found(tmp_path / "c", "broken") == {"/gone": (2, ("/", "/a"))}


def test_a_page_that_links_to_a_redirect_links_to_its_end(tmp_path: Path) -> None:
    site: Site = {
        "/": linking("/old", "/a"),
        "/a": linking("/older", "/gone"),
        "/older": moved("/old"),
        "/old": moved("/gone"),
    }
    crawled(tmp_path / "c", site)
    assert found(tmp_path / "c", "broken") == {"/gone": (2, ("/", "/a"))}


def test_what_only_redirected_there_is_named_where_no_page_links(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": moved("/gone")})
    assert found(tmp_path / "c", "broken") == {"/gone": (1, ("/",))}


def test_a_start_page_that_failed_has_no_page_that_links_there(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": RecordedPage(500)}, retries=0)
    assert found(tmp_path / "c", "failed") == {"/": (0, ())}


@pytest.mark.parametrize(
    ("status", "group"), [(404, "broken"), (410, "broken"), (401, "refused"), (403, "refused"), (500, "failed")]
)
def test_failures_are_grouped_by_what_they_mean(tmp_path: Path, status: int, group: str) -> None:
    crawled(tmp_path / "c", {"/": linking("/x"), "/x": RecordedPage(status)}, retries=0)
    report = reported(tmp_path / "c")
    assert [one.table.name for one in report.problems] == [group]
    assert report.problems[0].table.rows[0].status == str(status)


def test_of_failures_without_an_answer_the_reason_is_named(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": linking("/x"), "/x": moved("/x")})
    [row] = problems(tmp_path / "c", "redirect-loops")
    assert (row.url, row.detail) == (f"{HOME}/x", "The page redirects to itself.")


def test_a_circle_of_redirects_is_one_problem(tmp_path: Path) -> None:
    site: Site = {"/": linking("/in", "/a"), "/in": moved("/b"), "/a": moved("/b"), "/b": moved("/c")}
    crawled(tmp_path / "c", {**site, "/c": moved("/a")})
    [row] = problems(tmp_path / "c", "redirect-loops")
    names = {name: f"{HOME}{name}" for name in ("/a", "/b", "/c")}
    assert row.url == names["/a"]
    assert row.detail == f"redirects to {names['/b']}, then to {names['/c']}, then to itself"
    assert (row.pages, row.referrers[0].page) == (1, f"{HOME}/")


def test_a_redirect_that_leads_into_a_circle_is_no_other_circle(tmp_path: Path) -> None:
    site: Site = {"/": linking("/in"), "/in": moved("/a"), "/a": moved("/b"), "/b": moved("/a"), "/page": ""}
    crawled(tmp_path / "c", site)
    assert found(tmp_path / "c", "redirect-loops") == {"/a": (1, ("/",))}


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9, 80])
def test_a_chain_of_any_length_is_no_circle(tmp_path: Path, length: int) -> None:
    chain: Site = {f"/r{number}": moved(f"/r{number + 1}") for number in range(length)}
    crawled(tmp_path / "c", {"/": linking(*chain), **chain})
    assert found(tmp_path / "c", "broken") == {f"/r{length}": (1, ("/",))}
    assert found(tmp_path / "c", "redirect-loops") == {}


@pytest.mark.parametrize("length", [2, 3, 7, 8, 9, 80])
def test_a_circle_of_any_length_is_one(tmp_path: Path, length: int) -> None:
    circle: Site = {f"/r{number}": moved(f"/r{(number + 1) % length}") for number in range(length)}
    tail: Site = {f"/t{number}": moved(f"/t{number + 1}" if number < 5 else "/r1") for number in range(6)}
    crawled(tmp_path / "c", {"/": linking(*tail, *circle), **circle, **tail})
    [(pages, referrers)] = found(tmp_path / "c", "redirect-loops").values()
    assert (pages, referrers) == (1, ("/",))


def test_pages_with_the_text_of_a_missing_one_are_told(tmp_path: Path) -> None:
    site: Site = {"/": linking("/a"), "/a": "<title>Page not found</title><h1>404 Page not found</h1>"}
    crawled(tmp_path / "c", site, soft_404=True)
    assert found(tmp_path / "c", "soft-404") == {"/a": (1, ("/",))}


def test_of_many_failures_the_most_linked_are_named_and_all_are_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 2)
    monkeypatch.setattr(module, "NAMED", 3)
    links = {"/p0": ("/x0", "/x1", "/x2"), "/p1": ("/x1", "/x2"), "/p2": ("/x2",), "/p3": ("/x2",)}
    crawled(tmp_path / "c", {"/": linking(*links), **{path: linking(*targets) for path, targets in links.items()}})
    assert found(tmp_path / "c", "broken") == {"/x2": (4, ("/p0", "/p1", "/p2")), "/x1": (2, ("/p0", "/p1"))}
    assert reported(tmp_path / "c").problems[0].table.total == 3
    with (tmp_path / "c" / "report-broken.csv").open(newline="") as file:
        lines = [
            (line["url"].removeprefix(HOME), line["pages"], line["page"].removeprefix(HOME))
            for line in csv.DictReader(file)
        ]
    assert sorted(lines) == sorted(
        (target, str(sum(target in targets for targets in links.values())), page)
        for page, targets in links.items()
        for target in targets
    )


def test_a_failure_that_nobody_links_to_is_in_the_file_too(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/": RecordedPage(404)})
    reported(tmp_path / "c", every=True)
    with (tmp_path / "c" / "report-broken.csv").open(newline="") as file:
        assert [(line["url"], line["page"]) for line in csv.DictReader(file)] == [(f"{HOME}/", "")]
