"""Replay: a workload from the user's own crawl, its journal and its stored bodies; no request leaves the machine."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gossamer.api.export import visits
from gossamer.api.settings_file import read_settings
from gossamer.bench.workloads import MISSING, ROBOTS, ServedPage, Workload
from gossamer.values.errors import UserError
from gossamer.values.model import OutcomeKind
from gossamer.values.protocol import Ended

MOST_PAGES: Final = 5_000
"""Maximum number of pages that are replayed, the first of the crawl."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""Size (bytes) of the bodies after which no more pages are read, because they are kept in memory."""

_KEPT_SETTINGS: Final = ("delay", "host_concurrency", "max_links_per_page", "traps", "nofollow", "handlers")
_FILLER: Final = b"<p>So much was here, and was not kept.</p>\n"


class RecordedSite:
    """A site of the pages of a crawl, with their latency and size; hosts are numbered in the order of the crawl."""

    def __init__(self, pages: dict[tuple[int, str], ServedPage]) -> None:
        self._pages = pages
        self.hosts = 1 + max(host for host, _ in pages)
        self._typical = sorted(pages, key=lambda key: len(pages[key].body))[len(pages) // 2]

    @classmethod
    def read(cls, directory: str) -> RecordedSite:
        """Read the pages from a crawl directory. Raises UserError if no page has the outcome `done`."""
        hosts: dict[str, int] = {}
        pages: dict[tuple[int, str], ServedPage] = {}
        room = MOST_BYTES
        done = (visit for visit in visits(Path(directory)) if visit.outcome.kind is OutcomeKind.DONE)
        for visit in itertools.islice(done, MOST_PAGES):
            parts = urlsplit(visit.link.url)
            host = hosts.setdefault(f"{parts.scheme}://{parts.netloc}", len(hosts))
            answer = _answer(visit)
            pages[host, parts.path + (f"?{parts.query}" if parts.query else "")] = answer
            room -= len(answer.body)
            if room < 0:
                break
        if not pages:
            raise UserError(f"The crawl in {directory} has no page that could be replayed.")
        return cls(pages)

    def answer(self, host: int, path: str) -> ServedPage:
        """Return the recorded response; robots.txt allows everything, since disallowed pages are not in the crawl."""
        if path == "/robots.txt":
            return ROBOTS
        return self._pages.get((host, path), MISSING)

    def seeds(self) -> list[tuple[int, str]]:
        """Return host and path of every page, so that each is fetched once whatever the bodies link to."""
        return list(self._pages)

    def typical(self) -> tuple[int, str]:
        """Return host and path of the page of median size."""
        return self._typical


def workload_of(directory: Path) -> Workload:
    """Return the workload that replays a crawl with its own politeness settings. Raises UserError if there is none."""
    policy = read_settings(directory).policy
    settings: dict[str, Any] = {name: getattr(policy, name) for name in _KEPT_SETTINGS}
    return Workload(
        "yours",
        f"your crawl in {directory.name or directory}, replayed with its own manners, latencies and sizes",
        settings=settings | {"max_depth": 0},
        recorded=str(directory.absolute()),
    )


def _answer(visit: Ended) -> ServedPage:
    record, response = visit.outcome.record, visit.outcome.response
    timings = record.timings
    kind = record.content_type or "text/html"
    if record.encoding and "charset" not in kind:
        kind = f"{kind}; charset={record.encoding}"
    body = response.body if response is not None else (_FILLER * (record.size // len(_FILLER) + 1))[: record.size]
    return ServedPage(record.status or 200, kind, body, timings.first_byte + timings.body, noted=True)
