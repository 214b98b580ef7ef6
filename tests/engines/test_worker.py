"""Workers crawl the shards of one crawl together: they come, go, are lost, and nothing is lost or done twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gossamer.api.defaults import complete
from gossamer.engines.aio import ReadingTurn
from gossamer.engines.clock import SystemClock
from gossamer.engines.cluster import shard_crawl as shard_crawl_module
from gossamer.engines.cluster import worker as worker_module
from gossamer.engines.cluster.shard_crawl import WorkerParts, policy_of_shard
from gossamer.engines.cluster.worker import ShardWorker
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.journals.summary import lines
from gossamer.values.model import PageRecord, Purpose, record_of
from gossamer.values.reasons import FinishReason
from gossamer.visit.visitor import Work
from tests.support.file_cluster import FileCluster, FileJournal, FileLeases, FileMail

HOSTS = [f"https://h{number}.site{number}.example" for number in range(6)]
PAGES = 10
TTL = 0.5


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "BEAT", 0.05)
    monkeypatch.setattr(worker_module, "MAIL_EVERY", 0.02)
    monkeypatch.setattr(worker_module, "LOOK_EVERY", 0.05)


def web() -> RecordedFetcher:
    """Return hosts whose pages link to each other everywhere."""
    pages = {f"{host}/": '<a href="/0">0</a>' for host in HOSTS}
    for number, host in enumerate(HOSTS):
        for page in range(PAGES):
            others = [f"{HOSTS[(number + step) % len(HOSTS)]}/{(3 * page + step) % PAGES}" for step in range(1, 3)]
            named = (*others, f"/{(page + 1) % PAGES}")
            pages[f"{host}/{page}"] = "".join(f'<a href="{url}">x</a>' for url in named)
    return RecordedFetcher(pages)


ALL = sorted([f"{HOSTS[0]}/", *(f"{host}/{page}" for host in HOSTS for page in range(PAGES))])


class Town:
    """Workers of one crawl, all in this event loop."""

    def __init__(self, cluster: FileCluster, threads: ThreadPoolExecutor, **fields: object) -> None:
        settings = {"scope": "any", "delay": 0.0, "robots": False, "sitemaps": False, **fields}
        policy = complete(None, [f"{HOSTS[0]}/"], settings, "asyncio")
        self.cluster, self.threads, self.web, self.said = cluster, threads, web(), list[str]()
        self._work = policy_of_shard(Work(policy), len(cluster.shards))

    def hire(self, name: str) -> tuple[ShardWorker, asyncio.Task[str]]:
        cluster = self.cluster
        hired = ShardWorker(
            FileLeases(cluster, name),
            FileMail(cluster, name),
            lambda shard, epoch: (FileJournal(cluster, name, shard, epoch), None),
            shards=len(cluster.shards),
            finish=lambda reason: setattr(cluster, "finish", reason.value),
            tell=self.said.append,
        )
        parts = WorkerParts(self._work, self.web.awaiting(), self.threads, SystemClock(), ReadingTurn())
        return hired, asyncio.create_task(hired.run(parts))

    def records(self) -> list[PageRecord]:
        journals = sorted(self.cluster.directory.glob("*.db"))
        return [record_of(line) for path in journals for piece in lines(path) for line in piece.splitlines()]

    def fetched(self) -> Counter[str]:
        return Counter(url for url, purpose in self.web.requests if purpose is Purpose.PAGE)


@asynccontextmanager
async def town(directory: Path, shards: int, **fields: object) -> AsyncIterator[Town]:
    with ThreadPoolExecutor(4) as threads:
        yield Town(FileCluster(directory, shards), threads, **fields)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # what is looked at sets no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("shards", "workers"), [(1, 1), (3, 2), (16, 3)])
def test_all_shards_together_record_every_page_once(tmp_path: Path, shards: int, workers: int) -> None:
    async def crawl() -> None:
        async with town(tmp_path, shards) as here:
            ends = await asyncio.gather(*(here.hire(str(number))[1] for number in range(workers)))
            assert ends == ["complete"] * workers
            assert sorted(record.url for record in here.records()) == ALL
            assert set(here.fetched().values()) == {1}
            assert here.cluster.workers == {}

    asyncio.run(crawl())


def test_depth_is_what_one_crawl_finds(tmp_path: Path) -> None:
    async def crawl() -> None:
        async with town(tmp_path, 4, max_depth=2) as here:
            await asyncio.gather(*(here.hire(str(number))[1] for number in range(2)))
            depths = {record.url: record.depth for record in here.records()}
            assert depths[f"{HOSTS[0]}/"] == 0
            assert depths[f"{HOSTS[0]}/0"] == 1
            assert {url for url, depth in depths.items() if depth == 2} == {
                f"{HOSTS[0]}/1",
                f"{HOSTS[1]}/1",
                f"{HOSTS[2]}/2",
            }
            assert len(depths) == 5

    asyncio.run(crawl())


def test_a_worker_that_leaves_hands_over_in_order(tmp_path: Path) -> None:
    async def crawl() -> None:
        async with town(tmp_path, 6, delay=0.02) as here:
            first, its_end = here.hire("first")
            await until(lambda: len(here.fetched()) > 10)
            _, other_end = here.hire("other")
            await until(lambda: "other" in here.cluster.workers)
            first.leave()
            assert await its_end == ""
            assert await other_end == "complete"
            assert sorted(record.url for record in here.records()) == ALL
            assert set(here.fetched().values()) == {1}

    asyncio.run(crawl())


def test_a_worker_out_of_reach_gives_everything_up_and_joins_again(tmp_path: Path) -> None:
    async def crawl() -> None:
        async with town(tmp_path, 6, delay=0.02) as here:
            _, end = here.hire("one")
            _, other_end = here.hire("other")
            await until(lambda: len(here.fetched()) > 5)
            here.cluster.ttl = TTL
            here.cluster.out_of_reach.add("one")
            await until(lambda: any("lease is over" in sentence for sentence in here.said))
            before = here.fetched()
            await asyncio.sleep(TTL)
            here.cluster.out_of_reach.clear()
            assert [await end, await other_end] == ["complete", "complete"]
            assert sorted(record.url for record in here.records()) == ALL
            assert sum(before.values()) <= sum(here.fetched().values()) < 2 * len(ALL)

    asyncio.run(crawl())


def test_a_crawl_that_shall_stop_is_taken_up_later(tmp_path: Path) -> None:
    async def crawl() -> None:
        async with town(tmp_path, 3, delay=0.02) as here:
            _, end = here.hire("one")
            await until(lambda: len(here.fetched()) > 5)
            here.cluster.wanted = "stop"
            assert await end == ""
            assert 0 < len(here.records()) < len(ALL)
            assert not any(row.owner for row in here.cluster.shards)
            here.cluster.wanted = "run"
            assert await here.hire("two")[1] == "complete"
            assert sorted(record.url for record in here.records()) == ALL
            assert set(here.fetched().values()) == {1}

    asyncio.run(crawl())


def test_pages_are_granted_exactly(tmp_path: Path) -> None:
    async def crawl() -> None:
        async with town(tmp_path, 3, max_pages=17) as here:
            here.cluster.most = 17
            assert await here.hire("one")[1] == "complete"
            assert (len(here.records()), len(here.fetched())) == (17, 17)

    asyncio.run(crawl())


def test_a_shard_that_fails_again_and_again_ends_the_crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(FileJournal, "recall", fail)
    monkeypatch.setattr(FileJournal, "commit", fail)

    async def crawl() -> None:
        async with town(tmp_path, 1) as here:
            assert await here.hire("one")[1] == "error"
            assert here.cluster.failures == ["RuntimeError: out of luck"] * 3

    asyncio.run(crawl())


def test_a_shard_that_ends_by_itself_ends_the_crawl(tmp_path: Path) -> None:
    async def crawl() -> None:
        async with town(tmp_path, 2) as here:
            _, end = here.hire("one")
            await until(lambda: here.cluster.shards[0].owner)
            here.cluster.finish = FinishReason.TIME_LIMIT.value
            assert await end == "time_limit"
            assert not any(row.owner for row in here.cluster.shards)

    asyncio.run(crawl())


def test_a_shard_at_rest_is_marked_again_after_the_marks_were_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_crawl_module, "REST_AGAIN", 0.2)

    async def crawl() -> None:
        async with town(tmp_path, 2) as here:
            here.cluster.ends = False
            _, end = here.hire("one")
            await until(lambda: len(here.fetched()) == len(ALL) and all(row.idle for row in here.cluster.shards))
            for row in here.cluster.shards:
                row.idle = False  # as `resume` does while workers are at work
            here.cluster.ends = True
            assert await end == "complete"

    asyncio.run(crawl())
