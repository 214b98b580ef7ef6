"""Attempts at a page are counted across the lives of a crawl."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gossamer
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.model import Purpose
from gossamer.values.protocol import Command, Event, Fetch

BUSY = "https://example.org/busy"


class KilledError(Exception):
    """Stands for `kill -9`: nothing is written after it."""


class Witness:
    """Counts the attempts at a page, and kills the crawl when another begins, after so many of them."""

    def __init__(self, lives_for: int) -> None:
        self._lives_for = lives_for
        self.attempts: list[int] = []

    def __call__(self, _now: float, step: Command | Event) -> None:
        for request in step.requests if isinstance(step, Fetch) else ():
            if request.purpose is Purpose.PAGE and request.url == BUSY:
                if len(self.attempts) == self._lives_for:
                    raise KilledError
                self.attempts.append(request.attempt)


@pytest.mark.parametrize("status", [500, 503, 429])
@pytest.mark.parametrize("retries", [1, 3])
def test_a_crawl_that_is_killed_after_every_attempt_makes_no_more_of_them(
    tmp_path: Path, status: int, retries: int
) -> None:
    fetcher = RecordedFetcher.of_site({"/": "<a href=/busy>b</a>", "/busy": RecordedPage(status)})
    clock, attempts = FakeClock(1000.0), list[int]()
    for life in range(retries + 1):
        witness, last = Witness(1), life == retries
        if life:
            crawler = gossamer.Crawler.resume(tmp_path / "crawl", fetcher=fetcher, clock=clock, trace=witness)
        else:
            crawler = gossamer.Crawler(
                "https://example.org/", directory=tmp_path / "crawl", engine="inline", fetcher=fetcher, clock=clock,
                trace=witness, retries=retries,
            )  # fmt: skip
        if last:
            crawler.run()
        else:
            with pytest.raises(KilledError):
                crawler.run()
        attempts += witness.attempts
    assert attempts == list(range(retries + 1))
    records = [json.loads(line) for line in (tmp_path / "crawl/pages.jsonl").read_text().splitlines()]
    assert [record["attempts"] for record in records if record["url"] == BUSY] == [retries + 1]
