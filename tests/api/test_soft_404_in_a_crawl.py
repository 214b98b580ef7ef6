"""A crawl asks each host for a page that cannot exist, and names the pages that look like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler, Report
from gossamer.cli import summary
from gossamer.rules.urls import fingerprint
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.model import Failure, Purpose
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import SoftErrors

ORIGIN = "https://example.org"


def page(body: str, status: int = 200) -> RecordedPage:
    return RecordedPage(status=status, headers={"content-type": "text/html"}, body=f"<title>Shop</title>{body}")


LINKS = "".join(f"<a href=/{name}>{name}</a>" for name in ("hats", "gone1", "gone2", "soft"))
PROBE = f"{ORIGIN}/gossamer-asks-for-a-missing-page-{fingerprint(ORIGIN, 0):016x}"
SORRY = page("<p>Sorry, we have no such page")


def apologetic(apology: Any = SORRY, **more: Any) -> RecordedFetcher:
    """A site that says the same for every page it does not have."""
    missing = [PROBE, *(f"{ORIGIN}/{name}" for name in ("gone1", "gone2", "soft"))]
    return RecordedFetcher(
        {ORIGIN + "/": page(LINKS), ORIGIN + "/hats": page("Fine hats")} | dict.fromkeys(missing, apology) | more
    )


def probes(fetcher: RecordedFetcher) -> int:
    return [purpose for _, purpose in fetcher.requests].count(Purpose.PROBE)


def crawled(fetcher: RecordedFetcher, **fields: Any) -> Crawler:
    fields = {"soft_404": True, "engine": "inline", **fields}
    return Crawler(ORIGIN, fetcher=fetcher, clock=FakeClock(1000.0), **fields)


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_pages_that_look_like_a_missing_one_are_named(engine: str) -> None:
    fetcher = apologetic()
    crawler = crawled(fetcher, engine=engine)
    soft = {one.url.removeprefix(ORIGIN): one.record.soft_404 for one in crawler}
    assert soft == {"/": False, "/hats": False, "/gone1": True, "/gone2": True, "/soft": True}
    found = crawler.report.snapshot.soft_404s
    assert (found.pages, sorted(found.examples), found.hosts) == (
        3, [(f"{ORIGIN}/{name}", ORIGIN + "/") for name in ("gone1", "gone2", "soft")], (ORIGIN,),
    )  # fmt: skip
    assert summary.exit_code(crawler.report) == summary.FINDINGS
    assert crawler.report.snapshot.counts.done == 5, "they are pages like any other, and nothing else is counted"


def test_the_question_comes_once_after_robots_and_before_the_pages() -> None:
    fetcher = apologetic()
    crawled(fetcher, host_concurrency=3).run()
    assert fetcher.requests[:3] == [
        (ORIGIN + "/robots.txt", Purpose.ROBOTS), (PROBE, Purpose.PROBE), (ORIGIN + "/", Purpose.PAGE),
    ]  # fmt: skip
    assert probes(fetcher) == 1


def test_a_host_that_takes_several_at_once_is_asked_once_and_its_pages_wait() -> None:
    fetcher = apologetic()
    seeds = [ORIGIN + "/", ORIGIN + "/hats", ORIGIN + "/gone1"]
    crawler = Crawler(
        seeds, fetcher=fetcher, clock=FakeClock(1000.0), engine="threads", soft_404=True, host_concurrency=3, delay=0
    )
    assert {one.url.removeprefix(ORIGIN) for one in crawler if one.record.soft_404} == {"/gone1", "/gone2", "/soft"}
    assert [purpose for _, purpose in fetcher.requests[:3]] == [Purpose.ROBOTS, Purpose.PROBE, Purpose.PAGE]
    assert probes(fetcher) == 1


def test_without_robots_it_is_the_first() -> None:
    fetcher = apologetic()
    report = crawled(fetcher, robots=False).run()
    assert fetcher.requests[0] == (PROBE, Purpose.PROBE)
    assert report.snapshot.soft_404s.pages == 3


def test_a_page_named_by_a_word_of_the_error_page_is_named_all_the_same() -> None:
    sorry = page("Sorry, we have nothing <a href=/soft>soft</a>")
    crawler = crawled(apologetic(sorry))
    assert {one.url.removeprefix(ORIGIN) for one in crawler if one.record.soft_404} == {"/gone1", "/gone2", "/soft"}


def test_a_front_page_shown_for_missing_ones_is_no_missing_one() -> None:
    crawler = crawled(apologetic(page(LINKS)))
    assert {one.url.removeprefix(ORIGIN) for one in crawler if one.record.soft_404} == {"/gone1", "/gone2", "/soft"}


def test_nothing_is_asked_unless_wanted() -> None:
    fetcher = apologetic()
    report = crawled(fetcher, soft_404=False).run()
    assert probes(fetcher) == 0
    assert report.snapshot.soft_404s == SoftErrors()


def test_robots_txt_may_forbid_the_question() -> None:
    rules = RecordedPage(headers={"content-type": "text/plain"}, body="User-agent: *\nDisallow: /\nAllow: /$\n")
    fetcher = apologetic(**{ORIGIN + "/robots.txt": rules})
    report = crawled(fetcher).run()
    assert probes(fetcher) == 0
    assert report.pages == 1


@pytest.mark.parametrize(
    "apology",
    [
        page("Not here", 404),
        page("Too busy", 503),
        RecordedPage(status=302, headers={"location": "/"}),
        RecordedPage(headers={"content-type": "image/png"}, body=b"\x89PNG"),
        Failure(Reason.FAIL_TIMEOUT),
        Failure(Reason.FAIL_TRUNCATED, size=10),
    ],
    ids=["404", "503", "redirect", "image", "time-out", "truncated"],
)
def test_where_nothing_is_shown_nothing_looks_like_it(apology: Any) -> None:
    fetcher = apologetic(apology)
    report = crawled(fetcher, retries=0).run()
    assert report.snapshot.soft_404s == SoftErrors()
    assert report.pages >= 2
    assert probes(fetcher) == 1, "it is not asked again"


@pytest.mark.parametrize("stop_after", range(1, 5))
def test_the_count_is_the_same_after_an_interruption(tmp_path: Path, stop_after: int) -> None:
    for number, _ in enumerate(crawled(apologetic(), directory=tmp_path / "x"), 1):
        if number == stop_after:
            break
    report: Report = Crawler.resume(tmp_path / "x", fetcher=apologetic(), clock=FakeClock(5000.0)).run()
    assert (report.pages, report.snapshot.soft_404s.pages) == (5, 3)
