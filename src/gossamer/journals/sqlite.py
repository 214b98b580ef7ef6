"""The journal on disk: everything a crawl must not forget, in one SQLite file; one transaction a commit."""

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

from gossamer.journals.schema import TABLES, Connect, final_stats, plainly, prepare
from gossamer.rules.urls import host_key
from gossamer.values.model import Link, place_of
from gossamer.values.protocol import Batch, Chunk, Saved
from gossamer.values.snapshot import SavedStats

LINKS_AT_ONCE: Final = 1 << 19
"""The links of consecutive commits are handed over in chunks of about so many when the journal is opened."""
UNPACKED: Final = 8
"""How many chunks stay unpacked for `recall`: the links of a host lie near each other."""
BUSY: Final = 1.0
LEVEL: Final = 1
"""How long to wait for a lock (s); the zlib level of texts: higher ones cost more than they save."""

_OFFSETS: Final = msgspec.msgpack.Decoder(dict[str, int])


def _compress(content: bytes) -> bytes:
    """Compress as zlib does, in a quarter of its time."""
    return bytes(isal_zlib.compress(content, LEVEL))


class _Texts(Struct, frozen=True):
    """The links of one commit, unpacked."""

    urls: list[str]
    vias: list[str]
    via_of: array[int]
    places: array[int]


class SqliteJournal:
    """Keep a crawl in the file `path`, which is made when it is not there.

    A commit is permanent when `commit` returns: for a killed process at once, for a power cut with `durable`. When it
    raises JournalError the file holds what it held before. `key` is the fingerprint key of a new journal (default:
    random). `connect` opens the file, as `sqlite3.connect` does.
    Used by one thread at a time, not always the same one.
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
        self._unpacked: dict[int, _Texts] = {}

    # ------------------------------------------------------------ the verbs of a journal

    def open(self) -> Saved:
        """Open or make the file and tell what it remembers; reads packed columns only, no text."""
        with plainly(self._path):
            connection = self._connect(
                self._path, timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=32
            )
            try:
                if prepare(connection, self._path, durable=self._durable):
                    self._make(connection)
                saved = self._saved(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            return saved

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Make the batch permanent, all or nothing."""
        if not (batch.ended or batch.links or batch.refused or batch.stats.resting):
            return
        connection = self._opened
        names = [host_key(link.url) for link in batch.links]
        new_hosts = self._new_hosts(names)
        with plainly(self._path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._write(connection, batch, offsets, names, new_hosts)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self._committed(batch, new_hosts)

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Give links back by id, in the order asked."""
        links = []
        for wanted in ids:
            index = bisect_right(self._first_ids, wanted) - 1
            texts = self._unpacked.get(index) or self._unpack(index)
            at = wanted - self._first_ids[index]
            place = texts.places[at]
            links.append(Link(wanted, texts.urls[at], place >> 4, place & 15, texts.vias[texts.via_of[at]]))
        return links

    def close(self) -> None:
        """Close the file; its write-ahead log is folded in: at rest it can be read where nothing can be written."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        with plainly(self._path), closing(connection), suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = DELETE")  # fails where somebody reads it just now: the log stays

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        """Write down why the crawl ended, and its last stats, which count until the next commit; "" while it runs."""
        rows: list[tuple[str, str | bytes]] = [("finish", finish_reason)]
        if stats is not None:
            rows.append(("stats", msgspec.msgpack.encode((self._seq, time.time(), stats))))
        with plainly(self._path):
            self._opened.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    # ------------------------------------------------------------ reading

    def _make(self, connection: sqlite3.Connection) -> None:
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
        for ids, some, texts in connection.execute("SELECT ids, contents, simhashes FROM page ORDER BY seq"):
            ended += ids
            contents += some
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
        """Join the chunks of many commits into few: ten million links come in twenty pieces."""
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
                yield _joined(rows)
                rows, links = [], 0
        if rows:
            yield _joined(rows)

    def _unpack(self, index: int) -> _Texts:
        with plainly(self._path):
            places, via_of, vias, urls = self._opened.execute(
                "SELECT places, via_of, vias, urls FROM chunk WHERE seq = ?", (self._seqs[index],)
            ).fetchone()
        texts = _Texts(_split(urls), _split(vias), array("I", zlib.decompress(via_of)), array("H", places))
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
            array("H", [place_of(link) for link in links]).tobytes(),
            array("Q", batch.refused).tobytes(),
            _compress(via_of.tobytes()),
            _joined_text(vias),
            _joined_text(link.url for link in links),
        )

    def _committed(self, batch: Batch, new_hosts: dict[str, int]) -> None:
        self._seq += 1
        self._hosts |= new_hosts
        if batch.links:
            self._first_ids.append(self._known)
            self._seqs.append(self._seq)
            self._known += len(batch.links)


def _joined(rows: list[tuple[int, bytes, bytes, bytes, bytes]]) -> Chunk:
    first_ids, *packed = zip(*rows, strict=True)
    return Chunk(first_ids[0], *map(b"".join, packed))


_SEPARATOR: Final = "\n"
"""No URL contains it: the URL standard removes line ends."""


def _joined_text(texts: Iterable[str]) -> bytes:
    return _compress(_SEPARATOR.join(texts).encode("utf-8", "surrogatepass"))


def _split(packed: bytes) -> list[str]:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass").split(_SEPARATOR)
