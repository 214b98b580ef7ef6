"""What a commit becomes in a database: one row of packed columns for its links, and one for what ended in it.

Every journal on disk writes these rows, whatever database holds them, and reads them back through `CommitIndex`.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from isal import isal_zlib
from msgspec import Struct

from gossamer.rules.urls import host_key
from gossamer.values.model import Link, priority_of
from gossamer.values.protocol import NO_NOTES, Batch, Chunk, HostNotes, Saved
from gossamer.values.snapshot import SavedStats

LINKS_AT_ONCE: Final = 1 << 19
"""Minimum number of links in each `Chunk` of `Saved`, but the last: the rows of consecutive commits are joined."""
UNPACKED: Final = 8
"""Maximum number of chunks kept decompressed for `CommitIndex.links`: the links of a host lie near each other."""
LEVEL: Final = 1
"""Compression level of texts (zlib): higher ones cost more time than they save space."""

HOSTS: Final = "SELECT name FROM host ORDER BY id"
CHUNKS: Final = "SELECT seq, first_id, count, fingerprints, hosts, places, refused FROM chunk ORDER BY seq"
PAGES: Final = "SELECT ids, contents, simhashes, notes FROM page ORDER BY seq"
LAST: Final = "SELECT seq, offsets FROM page ORDER BY seq DESC LIMIT 1"
"""The queries, for any database, whose rows `CommitIndex.restore` takes."""

_OFFSETS: Final = msgspec.msgpack.Decoder(dict[str, int])
_NOTES: Final = msgspec.msgpack.Decoder(HostNotes)
_SEPARATOR: Final = "\n"
"""Separates texts. No URL contains it, because the URL Standard removes line breaks."""

ChunkRow = tuple[int, int, int, bytes, bytes, bytes, bytes]
"""A row of `CHUNKS`."""
PageRow = tuple[bytes, bytes, bytes, bytes]
"""A row of `PAGES`."""
TextRow = tuple[bytes, bytes, bytes, bytes]
"""The columns `places`, `via_of`, `vias` and `urls` of one row of `chunk`."""


class PackedChunk(Struct, frozen=True, array_like=True):
    """The links that one commit discovered, and the fingerprints that it refused: a row of `chunk` without `seq`."""

    first_id: int
    """The id of the first link."""
    count: int
    """The number of links."""
    fingerprints: bytes
    """Their fingerprints, uint64."""
    hosts: bytes
    """The numbers of their hosts, uint32."""
    places: bytes
    """Depth and hops of each, as `depth << 4 | hops`, uint16."""
    refused: bytes
    """The fingerprints of refused links, uint64."""
    via_of: bytes
    """Indices into `vias`, uint32, compressed."""
    vias: bytes
    """The distinct URLs of the pages on which the links were found, compressed."""
    urls: bytes
    """The URLs, compressed."""


class PackedPages(Struct, frozen=True, array_like=True):
    """What ended in one commit: a row of `page` without `seq`."""

    at: float
    """The time of the commit (Unix time)."""
    ids: bytes
    """The ids of the links that ended, uint64."""
    offsets: bytes
    """The committed size of each output, in MessagePack."""
    stats: bytes
    """The statistics, in MessagePack."""
    lines: bytes
    """The records, compressed."""
    memos: bytes
    """The memos, compressed."""
    contents: bytes
    """64 bits of each content hash."""
    simhashes: bytes
    """The simhash of each text."""
    notes: bytes
    """What has changed of what is remembered of hosts, in MessagePack; empty for nothing."""


class PackedCommit(Struct, frozen=True):
    """One commit as rows."""

    seq: int
    """The number of the commit, from 1."""
    new_hosts: Mapping[str, int]
    """The hosts that no commit before had, with their numbers."""
    chunk: PackedChunk | None
    """The row of `chunk`; None where the commit discovered no link."""
    pages: PackedPages
    """The row of `page`."""


class _ChunkTexts(Struct, frozen=True):
    """The links of one commit, decompressed; each column but `vias` has one entry per link."""

    urls: list[str]
    vias: list[str]
    via_of: array[int]
    places: array[int]


class CommitIndex:
    """What a journal keeps in memory of its rows: the numbers of its hosts, and in which commit each link is."""

    def __init__(self) -> None:
        self.seq = 0
        """The number of the last commit."""
        self.known = 0
        """The number of links so far."""
        self._hosts: dict[str, int] = {}
        self._first_ids = array("q")
        self._seqs = array("q")
        self._unpacked: dict[int, _ChunkTexts] = {}

    # ------------------------------------------------------------ reading

    def restore(
        self,
        key: int,
        hosts: Sequence[str],
        chunks: Iterable[ChunkRow],
        pages: Iterable[PageRow],
        last: tuple[int, bytes] | None,
        stats: tuple[float, SavedStats | None],
        *,
        in_order: bool,
    ) -> Saved:
        """Return what all rows hold, and begin where they end.

        `last` is the row of `LAST`, if there is one; `stats` are the latest statistics, with their time. `in_order`:
        the run that wrote them ended in order.
        """
        self._hosts = {name: number for number, name in enumerate(hosts)}
        merged = tuple(self._merged(chunks))
        ended, contents, simhashes = bytearray(), bytearray(), bytearray()
        notes = NO_NOTES
        for ids, content_hashes, texts, changed in pages:
            ended += ids
            notes = notes | _NOTES.decode(changed) if changed else notes
            contents += content_hashes
            simhashes += texts
        saved = Saved(
            key=key,
            hosts=tuple(hosts),
            chunks=merged,
            ended=bytes(ended),
            contents=bytes(contents),
            simhashes=bytes(simhashes),
            offsets=_OFFSETS.decode(last[1]) if last else {},
            stats=stats[1],
            saved_at=stats[0],
            in_order=in_order,
            notes=notes.holding(),
        )
        self.seq = last[0] if last else 0
        self.known = saved.known
        return saved

    def links(self, ids: Sequence[int], read: Callable[[int], TextRow]) -> list[Link]:
        """Return links by id, in the order of `ids`; `read` returns the texts of the chunk with a `seq`."""
        links = []
        for id_ in ids:
            index = bisect_right(self._first_ids, id_) - 1
            texts = self._unpacked.get(index) or self._unpack(index, read)
            position = id_ - self._first_ids[index]
            place = texts.places[position]
            links.append(Link(id_, texts.urls[position], place >> 4, place & 15, texts.vias[texts.via_of[position]]))
        return links

    def _merged(self, rows: Iterable[ChunkRow]) -> Iterator[Chunk]:
        """Yield the chunks of all commits, joined to at least `LINKS_AT_ONCE` links each (but the last)."""
        pending: list[tuple[int, bytes, bytes, bytes, bytes]] = []
        links = 0
        for seq, first_id, count, *packed in rows:
            if count:
                self._seqs.append(seq)
                self._first_ids.append(first_id)
            fingerprints, hosts, places, refused = packed
            pending.append((first_id, fingerprints, hosts, places, refused))
            links += count
            if links >= LINKS_AT_ONCE:
                yield _joined_chunks(pending)
                pending, links = [], 0
        if pending:
            yield _joined_chunks(pending)

    def _unpack(self, index: int, read: Callable[[int], TextRow]) -> _ChunkTexts:
        places, via_of, vias, urls = read(self._seqs[index])
        texts = _ChunkTexts(
            unpacked_texts(urls), unpacked_texts(vias), array("I", zlib.decompress(via_of)), array("H", places)
        )
        if len(self._unpacked) >= UNPACKED:
            del self._unpacked[next(iter(self._unpacked))]
        self._unpacked[index] = texts
        return texts

    # ------------------------------------------------------------ writing

    def pack(self, batch: Batch, offsets: Mapping[str, int], at: float) -> PackedCommit:
        """Return a batch as the rows of the next commit. It counts once `committed` is called."""
        names = [host_key(link.url) for link in batch.links]
        fresh = [name for name in dict.fromkeys(names) if name not in self._hosts]
        new_hosts = {name: number for number, name in enumerate(fresh, len(self._hosts))}
        chunk = self._packed_links(batch, names, new_hosts) if batch.links or batch.refused else None
        return PackedCommit(self.seq + 1, new_hosts, chunk, _packed_pages(batch, offsets, at))

    def committed(self, commit: PackedCommit) -> None:
        """Record that a commit is permanent."""
        self.seq = commit.seq
        self._hosts |= commit.new_hosts
        if commit.chunk is not None and commit.chunk.count:
            self._first_ids.append(self.known)
            self._seqs.append(self.seq)
            self.known += commit.chunk.count

    def _packed_links(self, batch: Batch, names: list[str], new_hosts: Mapping[str, int]) -> PackedChunk:
        links = batch.links
        assert not links or links[0].id == self.known, "link ids must be consecutive"
        numbers = {name: self._hosts.get(name, new_hosts.get(name, 0)) for name in set(names)}
        vias: dict[str, int] = {}
        via_of = array("I", [vias.setdefault(link.via, len(vias)) for link in links])
        return PackedChunk(
            self.known,
            len(links),
            array("Q", batch.fingerprints).tobytes(),
            array("I", [numbers[name] for name in names]).tobytes(),
            array("H", [priority_of(link) for link in links]).tobytes(),
            array("Q", batch.refused).tobytes(),
            _compress(via_of.tobytes()),
            _packed_texts(vias),
            _packed_texts(link.url for link in links),
        )


def is_empty(batch: Batch) -> bool:
    """Whether a batch holds nothing that must be remembered."""
    stats = batch.stats
    remembers = batch.ended or batch.links or batch.refused or stats.resting or stats.attempts
    return not (remembers or batch.notes or batch.outbox or batch.positions)


def latest_stats(
    last: tuple[int, float, bytes] | None, noted: tuple[int, float, bytes] | None
) -> tuple[float, SavedStats | None]:
    """Return the latest statistics and when they were written (Unix time); (0.0, None) if there are none.

    These are the statistics noted at the end of the crawl, unless a commit came later. `last` has `seq`, `at` and
    `stats` of the last row of `page`; `noted` the same of the statistics at the end.
    """
    latest = noted if noted is not None and noted[0] == (last[0] if last else 0) else last
    return (latest[1], msgspec.msgpack.decode(latest[2], type=SavedStats)) if latest else (0.0, None)


def _packed_pages(batch: Batch, offsets: Mapping[str, int], at: float) -> PackedPages:
    outcomes = [ended.outcome for ended in batch.ended]
    return PackedPages(
        at,
        array("Q", [ended.link.id for ended in batch.ended]).tobytes(),
        msgspec.msgpack.encode(offsets),
        msgspec.msgpack.encode(batch.stats),
        _compress(b"".join([outcome.line for outcome in outcomes])),
        _compress(msgspec.msgpack.encode([outcome.memo for outcome in outcomes])),
        array("Q", [outcome.content for outcome in outcomes if outcome.content]).tobytes(),
        array("Q", [outcome.simhash for outcome in outcomes if outcome.simhash]).tobytes(),
        msgspec.msgpack.encode(batch.notes) if batch.notes else b"",
    )


def _joined_chunks(rows: list[tuple[int, bytes, bytes, bytes, bytes]]) -> Chunk:
    first_ids, *packed = zip(*rows, strict=True)
    return Chunk(first_ids[0], *map(b"".join, packed))


def _compress(content: bytes) -> bytes:
    """Compress to the zlib format, in a quarter of the time of `zlib`."""
    return bytes(isal_zlib.compress(content, LEVEL))


def _packed_texts(texts: Iterable[str]) -> bytes:
    return _compress(_SEPARATOR.join(texts).encode("utf-8", "surrogatepass"))


def unpacked_texts(packed: bytes) -> list[str]:
    """Return the texts of a column such as `PackedChunk.urls`."""
    return zlib.decompress(packed).decode("utf-8", "surrogatepass").split(_SEPARATOR)
