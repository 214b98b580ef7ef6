"""Read-only views of a journal that a crawl may be writing: its progress, and its records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from gossamer.journals.address import JournalAddress
from gossamer.journals.packing import latest_stats
from gossamer.journals.reading import exists, reading
from gossamer.journals.visits import JournalSnapshot
from gossamer.values.joined_stats import joined, summed
from gossamer.values.snapshot import SavedStats


class Glance(Struct, frozen=True):
    """The progress of a crawl as of the last commit of its journal."""

    known: int = 0
    """Number of links discovered."""
    ended: int = 0
    """Number of links that have their outcome."""
    hosts: int = 0
    """Number of hosts discovered."""
    committed_at: float | None = None
    """Time of the last commit (Unix time); None before the first."""
    finish_reason: str = ""
    """Why the crawl ended; "" while it runs, and after it was killed."""
    stats: SavedStats = SavedStats()
    """The statistics, which may be later than the last commit if the crawl ended."""
    stats_at: float = 0.0
    """Time of the statistics (Unix time)."""
    offsets: Mapping[str, int] = {}
    """Committed size of each output (bytes), by its name."""

    @property
    def pending(self) -> int:
        """Number of links that have no outcome yet."""
        return self.known - self.ended


def glance(address: JournalAddress) -> Glance:
    """Return the progress of a crawl; an empty Glance if there is no journal yet. Raises JournalError."""
    if not exists(address):
        return Glance()
    with reading(address) as reader, reader.snapshot():
        shards = reader.progress()
        hosts = [next(rows("SELECT count(*) FROM host"))[0] for rows in reader.shards]
        finish = reader.finish()
    lasts = [shard.last for shard in shards if shard.last is not None]
    told = [latest_stats(shard.last and shard.last[:3], shard.noted) for shard in shards]
    offsets = [msgspec.msgpack.decode(last[3], type=dict[str, int]) for last in lasts]
    return Glance(
        known=sum([shard.known for shard in shards]),
        ended=sum([shard.ended for shard in shards]),
        hosts=sum(hosts),
        committed_at=max([last[1] for last in lasts], default=None),
        finish_reason=finish,
        stats=joined([stats for _, stats in told if stats is not None]),
        stats_at=max([at for at, _ in told]),
        offsets=summed(offsets),
    )


def lines(address: JournalAddress) -> Iterator[bytes]:
    """Yield the records of all links that ended, as lines of JSON, one commit at a time. Raises JournalError."""
    with JournalSnapshot(address) as journal:
        yield from journal.lines()


def ended(address: JournalAddress) -> Iterator[tuple[int, bytes]]:
    """Yield the id and the record (a line of JSON) of each link that ended, in commit order. Raises JournalError."""
    with JournalSnapshot(address) as journal:
        for visit in journal.visits():
            yield visit.id, visit.line
