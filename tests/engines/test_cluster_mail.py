"""Mail between shards under crashes: every parcel arrives once; and the crawl ends when, and only when, all is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gossamer.engines.cluster.leases import AtRest
from gossamer.engines.cluster.postgres_leases import PostgresLeases, PostgresMail
from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import Connection, open_connection
from gossamer.journals.postgres import PostgresJournal
from gossamer.values.cluster import Mail, Parcel
from gossamer.values.protocol import Batch
from gossamer.values.snapshot import SavedStats
from tests.support.journal_batches import batch
from tests.support.postgres import PostgresServer
from tests.support.postgres_cluster import execute, new_crawl

pytestmark = pytest.mark.server
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
READER, SOURCES = 0, (1, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["begin", "end", "crash"]), st.sampled_from(SOURCES)),
        st.tuples(st.sampled_from(["read", "save", "crash"]), st.just(READER)),
    ),
    max_size=25,
)


class Sender:
    """A shard that sends numbered parcels; its commits are cut in two, so that those of several shards overlap."""

    def __init__(self, address: PostgresAddress, shard: int) -> None:
        self._address, self._shard, self._epoch = address, shard, 0
        self.sent = 0
        self._under_way = False
        self._journal = self._open()

    def _open(self) -> PostgresJournal:
        self._epoch += 1
        execute(self._address, "UPDATE shard SET epoch = %s WHERE shard = %s", self._epoch, self._shard)
        self._connection: Connection | None = None

        def connect(address: PostgresAddress) -> Connection:
            self._connection = open_connection(address)
            return self._connection

        journal = PostgresJournal(self._address, shard=self._shard, epoch=self._epoch, connect=connect)
        journal.open()
        return journal

    def begin(self) -> None:
        """Let a commit get its place in the order, and nobody see it yet."""
        if not self._under_way:
            assert self._connection is not None
            self._connection.execute("BEGIN")
            parcel = Parcel(via=f"{self._shard}/{self.sent}")
            self._journal.commit(replace(batch(), outbox={READER: (parcel,)}), {})
            self._under_way = True

    def end(self) -> None:
        """Let it be seen."""
        if self._under_way:
            assert self._connection is not None
            self._connection.execute("COMMIT")
            self.sent += 1
            self._under_way = False

    def crash(self) -> None:
        """End in the middle of it, and be taken over."""
        self._journal.close()
        self._under_way = False
        self._journal = self._open()

    def close(self) -> None:
        """Finish, and close the journal."""
        self.end()
        self._journal.close()


class Reader:
    """The shard that gets the mail: what it has read counts once it is saved, together with how far it has read."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address, self._epoch = address, 0
        self._mail = PostgresMail(address)
        self.saved: Counter[str] = Counter()
        self._open()

    def _open(self) -> None:
        self._epoch += 1
        execute(self._address, "UPDATE shard SET epoch = %s WHERE shard = %s", self._epoch, READER)
        self._journal = PostgresJournal(self._address, shard=READER, epoch=self._epoch)
        self.positions = dict(self._journal.open().positions)
        self._fresh: list[Mail] = []

    def read(self) -> None:
        for mail in self._look():
            self.positions[mail.source] = mail.seq
            self._fresh.append(mail)

    def _look(self) -> Iterable[Mail]:
        return self._mail.arrived({READER: self.positions}).get(READER, ())

    def save(self) -> None:
        positions = {mail.source: mail.seq for mail in self._fresh}
        self._journal.commit(replace(batch(), positions=positions, received=len(self._fresh)), {})
        self.saved.update([parcel.via for mail in self._fresh for parcel in mail.parcels])
        self._fresh = []

    def crash(self) -> None:
        self._journal.close()
        self._open()

    def close(self) -> None:
        self._journal.close()
        self._mail.close()


class SerialReader(Reader):
    """A reader that goes by a serial number of all rows instead: what a queue in a table looks like at first sight."""

    def __init__(self, address: PostgresAddress) -> None:
        execute(address, "ALTER TABLE sent ADD COLUMN IF NOT EXISTS number bigserial")
        self._last = 0
        super().__init__(address)

    def _look(self) -> Iterable[Mail]:
        rows = execute(self._address, "SELECT number, source, seq FROM sent WHERE number > %s ORDER BY 1", self._last)
        for number, source, seq in rows:
            self._last = number
            yield from [
                mail for mail in self._mail.arrived({READER: {source: seq - 1}})[READER] if mail.source == source
            ][:1]


def play(address: PostgresAddress, kind: type[Reader], steps: Iterable[tuple[str, int]]) -> tuple[set[str], list[str]]:
    """Return what was sent, and what arrived, in the end."""
    reader, senders = kind(address), {shard: Sender(address, shard) for shard in SOURCES}
    try:
        for action, shard in steps:
            getattr(senders.get(shard, reader), action)()
        for sender in senders.values():
            sender.end()
        reader.read()
        reader.save()
    finally:
        reader.close()
        for sender in senders.values():
            sender.close()
    sent = {f"{shard}/{number}" for shard, sender in senders.items() for number in range(sender.sent)}
    return sent, sorted(reader.saved.elements())


@FEW
@given(STEPS)
def test_every_parcel_arrives_once_whatever_crashes(postgres: PostgresServer, steps: list[tuple[str, int]]) -> None:
    sent, arrived = play(new_crawl(postgres, shards=3), Reader, steps)
    assert arrived == sorted(sent)


OVERTAKEN = [("begin", 1), ("begin", 2), ("end", 2), ("read", READER), ("save", READER), ("end", 1)]
"""The commit that began first is seen last."""


def test_a_commit_that_is_overtaken_is_not_lost(postgres: PostgresServer) -> None:
    assert play(new_crawl(postgres, shards=3), Reader, OVERTAKEN) == ({"1/0", "2/0"}, ["1/0", "2/0"])


def test_a_serial_number_as_position_would_lose_it(postgres: PostgresServer) -> None:
    """The reason for positions by source: the test above can find that fault."""
    assert play(new_crawl(postgres, shards=3), SerialReader, OVERTAKEN) == ({"1/0", "2/0"}, ["2/0"])


# ---------------------------------------------------------------- the end

SHARDS = 3
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["work", "work", "read", "save", "lose"]), st.integers(0, SHARDS - 1),
        st.lists(st.integers(0, SHARDS - 1), max_size=2),
    ),
    max_size=20,
)  # fmt: skip


class Model:
    """Shards whose work is a number of tasks, each of which may lead to tasks elsewhere; `held` outcomes end later."""

    def __init__(self, server: PostgresServer, pages: int | None) -> None:
        self.address = new_crawl(server, shards=SHARDS, max_pages=pages)
        self.leases = PostgresLeases(self.address, "node", expected=1)
        self.mail = PostgresMail(self.address)
        self.epochs = dict(self.leases.beat().mine)
        self.tasks = [3, 0, 0]  # shard 2 has no host of its own
        self.done, self.allowed = [0] * SHARDS, [0] * SHARDS
        self.budget = 12
        self.pages = pages
        self.unsaved: list[list[Mail]] = [[] for _ in range(SHARDS)]
        self.finish = ""
        self.journals: list[PostgresJournal] = []
        self.positions: list[dict[int, int]] = []
        for shard in range(SHARDS):
            self.journals.append(PostgresJournal(self.address, shard=shard, epoch=self.epochs[shard]))
            self.positions.append(dict(self.journals[shard].open().positions))

    def commit(self, shard: int, what: Batch) -> None:
        stats = SavedStats(kinds={"done": self.done[shard]})
        self.journals[shard].commit(replace(what, stats=stats), {})

    def move(self, move: str, shard: int, leads_to: list[int]) -> None:
        """Make a move; then every shard rests that can, and the crawl has its chance to end too early."""
        if self.finish:
            return
        if move == "work":
            self.work(shard, leads_to)
        else:
            getattr(self, move)(shard)
        for each in range(SHARDS):
            if not self.finish:
                self.rest(each)
        self.beat()

    def work(self, shard: int, leads_to: list[int]) -> None:
        """Do a task, if there is one and it was granted."""
        if not self.tasks[shard]:
            return
        if self.pages is not None and self.done[shard] >= self.allowed[shard]:
            self.allowed[shard] = self.leases.grant(shard, self.epochs[shard], self.done[shard])
            if self.done[shard] >= self.allowed[shard]:
                return
        self.done[shard] += 1
        self.tasks[shard] -= 1
        targets = sorted(set(leads_to[: self.budget]))
        self.budget -= len(targets)
        self.tasks[shard] += shard in targets
        outbox = {target: (Parcel(),) for target in targets if target != shard}
        self.commit(shard, replace(batch(), outbox=outbox))

    def read(self, shard: int) -> None:
        for mail in self.mail.arrived({shard: self.positions[shard]}).get(shard, ()):
            self.positions[shard][mail.source] = mail.seq
            self.unsaved[shard].append(mail)

    def save(self, shard: int) -> None:
        fresh, self.unsaved[shard] = self.unsaved[shard], []
        if fresh:
            self.tasks[shard] += len(fresh)
            positions = {mail.source: mail.seq for mail in fresh}
            self.commit(shard, replace(batch(), positions=positions, received=len(fresh)))

    def rest(self, shard: int) -> None:
        """Rest where nothing can be done: never with unsaved mail."""
        wants = self.tasks[shard] > 0
        if self.unsaved[shard] or (wants and (self.pages is None or self.done[shard] < self.allowed[shard])):
            return
        self.allowed[shard] = self.done[shard]
        state = AtRest(self.journals[shard].seq, pages=self.done[shard], wants_pages=wants)
        assert self.leases.rest(shard, self.epochs[shard], state)

    def lose(self, shard: int) -> None:
        """Take a shard over: what it had read and not saved is read again."""
        self.journals[shard].close()
        execute(self.address, "UPDATE shard SET owner = 'nobody' WHERE shard = %s", shard)
        self.beat()
        self.journals[shard] = PostgresJournal(self.address, shard=shard, epoch=self.epochs[shard])
        if not self.finish:
            self.positions[shard] = dict(self.journals[shard].open().positions)
            self.unsaved[shard], self.allowed[shard] = [], 0

    def beat(self) -> None:
        orders = self.leases.beat()
        self.epochs |= orders.mine
        self.finish = orders.finish
        if self.finish:
            [(sent,)] = execute(self.address, "SELECT count(*) FROM sent")
            [(received,)] = execute(self.address, "SELECT sum(received) FROM shard")
            assert sent == received
            assert not any(self.tasks) or (self.pages is not None and sum(self.done) == self.pages)
            assert self.pages is None or sum(self.done) <= self.pages

    def close(self) -> None:
        for journal in self.journals:
            journal.close()
        self.mail.close()
        self.leases.leave()


@FEW
@given(st.sampled_from([None, 2, 5]), MOVES)
def test_a_crawl_ends_when_nothing_is_left_and_not_before(
    postgres: PostgresServer, pages: int | None, moves: list[tuple[str, int, list[int]]]
) -> None:
    model = Model(postgres, pages)
    try:
        for move, shard, leads_to in moves:
            model.move(move, shard, leads_to)
        for _ in range(40):
            for shard in range(SHARDS):
                for move in ("work", "read", "save"):
                    model.move(move, shard, [])
        assert model.finish
    finally:
        model.close()
