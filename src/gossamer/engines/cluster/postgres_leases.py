"""Leases and mail in PostgreSQL."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import psycopg
from msgspec import Struct
from psycopg.rows import class_row

from gossamer.core.cluster_end import end_of
from gossamer.engines.cluster import shares, statements
from gossamer.engines.cluster.leases import BEAT, MARGIN, TTL, AtRest, Orders, lease_time
from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import Connection, Line, session_name
from gossamer.journals.parcels import unpacked_parcels
from gossamer.journals.postgres import check
from gossamer.journals.summary import glance
from gossamer.rules.policy import Policy
from gossamer.values.cluster import Mail
from gossamer.values.errors import FencedError
from gossamer.values.reasons import FinishReason

FAILURES: Final = 3
"""Number of failures of a shard at which the crawl ends."""
YOUTH: Final = 1.5 * BEAT
"""Time (seconds) after joining for which a worker does not take all that is free."""
PAGES: Final = 256
"""Maximum number of pages that a shard is granted beyond those it has used."""
BYTES: Final = 16 << 20
"""The same in bytes."""
AT_LEAST: Final = 1 << 20
"""Number of bytes that a shard is granted at least."""
MAIL: Final = 16 << 20
"""Maximum size (bytes) of the packed mail that one look returns, but for one row."""
_PATIENCE: Final = (TTL - MARGIN) / 2
"""Maximum time (seconds) for which a beat waits for its answer, twice: then the lease is over."""
_PATIENCE_OF_CALLS: Final = 5.0
"""The same for all other calls."""


class CrawlState(Struct, frozen=True):
    """What a beat finds: a row of `statements.BEAT`."""

    young: bool | None
    workers: int
    rank: int
    lost: int
    mine: list[int]
    epochs: list[int]
    free: int
    left_behind: int
    all_read: bool
    all_begun: bool
    all_idle: bool
    lowest_open: int | None
    may_be_granted: bool
    shards: int
    level: int
    finish: str
    wanted: str
    late: bool

    @property
    def opens_level(self) -> bool:
        """Whether the next level can be opened."""
        lowest = self.lowest_open
        return self.all_read and self.all_begun and lowest is not None and lowest > self.level

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.all_read and self.all_idle and not self.opens_level and not self.may_be_granted


class PostgresLeases:
    """The leases of one worker on a machine called `node`. Methods are safe in any thread.

    `expected` is the number of workers that there will be (0: nobody knows); `policy` tells why the crawl ended.
    """

    def __init__(self, address: PostgresAddress, node: str, *, policy: Policy | None = None, expected: int = 0) -> None:
        self._address = address
        self._node = node
        self._policy = policy or Policy()
        self._expected = expected
        self._retiring = False
        self._joined = False
        self.worker = ""
        """The id of the worker; a new one whenever it joins."""
        self._beats = Line(address, patience=_PATIENCE)
        self._calls = Line(address, patience=_PATIENCE_OF_CALLS)

    # ------------------------------------------------------------ beats

    def beat(self) -> Orders:
        """Renew the lease, or join; look after the whole crawl; return what to do. Raises JournalError.

        A worker that was declared lost gets a new id and no shard at first.
        """
        known = bool(self.worker)
        if not self._joined:
            self._join()
        until, state = self._beats.call(self._renew)
        lost = state.young is None
        if lost:
            self._joined = False
            self._join()
            until, state = self._beats.call(self._renew)
        mine = dict(zip(state.mine, state.epochs, strict=True))
        finish = state.finish or self._finish(state)
        if not finish:
            mine |= self._claimed(state, may=not (lost and known))
        allowed = 0 if self._retiring else shares.share(state.shards, state.workers, state.rank)
        return Orders(mine, shares.surplus(mine, allowed), until, self._level(state), finish, state.wanted)

    def _join(self) -> None:
        """Become a worker with a new id."""
        self.worker = secrets.token_hex(8)
        for line in (self._beats, self._calls):
            line.rename(self.worker)
        row = {"worker": self.worker, "node": self._node}

        def join(connection: Connection) -> None:
            check(connection, self._address)
            with contextlib.suppress(psycopg.errors.UniqueViolation):  # it was written; only the answer was lost
                connection.execute(statements.JOIN, row)

        self._beats.call(join)
        self._joined = True

    def _renew(self, connection: Connection) -> tuple[float, CrawlState]:
        """Return until when the lease holds, and the state of the crawl."""
        sent = lease_time()
        with connection.cursor(row_factory=class_row(CrawlState)) as cursor:
            parameters = {"worker": self.worker, "retiring": self._retiring, "ttl": TTL, "youth": YOUTH}
            [state] = cursor.execute(statements.BEAT, parameters).fetchall()
        return sent + TTL - MARGIN, state

    def _claimed(self, state: CrawlState, *, may: bool) -> dict[int, int]:
        """Free the shards of lost workers, and return the epochs of those that this one claimed."""
        free = state.free
        if state.lost or state.left_behind:
            free += self._beats.call(self._take_over)
        if self._retiring or not may or state.wanted != "run":
            return {}
        number = shares.claim(
            mine=len(state.mine), free=free, shards=state.shards, workers=state.workers, rank=state.rank,
            expected=self._expected, young=bool(state.young),
        )  # fmt: skip
        if not number:
            return {}
        claim = {"worker": self.worker, "number": number}
        return dict(self._beats.call(lambda connection: connection.execute(statements.CLAIM, claim).fetchall()))

    def _take_over(self, connection: Connection) -> int:
        """Return the number of shards that were freed."""
        lost = {"worker": self.worker, "ttl": TTL, "prefix": session_name("") + ":"}
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):  # the epochs keep them from writing anyway
            connection.execute(statements.END_SESSIONS, lost)
        return connection.execute(statements.TAKE_OVER, lost).rowcount

    def _finish(self, state: CrawlState) -> str:
        """End the crawl if it is over, and return why; "" if it is not."""
        if state.late:
            ending, reason = statements.END_LATE, FinishReason.TIME_LIMIT
        elif state.is_over:
            told = glance(self._address)
            ending, reason = statements.END, end_of(FinishReason.COMPLETE, told.stats, told.pending, self._policy)
        else:
            return ""
        parameters = {"finish": reason.value, "level": state.level}
        ended = self._beats.call(lambda connection: connection.execute(ending, parameters).rowcount)
        return reason.value if ended else ""

    def _level(self, state: CrawlState) -> int:
        """Open the next level if that is due; return the level."""
        if not state.opens_level:
            return state.level
        levels = {"level": state.level, "lowest_open": state.lowest_open}
        moved = self._beats.call(lambda connection: connection.execute(statements.OPEN_LEVEL, levels).rowcount)
        return int(state.lowest_open or 0) if moved else state.level

    # ------------------------------------------------------------ shards

    def release(self, shard: int, epoch: int, *, failed: str = "") -> None:
        """Release a shard that has landed and is committed; `failed` is the sentence if it could not go on.

        The third failure of a shard ends the crawl. Raises JournalError.
        """
        freed = {
            "shard": shard, "epoch": epoch, "worker": self.worker, "failed": failed, "most": FAILURES,
            "finish": FinishReason.ERROR.value,
        }  # fmt: skip
        self._calls.call(lambda connection: connection.execute(statements.RELEASE, freed))

    def rest(self, shard: int, epoch: int, state: AtRest) -> bool:
        """Record that a shard is at rest, and give back what it was granted and has not used.

        Return whether it is recorded; not if there was a commit meanwhile. Raises JournalError.
        """
        rest = {
            "shard": shard, "epoch": epoch, "seq": state.seq, "level": state.level, "pages": state.pages,
            "size": state.size, "wants_pages": state.wants_pages, "wants_bytes": state.wants_bytes,
        }  # fmt: skip
        return self._calls.call(lambda connection: connection.execute(statements.REST, rest).rowcount) == 1

    def grant(self, shard: int, epoch: int, used: int) -> int:
        """Return the number of pages that a shard may record in all. Raises FencedError or JournalError."""
        return self._granted(
            statements.GRANT, {"shard": shard, "epoch": epoch, "used": used, "least": 1, "most": PAGES}
        )

    def grant_bytes(self, shard: int, epoch: int, used: int) -> int:
        """Return the number of bytes that a shard may receive in all. Raises FencedError or JournalError."""
        asked = {"shard": shard, "epoch": epoch, "used": used, "least": AT_LEAST, "most": BYTES}
        return self._granted(statements.GRANT_BYTES, asked)

    def _granted(self, statement: str, asked: Mapping[str, int]) -> int:
        row = self._calls.call(lambda connection: connection.execute(statement.encode(), asked).fetchone())
        if row is None:
            raise FencedError(f"Shard {asked['shard']} of {self._address} has another owner by now.")
        return int(row[0])

    # ------------------------------------------------------------ the end

    def retire(self) -> None:
        """Claim nothing from now on, and let others have the share of this worker, from the next beat on."""
        self._retiring = True

    def leave(self) -> None:
        """Forget the worker, whose shards are released. Raises JournalError."""
        if self._joined:
            self._joined = False
            gone = {"worker": self.worker}
            self._calls.call(lambda connection: connection.execute(statements.LEAVE, gone))
        self._beats.close()
        self._calls.close()

    def interrupt(self) -> None:
        """End the calls that are under way, with a JournalError. Later calls connect anew."""
        self._beats.interrupt()
        self._calls.interrupt()


class PostgresMail:
    """The mail in one database, read by a worker with this id. Methods are safe in any thread."""

    def __init__(self, address: PostgresAddress, *, worker: str = "") -> None:
        self._line = Line(address, patience=2 * _PATIENCE_OF_CALLS, worker=worker)
        self._shards = 0

    def arrived(self, positions: Mapping[int, Mapping[int, int]]) -> dict[int, tuple[Mail, ...]]:
        """Return what was sent to some shards beyond the commits (by source) up to which each has read.

        Of much mail what was committed first comes first. Raises JournalError.
        """
        rows = self._line.call(partial(self._read, positions))
        found: dict[int, list[Mail]] = {}
        for target, source, seq, packed in rows:
            found.setdefault(target, []).append(Mail(source, seq, unpacked_parcels(packed)))
        return {target: tuple(mail) for target, mail in found.items()}

    def _read(self, positions: Mapping[int, Mapping[int, int]], connection: Connection) -> list[Any]:
        if not self._shards:
            row = connection.execute("SELECT shards FROM crawl").fetchone()
            self._shards = int(row[0]) if row else 0
        pairs = [(t, s, read.get(s, 0)) for t, read in positions.items() for s in range(self._shards) if s != t]
        targets, sources, after = zip(*pairs, strict=True) if pairs else ((), (), ())
        asked = {"targets": list(targets), "sources": list(sources), "after": list(after), "most": MAIL}
        return connection.execute(_MAIL, asked, binary=True).fetchall()

    def interrupt(self) -> None:
        """End the call that is under way, with a JournalError. Later calls connect anew."""
        self._line.interrupt()

    def close(self) -> None:
        """Close the connection."""
        self._line.close()


_MAIL: Final = """
SELECT target, source, seq, parcels FROM (
    SELECT sent.*, sum(octet_length(parcels)) OVER (ORDER BY sent.seq, sent.source, sent.target) AS so_far
    FROM unnest(%(targets)s::int[], %(sources)s::int[], %(after)s::bigint[]) AS read (target, source, seq)
    CROSS JOIN LATERAL (
        SELECT * FROM sent WHERE target = read.target AND source = read.source AND seq > read.seq
        ORDER BY seq LIMIT 100
    ) AS sent
) AS sent WHERE so_far - octet_length(parcels) < %(most)s ORDER BY target, source, seq
"""
"""The parcels themselves are read only of the rows that are returned."""
