"""A snapshot of a journal that a crawl may be writing: the links that it knows, and every visit with its memo."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from gossamer.journals.address import JournalAddress
from gossamer.journals.packing import unpacked_texts
from gossamer.journals.reading import ShardRows, open_reader
from gossamer.values.model import Link

_MEMOS: Final = msgspec.msgpack.Decoder(list[bytes])
_OFFSETS: Final = msgspec.msgpack.Decoder(dict[str, int])


class SavedVisit(NamedTuple):
    """A visit as the journal has it."""

    id: int
    """The id of the link."""
    line: bytes
    """The record as a line of JSON."""
    memo: bytes
    """The memo (`rules/recrawl.py`); b"" for none."""


class SavedLinks(NamedTuple):
    """Where all known links are in their queues; each array has an entry for each link, in the order of the ids."""

    hosts: NDArray[np.uint32]
    """The numbers of their hosts."""
    priorities: NDArray[np.uint16]
    """Their priorities (`values.model.priority_of`)."""
    ended: NDArray[np.bool_]
    """Whether they have ended."""


class _Shard(NamedTuple):
    """The rows of one shard up to a commit, and what comes before them where all shards are read as one crawl."""

    rows: ShardRows
    last: int
    """The number of the last commit that is read."""
    commits: int
    """The number of commits of the shards before."""
    links: int
    """The number of links of the shards before: the id of this shard's first one."""
    hosts: int
    """The number of hosts of the shards before."""

    def column(self, query: str) -> bytes:
        """Return a column of packed numbers, joined."""
        return b"".join([packed for (packed,) in self.rows(query, self.last)])

    def row(self, query: str, *values: int) -> Any:
        """Return the first row of a query."""
        return next(self.rows(query, *values))


class JournalSnapshot:
    """A journal as of one moment, read as often as needed: commits that come later are not seen.

    No transaction is open between two commits that are read, so a crawl that is taken up meanwhile has its way: the
    journal is append-only, so its last commit is all that a moment needs. Several shards are read as one crawl, one
    after the other: links, hosts and commits are numbered on. Every method may raise JournalError.
    """

    def __init__(self, address: JournalAddress) -> None:
        self._reader = open_reader(address)
        try:
            self.key = self._reader.key()
            self._shards = self._read_shards()
        except BaseException:
            self._reader.close()
            raise

    def _read_shards(self) -> list[_Shard]:
        found = list[_Shard]()
        commits = links = hosts = 0
        for rows in self._reader.shards:
            last = next(rows("SELECT max(seq) FROM page"))[0] or 0
            found.append(_Shard(rows, last, commits, links, hosts))
            if len(self._reader.shards) > 1:
                commits += last
                links += next(rows("SELECT sum(count) FROM chunk WHERE seq <= ?", last))[0] or 0
                hosts += next(rows("SELECT count(*) FROM host"))[0]
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fingerprints(self) -> bytes:
        """Return the fingerprints of all known links in the order of their ids, packed as uint64."""
        return self._column("SELECT fingerprints FROM chunk WHERE seq <= ? ORDER BY seq")

    def refused(self) -> NDArray[np.uint64]:
        """Return the hashes of all refusals (`rules/refusals.py`)."""
        return np.frombuffer(self._column("SELECT refused FROM chunk WHERE seq <= ? ORDER BY seq"), np.uint64)

    def links(self) -> SavedLinks:
        """Return where all known links are in their queues."""
        query = "SELECT hosts FROM chunk WHERE seq <= ? ORDER BY seq"
        hosts = np.concatenate([np.frombuffer(each.column(query), np.uint32) + each.hosts for each in self._shards])
        places = np.frombuffer(self._column("SELECT places FROM chunk WHERE seq <= ? ORDER BY seq"), np.uint16)
        ended = np.zeros(len(hosts), np.bool_)
        for shard in self._shards:
            ids = shard.column("SELECT ids FROM page WHERE seq <= ? ORDER BY seq")
            ended[np.frombuffer(ids, np.uint64) + np.uint64(shard.links)] = True
        return SavedLinks(hosts.astype(np.uint32), places, ended)

    def urls(self) -> Iterator[list[str]]:
        """Yield the URLs of all known links in the order of their ids, those of one commit at a time."""
        for shard in self._shards:
            for (urls,) in shard.rows("SELECT urls FROM chunk WHERE seq <= ? AND count > 0 ORDER BY seq", shard.last):
                yield unpacked_texts(urls)

    def link(self, id: int) -> Link:
        """Return the known link with an id."""
        shard = self._shard_of_link(id)
        first_id, places, via_of, vias, urls = shard.row(
            "SELECT first_id, places, via_of, vias, urls FROM chunk"
            " WHERE seq <= ? AND first_id <= ? AND count > 0 ORDER BY seq DESC LIMIT 1",
            shard.last,
            id - shard.links,
        )
        at = id - shard.links - first_id
        place, via = array("H", places)[at], array("I", zlib.decompress(via_of))[at]
        return Link(id, unpacked_texts(urls)[at], place >> 4, place & 15, unpacked_texts(vias)[via])

    def record(self, id: int) -> bytes | None:
        """Return the record of a link as a line of JSON; None if the link has not ended."""
        place = self._place_of(id)
        if place is None:
            return None
        return self.commit_lines(place[0])[place[1]]

    def visits(self) -> Iterator[SavedVisit]:
        """Yield the links that ended, in the order of the commits."""
        for shard in self._shards:
            for seq in range(1, shard.last + 1):
                ids, lines, memos = shard.row("SELECT ids, lines, memos FROM page WHERE seq = ?", seq)
                numbers = [id + shard.links for id in array("Q", ids)]
                yield from map(SavedVisit, numbers, _split(lines), _MEMOS.decode(zlib.decompress(memos)))

    def endings(self) -> Iterator[tuple[int, NDArray[np.uint64]]]:
        """Yield the number of each commit, from 1, and the ids of the links that ended in it."""
        for shard in self._shards:
            for seq, ids in shard.rows("SELECT seq, ids FROM page WHERE seq <= ? ORDER BY seq", shard.last):
                yield shard.commits + seq, np.frombuffer(ids, np.uint64) + np.uint64(shard.links)

    def commit_records(self, number: int) -> tuple[list[bytes], list[bytes]]:
        """Return the records of one commit, by its number from 1, each as a line of JSON, and the memos."""
        shard = self._shard_of_commit(number)
        lines, memos = shard.row("SELECT lines, memos FROM page WHERE seq = ?", number - shard.commits)
        return _split(lines), _MEMOS.decode(zlib.decompress(memos))

    def commit_lines(self, number: int) -> list[bytes]:
        """Return the records of one commit, by its number from 1, each as a line of JSON."""
        shard = self._shard_of_commit(number)
        [lines] = shard.row("SELECT lines FROM page WHERE seq = ?", number - shard.commits)
        return _split(lines)

    def lines(self) -> Iterator[bytes]:
        """Yield the records of the links that ended as lines of JSON, those of one commit at a time."""
        for shard in self._shards:
            for (lines,) in shard.rows("SELECT lines FROM page WHERE seq <= ? ORDER BY seq", shard.last):
                yield zlib.decompress(lines)

    def offsets(self) -> Iterator[tuple[dict[str, int], int]]:
        """Yield the offsets of each commit in which links ended, and the id of the first link of its shard."""
        query = "SELECT offsets FROM page WHERE seq <= ? AND length(ids) > 0 ORDER BY seq"
        for shard in self._shards:
            for (packed,) in shard.rows(query, shard.last):
                yield _OFFSETS.decode(packed), shard.links

    def close(self) -> None:
        """Close the journal."""
        self._reader.close()

    def _place_of(self, id: int) -> tuple[int, int] | None:
        """Return the commit in which a link ended, and its position there; None if it has not ended."""
        shard = self._shard_of_link(id)
        for seq, ids in shard.rows("SELECT seq, ids FROM page WHERE seq <= ? ORDER BY seq", shard.last):
            at = np.flatnonzero(np.frombuffer(ids, np.uint64) == id - shard.links)
            if at.size:
                return shard.commits + seq, int(at[0])
        return None

    def _shard_of_link(self, id: int) -> _Shard:
        return next(shard for shard in reversed(self._shards) if shard.links <= id)

    def _shard_of_commit(self, number: int) -> _Shard:
        return next(shard for shard in reversed(self._shards) if shard.commits < number)

    def _column(self, query: str) -> bytes:
        return b"".join([shard.column(query) for shard in self._shards])


def _split(lines: bytes) -> list[bytes]:
    return zlib.decompress(lines).splitlines(keepends=True)
