"""The statements of leases: each is whole by itself, so nobody can be frozen within a transaction that others wait for.

A statement sees the state of one moment, but for rows that another one changes meanwhile: those are looked at again as
they are then. So what an end or a level depends on is compared with what was seen (`level`), and who loses a shard is
found by its epoch.
"""

from __future__ import annotations

from typing import Final

JOIN: Final = """
INSERT INTO worker (id, node, joined, beat) VALUES (%(worker)s, %(node)s, clock_timestamp(), clock_timestamp())
"""

BEAT: Final = """
WITH me AS (
    UPDATE worker SET beat = clock_timestamp(), retiring = %(retiring)s WHERE id = %(worker)s RETURNING joined
), team AS (
    SELECT count(*) FILTER (WHERE alive AND NOT retiring) AS workers, count(*) FILTER (WHERE NOT alive) AS lost,
        count(*) FILTER (WHERE alive AND NOT retiring AND (joined, id) < (SELECT joined, %(worker)s FROM me)) AS rank
    FROM (
        SELECT id, joined, retiring,
            id = %(worker)s OR beat >= clock_timestamp() - %(ttl)s * interval '1 second' AS alive
        FROM worker
    ) AS worker
), parts AS (
    SELECT
        coalesce(array_agg(shard ORDER BY shard) FILTER (WHERE owner = %(worker)s), '{}') AS mine,
        coalesce(array_agg(epoch ORDER BY shard) FILTER (WHERE owner = %(worker)s), '{}') AS epochs,
        count(*) FILTER (WHERE owner IS NULL) AS free,
        count(*) FILTER (WHERE owner IS NOT NULL AND owner NOT IN (SELECT id FROM worker)) AS left_behind,
        sum(sent) = sum(received) AS all_read, bool_and(idle OR seq > 0) AS all_begun,
        bool_and(idle AND shard.level >= crawl.level) AS all_idle, min(lowest_open) AS lowest_open,
        bool_or(wants_pages) AS want_pages, bool_or(wants_bytes) AS want_bytes
    FROM shard, crawl
)
SELECT (SELECT clock_timestamp() - joined < %(youth)s * interval '1 second' FROM me) AS young,
    workers, rank, lost, mine, epochs, free, left_behind, all_read, all_begun, all_idle, lowest_open,
    (want_pages AND granted < max_pages) IS TRUE
        OR (want_bytes AND granted_bytes < max_bytes) IS TRUE AS may_be_granted,
    shards, level, finish, wanted, coalesce(deadline <= clock_timestamp(), false) AS late
FROM crawl, team, parts
"""
"""Renews a lease, and tells what follows from the state of the crawl; `young` is null for a worker without a row."""

_GONE: Final = """
SELECT id FROM worker WHERE id <> %(worker)s AND beat < clock_timestamp() - %(ttl)s * interval '1 second'
"""
_LEFT_BEHIND: Final = (
    "SELECT shard, epoch, owner FROM shard WHERE owner IS NOT NULL AND owner NOT IN (SELECT id FROM worker)"
)

END_SESSIONS: Final = f"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND application_name IN (
    SELECT %(prefix)s || id FROM ({_GONE}) AS gone UNION SELECT %(prefix)s || owner FROM ({_LEFT_BEHIND}) AS orphan
)
"""  # noqa: S608  # constants
"""Ends the sessions of lost workers: a frozen one may hold the lock of a row that everybody waits for."""

TAKE_OVER: Final = f"""
WITH lost AS (
    DELETE FROM worker WHERE id IN ({_GONE}) AND beat < clock_timestamp() - %(ttl)s * interval '1 second' RETURNING id
), gone AS (
    SELECT shard, epoch FROM shard WHERE owner IN (SELECT id FROM lost)
    UNION SELECT shard, epoch FROM ({_LEFT_BEHIND}) AS orphan
)
UPDATE shard SET owner = NULL, epoch = shard.epoch + 1, freed_at = NULL
FROM gone WHERE shard.shard = gone.shard AND shard.epoch = gone.epoch
"""  # noqa: S608  # constants
"""Frees the shards of lost workers, and forgets these."""

CLAIM: Final = """
WITH free AS MATERIALIZED (
    SELECT shard FROM shard WHERE owner IS NULL ORDER BY shard LIMIT %(number)s FOR UPDATE SKIP LOCKED
)
UPDATE shard SET owner = %(worker)s, epoch = epoch + 1, idle = false
FROM free WHERE shard.shard = free.shard AND EXISTS (SELECT FROM worker WHERE id = %(worker)s)
RETURNING shard.shard, epoch
"""

RELEASE: Final = """
WITH freed AS (
    UPDATE shard SET owner = NULL, epoch = epoch + 1, failures = failures + (%(failed)s <> '')::int,
        freed_at = CASE WHEN %(failed)s = '' THEN clock_timestamp() END
    WHERE shard = %(shard)s AND epoch = %(epoch)s AND owner = %(worker)s RETURNING failures
)
UPDATE crawl SET finish = %(finish)s, trouble = %(failed)s
FROM freed WHERE failures >= %(most)s AND %(failed)s <> '' AND finish = ''
"""

REST: Final = """
WITH mine AS (
    SELECT shard, granted, granted_bytes FROM shard
    WHERE shard = %(shard)s AND epoch = %(epoch)s AND seq = %(seq)s FOR UPDATE
), back AS (
    UPDATE crawl SET granted = CASE WHEN max_pages IS NULL THEN 0 ELSE crawl.granted - mine.granted + %(pages)s END,
        granted_bytes = CASE WHEN max_bytes IS NULL THEN 0 ELSE crawl.granted_bytes - mine.granted_bytes + %(size)s END
    FROM mine
    WHERE (max_pages IS NOT NULL AND mine.granted <> %(pages)s)
        OR (max_bytes IS NOT NULL AND mine.granted_bytes <> %(size)s)
)
UPDATE shard SET idle = true, level = %(level)s, wants_pages = %(wants_pages)s, wants_bytes = %(wants_bytes)s,
    granted = CASE WHEN max_pages IS NULL THEN 0 ELSE %(pages)s END,
    granted_bytes = CASE WHEN max_bytes IS NULL THEN 0 ELSE %(size)s END
FROM mine, crawl WHERE shard.shard = mine.shard
"""
"""Marks a shard as idle after its last commit, and gives back what it was granted and has not used."""

GRANT: Final = """
WITH mine AS (
    SELECT shard, granted FROM shard WHERE shard = %(shard)s AND epoch = %(epoch)s FOR UPDATE
), pot AS (
    SELECT max_pages - granted AS left_over, shards FROM crawl FOR UPDATE
), more AS (
    SELECT greatest(
        0, least(left_over, least(%(most)s, %(least)s + left_over / (2 * shards)) - granted + %(used)s)
    ) AS n
    FROM mine, pot
), taken AS (
    UPDATE crawl SET granted = granted + n FROM more WHERE n > 0
)
UPDATE shard SET granted = shard.granted + coalesce(n, 0), idle = idle AND coalesce(n, 0) = 0
FROM mine, more WHERE shard.shard = mine.shard RETURNING shard.granted
"""
"""Grants a shard more pages, so that it has a part of what is left beyond what it has used."""
GRANT_BYTES: Final = GRANT.replace("max_pages", "max_bytes").replace("granted", "granted_bytes")
"""The same for bytes."""

OPEN_LEVEL: Final = """
UPDATE crawl SET level = %(lowest_open)s WHERE level = %(level)s AND finish = '' AND (
    SELECT sum(sent) = sum(received) AND bool_and(idle OR seq > 0) AND min(lowest_open) = %(lowest_open)s FROM shard
)
"""
"""Opens the next level once no shard has a smaller one open, and nothing is unread that might."""

END: Final = """
UPDATE crawl SET finish = %(finish)s WHERE finish = '' AND level = %(level)s AND (
    SELECT sum(sent) = sum(received) AND bool_and(idle AND shard.level >= %(level)s)
        AND (min(lowest_open) > %(level)s) IS NOT TRUE
        AND (bool_or(wants_pages) AND crawl.granted < crawl.max_pages) IS NOT TRUE
        AND (bool_or(wants_bytes) AND crawl.granted_bytes < crawl.max_bytes) IS NOT TRUE FROM shard
)
"""
"""Ends the crawl if every shard is idle and has read all mail: no transaction can make work from there."""

END_LATE: Final = "UPDATE crawl SET finish = %(finish)s WHERE finish = '' AND deadline <= clock_timestamp()"
LEAVE: Final = "DELETE FROM worker WHERE id = %(worker)s"
