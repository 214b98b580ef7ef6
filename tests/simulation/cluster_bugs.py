"""Deliberate bugs of a cluster: each breaks one promise, and the simulator of a cluster must find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from gossamer.core.rests import RestLog
from gossamer.values.cluster import Mail
from gossamer.values.protocol import Batch
from gossamer.visit.visitor import Visitor
from tests.simulation.cluster import Cluster, Worker
from tests.support.paper_cluster import PaperDatabase, PaperShard

Bug = Callable[[], AbstractContextManager[Any]]


def check_no_epoch() -> AbstractContextManager[Any]:
    """A commit is written whoever sends it, with the number that comes next."""
    commit = PaperDatabase.commit

    def unchecked(
        database: PaperDatabase, shard: int, epoch: int, seq: int, batch: Batch, visible_at: float = 0.0
    ) -> None:
        row = database.shards[shard]
        commit(database, shard, row.epoch, row.seq + 1, batch, visible_at)

    return patch.object(PaperDatabase, "commit", unchecked)


def write_positions_before_the_links() -> AbstractContextManager[Any]:
    """The mail counts as read when it arrives, and not with the commit that has its links."""
    hear = PaperShard._hear

    def hasty(shard: PaperShard, now: float) -> None:
        before = dict(shard.crawl.positions)
        hear(shard, now)
        positions = {source: seq for source, seq in shard.crawl.positions.items() if seq != before.get(source)}
        row = shard._database.shards[shard.shard]
        if positions and row.epoch == shard.epoch and row.batches:
            last = row.batches[-1]
            row.batches[-1] = Batch(
                last.ended, last.links, last.fingerprints, last.refused, last.stats, notes=last.notes,
                positions={**last.positions, **positions},
            )  # fmt: skip

    return patch.object(PaperShard, "_hear", hasty)


def take_a_serial_as_position() -> AbstractContextManager[Any]:
    """The reader remembers the greatest serial number that it has seen, whatever becomes visible later below it."""

    def arrived(database: PaperDatabase, shard: int, positions: Mapping[int, int], now: float) -> tuple[Mail, ...]:
        rows = database.mail.get(shard, [])
        read = max((row.serial for row in rows if row.seq <= positions.get(row.source, 0)), default=0)
        return tuple(row.mail() for row in rows if row.serial > read and row.visible_at <= now)

    return patch.object(PaperDatabase, "arrived", arrived)


def share_a_visitor() -> AbstractContextManager[Any]:
    """A worker keeps its visitor, which leaves out the links that it has reported to a crawl that is no more."""
    shard_of, visitors = Cluster.shard_of, dict[tuple[int, int], Visitor]()

    def sharing(cluster: Cluster, worker: Worker, number: int) -> PaperShard:
        shard = shard_of(cluster, worker, number)
        shard._visitor = visitors.setdefault((id(cluster), worker.number), shard._visitor)
        return shard

    return patch.object(Cluster, "shard_of", sharing)


def forget_the_rests() -> AbstractContextManager[Any]:
    """Who takes a shard over asks its hosts at once."""
    return patch.object(RestLog, "restore", lambda *_, **__: None)


CLUSTER_BUGS: tuple[Bug, ...] = (
    check_no_epoch,
    write_positions_before_the_links,
    take_a_serial_as_position,
    share_a_visitor,
    forget_the_rests,
)
