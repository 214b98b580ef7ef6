"""Leases under faults: frozen owners, silent networks, clocks that jump, and workers that come and go at random."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gossamer.engines.cluster import shares
from gossamer.engines.cluster.leases import MARGIN, TTL, Orders, lease_time
from gossamer.engines.cluster.postgres_leases import PostgresLeases, PostgresMail
from gossamer.journals import cluster_crawl
from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import open_connection
from gossamer.journals.postgres import PostgresJournal
from gossamer.values.errors import JournalError
from tests.support.journal_batches import batch, links
from tests.support.postgres import PostgresServer
from tests.support.postgres_cluster import execute, journal_of, new_crawl, silence
from tests.support.tcp_proxy import TcpProxy, proxied

pytestmark = pytest.mark.server
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def through(proxy: TcpProxy, server: PostgresServer, address: PostgresAddress) -> PostgresAddress:
    """Return the address of the same crawl behind a proxy."""
    return PostgresAddress.of(server.url.replace(str(server.port), str(proxy.port)), address.schema)


def in_thread(act: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Start a thread; return it, and where its error will be."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except JournalError as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, errors


# ---------------------------------------------------------------- frozen and silent


def test_an_owner_frozen_with_a_lock_is_taken_over(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=1)
    first, second = (PostgresLeases(address, "node", expected=1) for _ in range(2))
    first.beat()
    second.beat()
    frozen = open_connection(address, worker=first.worker)
    frozen.execute("BEGIN")
    frozen.execute("UPDATE shard SET seq = seq + 1")
    silence(address, first)
    began = time.monotonic()
    assert second.beat().mine == {0: 3}
    assert time.monotonic() - began < 3
    assert execute(address, "SELECT seq FROM shard") == [(0,)]
    frozen.close()
    for worker in (first, second):
        worker.leave()


def test_an_owner_frozen_within_a_message_is_taken_over(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=1)
    first, second = (PostgresLeases(address, "node", expected=1) for _ in range(2))
    mine = first.beat().mine
    second.beat()
    with proxied(postgres.port) as proxy:
        journal = PostgresJournal(through(proxy, postgres, address), shard=0, epoch=mine[0], worker=first.worker)
        journal.open()
        proxy.stops_after = 50_000
        thread, errors = in_thread(lambda: journal.commit(batch(links(0, 100_000)), {}))
        while not proxy.silent.is_set():
            time.sleep(0.01)
        silence(address, first)
        began = time.monotonic()
        taken = second.beat().mine
        assert taken == {0: 3}
        new = journal_of(address, second, 0, taken[0])
        new.commit(batch(links(0, 2)), {})
        assert time.monotonic() - began < 3
        began = time.monotonic()
        journal.interrupt()
        thread.join(5)
        assert not thread.is_alive()
        assert errors
        assert time.monotonic() - began < 2, "who waits for an answer without end is interrupted at once"
        proxy.silent.clear()
    assert execute(address, "SELECT page.seq, epoch FROM page, shard") == [(1, 3)]
    journal.close()
    new.close()
    for worker in (first, second):
        worker.leave()


def test_a_silent_database_costs_the_lease_and_no_more(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=1)
    with proxied(postgres.port) as proxy:
        worker = PostgresLeases(through(proxy, postgres, address), "node", expected=1)
        mail = PostgresMail(through(proxy, postgres, address))
        until = worker.beat().until
        mail.arrived({0: {}})
        proxy.silent.set()
        thread, errors = in_thread(lambda: mail.arrived({0: {}}))
        with pytest.raises(JournalError, match="cannot be kept"):
            worker.beat()
        assert lease_time() < until + 1.5
        assert thread.is_alive()
        mail.interrupt()
        thread.join(1)
        assert errors, "who is interrupted does not try again"
        proxy.silent.clear()
        assert worker.beat().mine == {0: 1}, "nobody else wanted it"
        mail.close()
        worker.leave()


# ---------------------------------------------------------------- time


def test_a_lease_counts_from_the_sending_of_the_beat(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    address = new_crawl(postgres, shards=1)
    worker = PostgresLeases(address, "node", expected=1)
    moments = iter([100.0, 150.0, 151.0])
    monkeypatch.setattr("gossamer.engines.cluster.postgres_leases.lease_time", lambda: next(moments))
    assert worker.beat().until == 100.0 + TTL - MARGIN
    assert worker.beat().until == 150.0 + TTL - MARGIN
    worker.leave()


def test_a_jump_of_the_databases_clock_loses_workers_at_most(postgres: PostgresServer) -> None:
    """After a jump forward all workers look lost: whoever beats first takes over, nobody has two epochs."""
    address = new_crawl(postgres, shards=2)
    first, second = (PostgresLeases(address, "node", expected=2) for _ in range(2))
    first.beat()
    second.beat()
    for worker in (first, second):
        silence(address, worker)
    execute(address, "UPDATE worker SET joined = joined - interval '1 minute'")
    mine = first.beat().mine
    assert len(mine) == 2
    assert second.beat().mine == {}
    assert {row.owner for row in cluster_crawl.shards(address)} == {first.worker}
    silence(address, first, -60)  # and back: the beats are in the future
    assert len(first.beat().mine) == 2
    for worker in (first, second):
        worker.leave()


# ---------------------------------------------------------------- ownership


@given(st.integers(1, 70), st.integers(1, 9))
def test_shares_differ_by_at_most_one_and_are_all_there_is(shards: int, workers: int) -> None:
    found = [shares.share(shards, workers, rank) for rank in range(workers)]
    assert sum(found) == shards
    assert max(found) - min(found) <= 1


@given(st.integers(1, 70), st.integers(1, 9), st.integers(0, 9))
def test_whoever_joins_in_whatever_order_all_shards_find_an_owner(shards: int, workers: int, expected: int) -> None:
    """Three beats of all workers, the first two of them young, leave no shard free."""
    mine, free = [0] * workers, shards
    for beat in range(3):
        for rank in range(workers):
            number = shares.claim(
                mine=mine[rank], free=free, shards=shards, workers=workers, rank=rank, expected=expected,
                young=beat < 2,
            )  # fmt: skip
            mine[rank] += number
            free -= number
    assert free == 0
    assert max(mine) - min(mine) <= 1


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["join", "beat", "lose", "leave", "retire"]), st.integers(0, 4)), max_size=14
)


class Team:
    """Workers of one crawl that come and go."""

    def __init__(self, server: PostgresServer, shards: int) -> None:
        self.address = new_crawl(server, shards=shards)
        self.shards = shards
        self.alive: list[PostgresLeases] = []
        self.ended: list[PostgresLeases] = []
        self.owners: dict[tuple[int, int], str] = {}

    def beat(self, worker: PostgresLeases) -> Orders:
        """Beat, hand over what is too much, and check that no epoch has two owners."""
        orders = worker.beat()
        for shard, epoch in orders.mine.items():
            assert self.owners.setdefault((shard, epoch), worker.worker) == worker.worker
        for shard in orders.surplus:
            worker.release(shard, orders.mine[shard])
        return orders

    def act(self, action: str, number: int) -> None:
        if action == "join" or not self.alive:
            self.alive.append(PostgresLeases(self.address, "node"))
            self.beat(self.alive[-1])
            return
        worker = self.alive[number % len(self.alive)]
        match action:
            case "beat":
                self.beat(worker)
            case "retire":
                worker.retire()
                self.beat(worker)
            case "lose":
                self._end(worker)
                silence(self.address, worker)
            case _:
                self._end(worker)
                worker.leave()

    def _end(self, worker: PostgresLeases) -> None:
        self.alive.remove(worker)
        self.ended.append(worker)

    def close(self) -> None:
        for worker in (*self.alive, *self.ended):
            worker.leave()


@FEW
@given(st.integers(1, 9), ACTIONS)
def test_no_epoch_has_two_owners_and_no_shard_stays_without(
    postgres: PostgresServer, shards: int, actions: list[tuple[str, int]]
) -> None:
    team = Team(postgres, shards)
    try:
        for action, number in actions:
            team.act(action, number)
        team.act("join", 0)
        for _ in range(3):
            execute(team.address, "UPDATE worker SET joined = joined - interval '1 minute'")
            for worker in team.alive:
                team.beat(worker)
        orders = [team.beat(worker) for worker in team.alive]
        assert sum(len(each.mine) for each in orders) == shards
        counts = [len(each.mine) for worker, each in zip(team.alive, orders, strict=True) if not worker._retiring]
        assert max(counts) - min(counts) <= 1
    finally:
        team.close()
