"""The threads engine: where its threads run, and that they end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from gossamer import Crawler, Page, fetch_all
from gossamer.engines import threads as module
from gossamer.testing import FakeClock, RecordedFetcher

ORIGIN = "https://example.org"
needs_affinity = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")


class Watching(RecordedFetcher):
    """A site of twenty pages, and on which cores the threads were allowed that asked for them."""

    def __init__(self) -> None:
        links = "".join(f"<a href=/{number}>x</a>" for number in range(20))
        super().__init__({f"{ORIGIN}/": links} | {f"{ORIGIN}/{number}": "page" for number in range(20)})
        self.cores: dict[str, set[int]] = {}

    def fetch(self, request: Any) -> Any:
        self.cores[threading.current_thread().name] = os.sched_getaffinity(0)
        return super().fetch(request)


def crawler(fetcher: RecordedFetcher) -> Crawler:
    return Crawler(ORIGIN, engine="threads", fetcher=fetcher, clock=FakeClock(), host_concurrency=4, delay=0)


def nothing(_: Page) -> Iterable[dict[str, str]]:
    return ()


@needs_affinity
def test_threads_that_share_a_lock_share_a_core_and_leave_others_alone() -> None:
    before, watching = os.sched_getaffinity(0), Watching()
    assert crawler(watching).run().pages == 21
    assert all(name.startswith("gossamer_") for name in watching.cores)
    assert len({frozenset(cores) for cores in watching.cores.values()}) == 1
    assert {len(cores) for cores in watching.cores.values()} == {1}
    assert os.sched_getaffinity(0) == before


@needs_affinity
def test_threads_that_run_code_of_users_run_where_they_like() -> None:
    before, watching = os.sched_getaffinity(0), Watching()
    crawl = crawler(watching)
    crawl.on()(nothing)
    crawl.run()
    assert all(cores == before for cores in watching.cores.values())


@needs_affinity
def test_a_core_that_may_not_be_used_any_more_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_this_core", lambda: frozenset({10_000}))
    assert crawler(Watching()).run().pages == 21


def test_where_the_system_tells_no_core_threads_run_where_they_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    assert crawler(Watching()).run().pages == 21
    assert [page.status for page in fetch_all([f"{ORIGIN}/1"], engine="threads", fetcher=Watching())] == [200]


def test_no_thread_is_left() -> None:
    crawler(Watching()).run()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("gossamer_")]
