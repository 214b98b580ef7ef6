"""A comparison as text, JSON, CSV and HTML: whole, safe, and cut where it would be too long."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser

import pytest

from gossamer.report.diff_formats import COLUMNS, FORMATS, SHOWN
from gossamer.report.diff_result import DiffResult
from gossamer.report.difference import (
    Difference,
    DifferenceKind,
    DiffSummary,
    ExpectationKind,
    ExpectedAddress,
)
from gossamer.report.html.diff_page import MOST

NASTY = "<script>alert(1)</script>\x1b[31m\u202e=1+1"
DIFFERENCES = (
    Difference(DifferenceKind.GONE, "https://a.example/1", matters=True, old="=Title"),
    Difference(DifferenceKind.STATUS, "https://a.example/2", True, "200", "404", "https://b.example/2"),
    Difference(DifferenceKind.ADDED, "https://a.example/3", matters=False, new=NASTY),
)
EXPECTATIONS = (
    ExpectedAddress("https://a.example/4", ExpectationKind.KEPT, "It has a page."),
    ExpectedAddress("https://a.example/5", ExpectationKind.BROKEN, "It is not there.", "", "https://a.example/6"),
)


def summary(**counts: int) -> DiffSummary:
    whole = dict.fromkeys(map(str, DifferenceKind), 0) | {"same": 7} | counts
    matters = any(counts.values())
    return DiffSummary(
        "old.crawl", "new.crawl", complete=True, matters=matters, counts=whole, unvisited=1, notes=("Something.",)
    )


RESULT = DiffResult(summary(gone=1, status=1, added=1), lambda: DIFFERENCES, lambda: EXPECTATIONS)
NOTHING = DiffResult(summary(), lambda: (), lambda: ())
ONLY_EXPECTED = DiffResult(None, lambda: (), lambda: EXPECTATIONS)


def made(name: str, result: DiffResult = RESULT) -> str:
    return "".join(FORMATS[name](result))


def test_text_has_each_kind_below_its_heading_and_the_result_at_the_end() -> None:
    text = made("text")
    assert text.splitlines() == [
        "Gone (1)",
        "  https://a.example/1  =Title",
        "",
        "Another status (1)",
        "  https://a.example/2  200 -> 404",
        "",
        "Added (1)",
        "  https://a.example/3  <script>alert(1)</script>\\x1b[31m\\u202e=1+1",
        "",
        "Old addresses that do not work (1)",
        "  https://a.example/5  It is not there.",
        "",
        "Note: Something.",
        "1 gone, 1 with another status, 1 added, 7 URLs the same.",
        "1 URL of the old crawl not visited yet by the new one.",
        "2 old addresses: 1 kept, 1 broken.",
    ]


def test_text_says_where_there_is_no_difference() -> None:
    assert "No difference: 7 URLs the same." in made("text", NOTHING)
    assert made("text", ONLY_EXPECTED).endswith("2 old addresses: 1 kept, 1 broken.\n")


def many(number: int) -> DiffResult:
    def several() -> Iterable[Difference]:
        return (
            Difference(DifferenceKind.GONE, f"https://a.example/{place}", matters=True, old="x")
            for place in range(number)
        )

    return DiffResult(summary(gone=number), several, lambda: ())


def test_of_many_differences_the_text_and_the_page_have_the_first() -> None:
    text = made("text", many(SHOWN + 5))
    assert text.count("https://") == SHOWN
    assert "  and 5 more\n" in text
    page = made("html", many(MOST + 5))
    assert page.count('<tr><th scope="row"') == MOST
    assert "and 5 more: <code>--format csv</code> has all" in page
    assert made("csv", many(MOST + 5)).count("\r\n") == MOST + 6


def test_json_has_the_summary_and_all_the_rest() -> None:
    told = json.loads(made("json"))
    assert (told["version"], told["old"], told["complete"]) == (1, "old.crawl", True)
    assert told["counts"]["gone"] == 1
    assert [one["kind"] for one in told["differences"]] == ["gone", "status", "added"]
    assert told["differences"][1] == {
        "kind": "status",
        "url": "https://a.example/2",
        "matters": True,
        "old": "200",
        "new": "404",
        "old_url": "https://b.example/2",
    }
    assert [one["kind"] for one in told["expectations"]] == ["kept", "broken"]
    assert json.loads(made("json", ONLY_EXPECTED)) == {
        "version": 1,
        "differences": [],
        "expectations": told["expectations"],
    }


def test_csv_is_safe_in_a_spreadsheet() -> None:
    rows = list(csv.reader(io.StringIO(made("csv"))))
    assert rows[0] == list(COLUMNS)
    assert [row[0] for row in rows[1:]] == ["gone", "status", "added", "expected_kept", "expected_broken"]
    assert rows[1] == ["gone", "https://a.example/1", "yes", "'=Title", "", ""]
    assert rows[5] == ["expected_broken", "https://a.example/5", "yes", "https://a.example/6", "It is not there.", ""]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (RESULT, "Something that matters differs. 1 of 2 old addresses do not work."),
        (NOTHING, "Nothing differs."),
        (ONLY_EXPECTED, "1 of 2 old addresses do not work."),
        (DiffResult(summary(), lambda: (), lambda: EXPECTATIONS[:1]), "Nothing differs. All old addresses work."),
    ],
)
def test_the_page_is_whole_asks_nobody_and_says_the_result_first(result: DiffResult, verdict: str) -> None:
    page = made("html", result)
    assert f'<h2 id="verdict">{verdict}</h2>' in page
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert page.count("<script>") == 1, "that of the report, which sorts and filters"
    assert "default-src 'none'; style-src 'sha256-" in page
    assert not re.search(r'src="', page)
    assert all(one.startswith(("https://a.example/", "#", "data:,")) for one in re.findall(r'href="([^"]*)', page))
