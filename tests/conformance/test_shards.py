"""One fake web in one, three and 64 shards: how a crawl is divided never changes its result."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.values.reasons import FinishReason
from tests.support.conformance_cases import CASES, A, B, C, Case, moved, page, random_case, robots, tree
from tests.support.conformance_runs import WITH_TIMING, Run, run
from tests.support.paper_cluster import PaperCrawl, crawl_on_paper

SHARDS = [1, 3, 64]
LIMITED = ("page limit", "request limit", "byte limit", "time limit")
"""Cases in which pages are left out: not the same ones, where shards share a limit."""


def in_shards(case: Case, shards: int, *, seed: int = 0, slowest: float = 0.0, **fields: Any) -> tuple[Run, PaperCrawl]:
    """Return the crawl of a web by the inline engine and in so many shards."""
    reference = run(case, "inline", **fields)
    fetcher = RecordedFetcher(case.pages)
    return reference, crawl_on_paper(reference.policy, fetcher.fetch, shards, seed=seed, slowest=slowest)


def pages_of(crawl: PaperCrawl) -> dict[str, dict[str, Any]]:
    return {
        url: {name: getattr(record, name) for name in record.__struct_fields__ if name not in WITH_TIMING}
        for url, record in crawl.records.items()
    }


def outcomes_of(crawl: PaperCrawl) -> dict[str, tuple[str, str | None, int | None]]:
    return {url: (record.outcome, record.reason, record.status) for url, record in crawl.records.items()}


@pytest.mark.parametrize("shards", SHARDS)
@pytest.mark.parametrize("name", [name for name in CASES if name not in LIMITED])
def test_a_web_gives_the_same_in_any_number_of_shards(name: str, shards: int) -> None:
    reference, crawl = in_shards(CASES[name](), shards)
    assert pages_of(crawl) == reference.pages
    assert sorted((request.url, request.purpose) for request in crawl.requests) == sorted(reference.requests)


@pytest.mark.parametrize("shards", SHARDS)
@pytest.mark.parametrize("seed", range(8))
def test_a_random_web_gives_the_same_in_any_number_of_shards(seed: int, shards: int) -> None:
    reference, crawl = in_shards(random_case(seed, islands=False), shards, seed=seed)
    assert pages_of(crawl) == reference.pages


@pytest.mark.parametrize("shards", SHARDS)
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("seed", range(8))
def test_a_depth_limit_reaches_the_same_pages_in_any_number_of_shards(seed: int, depth: int, shards: int) -> None:
    reference, crawl = in_shards(random_case(seed, islands=False), shards, seed=seed, slowest=2.0, max_depth=depth)
    assert outcomes_of(crawl) == reference.outcomes
    depths = {url: record.depth for url, record in crawl.records.items()}
    assert depths == {url: record.depth for url, record in reference.records.items()}


@pytest.mark.parametrize("shards", SHARDS)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [1, 5, 12])
def test_a_page_limit_is_never_exceeded_and_always_reached(limit: int, seed: int, shards: int) -> None:
    case = random_case(seed, islands=False)
    whole, crawl = in_shards(case, shards, seed=seed, slowest=2.0, max_pages=limit)
    reference = run(case, "inline")
    done = sum(record.outcome == "done" for record in crawl.records.values())
    assert done == min(limit, reference.report.counts.done)
    assert whole.report.finish_reason in (FinishReason.PAGE_LIMIT, FinishReason.COMPLETE)


@pytest.mark.parametrize("shards", SHARDS)
def test_a_limit_of_bytes_ends_the_crawl(shards: int) -> None:
    case = random_case(3, islands=False)
    _, crawl = in_shards(case, shards, max_bytes=2000)
    assert 0 < len(crawl.records) < len(run(case, "inline").records)


def sitemap(*urls: str, kind: str = "urlset") -> RecordedPage:
    entry = "sitemap" if kind == "sitemapindex" else "url"
    body = f"<{kind}>" + "".join(f"<{entry}><loc>{url}</loc></{entry}>" for url in urls) + f"</{kind}>"
    return RecordedPage(headers={"content-type": "application/xml"}, body=body)


def sitemaps_across_hosts() -> Case:
    """Return hosts whose sitemaps lie on each other, redirect to each other, and name each other's pages."""
    pages = tree(A, 2, 2) | tree(B, 2, 2) | tree(C, 1, 1)
    pages |= {
        A + "/robots.txt": robots(f"Sitemap: {B}/index.xml\nSitemap: {A}/moved.xml"),
        B + "/index.xml": sitemap(B + "/1.xml", C + "/2.xml", A + "/3.xml", kind="sitemapindex"),
        B + "/1.xml": sitemap(A + "/only", A + "/0/", C + "/only"),
        C + "/2.xml": sitemap(B + "/only", A + "/0/1", A + "/linked"),
        A + "/3.xml": sitemap(C + "/other", B + "/1/0"),
        A + "/moved.xml": moved(C + "/here.xml"),
        C + "/here.xml": sitemap(A + "/moved-only"),
        C + "/0/": page("/", "/0/0", A + "/linked"),
    }
    pages |= {url: page("/") for url in (A + "/only", C + "/only", B + "/only", C + "/other", A + "/moved-only")}
    pages[A + "/linked"] = page()
    return Case(pages, (A + "/", B + "/", C + "/"), islands=False)


@pytest.mark.parametrize("fields", [{}, {"max_depth": 1}, {"max_depth": 2}], ids=str)
@pytest.mark.parametrize("shards", SHARDS)
@pytest.mark.parametrize("seed", range(3))
def test_sitemaps_of_hosts_in_other_shards_are_read(seed: int, shards: int, fields: dict[str, Any]) -> None:
    reference, crawl = in_shards(sitemaps_across_hosts(), shards, seed=seed, slowest=1.0, **fields)
    assert outcomes_of(crawl) == reference.outcomes
    if fields:
        depths = {url: record.depth for url, record in crawl.records.items()}
        assert depths == {url: record.depth for url, record in reference.records.items()}
    orphans = [url for shard in crawl.shards for url in shard.crawl.final_stats(0.0).orphans or ()]
    expected = reference.report.snapshot.sitemaps.orphans
    refused = A + "/linked" in orphans  # its one link is on a page of another shard, and refused there for its depth
    assert len(orphans) == expected + refused
    assert not refused or fields == {"max_depth": 1}
    assert not any(crawl.database.saved(shard).notes.requested for shard in range(shards)), "all have been read"


@pytest.mark.parametrize("shards", SHARDS)
def test_a_scope_that_a_redirect_widened_holds_in_every_shard(shards: int) -> None:
    shop = "https://shop.a.example"
    pages = tree(B, 2, 2) | {A + "/": moved(shop + "/", 301), shop + "/": page("/1", B + "/2/"), shop + "/1": page()}
    pages[B + "/1/"] = [RecordedPage(503, {"retry-after": "60"}), page(shop + "/late")]
    pages[shop + "/late"] = page()
    reference, crawl = in_shards(Case(pages, (A + "/", B + "/"), islands=False), shards)
    assert outcomes_of(crawl) == reference.outcomes
    assert shop + "/late" in crawl.records
    assert all(one.crawl.saved_stats(0.0).adopted == (shop + "/",) for one in crawl.shards)


def test_a_link_to_a_foreign_host_is_sent_with_the_commit_of_its_page() -> None:
    _, crawl = in_shards(CASES["links between hosts"](), 64)
    sent = [parcel for batch in crawl.batches for parcels in batch.outbox.values() for parcel in parcels]
    assert {url for parcel in sent for url in parcel.outlinks.urls} >= {B + "/2/", B + "/lost", A + "/extra"}
    rows = crawl.database.shards
    assert sum(row.sent for row in rows) == sum(row.received for row in rows) > 0
    for batch in crawl.batches:
        ended = {one.link.url for one in batch.ended}
        assert all(parcel.via in ended for parcels in batch.outbox.values() for parcel in parcels)
