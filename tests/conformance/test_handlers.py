"""A web with handlers gives the same items on every engine and journal, also after it was cut off and resumed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler, Page
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.testing import FakeClock
from gossamer.values.reasons import FinishReason, Reason
from tests.support.conformance_cases import A, B, Case, page, random_case, robots, tree
from tests.support.conformance_runs import ENGINES, JOURNALS, assert_polite

RUNS = [(seed, engine) for engine in ENGINES for seed in (None, *range(1 if engine == "processes" else 4))]
"""Random webs by their seeds, and None for one made by hand; worker processes, slow to begin, get fewer."""


@dataclass
class Leaf:
    url: str
    titles: list[str]
    size: int | None = None


def sections(page: Page) -> Iterator[dict[str, Any]]:
    """For /N/: an item for every link, and a page that nothing links to."""
    for link in page.links:
        yield {"from": page.url, "to": link.url}
    page.follow(f"/extra{len(page.url)}?of=1")
    page.follow(["//elsewhere.example/", "mailto:x@a.example", "/forbidden/x"])


def leaves(page: Page) -> Iterator[Leaf]:
    yield Leaf(page.url, [page.title], len(page.body) or None)
    if page.url.endswith("/0"):
        raise ValueError("zero is not liked")


async def awaited_leaves(page: Page) -> AsyncIterator[Leaf]:
    for leaf in leaves(page):
        yield leaf


def rest(page: Page) -> list[dict[str, str]]:
    return [{"rest": page.url}]


def web() -> Case:
    pages = tree(A, 3, 4) | tree(B, 2, 3)
    pages[A + "/robots.txt"] = robots("User-agent: *\nDisallow: /forbidden/")
    pages[A + "/extra23?of=1"] = page("/from-extra")
    pages[A + "/from-extra"] = RecordedPage(headers={"content-type": "text/plain"}, body="no HTML")
    return Case(pages, (A + "/", B + "/"))


def crawler_of(case: Case, engine: str, leaf: Callable[[Page], Any] = leaves, **options: Any) -> Crawler:
    crawler = Crawler(
        case.seeds,
        engine=engine,  # type: ignore[arg-type]
        fetcher=RecordedFetcher(case.pages),
        clock=FakeClock(1000.0),
        **(dict(case.fields) | options),
    )
    return with_handlers(crawler, leaf)


def with_handlers(crawler: Crawler, leaf: Callable[[Page], Any] = leaves) -> Crawler:
    crawler.on()(rest)
    crawler.on(r"re:/\d/$")(sections)
    crawler.on(r"re:/\d/?\d+$")(leaf)
    return crawler


Items = dict[str, list[dict[str, Any]]]


def given(crawler: Crawler) -> Items:
    """What each page that was given out carried."""
    return {page.url: list(page.items) for page in crawler}


def outcomes(crawler: Crawler, trace: Items) -> tuple[Any, ...]:
    return trace, crawler.report.counts, crawler.report.finish_reason, coverage(crawler)


def coverage(crawler: Crawler) -> dict[str, tuple[int, dict[str, float]]]:
    return {name: (one.items, dict(one.fields)) for name, one in crawler.report.items.items()}


def written(directory: Path) -> Items:
    """What items.jsonl holds, by page; every page of pages.jsonl that was fetched is there, if only with nothing."""
    records = [json.loads(line) for line in (directory / "pages.jsonl").read_bytes().splitlines()]
    found: Items = {record["url"]: [] for record in records if record["outcome"] != "skipped"}
    for line in (directory / "items.jsonl").read_bytes().splitlines():
        item = json.loads(line)
        url = item.pop("_url")
        assert (item.pop("_handler"), item.pop("_type")) in {
            ("sections", "sections"), ("leaves", "Leaf"), ("awaited_leaves", "Leaf"), ("rest", "rest"),
        }  # fmt: skip
        found[url].append(item)
    return found


@pytest.mark.parametrize("journal", JOURNALS)
@pytest.mark.parametrize(("seed", "engine"), RUNS)
def test_a_web_gives_the_same_items_on_every_engine(
    seed: int | None, engine: str, journal: str, tmp_path: Path
) -> None:
    case = web() if seed is None else random_case(seed, islands=False)
    reference, one = crawler_of(case, "inline"), crawler_of(case, engine, **JOURNALS[journal](tmp_path))
    expected, found = given(reference), given(one)
    assert outcomes(one, found) == outcomes(reference, expected)
    assert any(found.values())
    if one.directory is not None:
        assert written(one.directory) == found


def test_handlers_do_what_was_meant() -> None:
    crawler = crawler_of(web(), "inline")
    pages = {page.url: page for page in crawler}
    assert pages[A + "/"].items == ({"rest": A + "/"},)
    assert len(pages[A + "/0/"].items) == len(pages[A + "/0/"].links) == 6
    assert pages[A + "/1/2"].items == ({"url": A + "/1/2", "titles": ["page"], "size": len(pages[A + "/1/2"].body)},)
    assert pages[A + "/extra20?of=1"].reason is Reason.FAIL_HTTP_4XX
    failed = pages[A + "/1/0"]
    assert (failed.status, failed.outcome, failed.reason, failed.items) == (200, "failed", Reason.FAIL_HANDLER, ())
    assert failed.record.detail.startswith("Traceback")
    assert failed.record.detail.endswith("ValueError: zero is not liked")
    assert "gossamer/handlers.py" not in failed.record.detail
    assert crawler.report.counts.by_reason[Reason.SKIP_ROBOTS] == 1
    assert crawler.report.counts.by_reason[Reason.SKIP_SCHEME] == 1
    assert crawler.report.counts.by_reason[Reason.SKIP_SCOPE] == 1


@pytest.mark.parametrize("engine", ["asyncio", "processes"])
def test_an_awaited_handler_gives_what_an_ordinary_one_does(engine: str) -> None:
    reference, one = crawler_of(web(), "inline"), crawler_of(web(), engine, awaited_leaves)
    expected, found = given(reference), given(one)
    assert outcomes(one, found) == outcomes(reference, expected)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("deaths", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_items_are_recorded_exactly_with_their_pages_through_deaths(engine: str, deaths: int, tmp_path: Path) -> None:
    case = web()
    whole = crawler_of(case, "inline")
    expected = given(whole)
    directory = tmp_path / "crawl"
    crawler = crawler_of(case, engine, directory=directory)
    for death in range(deaths):
        die_after(crawler, 2 + death)
        with (directory / "items.jsonl").open("ab") as file:
            file.write(b'{"_url": "written, but never committed"}\n{"cut')
        crawler = with_handlers(
            Crawler.resume(directory, fetcher=RecordedFetcher(case.pages), clock=FakeClock(9000.0 + death))
        )
    given(crawler)
    assert crawler.report.finish_reason is FinishReason.COMPLETE
    assert written(directory) == expected
    assert coverage(crawler) == coverage(whole), "the counts are part of the commits, too"
    count = Counter(json.loads(line)["url"] for line in (directory / "pages.jsonl").read_bytes().splitlines())
    assert set(count.values()) == {1}


def die_after(crawler: Crawler, pages: int) -> None:
    """Leave after so many pages, with others under way, landed or written."""
    for number, _ in enumerate(crawler, 1):
        if number == pages:
            break


@pytest.mark.parametrize("engine", ENGINES)
def test_handlers_do_not_make_a_crawl_less_polite(engine: str) -> None:
    trace: list[Any] = []
    crawler = crawler_of(web(), engine, trace=lambda now, step: trace.append((now, step)))
    crawler.run()

    class Run:
        policy = crawler.policy

    Run.trace = trace  # type: ignore[attr-defined]
    assert assert_polite(Run) > 20  # type: ignore[arg-type]
