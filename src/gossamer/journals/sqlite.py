"""A journal on disk: everything that a crawl needs to resume, in one SQLite file; each commit is one transaction."""

from __future__ import annotations

import secrets
import sqlite3
import time
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec
from isal import isal_zlib
from msgspec import Struct

from gossamer.journals.schema import TABLES, Connect, final_stats, journal_errors, prepare
from gossamer.rules.urls import host_key
from gossamer.values.model import Link, priority_of
from gossamer.values.protocol import Batch, Chunk, Saved
from gossamer.values.snapshot import SavedStats

LINKS_AT_ONCE: Final = 1 << 19
"""Minimum number of links in each `Chunk` of `open`, but the last: the rows of consecutive commits are joined."""
UNPACKED: Final = 8
"""Maximum number of chunks kept decompressed for `recall`: the links of a host lie near each other."""
BUSY: Final = 1.0
"""Maximum time to wait for a lock (seconds)."""
LEVEL: Final = 1
"""Compression level of texts (zlib): higher ones cost more time than they save space."""

_OFFSETS: Final = msgspec.msgpack.Decoder(dict[str, int])


def _compress(content: bytes) -> bytes:
    """Compress to the zlib format, in a quarter of the time of `zlib`."""
    return bytes(isal_zlib.compress(content, LEVEL))


class _ChunkTexts(Struct, frozen=True):
    """The links of one commit, decompressed; each column but `vias` has one entry per link."""

    urls: list[str]
    """The URLs."""
    vias: list[str]
    """The distinct URLs of the pages on which the links were found."""
    via_of: array[int]
    """Indices into `vias`."""
    places: array[int]
    """Depth and hops, as `depth << 4 | hops`."""


class SqliteJournal:
    """Records a crawl in the file `path`, which is created if it does not exist.

    When `commit` returns, the batch survives a killed process; with `durable` it survives a power cut, too. When it
    raises JournalError, the file is unchanged. `key` is the fingerprint key of a new journal (default: random).
    May be used by several threads, but by one at a time.
    """

    def __init__(
        self, path: Path, *, durable: bool = False, key: int | None = None, connect: Connect = sqlite3.connect
    ) -> None:
        self._path = path
        self._durable = durable
        self._key = key
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._seq = 0
        self._known = 0
        self._hosts: dict[str, int] = {}
        self._first_ids = array("q")
        self._seqs = array("q")
        self._unpacked: dict[int, _ChunkTexts] = {}

    # ------------------------------------------------------------ the Journal protocol

    def open(self) -> Saved:
        """Open or create the file and return its content. Texts are not read. Raises JournalError."""
        with journal_errors(self._path):
            connection = self._connect(
                self._path, timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=32
            )
            try:
                if prepare(connection, self._path, durable=self._durable):
                    self._create_tables(connection)
                saved = self._saved(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            return saved

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Write a batch in one transaction; an empty one is not written. Raises JournalError."""
        if not (batch.ended or batch.links or batch.refused or batch.stats.resting):
            return
        connection = self._opened
        names = [host_key(link.url) for link in batch.links]
        new_hosts = self._new_hosts(names)
        with journal_errors(self._path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._write(connection, batch, offsets, names, new_hosts)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self._after_commit(batch, new_hosts)

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Return links by id, in the order of `ids`. Raises JournalError."""
        links = []
        for id_ in ids:
            index = bisect_right(self._first_ids, id_) - 1
            texts = self._unpacked.get(index) or self._unpack(index)
            position = id_ - self._first_ids[index]
            place = texts.places[position]
            links.append(Link(id_, texts.urls[position], place >> 4, place & 15, texts.vias[texts.via_of[position]]))
        return links

    def close(self) -> None:
        """Close the file and remove its write-ahead log, so that read-only media can hold it. Raises JournalError."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        with journal_errors(self._path), closing(connection), suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = DELETE")  # fails while another process reads: the log stays

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        """Record why the crawl ended ("": it runs), and its final statistics, which hold until the next commit.

        Raises JournalError.
        """
        rows: list[tuple[str, str | bytes]] = [("finish", finish_reason)]
        if stats is not None:
            rows.append(("stats", msgspec.msgpack.encode((self._seq, time.time(), stats))))
        with journal_errors(self._path):
            self._opened.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    # ------------------------------------------------------------ reading

    def _create_tables(self, connection: sqlite3.Connection) -> None:
        key = secrets.randbits(64) if self._key is None else self._key
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('key', ?)", (key.to_bytes(8, "big"),))
        connection.execute("COMMIT")

    def _saved(self, connection: sqlite3.Connection) -> Saved:
        key = connection.execute("SELECT value FROM meta WHERE key = 'key'").fetchone()[0]
        hosts = tuple(name for (name,) in connection.execute("SELECT name FROM host ORDER BY id"))
        self._hosts = {name: number for number, name in enumerate(hosts)}
        chunks = tuple(self._merged(connection))
        ended, contents, simhashes = bytearray(), bytearray(), bytearray()
        for ids, content_hashes, texts in connection.execute("SELECT ids, contents, simhashes FROM page ORDER BY seq"):
            ended += ids
            contents += content_hashes
            simhashes += texts
        last = connection.execute("SELECT seq, offsets FROM page ORDER BY seq DESC LIMIT 1").fetchone()
        saved_at, stats = final_stats(connection)
        saved = Saved(
            key=int.from_bytes(key, "big"),
            hosts=hosts,
            chunks=chunks,
            ended=bytes(ended),
            contents=bytes(contents),
            simhashes=bytes(simhashes),
            offsets=_OFFSETS.decode(last[1]) if last else {},
            stats=stats,
            saved_at=saved_at,
        )
        self._seq = last[0] if last else 0
        self._known = saved.known
        return saved

    def _merged(self, connection: sqlite3.Connection) -> Iterator[Chunk]:
        """Yield the chunks of all commits, joined to at least `LINKS_AT_ONCE` links each (but the last)."""
        rows: list[tuple[int, bytes, bytes, bytes, bytes]] = []
        links = 0
        columns = "SELECT seq, first_id, count, fingerprints, hosts, places, refused FROM chunk ORDER BY seq"
        for seq, first_id, count, *packed in connection.execute(columns):
            if count:
                self._seqs.append(seq)
                self._first_ids.append(first_id)
            rows.append((first_id, *packed))
            links += count
            if links >= LINKS_AT_ONCE:
                yield _joined_chunks(rows)
                rows, links = [], 0
        if rows:
            yield _joined_chunks(rows)

    def _unpack(self, index: int) -> _ChunkTexts:
        with journal_errors(self._path):
            places, via_of, vias, urls = self._opened.execute(
                "SELECT places, via_of, vias, urls FROM chunk WHERE seq = ?", (self._seqs[index],)
            ).fetchone()
        texts = _ChunkTexts(
            _unpacked_texts(urls), _unpacked_texts(vias), array("I", zlib.decompress(via_of)), array("H", places)
        )
        if len(self._unpacked) >= UNPACKED:
            del self._unpacked[next(iter(self._unpacked))]
        self._unpacked[index] = texts
        return texts

    # ------------------------------------------------------------ writing

    @property
    def _opened(self) -> sqlite3.Connection:
        assert self._connection is not None, "the journal is not open"
        return self._connection

    def _new_hosts(self, names: Iterable[str]) -> dict[str, int]:
        fresh = [name for name in dict.fromkeys(names) if name not in self._hosts]
        return {name: number for number, name in enumerate(fresh, len(self._hosts))}

    def _write(
        self,
        connection: sqlite3.Connection,
        batch: Batch,
        offsets: dict[str, int],
        names: list[str],
        new_hosts: dict[str, int],
    ) -> None:
        seq = self._seq + 1
        if new_hosts:
            connection.executemany("INSERT INTO host (name, id) VALUES (?, ?)", new_hosts.items())
        if batch.links or batch.refused:
            connection.execute(
                "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (seq, *self._packed(batch, names, new_hosts))
            )
        ids = array("Q", [ended.link.id for ended in batch.ended]).tobytes()
        lines = _compress(b"".join([ended.outcome.line for ended in batch.ended]))
        encoded = msgspec.msgpack.encode(offsets), msgspec.msgpack.encode(batch.stats)
        memos = _compress(msgspec.msgpack.encode([ended.outcome.memo for ended in batch.ended]))
        contents = array("Q", [ended.outcome.content for ended in batch.ended if ended.outcome.content]).tobytes()
        simhashes = array("Q", [ended.outcome.simhash for ended in batch.ended if ended.outcome.simhash]).tobytes()
        row = (seq, time.time(), ids, *encoded, lines, memos, contents, simhashes)
        connection.execute("INSERT INTO page VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _packed(self, batch: Batch, names: list[str], new_hosts: dict[str, int]) -> tuple[int | bytes, ...]:
        links = batch.links
        assert not links or links[0].id == self._known, "link ids must be consecutive"
        numbers = {name: self._hosts.get(name, new_hosts.get(name, 0)) for name in set(names)}
        vias: dict[str, int] = {}
        via_of = array("I", [vias.setdefault(link.via, len(vias)) for link in links])
        return (
            self._known,
            len(links),
            array("Q", batch.fingerprints).tobytes(),
            array("I", [numbers[name] for name in names]).tobytes(),
            array("H", [priority_of(link) for link in links]).tobytes(),
            array("Q", batch.refused).tobytes(),
            _compress(via_of.tobytes()),
            _packed_texts(vias),
            _packed_texts(link.url for link in links),
        )

    def _after_commit(self, batch: Batch, new_hosts: dict[str, int]) -> None:
        self._seq += 1
        self._hosts |= new_hosts
        if batch.links:
            self._first_ids.append(self._known)
            self._seqs.append(self._seq)
            self._known += len(batch.links)


def _joined_chunks(rows: list[tuple[int, bytes, bytes, bytes, bytes]]) -> Chunk:
    first_ids, *packed = zip(*rows, strict=True)
    return Chunk(first_ids[0], *map(b"".join, packed))


_SEPARATOR: Final = "\n"
"""Separates texts. No URL contains it, because the URL Standard removes line breaks."""


def _packed_texts(texts: Iterable[str]) -> bytes:
    return _compress(_SEPARATOR.join(texts).encode("utf-8", "surrogatepass"))


def _unpacked_texts(packed: bytes) -> list[str]:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass").split(_SEPARATOR)
