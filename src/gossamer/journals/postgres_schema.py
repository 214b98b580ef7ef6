"""The tables of a journal in PostgreSQL, its statements, and the translation of PostgreSQL's errors.

Each crawl has a schema of its own, so that dropping it gives the disk back at once. `host`, `chunk` and `page` are
those of a journal in SQLite (`sqlite_schema.py`), with the shard that a row belongs to. The others:

    crawl   one row          what all shards share: the key, the settings, limits, what is wanted, why it ended
    worker  one per process  who crawls shards, and when it was last heard of
    shard   one per shard    the epoch of its owner, and the number of its last commit; every commit checks both
    sent    the outbox       what the commit `seq` of the shard `source` sent to the shard `target`

A crawl on one machine is shard 0 of 1, without a worker. Only the rows of `crawl`, `worker` and `shard` are ever
changed. All times are the database's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from gossamer.journals.address import PostgresAddress
from gossamer.values.errors import JournalError

FORMAT: Final = 2
"""The format of the tables; a schema of any other format is refused."""

TABLES: Final = """
CREATE TABLE crawl (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), format int NOT NULL, key bytea NOT NULL, shards int NOT NULL,
    settings bytea NOT NULL DEFAULT '', created timestamptz NOT NULL DEFAULT clock_timestamp(),
    wanted text NOT NULL DEFAULT 'run', finish text NOT NULL DEFAULT '', trouble text NOT NULL DEFAULT '',
    level int NOT NULL DEFAULT 0, deadline timestamptz, time_left interval,
    max_pages bigint, granted bigint NOT NULL DEFAULT 0, max_bytes bigint, granted_bytes bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE worker (
    id text PRIMARY KEY, node text NOT NULL, joined timestamptz NOT NULL, beat timestamptz NOT NULL,
    retiring boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);
CREATE TABLE shard (
    shard int PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,              -- grows with every change of owner
    owner text,                                   -- worker.id; null: free, or the crawl is on one machine
    freed_at timestamptz DEFAULT clock_timestamp(), -- when it was last given back in order; null: the owner was lost
    seq bigint NOT NULL DEFAULT 0,                -- the last commit
    idle boolean NOT NULL DEFAULT false,          -- nothing is left to do as of `seq`, unless mail comes
    level int NOT NULL DEFAULT 0,                 -- the level of the crawl that it knew then
    wants_pages boolean NOT NULL DEFAULT false,   -- it would go on with more pages, or bytes, than it was granted
    wants_bytes boolean NOT NULL DEFAULT false,
    lowest_open int,                              -- the smallest depth of a link that has not ended
    sent bigint NOT NULL DEFAULT 0,               -- rows written to `sent`, ever
    received bigint NOT NULL DEFAULT 0,           -- rows of `sent` taken in, ever
    known bigint NOT NULL DEFAULT 0, ended bigint NOT NULL DEFAULT 0,
    granted bigint NOT NULL DEFAULT 0, granted_bytes bigint NOT NULL DEFAULT 0,
    failures int NOT NULL DEFAULT 0,
    noted_seq bigint, noted_at float8, noted bytea -- the final statistics, which hold until a later commit
) WITH (fillfactor = 20);                         -- changed with every commit
CREATE TABLE host (shard int NOT NULL, id int NOT NULL, name text NOT NULL, PRIMARY KEY (shard, id));
CREATE TABLE chunk (
    shard int NOT NULL, seq bigint NOT NULL, first_id bigint NOT NULL, count int NOT NULL,
    fingerprints bytea NOT NULL, hosts bytea NOT NULL, places bytea NOT NULL, refused bytea NOT NULL,
    via_of bytea NOT NULL, vias bytea NOT NULL, urls bytea NOT NULL, PRIMARY KEY (shard, seq)
);
CREATE TABLE page (
    shard int NOT NULL, seq bigint NOT NULL, at float8 NOT NULL, ids bytea NOT NULL, offsets bytea NOT NULL,
    stats bytea NOT NULL, lines bytea NOT NULL, memos bytea NOT NULL, contents bytea NOT NULL,
    simhashes bytea NOT NULL, positions bytea NOT NULL, notes bytea NOT NULL, PRIMARY KEY (shard, seq)
);
CREATE TABLE sent (
    target int NOT NULL, source int NOT NULL, seq bigint NOT NULL, count int NOT NULL, parcels bytea NOT NULL,
    PRIMARY KEY (target, source, seq)
);
-- What is compressed or random already is not to be compressed again.
ALTER TABLE chunk ALTER fingerprints SET STORAGE EXTERNAL, ALTER hosts SET STORAGE EXTERNAL,
    ALTER places SET STORAGE EXTERNAL, ALTER refused SET STORAGE EXTERNAL, ALTER via_of SET STORAGE EXTERNAL,
    ALTER vias SET STORAGE EXTERNAL, ALTER urls SET STORAGE EXTERNAL;
ALTER TABLE page ALTER ids SET STORAGE EXTERNAL, ALTER offsets SET STORAGE EXTERNAL, ALTER stats SET STORAGE EXTERNAL,
    ALTER lines SET STORAGE EXTERNAL, ALTER memos SET STORAGE EXTERNAL, ALTER contents SET STORAGE EXTERNAL,
    ALTER simhashes SET STORAGE EXTERNAL;
ALTER TABLE sent ALTER parcels SET STORAGE EXTERNAL;
"""
"""The statements that make the tables in a new schema."""

COMMIT: Final = """
WITH fence AS (
    UPDATE shard SET seq = %(seq)s, idle = false, lowest_open = %(lowest_open)s::int, known = %(known)s::bigint,
        ended = ended + %(outcomes)s::bigint, sent = sent + cardinality(%(targets)s::int[]),
        received = received + %(received)s::bigint
    WHERE shard = %(shard)s AND epoch = %(epoch)s AND seq = %(seq)s - 1 RETURNING shard
), new_hosts AS (
    INSERT INTO host SELECT shard, id, name FROM fence, unnest(%(ids)s::int[], %(names)s::text[]) AS new (id, name)
), links AS (
    INSERT INTO chunk SELECT shard, %(seq)s, chunk.* FROM fence, (
        SELECT %(first_id)s::bigint, %(count)s::int, %(fingerprints)s::bytea, %(hosts)s::bytea, %(places)s::bytea,
            %(refused)s::bytea, %(via_of)s::bytea, %(vias)s::bytea, %(urls)s::bytea
    ) AS chunk WHERE %(has_chunk)s
), outbox AS (
    INSERT INTO sent SELECT target, shard, %(seq)s, parcels_of, parcels FROM fence,
        unnest(%(targets)s::int[], %(counts)s::int[], %(parcels)s::bytea[]) AS new (target, parcels_of, parcels)
)
INSERT INTO page SELECT shard, %(seq)s, extract(epoch FROM clock_timestamp())::float8, %(ended)s::bytea,
    %(offsets)s::bytea, %(stats)s::bytea, %(lines)s::bytea, %(memos)s::bytea, %(contents)s::bytea,
    %(simhashes)s::bytea, %(positions)s::bytea, %(notes)s::bytea FROM fence
"""
"""One commit in one statement: it writes one row of `page`, or nothing where the shard has another owner by now."""


@contextmanager
def postgres_errors(address: PostgresAddress, participle: str = "kept") -> Iterator[None]:
    """Raise errors of PostgreSQL as a JournalError: "The journal … cannot be `participle`: …"."""
    try:
        yield
    except psycopg.Error as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise JournalError(f"The journal {address} cannot be {participle}: {reason}.") from error
