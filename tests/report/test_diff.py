"""What differs between two crawls, by kind, and what of it matters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler
from gossamer.check.findings import CheckReport, Finding, FindingKind, Severity, Verdict
from gossamer.check.kept_report import CHECK_FILE, keep_report
from gossamer.check.run import check_site
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.report import diff as module
from gossamer.report.address_map import AddressMap
from gossamer.report.diff import CrawlDiff, both_directories
from gossamer.report.difference import TITLES, Difference, DifferenceKind, DiffSummary
from gossamer.testing import FakeClock
from gossamer.values.errors import UserError
from tests.support.conformance_cases import moved, page, status
from tests.support.two_crawls import ORIGIN, STAGING, Web, crawl, update

MAP = AddressMap.of(["https://staging.example.org=https://www.example.org"])
BEFORE: Web = {
    "": page("a", "b", "c", "old", "lost", "gone"),
    "a": "<title>A</title>1",
    "b": "<title>B</title>2",
    "c": page(),
    "old": moved("/a", 301),
    "lost": moved("/b", 302),
    "gone": "<title>It was here</title>",
}
NOW: Web = {
    "": page("a", "b", "c", "old", "lost", "new", "bad"),
    "a": "<title>A!</title>1",
    "b": "<title>B</title>3",
    "c": status(500),
    "old": moved("/new", 301),
    "lost": moved("/b", 308),
    "new": "<title>New</title>",
}


def compared(old: Path, new: Path, **more: Any) -> tuple[dict[str, list[tuple[str, str, str]]], DiffSummary, bool]:
    """Return the differences by kind (path, old, new), the summary, and whether any matters."""
    with CrawlDiff(old, new, **more) as diff:
        found: dict[str, list[tuple[str, str, str]]] = {}
        for one in diff.differences():
            path = one.url.removeprefix(ORIGIN).removeprefix(STAGING)
            found.setdefault(one.kind.value, []).append((path, one.old, one.new))
        again = list(diff.differences())
        assert [one.kind.value for one in again] == [kind for kind, several in found.items() for _ in several]
        summary = diff.summary()
        assert {kind: len(several) for kind, several in found.items()} == {
            kind: number for kind, number in summary.counts.items() if number and kind != "same"
        }
        assert diff.differs() is bool(again)
        assert diff.matters() is summary.matters is any(one.matters for one in again)
        return found, summary, diff.matters()


def test_each_kind_of_difference_is_told_with_what_was_and_what_is(tmp_path: Path) -> None:
    found, summary, matters = compared(crawl(tmp_path / "o", BEFORE), crawl(tmp_path / "n", NOW))
    assert found == {
        "gone": [("gone", "It was here", "")],
        "status": [
            ("c", "200", "500"),
            ("lost", f"302 to {ORIGIN}b", f"308 to {ORIGIN}b"),
        ],
        "new_failure": [("bad", "", "404")],
        "redirect": [("old", f"{ORIGIN}a", f"{ORIGIN}new")],
        "added": [("new", "", "New")],
        "title": [("a", "A", "A!")],
        "content": [("", "144 B", "162 B"), ("a", "17 B", "18 B"), ("b", "17 B", "17 B")],
    }
    assert matters
    assert (summary.complete, summary.unvisited, summary.counts["same"]) == (True, 0, 0)


def test_a_crawl_does_not_differ_from_itself(tmp_path: Path) -> None:
    one = crawl(tmp_path / "o", BEFORE)
    found, summary, matters = compared(one, one)
    assert (found, matters) == ({}, False)
    assert summary.counts["same"] == len(BEFORE)


def test_only_what_is_worse_matters(tmp_path: Path) -> None:
    better: Web = {**NOW, "": page("a", "b", "c", "old", "lost", "new"), "c": page()}
    worse: Web = {**better, "c": status(500)}
    first, second = crawl(tmp_path / "w", worse), crawl(tmp_path / "b", better)
    assert compared(first, second)[2] is False, "a page that failed and comes now"
    assert compared(second, first)[2] is True
    assert compared(second, first, ignored=[DifferenceKind.STATUS])[2] is False


@pytest.mark.parametrize("ignored", DifferenceKind)
def test_a_kind_can_be_left_out(tmp_path: Path, ignored: DifferenceKind) -> None:
    found, summary, _ = compared(crawl(tmp_path / "o", BEFORE), crawl(tmp_path / "n", NOW), ignored=[ignored])
    assert ignored not in found
    assert ignored.value not in summary.counts
    assert set(TITLES) == set(DifferenceKind)


def test_a_staging_copy_is_compared_by_its_own_addresses(tmp_path: Path) -> None:
    old, new = crawl(tmp_path / "o", BEFORE), crawl(tmp_path / "n", BEFORE, STAGING)
    found, summary, matters = compared(old, new, mapped=MAP)
    assert (found, matters, summary.notes) == ({}, False, ())
    missing = {name: one for name, one in BEFORE.items() if name != "b"}
    found, _, _ = compared(old, crawl(tmp_path / "m", missing, STAGING), mapped=MAP)
    assert found == {"status": [("b", "200", "404")]}
    both = compared(old, new)[0]
    assert len(both["gone"]) == len(both["added"]) == len(BEFORE), "without the map nothing is the same"


def test_contents_that_differ_by_their_own_address_are_pointed_out(tmp_path: Path) -> None:
    here, there = ({"": f"<title>x</title>{origin}"} for origin in (ORIGIN, STAGING))
    _, summary, _ = compared(crawl(tmp_path / "o", here), crawl(tmp_path / "n", there, STAGING), mapped=MAP)
    assert summary.notes == (
        "Contents differ where pages have their own address in them; --ignore content leaves that out.",
    )


def test_what_the_new_crawl_has_not_visited_yet_is_not_gone(tmp_path: Path) -> None:
    old, new = crawl(tmp_path / "o", BEFORE), crawl(tmp_path / "n", NOW, max_pages=2)
    found, summary, _ = compared(old, new)
    assert found["gone"] == [("gone", "It was here", "")], "the only one to which no page that was read links"
    assert summary.unvisited == 4
    assert not summary.complete
    [note] = summary.notes
    assert note.startswith("The new crawl is not complete, because the page limit was reached: what is missing there")


def test_what_the_new_crawl_refused_is_gone_with_the_reason(tmp_path: Path) -> None:
    old = crawl(tmp_path / "o", BEFORE)
    found, _, _ = compared(old, crawl(tmp_path / "n", BEFORE, exclude=["/b"]))
    assert found["gone"] == [("b", "B", "skip.excluded")]
    found, _, _ = compared(old, crawl(tmp_path / "s", BEFORE, STAGING, exclude=["/b"]), mapped=MAP)
    assert found["gone"] == [("b", "B", "skip.excluded")], "its address there is another one"


def test_a_running_crawl_is_told_as_that(tmp_path: Path) -> None:
    old = crawl(tmp_path / "o", BEFORE)
    fetcher = RecordedFetcher({f"{ORIGIN}{name}": one for name, one in NOW.items()})
    crawler = Crawler(ORIGIN, directory=tmp_path / "n", engine="inline", fetcher=fetcher, clock=FakeClock())
    for _ in crawler:
        assert compared(old, tmp_path / "n")[1].notes[0].startswith("The new crawl is not complete, because it is run")
        break


def test_an_update_is_compared_with_the_crawl_before(tmp_path: Path) -> None:
    tagged = {name: _tagged(one) for name, one in BEFORE.items()}
    first = crawl(tmp_path / "c", tagged)
    second = update(first, {**tagged, "b": "<title>B</title>other"})
    assert both_directories([first]) == (first, second)
    found, summary, _ = compared(*both_directories([first]))
    assert found == {"content": [("b", "17 B", "21 B")]}, "what is not modified (304) is the same"
    third = update(first, tagged)
    assert both_directories([first]) == (second, third)
    assert both_directories([third]) == (second, third)
    assert both_directories([second, first]) == (second, first)
    assert summary.counts["same"] == len(BEFORE) - 1


def _tagged(one: Any) -> RecordedPage:
    if isinstance(one, RecordedPage):
        return RecordedPage(one.status, {**one.headers, "etag": '"1"'}, one.body)
    return RecordedPage(200, {"content-type": "text/html", "etag": '"1"'}, one)


def test_a_crawl_that_was_not_updated_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="was not updated"):
        both_directories([crawl(tmp_path / "c", BEFORE)])
    with pytest.raises(UserError, match="no crawl directory"):
        CrawlDiff(tmp_path, tmp_path / "c")


def test_a_crawl_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    one = crawl(tmp_path / "c", BEFORE)
    for file in tmp_path.joinpath("c").iterdir():
        if file.name != "gossamer.toml":
            file.unlink()
    with pytest.raises(UserError, match="has not begun"):
        CrawlDiff(one, one)


def test_an_empty_crawl_differs_by_all(tmp_path: Path) -> None:
    nothing = crawl(tmp_path / "n", {}, max_requests=1)
    old = crawl(tmp_path / "o", BEFORE)
    assert len(compared(nothing, old)[0]["added"]) == len(BEFORE)
    found, summary, _ = compared(old, nothing)
    assert (len(found["gone"]), summary.unvisited) == (len(BEFORE) - 1, 1)


@pytest.mark.parametrize("at_once", [1, 2])
def test_records_read_a_few_at_a_time_are_the_same(
    tmp_path: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = crawl(tmp_path / "o", BEFORE), crawl(tmp_path / "n", NOW)
    whole = compared(old, new)
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    assert compared(old, new) == whole


# ---------------------------------------------------------------- findings


def finding(url: str, severity: Severity, detail: str = "") -> Finding:
    return Finding(FindingKind.BROKEN_LINK, Verdict.BROKEN, url, severity=severity, detail=detail)


def report(*findings: Finding) -> CheckReport:
    return CheckReport(1, True, {}, findings)


def test_findings_are_compared_where_both_crawls_were_checked(tmp_path: Path) -> None:
    old, new = crawl(tmp_path / "o", BEFORE), crawl(tmp_path / "n", BEFORE)
    mended, stays, comes = (f"{ORIGIN}{name}" for name in ("mended", "stays", "comes"))
    keep_report(old, report(finding(mended, Severity.ERROR), finding(stays, Severity.ERROR)))
    assert compared(old, new)[0] == {}, "the new crawl was not checked"
    keep_report(new, report(finding(stays, Severity.ERROR), finding(comes, Severity.WARNING, "It is not there.")))
    found, summary, matters = compared(old, new)
    assert found == {
        "new_finding": [("comes", "", "broken_link: It is not there.")],
        "mended": [("mended", "broken_link", "")],
    }
    assert not matters, "a new warning"
    assert summary.counts["mended"] == 1
    keep_report(new, report(finding(comes, Severity.ERROR)))
    assert compared(old, new)[2]


def test_findings_of_a_staging_copy_are_compared_by_the_addresses_that_they_stand_for(tmp_path: Path) -> None:
    old, new = crawl(tmp_path / "o", BEFORE), crawl(tmp_path / "n", BEFORE, STAGING)
    keep_report(old, report(finding(f"{ORIGIN}a#x", Severity.ERROR), finding(f"{ORIGIN}lost", Severity.ERROR)))
    keep_report(new, report(finding(f"{STAGING}a#x", Severity.ERROR), finding(f"{STAGING}new", Severity.ERROR)))
    found, _, _ = compared(old, new, mapped=MAP)
    assert found == {"new_finding": [("new", "", "broken_link")], "mended": [("lost", "broken_link", "")]}


def test_a_check_leaves_its_report_and_one_that_is_older_than_the_crawl_does_not_count(tmp_path: Path) -> None:
    site = RecordedFetcher({ORIGIN: page("bad")})
    told = check_site(ORIGIN, directory=tmp_path / "o", fetcher=site, clock=FakeClock(), sitemaps=False)
    new = crawl(tmp_path / "n", {"": page()})
    keep_report(new, report())
    found, _, _ = compared(tmp_path / "o", new)
    assert len(found["mended"]) == len(told.findings) > 0
    (new / CHECK_FILE).touch()
    os.utime(new / CHECK_FILE, (1.0, 1.0))
    assert "mended" not in compared(tmp_path / "o", new)[0]


def test_a_directory_that_cannot_be_written_is_checked_all_the_same(tmp_path: Path) -> None:
    keep_report(tmp_path / "nowhere", report())
    assert not (tmp_path / "nowhere").exists()


def test_a_difference_is_a_value() -> None:
    one = Difference(DifferenceKind.ADDED, ORIGIN, matters=False)
    assert one == Difference(DifferenceKind.ADDED, ORIGIN, False)
