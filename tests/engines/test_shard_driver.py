"""A driver that shares its event loop has threads do its store work, and starts nothing while it may not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines.cluster.shard_driver import SLOW_COMMIT, ShardDriver
from gossamer.journals.memory import MemoryJournal
from gossamer.rules.policy import Policy
from gossamer.values.errors import JournalError
from gossamer.values.model import Link, Request
from gossamer.values.protocol import Batch, Stop, Wait
from gossamer.values.reasons import FinishReason
from gossamer.visit.visitor import Work
from tests.support.webs import html

ORIGIN = "https://a.example"


class ManualClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    wall = now

    def spent(self) -> float:
        return 0.0

    def patience(self, until: float, in_flight: int) -> float | None:
        return 0.0


class GatedJournal(MemoryJournal):
    """A journal whose commits and recalls wait for a gate, and note who was inside at once."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.threads: set[str] = set()
        self.trouble: Exception | None = None

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        self._pass()
        super().commit(batch, offsets)

    def recall(self, ids: Sequence[int]) -> list[Link]:
        self._pass()
        return super().recall(ids)

    def _pass(self) -> None:
        assert self.gate.wait(10)
        self.threads.add(threading.current_thread().name)
        if self.trouble is not None:
            raise self.trouble


class Stage:
    """A shard's driver with all that it needs; fetches are kept in `started` until the test lets them land."""

    def __init__(self, pool: ThreadPoolExecutor, *, at_hand: int = 100) -> None:
        policy = Policy(seeds=(f"{ORIGIN}/",), sitemaps=False, robots=False, delay=0.0, concurrency=4)
        self.clock, self.journal, self.started = ManualClock(), GatedJournal(), list[Request]()
        self.woken = threading.Semaphore(0)
        self.may_start = True
        self._visit = Work(policy).visitor().visit
        self.driver = ShardDriver(
            Crawl(policy, Frontier(host_concurrency=4, at_hand=at_hand)),
            self.journal,
            self.clock,
            pool=pool,
            wake=self.woken.release,
            may_start=lambda now: self.may_start,
        )

    def advance(self) -> Wait | Stop:
        return self.driver.advance(self.started.append)

    def until(self, holds: Callable[[], object]) -> Wait | Stop:
        """Advance until something holds, each time that store work has ended."""
        command = self.advance()
        while not holds():
            assert self.woken.acquire(timeout=10)
            command = self.advance()
        return command

    def land(self, body: str) -> None:
        request = self.started.pop(0)
        self.driver.report([self._visit(request, html(request.url, body))])


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2, "store") as threads:
        yield threads


def test_commits_and_recalls_are_done_in_threads_and_end_in_order(pool: ThreadPoolExecutor) -> None:
    stage = Stage(pool, at_hand=0)  # every link is recalled
    stage.journal.gate.set()
    stage.until(lambda: stage.started)
    stage.land("<a href=b>b</a><a href=c>c</a>")
    stage.until(lambda: stage.started)
    assert [request.url for request in stage.started] == [f"{ORIGIN}/b", f"{ORIGIN}/c"]
    assert [ended.link.url for ended in stage.driver.landed()] == [f"{ORIGIN}/"]
    assert all(name.startswith("store") for name in stage.journal.threads)


def test_the_driver_goes_on_while_a_commit_is_under_way(pool: ThreadPoolExecutor) -> None:
    stage = Stage(pool)
    stage.journal.gate.set()
    stage.until(lambda: stage.started)
    stage.land("<a href=b>b</a><a href=c>c</a>")
    stage.until(lambda: len(stage.started) == 2)
    stage.journal.gate.clear()
    stage.land("<a href=d>d</a>")
    stage.clock.time += 0.5
    stage.advance()
    assert stage.driver.running is not None
    stage.land("e")  # the crawl takes this in although the commit has not ended
    assert stage.driver.landed()[0].link.url == f"{ORIGIN}/"
    stage.journal.gate.set()
    stage.until(lambda: stage.started)
    assert stage.started[0].url == f"{ORIGIN}/d"


def test_nothing_starts_while_a_commit_takes_long(pool: ThreadPoolExecutor) -> None:
    stage = Stage(pool)
    stage.journal.gate.set()
    stage.until(lambda: stage.started)
    stage.land("<a href=b>b</a><a href=c>c</a>" + "".join(f"<a href={number}>n</a>" for number in range(9)))
    stage.until(lambda: len(stage.started) == 4)
    stage.journal.gate.clear()
    stage.land("b")
    stage.clock.time += 0.5
    stage.advance()
    assert len(stage.started) == 4  # the commit is under way, and another page starts meanwhile
    stage.clock.time += SLOW_COMMIT + 0.1
    stage.land("c")
    assert isinstance(stage.advance(), Wait)
    assert len(stage.started) == 3
    stage.journal.gate.set()
    stage.until(lambda: len(stage.started) == 4)


def test_nothing_starts_after_the_lease(pool: ThreadPoolExecutor) -> None:
    stage = Stage(pool)
    stage.journal.gate.set()
    stage.may_start = False
    assert isinstance(stage.advance(), Wait)
    stage.driver.stop(FinishReason.STOPPED)
    assert (stage.started, stage.driver.running) == ([], None)
    stage.may_start = True
    assert isinstance(stage.until(lambda: stage.driver.running is None), Wait | Stop)


def test_the_error_of_a_commit_is_raised_by_the_driver(pool: ThreadPoolExecutor) -> None:
    stage = Stage(pool)
    stage.journal.trouble = JournalError("The journal cannot be kept: nobody there.")
    stage.journal.gate.set()
    with pytest.raises(JournalError, match="nobody there"):
        stage.until(lambda: stage.started)
