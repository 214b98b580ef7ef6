"""A crawl in shards without a database server: leases and mail in this process, journals in SQLite files."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from gossamer.engines.cluster.leases import AtRest, Orders, lease_time
from gossamer.journals.sqlite import SqliteJournal
from gossamer.values.cluster import Mail
from gossamer.values.errors import FencedError, JournalError
from gossamer.values.model import Link
from gossamer.values.protocol import Batch, Saved
from gossamer.values.snapshot import SavedStats

KEY = 7


class FileShard:
    """The row of one shard."""

    def __init__(self) -> None:
        self.owner = ""
        self.epoch = self.seq = self.sent = self.received = self.failures = 0
        self.idle = self.lost = False
        self.lowest_open: int | None = None
        self.positions: dict[int, int] = {}
        self.granted = 0
        self.owners: list[str] = []


class FileCluster:
    """The crawl that several workers of this process share.

    A lease lasts `ttl` seconds, and a worker stops a fifth of that before its end. `most` is `max_pages`.
    """

    def __init__(self, directory: Path, shards: int, most: int | None = None, ttl: float = 5.0) -> None:
        self.directory = directory
        self.shards = [FileShard() for _ in range(shards)]
        self.mail: dict[tuple[int, int], list[Mail]] = {}
        self.workers: dict[str, float] = {}
        self.retired: set[str] = set()
        self.level, self.finish, self.wanted = 0, "", "run"
        self.most = most
        self.ttl = ttl
        self.out_of_reach: set[str] = set()
        self.ends = True
        self.lock = threading.RLock()
        self.failures: list[str] = []

    def check_reachable(self, worker: str) -> None:
        if worker in self.out_of_reach:
            raise JournalError("The journal cannot be kept: nobody answers.")

    def end_if_over(self) -> None:
        """End the crawl, or open the next level, where all shards are at rest and no mail is under way."""
        rows = self.shards
        if (
            not self.ends
            or not all(row.idle for row in rows)
            or sum(row.sent for row in rows) != sum(row.received for row in rows)
        ):
            return
        lowest = min((row.lowest_open for row in rows if row.lowest_open is not None), default=None)
        if lowest is not None and lowest > self.level:
            self.level = lowest
            for row in rows:
                row.idle = False
        else:
            self.finish = self.finish or "complete"


class FileJournal:
    """The journal of a shard under an epoch."""

    def __init__(self, cluster: FileCluster, worker: str, shard: int, epoch: int) -> None:
        self._cluster, self._worker, self._shard, self._epoch = cluster, worker, shard, epoch
        self._journal = SqliteJournal(cluster.directory / f"{shard}.db", key=KEY)
        self._interrupted = False
        self.fresh_loss = False
        self.passed = 0.0

    @property
    def _row(self) -> FileShard:
        row = self._cluster.shards[self._shard]
        if row.epoch != self._epoch:
            raise FencedError("another worker has it")
        return row

    @property
    def seq(self) -> int:
        return self._cluster.shards[self._shard].seq

    def open(self) -> Saved:
        with self._cluster.lock:
            self._cluster.check_reachable(self._worker)
            row = self._row
            self.fresh_loss = row.lost
            return msgspec.structs.replace(self._journal.open(), positions=dict(row.positions))

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        with self._cluster.lock:
            if self._interrupted:
                raise JournalError("interrupted")
            self._cluster.check_reachable(self._worker)
            row = self._row
            self._journal.commit(batch, offsets)
            row.seq += 1
            row.idle = False
            row.lowest_open = batch.lowest_open
            row.positions |= batch.positions
            row.received += batch.received
            row.sent += len(batch.outbox)
            for target, parcels in batch.outbox.items():
                box = self._cluster.mail.setdefault((target, self._shard), [])
                box.append(Mail(self._shard, row.seq, parcels))

    def recall(self, ids: Sequence[int]) -> list[Link]:
        return self._journal.recall(ids)

    def close(self) -> None:
        self._journal.close()

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        with self._cluster.lock:
            self._journal.note(finish_reason, stats)

    def interrupt(self) -> None:
        self._interrupted = True


class FileLeases:
    """The leases of one worker."""

    def __init__(self, cluster: FileCluster, name: str) -> None:
        self._cluster, self.worker = cluster, name
        self.joins = 0
        self.away = False

    def beat(self) -> Orders:
        sent = lease_time()
        with self._cluster.lock:
            cluster = self._cluster
            cluster.check_reachable(self.worker)
            self._end_lost(sent)
            if self.worker not in cluster.workers:
                self.joins += 1
            cluster.workers[self.worker] = sent
            cluster.end_if_over()
            mine = [number for number, row in enumerate(cluster.shards) if row.owner == self.worker]
            active = [name for name in cluster.workers if name not in cluster.retired]
            share = -(-len(cluster.shards) // max(1, len(active)))
            if cluster.wanted == "run" and not cluster.finish and self.worker not in cluster.retired:
                for number, row in enumerate(cluster.shards):
                    if not row.owner and len(mine) < share:
                        row.owner, row.epoch = self.worker, row.epoch + 1
                        row.owners.append(self.worker)
                        mine.append(number)
            surplus = tuple(mine[share:])
            orders = {number: cluster.shards[number].epoch for number in mine}
            return Orders(orders, surplus, sent + 0.8 * cluster.ttl, cluster.level, cluster.finish, cluster.wanted)

    def _end_lost(self, now: float) -> None:
        for name, beat in list(self._cluster.workers.items()):
            if now > beat + self._cluster.ttl:
                del self._cluster.workers[name]
                for row in self._cluster.shards:
                    if row.owner == name:
                        row.owner, row.epoch, row.lost = "", row.epoch + 1, True

    def release(self, shard: int, epoch: int, *, failed: str = "") -> None:
        with self._cluster.lock:
            self._cluster.check_reachable(self.worker)
            row = self._cluster.shards[shard]
            if row.epoch == epoch and row.owner == self.worker:
                row.owner, row.lost = "", bool(failed)
                if failed:
                    row.failures += 1
                    self._cluster.failures.append(failed)
                    if row.failures >= 3:
                        self._cluster.finish = "error"

    def rest(self, shard: int, epoch: int, state: AtRest) -> bool:
        with self._cluster.lock:
            self._cluster.check_reachable(self.worker)
            row = self._cluster.shards[shard]
            if (row.epoch, row.seq) != (epoch, state.seq) or state.level < self._cluster.level:
                return False
            row.idle = True
            row.granted = state.pages
            return True

    def grant(self, shard: int, epoch: int, used: int) -> int:
        with self._cluster.lock:
            row, most = self._cluster.shards[shard], self._cluster.most
            assert most is not None
            free = most - sum(one.granted for one in self._cluster.shards)
            row.granted += min(free, 2)
            row.idle = row.idle and not free
            return row.granted

    def grant_bytes(self, shard: int, epoch: int, used: int) -> int:
        raise NotImplementedError

    def retire(self) -> None:
        with self._cluster.lock:
            self._cluster.retired.add(self.worker)

    def leave(self) -> None:
        with self._cluster.lock:
            self._cluster.workers.pop(self.worker, None)

    def interrupt(self) -> None: ...


class FileMail:
    """The mail of all shards."""

    def __init__(self, cluster: FileCluster, worker: str) -> None:
        self._cluster, self._worker = cluster, worker

    def arrived(self, positions: Mapping[int, Mapping[int, int]]) -> Mapping[int, tuple[Mail, ...]]:
        with self._cluster.lock:
            self._cluster.check_reachable(self._worker)
            return {
                target: tuple(
                    one
                    for (to, source), box in self._cluster.mail.items()
                    if to == target
                    for one in box
                    if one.seq > read.get(source, 0)
                )
                for target, read in positions.items()
            }

    def interrupt(self) -> None: ...
