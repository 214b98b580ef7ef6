"""Leases in PostgreSQL: who has which shard, what a lost worker can still do, and when the crawl ends."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gossamer.engines.cluster.leases import MARGIN, TTL, lease_time
from gossamer.engines.cluster.postgres_leases import PostgresLeases, PostgresMail
from gossamer.journals import cluster_crawl
from gossamer.journals.postgres import PostgresJournal
from gossamer.values.cluster import Mail, Parcel
from gossamer.values.errors import FencedError
from gossamer.values.model import Outlink, Outlinks
from tests.support.journal_batches import batch, links
from tests.support.postgres import PostgresServer
from tests.support.postgres_cluster import execute, journal_of, new_crawl, silence

pytestmark = pytest.mark.server


def test_a_worker_alone_takes_half_at_first_and_all_soon(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=7)
    worker = PostgresLeases(address, "node")
    before = lease_time()
    orders = worker.beat()
    assert before + TTL - MARGIN <= orders.until <= lease_time() + TTL - MARGIN
    assert orders.mine == {0: 1, 1: 1, 2: 1, 3: 1}
    assert worker.beat().mine.keys() == set(range(6))
    execute(address, "UPDATE worker SET joined = joined - interval '1 minute'")
    orders = worker.beat()
    assert orders.mine == dict.fromkeys(range(7), 1)
    assert (orders.surplus, orders.level, orders.finish, orders.wanted) == ((), 0, "", "run")
    worker.leave()


def test_expected_workers_find_their_shares(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=7)
    several = [PostgresLeases(address, f"node{number}", expected=3) for number in range(3)]
    assert [len(worker.beat().mine) for worker in several] == [3, 2, 2]
    assert [worker.beat().surplus for worker in several] == [(), (), ()]
    for worker in several:
        worker.leave()


def test_who_joins_gets_what_the_others_hand_over(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=5)
    first, second = (PostgresLeases(address, "node", expected=1) for _ in range(2))
    assert len(first.beat().mine) == 5
    assert second.beat().mine == {}
    orders = first.beat()
    assert orders.surplus == (3, 4)
    for shard in orders.surplus:
        first.release(shard, orders.mine[shard])
    assert second.beat().mine == {3: 3, 4: 3}
    assert first.beat().surplus == ()
    second.retire()
    assert second.beat().surplus == (3, 4)
    assert first.beat().mine.keys() == {0, 1, 2}, "who retires hands over in order"
    second.release(3, 3)
    second.leave()
    assert first.beat().mine == {0: 1, 1: 1, 2: 1, 3: 5, 4: 5}, "what was not released when it left was lost"
    assert [execute(address, "SELECT freed_at IS NULL FROM shard WHERE shard = %s", n) for n in (3, 4)] == [
        [(False,)],
        [(True,)],
    ]
    first.leave()
    assert cluster_crawl.workers(address) == []


def test_a_lost_worker_loses_its_sessions_and_its_shards(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=2)
    first, second = (PostgresLeases(address, "node", expected=1) for _ in range(2))
    mine = first.beat().mine
    old = journal_of(address, first, 0, mine[0])
    assert not old.fresh_loss
    old.commit(batch(links(0, 2)), {"jsonl": 5})
    second.beat()
    silence(address, first)
    taken = second.beat().mine
    assert taken == {0: 3, 1: 3}
    named = execute(address, "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'gossamer:%%'")
    assert {name for (name,) in named} == {f"gossamer:{second.worker}"}
    with pytest.raises(FencedError):
        old.commit(batch(links(2, 2, "http://new.example"), links(0, 1)), {"jsonl": 9})
    new = journal_of(address, second, 0, taken[0])
    assert new.fresh_loss
    assert 0 <= new.passed < 30
    assert new.seq == 1
    before = first.worker
    orders = first.beat()
    assert orders.mine == {}, "what was lost is not taken back in the same beat"
    assert first.worker != before
    for journal in (old, new):
        journal.close()
    for worker in (first, second):
        worker.leave()


def test_an_owner_whose_sessions_live_writes_nothing_under_an_old_epoch(postgres: PostgresServer) -> None:
    """Safety must not depend on the right to end sessions."""
    address = new_crawl(postgres, shards=2)
    worker = PostgresLeases(address, "node", expected=1)
    old = journal_of(address, worker, 0, worker.beat().mine[0])
    old.commit(batch(links(0, 2), links(0, 1)), {})
    tables = ("chunk", "page", "host", "sent", "shard")
    execute(address, "UPDATE shard SET epoch = epoch + 1 WHERE shard = 0")
    before = [execute(address, f"SELECT * FROM {table}") for table in tables]
    parcel = Parcel(1, outlinks=Outlinks.of([Outlink(1, "http://other.example/")]))
    mail = replace(batch(links(2, 2, "http://new.example"), links(1, 1)), outbox={1: (parcel,)}, positions={1: 4})
    with pytest.raises(FencedError):
        old.commit(mail, {})
    old.note("", None)
    assert [execute(address, f"SELECT * FROM {table}") for table in tables] == before
    old.close()
    worker.leave()


def test_a_gap_in_the_commits_is_refused(postgres: PostgresServer) -> None:
    """A database that lost commits, after a failover: what its owner knows is more than what is there."""
    address = new_crawl(postgres, shards=1)
    worker = PostgresLeases(address, "node", expected=1)
    journal = journal_of(address, worker, 0, worker.beat().mine[0])
    journal.commit(batch(links(0, 2)), {})
    journal.commit(batch(links(2, 2)), {})
    execute(address, "UPDATE shard SET seq = 1")
    execute(address, "DELETE FROM page WHERE seq = 2")
    with pytest.raises(FencedError):
        journal.commit(batch(links(4, 2)), {})
    assert execute(address, "SELECT count(*) FROM page") == [(1,)]
    journal.close()
    worker.leave()


def test_mail_is_read_once_and_in_order(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=3)
    worker, mail = PostgresLeases(address, "node", expected=1), PostgresMail(address)
    mine = worker.beat().mine
    journals = [journal_of(address, worker, shard, mine[shard]) for shard in range(3)]
    parcels = [Parcel(1, 0, "http://a.example/", Outlinks.of([Outlink(n, f"http://b.example/{n}")])) for n in range(3)]
    journals[0].commit(replace(batch(links(0, 1)), outbox={1: (parcels[0],), 2: (parcels[1],)}), {})
    journals[0].commit(replace(batch(links(1, 1)), outbox={1: (parcels[2],)}), {})
    first, second = Mail(0, 1, (parcels[0],)), Mail(0, 2, (parcels[2],))
    assert mail.arrived({1: {}, 2: {}, 0: {}}) == {1: (first, second), 2: (Mail(0, 1, (parcels[1],)),)}
    assert mail.arrived({1: {0: 1}}) == {1: (second,)}
    journals[1].commit(replace(batch(), positions={0: 2}, received=2), {})
    assert mail.arrived({1: {0: 2}}) == {}
    journals[1].close()
    journals[1] = PostgresJournal(address, shard=1, epoch=mine[1])
    assert journals[1].open().positions == {0: 2}
    assert [(row.sent, row.received) for row in cluster_crawl.shards(address)] == [(3, 0), (0, 2), (0, 0)]
    assert cluster_crawl.sweep_read_mail(address) == 2
    assert mail.arrived({1: {}}) == {}
    assert len(mail.arrived({2: {}})) == 1
    for journal in journals:
        journal.close()
    mail.close()
    worker.leave()
