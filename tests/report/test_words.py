"""What terminal and page say of a crawl, in the same words: advice, verdict, headings."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.api import start_pages
from gossamer.api.verdict import why
from gossamer.report import wording
from gossamer.report.advice import advice
from gossamer.rules.policy import Policy
from gossamer.values.reasons import StartProblem, Waiting
from gossamer.values.snapshot import NearDuplicates, StartPage
from tests.support.reports import HOME, crawled, linking


@pytest.mark.parametrize(
    ("factor", "policy", "few", "said"),
    [
        (Waiting.CPU, Policy(workers=2), False, "The worker processes had all they could do"),
        (Waiting.SERVER, Policy(), True, "So few links were known at a time"),
        (Waiting.POLITENESS, Policy(delay=0.0), False, "a higher --host-concurrency is faster"),
        (Waiting.DISK, Policy(), False, "a faster disk"),
    ],
)
def test_advice_depends_on_the_crawl(factor: Waiting, policy: Policy, few: bool, said: str) -> None:
    assert said in advice(factor, policy, "asyncio", few_links=few)


@pytest.mark.parametrize(
    ("pages", "groups", "head"),
    [
        (2, 1, "2 pages with nearly the same text as another, in 1 group"),
        (5, 2, "5 pages with nearly the same text as another, in 2 groups"),
    ],
)
def test_near_duplicates_are_counted_in_groups(pages: int, groups: int, head: str) -> None:
    assert wording.near_duplicates(NearDuplicates(pages, groups)) == head


def test_what_was_left_out_of_a_complete_crawl_is_said(tmp_path: Path) -> None:
    report = crawled(tmp_path / "c", {"/": linking("/a", "/b", "/c")}, max_links_per_page=2).report
    assert why(report) == "every link in scope was visited, but for 1 left out (skip.limit)."


def test_several_start_pages_that_lead_nowhere_are_counted(tmp_path: Path) -> None:
    site = {"/": "nothing", "/b": "nothing <a href=https://elsewhere.example/>x</a>"}
    report = crawled(tmp_path / "c", site, seeds=[f"{HOME}/b"]).report
    assert why(report) == "none of the 2 start pages leads to another page."


def test_where_a_start_page_names_another_site_it_is_the_way_on() -> None:
    page = StartPage("https://b.example/", StartProblem.ELSEWHERE, HOME)
    assert start_pages.way_on(page, Policy()) == "To crawl that site: gossamer crawl https://b.example/"
