"""Two crawls to compare: of a site then and now, from webs in a dictionary by path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gossamer import Crawler
from gossamer.fetchers.recorded import RecordedFetcher, Recording
from gossamer.testing import FakeClock

ORIGIN = "https://www.example.org/"
STAGING = "https://staging.example.org/"

Web = Mapping[str, Recording]


def crawl(directory: Path, web: Web, origin: str = ORIGIN, **fields: Any) -> Path:
    """Crawl a web, given by paths without the first slash, into a directory."""
    fetcher = RecordedFetcher({f"{origin}{path}": page for path, page in web.items()})
    settings: dict[str, Any] = {"sitemaps": False, "retries": 0} | fields
    seeds = settings.pop("seeds", [origin])
    Crawler(seeds, directory=directory, engine="inline", fetcher=fetcher, clock=FakeClock(), **settings).run()
    return directory


def update(directory: Path, web: Web) -> Path:
    """Update a crawl with another web; return the directory of the update."""
    fetcher = RecordedFetcher({f"{ORIGIN}{path}": page for path, page in web.items()})
    crawler = Crawler.update(directory, fetcher=fetcher, clock=FakeClock())
    crawler.run()
    assert crawler.directory is not None
    return crawler.directory
