"""A session runs a crawl on any engine with any store, and closes what it opened."""

from __future__ import annotations

import asyncio

import pytest

from gossamer.api.defaults import complete
from gossamer.api.store import MemoryStore
from gossamer.engines.session import Known, OpenedStore, Session
from gossamer.engines.table import local_names
from gossamer.testing import FakeClock, RecordedFetcher
from gossamer.values.errors import UserError
from gossamer.values.protocol import Ended
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import Changes, SavedStats, Snapshot
from gossamer.visit.visitor import Work

ORIGIN = "https://a.example"
every_engine = pytest.mark.parametrize("engine", local_names())


class WatchedStore(MemoryStore):
    """Remembers how it was used."""

    def __init__(self, trouble: str = "") -> None:
        super().__init__(key=0)
        self._trouble = trouble
        self.seen: list[object] = []

    def open(self) -> OpenedStore:
        if self._trouble:
            raise UserError(self._trouble)
        self.seen.append("open")
        return super().open()

    def changes(self, snapshot: Snapshot, known: Known) -> Changes:
        self.seen.append(snapshot.counts.done)
        return Changes(gone=7)

    def close(self, reason: FinishReason | None, stats: SavedStats | None) -> None:
        self.seen.append((reason, stats is None))


def session(engine: str, store: WatchedStore) -> Session:
    web = RecordedFetcher.of_site({"/": "<a href=b>b</a>", "/b": "<a href=c>c</a>", "/c": "c"}, ORIGIN)
    policy = complete(None, [ORIGIN], {"sitemaps": False}, engine)
    return Session(engine, Work(policy), store, clock=FakeClock(), recorded=web)


@every_engine
def test_a_crawl_opens_its_store_and_closes_it_with_the_reason(engine: str) -> None:
    store = WatchedStore()
    one = session(engine, store)
    before = one.snapshot
    assert before is None
    one.run()
    assert store.seen == ["open", 3, (FinishReason.COMPLETE, False)]
    assert one.snapshot is not None
    assert one.snapshot.changes.gone == 7


@every_engine
def test_the_batches_are_the_same_inside_an_event_loop(engine: str) -> None:
    async def collected() -> list[str]:
        return [url async for batch in session(engine, WatchedStore()).abatches() for url in urls(batch)]

    blocking = [url for batch in session(engine, WatchedStore()).batches() for url in urls(batch)]
    assert asyncio.run(collected()) == blocking == [f"{ORIGIN}/", f"{ORIGIN}/b", f"{ORIGIN}/c"]


def urls(batch: list[Ended]) -> list[str]:
    return [ended.outcome.record.url for ended in batch]


@every_engine
def test_who_leaves_early_closes_the_store_without_a_reason(engine: str) -> None:
    store = WatchedStore()
    batches = session(engine, store).batches()
    next(batches)
    batches.close()  # type: ignore[attr-defined]  # all of them are generators
    assert store.seen[0] == "open"
    assert store.seen[-1] == (None, True)


@every_engine
def test_a_store_that_cannot_be_opened_is_not_closed(engine: str) -> None:
    store = WatchedStore("somebody is at work here")
    one = session(engine, store)
    with pytest.raises(UserError, match="somebody is at work"):
        one.run()
    assert (store.seen, one.snapshot) == ([], None)
