"""Code as users write it against the public API, for mypy and pyright to read: `make check`. Nothing here is run.

`assert_type` states what a user is given. Each `type: ignore` marks a mistake that type checkers must find: where they
no longer do, the comment is needless, and that is an error too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, assert_type

import gossamer
import gossamer.testing
from gossamer import Crawler, Page, Policy, Report, crawl, fetch_all

HOME = "https://example.org/"


def show(what: object) -> None: ...


# ---------------------------------------------------------------- checking


def a_site_is_checked() -> None:
    report = gossamer.check_site(HOME, directory="out.check", check={"severity": {"deep": "off"}}, max_pages=9)
    assert_type(report, gossamer.CheckReport)
    assert_type(gossamer.check_site(Path("out.crawl"), check=gossamer.CheckSettings(external=False)).complete, bool)
    for finding in report.findings:
        assert_type(finding, gossamer.Finding)
        assert_type(finding.kind, gossamer.FindingKind)
        assert_type(finding.verdict, gossamer.Verdict)
        assert_type(finding.severity, gossamer.Severity)
        assert_type(finding.referrers, tuple[gossamer.Referrer, ...])
    assert_type(gossamer.write_report("out.crawl", format="csv"), gossamer.WrittenReport)
    assert_type(gossamer.write_report(Path("out.crawl"), "site.html").path, Path)
    gossamer.check_site(HOME, max_page=9)  # type: ignore[call-arg]  # the setting is max_pages


# ---------------------------------------------------------------- crawling


def crawls_are_iterated() -> None:
    crawler = crawl(HOME)
    assert_type(crawler, Crawler)
    assert_type(iter(crawler), Generator[Page, None, None])
    for page in crawl(HOME, ["https://a.example/", "https://b.example/"]):
        assert_type(page, Page)


async def crawls_are_iterated_in_an_event_loop() -> None:
    assert_type(aiter(crawl(HOME)), AsyncGenerator[Page, None])
    async for page in crawl(HOME):
        assert_type(page, Page)
    assert_type(await crawl(HOME).arun(), Report)


def every_setting_is_a_keyword() -> None:
    crawler = Crawler(
        HOME,
        directory=Path("out.crawl"),
        engine="processes",
        formats=["jsonl", "warc", "parquet", "markdown"],
        durable=True,
        scope="domain",
        include="/articles/*",
        exclude=["*.pdf", "/login"],
        max_depth=3,
        max_pages=None,
        max_requests=None,
        delay="auto",
        hosts={"https://a.example": gossamer.HostManners(delay=2.0), "https://b.example": {"concurrency": 2}},
        headers={"Accept-Language": "de"},
        allow_private=("127.0.0.1", "::1"),
        text="article",
    )
    assert_type(crawler.run(), Report)
    crawl(HOME, policy=Policy(seeds=(HOME,), max_depth=3), delay=0.5, headers=[("A", "b")])


def wrong_settings_are_errors() -> None:
    crawl(HOME, max_page=5)  # type: ignore[call-arg]
    crawl(HOME, max_pages="many")  # type: ignore[arg-type]
    crawl(HOME, engine="twisted")  # type: ignore[arg-type]
    crawl(HOME, delay="slow")  # type: ignore[arg-type]
    crawl(HOME, scope="planet")  # type: ignore[arg-type]
    crawl(5)  # type: ignore[arg-type]
    Crawler(HOME, max_page=5)  # type: ignore[call-arg]
    Crawler(HOME, directory=5)  # type: ignore[arg-type]
    Policy(max_page=5)  # type: ignore[call-arg]
    Policy().max_pages = 5  # type: ignore[misc]
    gossamer.crawls(HOME)  # type: ignore[attr-defined]


def crawls_are_watched_and_ended() -> None:
    crawler = Crawler(HOME)
    assert_type(crawler.snapshot, gossamer.Snapshot | None)
    assert_type(crawler.policy, Policy)
    assert_type(crawler.directory, Path | None)
    crawler.stop()
    crawler.abandon()


def crawls_go_on_and_are_updated() -> None:
    assert_type(Crawler.resume("out.crawl"), Crawler)
    assert_type(Crawler.resume(Path("out.crawl"), engine="threads", max_pages=None), Crawler)
    update = Crawler.update("out.crawl", delay=0.0)
    assert_type(update, Crawler)
    assert_type(update.run().changes, gossamer.Changes | None)
    Crawler.resume("out.crawl", formats=["warc"])  # type: ignore[call-arg]
    Crawler.resume("out.crawl", engine=None, max_pages=[5])  # type: ignore[arg-type]
    Crawler.update("out.crawl", durable=True)  # type: ignore[call-arg]


# ---------------------------------------------------------------- handlers


def handlers_stay_what_they_are() -> None:
    crawler = Crawler(HOME)

    @crawler.on("/articles/*")
    def article(page: Page) -> Iterator[dict[str, str]]:
        yield {"title": page.title}
        page.follow(page.css("a.next").first)

    @crawler.on("/quick/*")
    async def quick(page: Page) -> AsyncIterator[Mapping[str, object]]:
        yield {"title": page.title}

    @crawler.on()
    async def rest(page: Page) -> dict[str, str]:
        return {"title": page.title}

    @gossamer.on("/marked/*")
    def marked(page: Page) -> None:
        page.follow(["/a", "/b"])

    page = Page.of("<title>x</title>", url=HOME)
    assert_type(article(page), Iterator[dict[str, str]])
    assert_type(quick(page), AsyncIterator[Mapping[str, object]])
    marked(page)


def wrong_handlers_are_errors() -> None:
    crawler = Crawler(HOME)

    @crawler.on()  # type: ignore[type-var]
    def nothing() -> None: ...

    @crawler.on()  # type: ignore[type-var]
    def text(page: str) -> None: ...

    @crawler.on  # type: ignore[arg-type]
    def bare(page: Page) -> None: ...

    @gossamer.on()  # type: ignore[type-var]
    def marked() -> None: ...

    crawler.on(5)  # type: ignore[arg-type]


# ---------------------------------------------------------------- downloads


def downloads_are_iterated() -> None:
    downloads = fetch_all([HOME, "https://a.example/"], engine="threads", concurrency=32, follow=False)
    assert_type(downloads, gossamer.Downloads)
    assert_type(downloads.landed, int)
    assert_type(iter(downloads), Generator[Page, None, None])
    for page in fetch_all(HOME, headers={"A": "b"}, timeout=5, policy=None):
        assert_type(page, Page)
    fetch_all([HOME], engine="processes")  # type: ignore[arg-type]
    fetch_all([HOME], concurrent=5)  # type: ignore[call-arg]
    fetch_all([HOME], max_pages=5)  # type: ignore[call-arg]
    fetch_all(5)  # type: ignore[arg-type]
    fetch_all()  # type: ignore[call-arg]


async def downloads_are_iterated_in_an_event_loop(urls: AsyncIterator[str]) -> None:
    async for page in fetch_all(urls):
        assert_type(page, Page)


# ---------------------------------------------------------------- what comes of it


def pages_say_what_was_found(page: Page) -> None:
    assert_type(page.record, gossamer.PageRecord)
    assert_type(page.url, str)
    assert_type(page.status, int | None)
    assert_type(page.ok, bool)
    assert_type(page.outcome, gossamer.OutcomeKind)
    assert_type(page.reason, gossamer.Reason | None)
    assert_type(page.depth, int)
    assert_type(page.timings, gossamer.Timings)
    assert_type(page.timings.total, float)
    assert_type(page.fetched_at, datetime | None)
    assert_type(page.headers, Mapping[str, str])
    assert_type(page.body, bytes)
    assert_type(page.items, tuple[dict[str, Any], ...])
    assert_type(page.followed, tuple[str, ...])
    for text in (
        page.title,
        page.language,
        page.via,
        page.base,
        page.html,
        page.text,
        page.visible_text,
        page.markdown,
    ):
        assert_type(text, str)
    assert_type([link.url for link in page.links if not link.nofollow], list[str])
    assert_type([table.rows for table in page.tables], list[tuple[tuple[str, ...], ...]])
    assert_type(page.article.title, str)
    assert_type(page.css("a").text, str)
    assert_type(page.css("a").attributes("href"), list[str])
    assert_type(page.record.change, gossamer.Change | None)
    show(page.colour)  # type: ignore[attr-defined]
    page.url = HOME  # type: ignore[misc]
    show(page.status + 1)  # type: ignore[operator]


def reports_count_it(report: Report) -> None:
    assert_type(report.pages, int)
    assert_type(report.seconds, float)
    assert_type(report.finish_reason, gossamer.FinishReason)
    assert_type(report.limiting_factor, gossamer.Waiting)
    assert_type(report.counts, gossamer.Counts)
    assert_type(report.counts.ended, int)
    assert_type(report.snapshot, gossamer.Snapshot)
    assert_type(report.snapshot.pages_per_second, float)
    assert_type(report.directory, Path | None)
    assert_type(report.results, tuple[str, ...])
    assert_type(report.changes, gossamer.Changes | None)
    assert_type(report.items, Mapping[str, gossamer.Coverage])
    if report.changes:
        assert_type(report.changes.examples, Mapping[str, tuple[str, ...]])
    if report.finish_reason is gossamer.FinishReason.COMPLETE:
        show(report.items["article"].fields["title"])
    assert_type(gossamer.__version__, str)
    report.pages = 5  # type: ignore[misc]
    show(report.page)  # type: ignore[attr-defined]


def errors_are_caught_by_whose_fault_they_are() -> None:
    try:
        crawl(HOME).run()
    except gossamer.UserError as error:
        assert_type(error, gossamer.UserError)
    except (gossamer.JournalError, gossamer.OutputError) as error:
        found: gossamer.GossamerError = error
        show(found)


# ---------------------------------------------------------------- testing


def tests_need_no_web() -> None:
    gone = gossamer.Failure(gossamer.Reason.FAIL_TIMEOUT)
    hello = gossamer.testing.RecordedPage(200, {"content-type": "text/html"}, "<h1>Hello</h1>", 0.5)
    web = gossamer.testing.RecordedFetcher.of_site({"/": hello, "/bytes": b"x", "/later": [gone, "<p>here"]})
    clock = gossamer.testing.FakeClock(1000.0)
    assert_type(Crawler(HOME, fetcher=web, clock=clock).run(), Report)
    assert_type(next(iter(fetch_all(HOME, fetcher=web, clock=clock))), Page)
    assert_type([url for url, _ in web.requests], list[str])
    Page(gossamer.PageRecord(HOME, gossamer.OutcomeKind.DONE), gossamer.Response(HOME, 200, {}))
    gossamer.testing.RecordedFetcher({HOME: 5})  # type: ignore[dict-item]
    crawl(HOME, clock=5)  # type: ignore[arg-type]
