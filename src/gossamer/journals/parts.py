"""The owners of the shards of a crawl that writes parts."""

from __future__ import annotations

from gossamer.journals.address import JournalAddress, PostgresAddress
from gossamer.journals.reading import reading


def epochs(address: JournalAddress) -> dict[int, int]:
    """Return the epoch of each shard: of a crawl on one machine, that of shard 0. Raises JournalError."""
    with reading(address) as reader:
        if isinstance(address, PostgresAddress):
            return dict(reader.rows("SELECT shard, epoch FROM shard"))
        row = next(reader.rows("SELECT value FROM meta WHERE key = 'epoch'"), None)
        return {0: int(row[0])} if row else {}


def has_owner(address: JournalAddress) -> bool:
    """Whether a worker has a shard of the crawl; a crawl on one machine has no workers. Raises JournalError."""
    if not isinstance(address, PostgresAddress):
        return False
    with reading(address) as reader:
        return next(reader.rows("SELECT 1 FROM shard WHERE owner IS NOT NULL LIMIT 1"), None) is not None
