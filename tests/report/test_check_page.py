"""What a check found as a page: the verdict first, each kind with its places, and nothing of a site is markup."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from gossamer.check.checked import Checked
from gossamer.check.kinds import KINDS
from gossamer.report.html import check_page as page_module
from gossamer.report.html.check_page import check_page
from tests.support.check_reports import ALL, BROKEN, COMPARED, EMPTY, FULL, INCOMPLETE, MANY
from tests.support.html_reader import Reader


def page(checked: Checked) -> str:
    return "".join(check_page(checked))


def figures(checked: Checked) -> dict[str, str]:
    read = Reader(page(checked))
    values = [one.text for one in read.all("dd") if one.attributes.get("class") != "note"]
    return dict(zip([one.text for one in read.all("dt")], values, strict=True))


@pytest.mark.parametrize("checked", ALL.values(), ids=ALL)
def test_the_page_is_well_made_and_loads_nothing(checked: Checked) -> None:
    read = Reader(page(checked))
    ids = [one.attributes["id"] for one in read.elements if "id" in one.attributes]
    assert len(set(ids)) == len(ids)
    assert {one.attributes["aria-labelledby"] for one in read.all("section")} <= set(ids)
    assert len(read.all("script")) == len(read.all("style")) == len(read.all("h1")) == 1
    assert read.all("img", "iframe", "object", "b") == []
    assert not any({"src", "style", "onclick", "action"} & one.attributes.keys() for one in read.elements)
    assert [one.attributes["content"] for one in read.all("meta") if one.attributes.get("name") == "generator"] == [
        "gossamer check"
    ]


def test_the_verdict_and_five_numbers_come_first() -> None:
    read = Reader(page(FULL))
    assert read.all("h1")[0].text == "https://example.org/"
    assert read.all("title")[0].text == "https://example.org/: check"
    assert read.all("h2")[0].text.startswith("1 broken fragment and 2 broken links in 1,234 pages")
    assert figures(FULL) == {
        "errors": "3", "warnings": "1", "notices": "1", "pages": "1,234", "links to other sites": "0",
    }  # fmt: skip
    assert figures(EMPTY)["errors"] == "0"
    assert "Checked 2026-01-02 03:04 UTC" in page(FULL)


def test_each_kind_has_a_section_with_why_it_matters_and_how_to_mend_it() -> None:
    read = Reader(page(FULL))
    assert [one.text for one in read.all("h2")][1:] == [
        "Broken fragments", "Broken links", "No title", "Moved for good",
    ]  # fmt: skip
    assert KINDS[BROKEN.kind].mend in "".join(one.text for one in read.all("p"))
    assert [one.text for one in read.all("caption")] == ["1 error", "2 errors", "1 warning", "1 notice"]


def test_a_finding_names_what_was_meant_and_the_first_places() -> None:
    made = page(FULL)
    assert "Did you mean https://example.org/going?" in made
    assert "<summary>17 more</summary>" in made
    assert f'<a href="{MANY[19].page}"' in made
    assert f'<a href="{MANY[20].page}"' not in made
    row = next(row for row in re.findall(r"<tr>.*?</tr>", made) if BROKEN.url in row)
    assert '<td class="n">25</td>' in row


def test_a_kind_without_places_has_no_column_for_them() -> None:
    heads = re.search(r'data-name="missing_title">.*?</thead>', page(FULL), re.DOTALL)
    assert heads is not None
    assert "linked from" not in heads[0]
    assert "suggestion" not in heads[0]


def test_what_the_baseline_had_is_counted_and_what_is_gone_is_named() -> None:
    made = page(COMPARED)
    read = Reader(made)
    assert [one.text for one in read.all("h2")][-1] == "Mended since the baseline"
    assert "2 findings of the baseline are still there." in made
    assert BROKEN.url not in made
    assert figures(COMPARED)["errors"] == "2"
    one = replace(COMPARED, report=replace(FULL.report, findings=(BROKEN,)))
    assert "1 finding of the baseline is still there." in page(one)


def test_a_check_that_ended_early_says_so() -> None:
    assert '<p class="state interrupted">The check ended before everything was checked.</p>' in page(INCOMPLETE)
    assert '<p class="state complete">Everything was checked.</p>' in page(FULL)


def test_a_page_that_would_be_too_large_is_cut_and_says_where_all_is(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(replace(BROKEN, url=f"https://a.example/{number}") for number in range(50))
    monkeypatch.setattr(page_module, "LARGEST", 30_000)
    made = page(replace(FULL, report=replace(FULL.report, findings=many)))
    more = re.search(r'<p class="more">and (\d+) more: <code>--format csv</code> has all</p>', made)
    assert more is not None
    assert made.count("<tr>") - 1 + int(more[1]) == 50
    assert len(made) < 60_000


def test_a_hundred_thousand_findings_are_a_page_of_a_few_megabytes() -> None:
    many = tuple(replace(BROKEN, url=f"https://a.example/{number}", referrers=MANY[:2]) for number in range(100_000))
    made = page(replace(FULL, report=replace(FULL.report, findings=many)))
    assert 2_000_000 < len(made) < 4_000_000
