"""ClusterWatch: what the shards of a crawl have committed, read again and again while they go on."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final, LiteralString

import msgspec
from msgspec import Struct

from gossamer.journals.address import PostgresAddress
from gossamer.journals.connection import Connection, open_connection
from gossamer.journals.postgres_schema import postgres_errors
from gossamer.values.snapshot import SavedStats

COMMITS_AT_ONCE: Final = 200
"""Maximum number of commits that one look reads."""

LOST_AFTER: Final = 10
"""Time (seconds) after its last beat from which on a worker does not count as one at work."""

_LINES: Final = """
SELECT page.shard, page.seq, page.lines
FROM unnest(%s::int[], %s::bigint[]) AS seen (shard, seq) JOIN page ON page.shard = seen.shard AND page.seq > seen.seq
ORDER BY page.seq LIMIT %s
"""
_STATS: Final = """
SELECT CASE WHEN shard.noted_seq = shard.seq THEN shard.noted ELSE last.stats END FROM shard CROSS JOIN LATERAL (
    SELECT stats FROM page WHERE page.shard = shard.shard ORDER BY seq DESC LIMIT 1
) AS last ORDER BY shard.shard
"""
_STATE: Final = """
SELECT finish, wanted, (SELECT sum(known) FROM shard), (SELECT sum(ended) FROM shard), (SELECT count(*) FROM host)
FROM crawl
"""
_WORKERS: Final = """
SELECT node, count(shard.shard) FROM worker LEFT JOIN shard ON owner = id
WHERE beat > clock_timestamp() - %s * interval '1 s' GROUP BY id, node ORDER BY node
"""


class WorkerView(Struct, frozen=True):
    """A worker: what it is called, and how many shards it has."""

    node: str
    shards: int


class ClusterState(Struct, frozen=True):
    """A crawl in shards at one moment."""

    finish: str
    """Why it ended; "" while it goes on."""
    wanted: str
    known: int
    """Number of links that were admitted."""
    ended: int
    """Number of links that have their outcome."""
    hosts: int
    workers: tuple[WorkerView, ...]
    """The workers that have beaten lately."""
    stats: tuple[SavedStats, ...]
    """The statistics of each shard that has committed anything."""

    @property
    def owned(self) -> int:
        """Return the number of shards that a worker has."""
        return sum(worker.shards for worker in self.workers)


class ClusterWatch:
    """Reads a crawl in shards through one connection, which is made again where it was lost.

    All methods raise JournalError.
    """

    def __init__(self, address: PostgresAddress, shards: int) -> None:
        self._address = address
        self._seen = dict.fromkeys(range(shards), 0)
        self._connection: Connection | None = None

    def records(self) -> list[bytes]:
        """Return the records of some of the links that ended since the last call, as lines of JSON."""
        rows = self._rows(_LINES, list(self._seen), list(self._seen.values()), COMMITS_AT_ONCE)
        found: list[bytes] = []
        for shard, seq, packed in rows:
            self._seen[shard] = max(self._seen[shard], seq)
            found += zlib.decompress(packed).splitlines(keepends=True)
        return found

    def skip(self) -> None:
        """Take all that is committed by now as seen."""
        for shard, seq in self._rows("SELECT shard, seq FROM shard"):
            self._seen[shard] = seq

    def state(self) -> ClusterState:
        """Return how the crawl is."""
        stats = tuple(msgspec.msgpack.decode(packed, type=SavedStats) for (packed,) in self._rows(_STATS))
        workers = self.workers()
        [(finish, wanted, known, ended, hosts)] = self._rows(_STATE)
        return ClusterState(finish, wanted, int(known), int(ended), hosts, workers, stats)

    def workers(self) -> tuple[WorkerView, ...]:
        """Return the workers that have beaten lately."""
        return tuple(WorkerView(node, shards) for node, shards in self._rows(_WORKERS, LOST_AFTER))

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _rows(self, query: LiteralString, *values: object) -> Sequence[tuple[Any, ...]]:
        with postgres_errors(self._address, "read"):
            try:
                if self._connection is None:
                    self._connection = open_connection(self._address)
                return self._connection.execute(query, values, binary=True).fetchall()
            except BaseException:
                self.close()
                raise
