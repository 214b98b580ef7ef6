"""An update finds the same on every engine, and what it finds does not depend on who was faster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.testing import FakeClock
from tests.conformance.test_engines import assert_same
from tests.support.conformance_cases import CASES, Case, random_case
from tests.support.conformance_runs import OTHERS, Run, assert_polite

WEBS: dict[str, Callable[[], Case]] = {
    **{name: CASES[name] for name in ("manners", "links between hosts", "redirects", "noindex and nofollow")},
    "a seed redirects out of scope": CASES["a seed redirects out of scope"],
    **{f"random {seed}": lambda seed=seed: random_case(seed, islands=False) for seed in range(6)},  # type: ignore[misc]
}


def tagged(case: Case, *, later: bool) -> dict[str, Any]:
    """Give every other page an entity tag; later, some pages have changed, some are gone, and one is new."""
    web: dict[str, Any] = {}
    for number, (url, answer) in enumerate(case.pages.items()):
        if not isinstance(answer, RecordedPage) or answer.status != 200 or url.endswith("robots.txt"):
            web[url] = answer
            continue
        body, etag = str(answer.body), f'"{number}"'
        if later and number % 5 == 2:
            body, etag = body + f"<p>changed<a href={url}-new>new</a>", f'"{number} later"'
            web[f"{url}-new"] = RecordedPage(200, answer.headers, "new")
        tags = {"etag": etag} if number % 2 else {}
        web[url] = RecordedPage(200, dict(answer.headers) | tags, body, answer.elapsed)
        if later and number % 7 == 4:
            web[url] = RecordedPage(410)
    return web


def updated(case: Case, directory: Path, engine: str) -> Run:
    """Crawl a web, then, on this engine, what became of it later."""
    fields: dict[str, Any] = dict(case.fields)
    first = RecordedFetcher(tagged(case, later=False))
    Crawler(case.seeds, directory=directory, engine="inline", fetcher=first, clock=FakeClock(1000.0), **fields).run()
    fetcher, trace = RecordedFetcher(tagged(case, later=True)), list[Any]()
    crawler = Crawler.update(
        directory,
        engine=engine,  # type: ignore[arg-type]
        fetcher=fetcher,
        clock=FakeClock(5000.0),
        trace=lambda now, step: trace.append((now, step)),
    )
    return Run(crawler.policy, crawler.run(), fetcher.requests, trace)


RUNS = [
    pytest.param(name, engine, marks=pytest.mark.slow if engine == "processes" and name.startswith("random") else ())
    for name in WEBS
    for engine in OTHERS
]
"""Worker processes take a moment to begin: by default they get the webs made by hand only."""


@pytest.mark.parametrize(("name", "engine"), RUNS)
def test_an_update_gives_the_same_on_every_engine(name: str, engine: str, tmp_path: Path) -> None:
    case = WEBS[name]()
    reference, one = updated(case, tmp_path / "inline", "inline"), updated(case, tmp_path / engine, engine)
    assert any(record.change == "unchanged" for record in reference.records.values())
    assert_same(case, one, reference)
    assert changes_of(one) == changes_of(reference)
    assert assert_polite(one) == len(one.requests)
    ours, theirs = one.report.changes, reference.report.changes
    assert ours is not None
    assert theirs is not None
    assert (ours.added, ours.changed, ours.unchanged, ours.gone) == (
        theirs.added,
        theirs.changed,
        theirs.unchanged,
        theirs.gone,
    )


def changes_of(run: Run) -> dict[str, str | None]:
    return {url: record.change for url, record in run.records.items()}
