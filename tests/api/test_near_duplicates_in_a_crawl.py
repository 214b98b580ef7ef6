"""Pages with nearly the same text are found on every engine alike, and after an interruption."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from gossamer.api.crawler import Crawler
from gossamer.api.report import Report
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.testing import FakeClock
from gossamer.values.snapshot import Alike, NearDuplicates

ORIGIN = "https://example.org"


def text(words: int, seed: int, *, changed: int | None = None) -> str:
    said = random.Random(seed).choices([f"word{number}" for number in range(3000)], k=words)
    if changed is not None:
        said[changed] = "changed"
    return f"<p>{' '.join(said)}</p>"


def site() -> RecordedFetcher:
    """Three pages that differ in a word, two that differ in their markup alone, two of their own, a short one."""
    names = ["a1", "a2", "a3", "b1", "b2", "c", "short"]
    web = {"/": "".join(f"<a href=/{name}></a>" for name in names) + text(500, 9)}
    web |= {"/a1": text(6000, 1), "/a2": text(6000, 1, changed=700), "/a3": text(6000, 1, changed=2000)}
    web |= {"/b1": text(400, 2), "/b2": f"<div class=nonce17>{text(400, 2)}</div>"}
    web |= {"/c": text(400, 3), "/short": "few words"}
    return RecordedFetcher.of_site(web, ORIGIN)


EXPECTED = NearDuplicates(
    5, 2, (Alike(3, tuple(f"{ORIGIN}/a{n}" for n in (1, 2, 3))), Alike(2, (f"{ORIGIN}/b1", f"{ORIGIN}/b2")))
)


def crawler(engine: Any = "inline", **fields: Any) -> Crawler:
    return Crawler(ORIGIN, engine=engine, fetcher=site(), clock=FakeClock(1000.0), **fields)


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_every_engine_finds_the_same(engine: str) -> None:
    some = crawler(engine, near_duplicates=True)
    pages = {page.url.removeprefix(ORIGIN): page.record for page in some}
    assert len(pages) == 8
    assert some.report.snapshot.near_duplicates == EXPECTED
    assert pages["/b1"].simhash == pages["/b2"].simhash
    assert pages["/short"].simhash == ""
    assert len(pages["/c"].simhash) == 16


def test_nothing_is_computed_unless_asked() -> None:
    some = crawler()
    assert {page.record.simhash for page in some} == {""}
    assert some.report.snapshot.near_duplicates == NearDuplicates()


@pytest.mark.parametrize("stop_after", range(1, 8))
def test_the_count_is_the_same_after_an_interruption(tmp_path: Path, stop_after: int) -> None:
    for number, _ in enumerate(crawler(directory=tmp_path / "x", near_duplicates=True), 1):
        if number == stop_after:
            break
    report: Report = Crawler.resume(tmp_path / "x", fetcher=site(), clock=FakeClock(5000.0)).run()
    found = report.snapshot.near_duplicates
    assert (report.pages, found.pages, found.groups) == (8, 5, 2)
