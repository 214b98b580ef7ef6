"""Small crawls of made-up sites, recorded in a directory, and their reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gossamer.api.crawler import Crawler
from gossamer.report.assembly import read_report
from gossamer.report.csv_files import CsvFiles
from gossamer.report.html.page import html
from gossamer.report.site_report import SiteReport
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage

HOME = "https://example.org"
Site = Mapping[str, RecordedPage | str]


def moved(target: str, status: int = 302) -> RecordedPage:
    return RecordedPage(status, {"location": target})


def linking(*paths: str) -> str:
    return "".join(f"<a href={path}>x</a>" for path in paths)


def crawled(directory: Path, site: Site, **options: Any) -> Crawler:
    """Crawl a site into a directory."""
    web = RecordedFetcher.of_site(dict(site), HOME)
    crawler = Crawler(f"{HOME}/", fetcher=web, clock=FakeClock(), directory=directory, **options)
    crawler.run()
    return crawler


def reported(directory: Path, *, every: bool = False) -> SiteReport:
    """Return the report of a crawl; its tables go into the directory."""
    with CsvFiles(directory, "report", every=every) as files:
        return read_report(directory, files)


def page_of(directory: Path) -> str:
    """Return the report of a crawl as HTML."""
    with CsvFiles(directory, "report") as files:
        return html(read_report(directory, files), files)
