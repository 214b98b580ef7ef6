"""When a crawl in shards ends, opens a level, or grants pages: by statements that look at all shards at one moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from gossamer.engines.cluster.leases import AtRest
from gossamer.engines.cluster.postgres_leases import FAILURES, PAGES, PostgresLeases
from gossamer.journals import cluster_crawl
from gossamer.journals.address import PostgresAddress
from gossamer.journals.postgres import PostgresJournal
from gossamer.journals.summary import glance
from gossamer.journals.visits import JournalSnapshot
from gossamer.rules.policy import Policy
from gossamer.values.cluster import Parcel
from gossamer.values.errors import FencedError, JournalError, UserError
from gossamer.values.protocol import Batch
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats
from tests.support.journal_batches import batch, links
from tests.support.postgres import PostgresServer
from tests.support.postgres_cluster import execute, journal_of, new_crawl

pytestmark = pytest.mark.server
DONE = SavedStats(kinds={"done": 1})


class Two:
    """A crawl of two shards, both of one worker."""

    def __init__(self, server: PostgresServer, **limits: int) -> None:
        self.address: PostgresAddress = new_crawl(server, shards=2, **limits)
        self.worker = PostgresLeases(self.address, "node", policy=replace(Policy(), **limits), expected=1)
        self.mine = dict(self.worker.beat().mine)
        self.journals: list[PostgresJournal] = [
            journal_of(self.address, self.worker, shard, self.mine[shard]) for shard in (0, 1)
        ]

    def commit(self, shard: int, what: Batch) -> None:
        self.journals[shard].commit(replace(what, stats=DONE), {})

    def rest(self, shard: int, **state: int | bool) -> bool:
        at_rest = AtRest(self.journals[shard].seq, **state)  # type: ignore[arg-type]  # names of its fields
        return self.worker.rest(shard, self.mine[shard], at_rest)

    def close(self) -> None:
        for journal in self.journals:
            journal.close()
        self.worker.leave()


@pytest.fixture
def two(postgres: PostgresServer) -> Iterator[Two]:
    crawl = Two(postgres)
    yield crawl
    crawl.close()


def test_a_crawl_ends_when_all_are_idle_and_all_mail_is_read(two: Two) -> None:
    two.commit(0, replace(batch(links(0, 1), links(0, 1)), outbox={1: (Parcel(adopted="http://a.example/"),)}))
    assert two.worker.beat().finish == ""
    assert two.rest(0)
    assert two.rest(1)
    assert two.worker.beat().finish == "", "mail is under way"
    two.commit(1, replace(batch(), positions={0: 1}, received=1))
    assert two.worker.beat().finish == "", "the reader is at work"
    two.journals[1].commit(batch(), {})
    assert not two.worker.rest(1, two.mine[1], AtRest(1)), "that was an earlier commit"
    assert two.rest(1)
    assert two.worker.beat().finish == FinishReason.COMPLETE
    assert two.worker.beat().finish == FinishReason.COMPLETE
    assert glance(two.address).finish_reason == "complete"


def test_what_is_left_tells_why_it_ended(two: Two) -> None:
    two.commit(0, batch(links(0, 3), links(0, 1)))
    assert two.rest(0)
    assert two.rest(1)
    assert two.worker.beat().finish == FinishReason.WAITING


def test_a_level_opens_when_no_smaller_one_is_open(two: Two) -> None:
    two.commit(0, replace(batch(links(0, 1)), lowest_open=0))
    two.commit(1, replace(batch(), lowest_open=None))
    assert two.worker.beat().level == 0
    two.commit(0, replace(batch(links(1, 1), links(0, 1)), lowest_open=1, outbox={1: (Parcel(1),)}))
    assert two.worker.beat().level == 0, "mail may bring links of the level"
    two.commit(1, replace(batch(), lowest_open=2, positions={0: 2}, received=1))
    assert two.rest(0)
    assert two.rest(1)
    orders = two.worker.beat()
    assert (orders.level, orders.finish) == (1, "")
    assert two.rest(0), "who has not heard of the level is at rest in the one before"
    orders = two.worker.beat()
    assert (orders.level, orders.finish) == (1, "")
    two.commit(0, replace(batch((), links(1, 1)), lowest_open=None))
    assert two.worker.beat().level == 2
    two.commit(1, replace(batch(), lowest_open=None))
    assert two.rest(0, level=2)
    assert two.rest(1, level=1)
    assert two.worker.beat().finish == ""
    assert two.rest(1, level=2)
    assert two.worker.beat().finish == FinishReason.COMPLETE


def test_no_level_opens_before_every_shard_has_begun(two: Two) -> None:
    two.commit(0, replace(batch(links(0, 1)), lowest_open=1))
    assert two.worker.beat().level == 0, "the other may have a seed"
    assert two.rest(1)
    assert two.worker.beat().level == 1


def test_pages_are_granted_exactly(postgres: PostgresServer) -> None:
    two = Two(postgres, max_pages=10)
    first = two.worker.grant(0, two.mine[0], 0)
    second = two.worker.grant(1, two.mine[1], 0)
    assert (first, second) == (3, 2)  # a quarter of what is left, and one
    used = first
    while (more := two.worker.grant(0, two.mine[0], used)) > used:
        used = more
    assert used == 8
    assert two.worker.grant(1, two.mine[1], 2) == 2
    assert two.rest(0, pages=8, wants_pages=True)
    assert two.rest(1, pages=1)
    assert two.worker.beat().finish == "", "a page was given back, and somebody wants it"
    assert cluster_crawl.read(two.address).granted == 9
    assert two.worker.grant(0, two.mine[0], 8) == 9
    assert two.worker.beat().finish == "", "the one that got it goes on"
    two.commit(0, batch(links(0, 2), links(0, 1)))
    two.journals[0].commit(replace(batch(), stats=SavedStats(kinds={"done": 10})), {})
    assert two.rest(0, pages=9, wants_pages=True)
    assert two.worker.beat().finish == FinishReason.PAGE_LIMIT
    assert cluster_crawl.shards(two.address)[0].granted == 9
    with pytest.raises(FencedError):
        two.worker.grant(0, two.mine[0] - 1, 0)
    two.close()


def test_a_grant_outlives_its_owner(postgres: PostgresServer) -> None:
    two = Two(postgres, max_pages=10_000)
    assert two.worker.grant(0, two.mine[0], 0) == PAGES
    two.worker.release(0, two.mine[0])
    epoch = two.worker.beat().mine[0]
    assert two.worker.grant(0, epoch, 200) == 200 + PAGES
    assert two.worker.grant(0, epoch, 200) == 200 + PAGES, "nothing was used meanwhile"
    assert cluster_crawl.read(two.address).granted == 200 + PAGES
    two.close()


def test_bytes_are_granted_and_more_may_come_than_was_granted(postgres: PostgresServer) -> None:
    two = Two(postgres, max_bytes=9 << 20)
    assert two.worker.grant_bytes(0, two.mine[0], 0) == 3 * (1 << 20) + (1 << 18)
    assert two.rest(0, size=5 << 20)
    assert cluster_crawl.read(two.address).granted_bytes == 5 << 20
    while more := two.worker.grant_bytes(1, two.mine[1], granted := cluster_crawl.read(two.address).granted_bytes):
        if cluster_crawl.read(two.address).granted_bytes == granted:
            break
    assert more == 4 << 20
    two.close()


def test_the_time_of_the_database_ends_a_crawl_and_stands_still_while_it_is_stopped(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=1, seconds=100)
    worker = PostgresLeases(address, "node", expected=1)
    assert worker.beat().finish == ""
    cluster_crawl.want(address, "stop")
    left = cluster_crawl.read(address).time_left
    assert left is not None
    assert 90 < left < 100
    orders = worker.beat()
    assert orders.wanted == "stop"
    assert glance(address).finish_reason == ""
    worker.release(0, orders.mine[0])
    assert worker.beat().mine == {}, "nobody claims what is to stop"
    assert glance(address).finish_reason == "stopped"
    cluster_crawl.want(address, "run")
    assert worker.beat().mine == {0: 3}
    execute(address, "UPDATE crawl SET deadline = deadline - interval '100 seconds'")
    assert worker.beat().finish == FinishReason.TIME_LIMIT
    cluster_crawl.change(address, b"other", seconds=50)
    row = cluster_crawl.read(address)
    assert (row.settings, row.finish) == (b"other", "")
    assert worker.beat().finish == ""
    worker.leave()


def test_the_third_failure_of_a_shard_ends_the_crawl_with_its_sentence(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=1)
    worker = PostgresLeases(address, "node", expected=1)
    for number in range(FAILURES):
        orders = worker.beat()
        assert orders.finish == ""
        worker.release(0, orders.mine[0], failed=f"Failure {number}.")
    assert worker.beat().finish == FinishReason.ERROR
    assert cluster_crawl.read(address).trouble == "Failure 2."
    worker.leave()


def test_a_crawl_is_made_once_and_found(postgres: PostgresServer) -> None:
    address = new_crawl(postgres, shards=3)
    with pytest.raises(UserError, match="There is a crawl"):
        cluster_crawl.create(address, b"", shards=2)
    assert address.schema in cluster_crawl.crawls(postgres.url)
    with pytest.raises(JournalError, match="3 shards"):
        PostgresJournal(address).open()
    with pytest.raises(FencedError):
        PostgresJournal(address, shard=0, epoch=5).open()
    elsewhere = postgres.address()
    stranger = PostgresLeases(elsewhere, "node")
    with pytest.raises(JournalError, match="no journal of a crawl"):
        stranger.beat()
    stranger.leave()
    cluster_crawl.finish(address, "error", "It broke.")
    cluster_crawl.finish(address, "complete")
    assert cluster_crawl.read(address).finish == "error"


def test_all_shards_are_read_as_one_crawl(two: Two) -> None:
    two.commit(0, batch(links(0, 3), links(0, 1)))
    two.commit(1, batch(links(0, 2, "http://other.example"), links(0, 2, "http://other.example")))
    two.commit(0, batch(links(3, 1, "http://third.example"), links(3, 1, "http://third.example")))
    seen = glance(two.address)
    assert (seen.known, seen.ended, seen.hosts, seen.stats.kinds) == (6, 4, 3, {"done": 2})
    with JournalSnapshot(two.address) as journal:
        assert [visit.id for visit in journal.visits()] == [0, 3, 4, 5]
        urls = [url for some in journal.urls() for url in some]
        assert [journal.link(id_).url for id_ in range(6)] == urls
        found = journal.links()
        assert found.ended.tolist() == [True, False, False, True, True, True]
        assert found.hosts.tolist() == [0, 0, 0, 1, 2, 2]
        assert len(journal.fingerprints()) == 6 * 8
        assert [(number, ids.tolist()) for number, ids in journal.endings()] == [(1, [0]), (2, [3]), (3, [4, 5])]
        for id_ in (0, 3, 4, 5):
            line = journal.record(id_)
            assert line is not None
            assert urls[id_].encode() in line
        assert journal.record(1) is None
        assert [journal.commit_lines(number) for number in (1, 2, 3)] == [
            piece.splitlines(keepends=True) for piece in journal.lines()
        ]
