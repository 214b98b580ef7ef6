"""The tables of a journal in PostgreSQL, its statements, and the translation of PostgreSQL's errors.

Each crawl has a schema of its own, so that dropping it gives the disk back at once. The tables are those of a journal
in SQLite (`sqlite_schema.py`), with the shard that a row belongs to, and one more:

    shard  one per shard    the epoch of its owner, and the number of its last commit; every commit checks both

Only the rows of `meta` and `shard` are ever changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from gossamer.journals.address import PostgresAddress
from gossamer.values.errors import JournalError

FORMAT: Final = 1
"""The format of the tables; a schema of any other format is refused."""

TABLES: Final = """
CREATE TABLE meta (key text PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE shard (
    shard int PRIMARY KEY, epoch bigint NOT NULL DEFAULT 0, seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
CREATE TABLE host (shard int NOT NULL, id int NOT NULL, name text NOT NULL, PRIMARY KEY (shard, id));
CREATE TABLE chunk (
    shard int NOT NULL, seq bigint NOT NULL, first_id bigint NOT NULL, count int NOT NULL,
    fingerprints bytea NOT NULL, hosts bytea NOT NULL, places bytea NOT NULL, refused bytea NOT NULL,
    via_of bytea NOT NULL, vias bytea NOT NULL, urls bytea NOT NULL, PRIMARY KEY (shard, seq)
);
CREATE TABLE page (
    shard int NOT NULL, seq bigint NOT NULL, at float8 NOT NULL, ids bytea NOT NULL, offsets bytea NOT NULL,
    stats bytea NOT NULL, lines bytea NOT NULL, memos bytea NOT NULL, contents bytea NOT NULL,
    simhashes bytea NOT NULL, PRIMARY KEY (shard, seq)
);
-- What is compressed or random already is not to be compressed again.
ALTER TABLE chunk ALTER fingerprints SET STORAGE EXTERNAL, ALTER hosts SET STORAGE EXTERNAL,
    ALTER places SET STORAGE EXTERNAL, ALTER refused SET STORAGE EXTERNAL, ALTER via_of SET STORAGE EXTERNAL,
    ALTER vias SET STORAGE EXTERNAL, ALTER urls SET STORAGE EXTERNAL;
ALTER TABLE page ALTER ids SET STORAGE EXTERNAL, ALTER offsets SET STORAGE EXTERNAL, ALTER stats SET STORAGE EXTERNAL,
    ALTER lines SET STORAGE EXTERNAL, ALTER memos SET STORAGE EXTERNAL, ALTER contents SET STORAGE EXTERNAL,
    ALTER simhashes SET STORAGE EXTERNAL;
"""
"""The statements that make the tables in a new schema."""

COMMIT: Final = """
WITH fence AS (
    UPDATE shard SET seq = %(seq)s WHERE shard = %(shard)s AND epoch = %(epoch)s AND seq = %(seq)s - 1 RETURNING shard
), new_hosts AS (
    INSERT INTO host SELECT shard, id, name FROM fence, unnest(%(ids)s::int[], %(names)s::text[]) AS new (id, name)
), links AS (
    INSERT INTO chunk SELECT shard, %(seq)s, chunk.* FROM fence, (
        SELECT %(first_id)s::bigint, %(count)s::int, %(fingerprints)s::bytea, %(hosts)s::bytea, %(places)s::bytea,
            %(refused)s::bytea, %(via_of)s::bytea, %(vias)s::bytea, %(urls)s::bytea
    ) AS chunk WHERE %(has_chunk)s
)
INSERT INTO page SELECT shard, %(seq)s, %(at)s, %(ended)s::bytea, %(offsets)s::bytea, %(stats)s::bytea,
    %(lines)s::bytea, %(memos)s::bytea, %(contents)s::bytea, %(simhashes)s::bytea FROM fence
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
