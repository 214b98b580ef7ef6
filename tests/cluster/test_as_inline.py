"""A crawl in shards by real workers finds what one process finds, whatever the number of shards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gossamer import Crawler
from gossamer.engines.table import EngineName
from gossamer.values.model import record_of
from tests.cluster.campaign import Web
from tests.support.postgres import PostgresServer

HOSTS, PAGES = 6, 12

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    servers = Web(tmp_path_factory.mktemp("web"), HOSTS, PAGES)
    yield servers
    servers.close()


def crawl(web: Web, directory: Path, engine: EngineName, **fields: object) -> Crawler:
    """Return a crawl that has run."""
    settings = {"scope": "any", "delay": 0.0, "allow_private": "127.0.0.0/8", "retries": 0, **fields}
    crawler = Crawler(web.urls[0], directory=directory, engine=engine, **settings)  # type: ignore[arg-type]
    crawler.run()
    return crawler


def facts(directory: Path) -> list[tuple[object, ...]]:
    """Return what does not depend on time and order of the records of a crawl."""
    records = map(record_of, (directory / "pages.jsonl").read_bytes().splitlines())
    return sorted((one.url, one.outcome, one.status, one.depth, one.title, one.outlinks) for one in records)


def outcomes(crawler: Crawler) -> list[int]:
    """Return the number of links by outcome. Links that were refused are counted in each shard that has them."""
    counts = crawler.report.counts
    return [counts.done, counts.redirected, counts.failed, counts.skipped]


@pytest.mark.parametrize(
    "shards", [pytest.param(1, marks=pytest.mark.slow), 3, pytest.param(64, marks=pytest.mark.slow)]
)
def test_the_records_are_those_of_one_process(tmp_path: Path, web: Web, postgres: PostgresServer, shards: int) -> None:
    alone = crawl(web, tmp_path / "alone", "inline", max_depth=2)
    several = crawl(
        web, tmp_path / "several", "cluster", max_depth=2, shards=shards, place="local:2", journal=postgres.url
    )
    assert facts(tmp_path / "several") == facts(tmp_path / "alone")
    assert outcomes(several) == outcomes(alone)
    assert several.report.finish_reason == alone.report.finish_reason
    assert several.report.audit.clean


def test_pages_are_limited_exactly(tmp_path: Path, web: Web, postgres: PostgresServer) -> None:
    crawler = crawl(web, tmp_path / "c", "cluster", max_pages=31, shards=4, place="local:2", journal=postgres.url)
    assert crawler.report.pages == 31
    assert crawler.report.finish_reason == "page_limit"
    again = Crawler.resume(tmp_path / "c", max_pages=40)
    again.run()
    assert (again.report.pages, len(facts(tmp_path / "c"))) == (40, 40)


def test_a_crawl_is_iterated_page_by_page(tmp_path: Path, web: Web, postgres: PostgresServer) -> None:
    crawler = Crawler(
        web.urls[0], directory=tmp_path / "c", engine="cluster", place="local:1", shards=2, journal=postgres.url,
        scope="any", delay=0.0, allow_private="127.0.0.0/8",
    )  # fmt: skip
    assert sorted(page.url for page in crawler) == sorted(web.urls)
