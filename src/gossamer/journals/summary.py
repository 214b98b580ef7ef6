"""Read-only views of a journal that a crawl may be writing: its progress, and its records."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from gossamer.journals.address import JournalAddress
from gossamer.journals.packing import latest_stats
from gossamer.journals.reading import exists, reading
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
        ended = next(reader.rows("SELECT sum(length(ids)) FROM page"))[0] or 0
        known = next(reader.rows("SELECT sum(count) FROM chunk"))[0] or 0
        finish = next(reader.rows("SELECT value FROM meta WHERE key = 'finish'"), (b"",))[0]
        last = next(reader.rows("SELECT seq, at, stats, offsets FROM page ORDER BY seq DESC LIMIT 1"), None)
        noted = next(reader.rows("SELECT value FROM meta WHERE key = 'stats'"), None)
        stats_at, stats = latest_stats(last and (last[0], last[1], last[2]), noted and (noted[0],))
        return Glance(
            known=int(known),
            ended=int(ended) // 8,
            hosts=next(reader.rows("SELECT count(*) FROM host"))[0],
            committed_at=last[1] if last else None,
            finish_reason=finish.decode(),
            stats=stats or SavedStats(),
            stats_at=stats_at,
            offsets=msgspec.msgpack.decode(last[3], type=dict[str, int]) if last else {},
        )


def lines(address: JournalAddress) -> Iterator[bytes]:
    """Yield the records of all links that ended, as lines of JSON, one commit at a time. Raises JournalError."""
    with reading(address) as reader:
        for (packed,) in reader.rows("SELECT lines FROM page ORDER BY seq"):
            yield zlib.decompress(packed)


def ended(address: JournalAddress) -> Iterator[tuple[int, bytes]]:
    """Yield the id and the record (a line of JSON) of each link that ended, in commit order. Raises JournalError."""
    with reading(address) as reader:
        for ids, packed in reader.rows("SELECT ids, lines FROM page ORDER BY seq"):
            yield from zip(array("Q", ids), zlib.decompress(packed).splitlines(keepends=True), strict=True)
