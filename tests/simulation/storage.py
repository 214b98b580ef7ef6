"""The journal and the outputs of a simulated crawl, on the simulated disk."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

import msgspec
import numpy as np
from msgspec import Struct

from gossamer.rules.urls import host_key
from gossamer.values.errors import JournalError
from gossamer.values.model import Link, priority_of
from gossamer.values.ports import Journal, Output
from gossamer.values.protocol import NO_NOTES, Batch, Chunk, HostNotes, Saved
from gossamer.values.snapshot import SavedStats
from tests.simulation.disk import Disk, Fate, File
from tests.simulation.plan import Plan


class Entry(Struct, frozen=True):
    """One commit, as it is stored in the simulated journal."""

    first_id: int
    links: tuple[Link, ...]
    fingerprints: tuple[int, ...]
    refused: tuple[int, ...]
    ended: tuple[int, ...]
    offsets: Mapping[str, int]
    stats: SavedStats
    notes: HostNotes


class LogJournal:
    """The simplest journal that fulfils the protocol: a file in which each commit is an entry with length and checksum.

    An incomplete entry is not committed: `open` truncates it. With `durable`, each commit is synced.
    """

    def __init__(self, file: File, *, durable: bool) -> None:
        self._file = file
        self._durable = durable
        self._links: list[Link] = []

    def open(self) -> Saved:
        entries, whole = _entries(self._file.read())
        self._links = [link for entry in entries for link in entry.links]
        try:
            if whole < self._file.size:
                self._file.cut(whole)
        except OSError as error:
            raise JournalError(str(error)) from error
        return _saved(entries)

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        ended = tuple(ended.link.id for ended in batch.ended)
        first_id = len(self._links)
        assert [link.id for link in batch.links] == list(range(first_id, first_id + len(batch.links)))
        entry = Entry(
            first_id, batch.links, batch.fingerprints, batch.refused, ended, offsets, batch.stats, batch.notes
        )
        try:
            self._file.append(_framed(msgspec.msgpack.encode(entry)))
            if self._durable:
                self._file.sync()
        except OSError as error:
            raise JournalError(str(error)) from error
        self._links += batch.links

    def recall(self, ids: Sequence[int]) -> list[Link]:
        return [self._links[id] for id in ids]

    def close(self) -> None:
        """Do nothing: the file stays on the simulated disk."""


def _framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + zlib.crc32(body).to_bytes(4, "big") + body


def _entries(content: bytes) -> tuple[list[Entry], int]:
    """Return the complete entries, and the offset at which they end."""
    entries, at = [], 0
    while len(content) >= at + 8:
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        body = content[at + 8 : end]
        if not body or len(content) < end or zlib.crc32(body) != int.from_bytes(content[at + 4 : at + 8], "big"):
            break
        entries.append(msgspec.msgpack.decode(body, type=Entry))
        at = end
    return entries, at


def _saved(entries: list[Entry]) -> Saved:
    numbers = dict[str, int]()
    chunks = tuple(_chunk(entry, numbers) for entry in entries)
    ended = np.array([id for entry in entries for id in entry.ended], np.uint64).tobytes()
    last = entries[-1] if entries else None
    offsets = last.offsets if last else {}
    notes = reduce(or_, [entry.notes for entry in entries], NO_NOTES).holding()
    return Saved(
        hosts=tuple(numbers),
        chunks=chunks,
        ended=ended,
        offsets=offsets,
        stats=last.stats if last else None,
        notes=notes,
    )


def _chunk(entry: Entry, numbers: dict[str, int]) -> Chunk:
    hosts = [numbers.setdefault(host_key(link.url), len(numbers)) for link in entry.links]
    return Chunk(
        entry.first_id,
        np.array(entry.fingerprints, np.uint64).tobytes(),
        np.array(hosts, np.uint32).tobytes(),
        np.array([priority_of(link) for link in entry.links], np.uint16).tobytes(),
        np.array(entry.refused, np.uint64).tobytes(),
    )


class Lines:
    """The simplest output: the lines of the records, one after the other. With `durable`, each flush is synced."""

    def __init__(self, file: File, *, durable: bool) -> None:
        self._file = file
        self._durable = durable

    def resume(self, offset: int) -> None:
        self._file.cut(offset)

    def write(self, batch: Batch) -> None:
        self._file.append(b"".join(ended.outcome.line for ended in batch.ended))

    def flush(self) -> int:
        if self._durable:
            self._file.sync()
        return self._file.size

    def close(self) -> None:
        """Do nothing: the file stays on the simulated disk."""


class DiskStore:
    """The journal and outputs of a crawl on the simulated disk."""

    again = ""

    def __init__(self, plan: Plan) -> None:
        self._disk = Disk()
        self._durable = plan.durable
        self._names = [f"pages{number}.jsonl" for number in range(plan.outputs)]

    def begin_life(self, fate: Fate) -> tuple[Journal, dict[str, Output]]:
        """Open the journal and the outputs, as a new process does."""
        self._disk.begin_life(fate)
        journal = LogJournal(self._disk.file("journal"), durable=self._durable)
        return journal, {name: Lines(self._disk.file(name), durable=self._durable) for name in self._names}

    def end_life(self) -> None:
        """Do nothing: the simulated disk keeps what the process has written."""

    def outputs(self) -> dict[str, bytes]:
        """Return the content of all outputs by name."""
        return {name: self._disk.file(name).read() for name in self._names}

    def close(self) -> None:
        """Do nothing: the simulated disk is in memory."""
