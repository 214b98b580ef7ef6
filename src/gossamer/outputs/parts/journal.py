"""PartsJournal: a journal that keeps outcomes back until the part that holds their pages is uploaded."""

from __future__ import annotations

import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, wait
from pathlib import Path
from threading import Event, RLock
from typing import Final, Protocol

from msgspec.structs import replace

from gossamer.outputs.parts.growing import Part, PartContents
from gossamer.outputs.parts.held_stats import without_held
from gossamer.outputs.parts.names import PartName, is_part_file
from gossamer.outputs.parts.uploading import Uploader
from gossamer.values.errors import OutputError
from gossamer.values.model import Link
from gossamer.values.ports import Journal
from gossamer.values.protocol import Batch, Saved
from gossamer.values.snapshot import SavedStats

PART_BYTES: Final = 64 * 1024 * 1024
"""Size (bytes) from which on a part is sealed."""
PART_PAGES: Final = 10_000
"""Number of outcomes from which on it is: they are held in memory, and committed in one row."""
PART_AGE: Final = 30.0
"""Age (seconds) from which on it is: what a kill would have fetched again."""
WAITING_PARTS: Final = 4
"""Number of sealed parts from which on a commit waits for an upload, so that a slow store fills no disk."""
_LOOK_EVERY: Final = 0.2
"""Time (seconds) between two looks at whether a wait for an upload was interrupted."""


class EpochJournal(Journal, Protocol):
    """A journal that numbers its owners."""

    @property
    def epoch(self) -> int:
        """Return the number of this owner, larger than that of any before; the journal is open."""
        ...

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        """Record why the crawl ended ("": it runs), and its final statistics."""
        ...


class PartsJournal:
    """A journal of which each batch is committed in two halves: what it led to at once, what ended with its part.

    So discovery never waits for a store, and an outcome is permanent only when its page is. While `holds`, outcomes
    are kept back: call `tend` about once a second, and `flush` at the end. Everything may be called from any thread.

    `pool` runs the uploads; `claim` takes the key of the crawl and raises UserError where the store is not for its
    parts; `now` is a clock in seconds. What goes wrong in an upload is raised by the next call.
    """

    def __init__(
        self,
        journal: EpochJournal,
        uploader: Uploader,
        contents: PartContents,
        spool: Path,
        *,
        pool: Executor,
        claim: Callable[[int], None],
        shard: int = 0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.journal = journal
        self._uploader = uploader
        self._contents = contents
        self._spool = spool
        self._pool = pool
        self._claim = claim
        self._shard = shard
        self._now = now
        self._lock = RLock()
        self._interrupted = Event()
        self._epoch = self._number = 0
        self._growing: Part | None = None
        self._sealed: deque[Part] = deque()  # the oldest first: they are committed in order
        self._stats = SavedStats()  # the latest, which count what is held
        self._lowest_open: int | None = None
        self._offsets: dict[str, int] = {}
        self._base = SavedStats()  # the statistics as of the last outcome that is permanent

    # ------------------------------------------------------------ the Journal protocol

    def open(self) -> Saved:
        """Open the journal, and empty the spool: what is there was never committed.

        Raises JournalError, and UserError where the store cannot be used or holds the parts of another crawl.
        """
        with self._lock:
            saved = self.journal.open()
            try:
                self._claim(saved.key)
                self._epoch = self.journal.epoch  # from now on no name of an owner before is made
            except BaseException:
                self.journal.close()
                raise
            shutil.rmtree(self._spool, ignore_errors=True)
            self._offsets = {name: size for name, size in saved.offsets.items() if not is_part_file(name)}
            self._stats = self._base = saved.stats or SavedStats()
            return saved

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Commit what a batch led to, and keep what ended in it for its part.

        Waits for an upload where too many parts are ready for one. Raises JournalError or OutputError.
        """
        with self._lock:
            self._commit_uploaded()
            self._stats, self._lowest_open = batch.stats, batch.lowest_open
            self._offsets |= offsets
            if batch.ended or batch.sitemaps:
                self._grow(batch)
            self._commit_discovery(batch)
            self._seal_if_due()
            while len(self._sealed) > WAITING_PARTS:
                self._commit_next()

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Return links by id, in the order of `ids`. Raises JournalError."""
        with self._lock:
            return self.journal.recall(ids)

    def note(self, finish_reason: str, stats: SavedStats | None = None) -> None:
        """Record why the crawl ended, once nothing is held. Raises JournalError."""
        with self._lock:
            self.journal.note(finish_reason, stats)

    def close(self) -> None:
        """Close the journal. What is held is given up: its links are pending."""
        self.interrupt()
        with self._lock:
            for part in self._held():
                if part.upload is None or part.upload.cancel():  # nobody else uses it
                    part.abandon()
            self.journal.close()

    # ------------------------------------------------------------ parts

    @property
    def holds(self) -> bool:
        """Whether outcomes are kept back, so that the crawl is not over, however little is left to fetch."""
        return self._growing is not None or bool(self._sealed)

    def tend(self) -> None:
        """Seal a part that is old enough, and commit what was uploaded. Raises JournalError or OutputError."""
        with self._lock:
            self._commit_uploaded()
            self._seal_if_due()

    def hurry(self) -> None:
        """Seal the part now, because the crawl is at rest; it does not wait for the upload."""
        with self._lock:
            self._seal()

    def flush(self) -> None:
        """Seal the part, and wait until everything is uploaded and committed. Raises JournalError or OutputError."""
        self.hurry()
        while (part := next(iter(self._sealed), None)) is not None:
            self._await(part)  # without the lock: others go on
            self.tend()

    def interrupt(self) -> None:
        """End waits for uploads soon, from any thread, and let no other begin: they raise OutputError.

        An upload that hangs in the store is left to its thread. The journal itself is interrupted by whoever owns it.
        """
        self._interrupted.set()
        self._uploader.give_up()

    # ------------------------------------------------------------ inside

    def _grow(self, batch: Batch) -> None:
        if self._growing is None:
            self._number += 1
            name = PartName(self._shard, self._epoch, self._number)
            self._growing = Part(name, self._spool / str(name), self._contents, self._now())
        self._growing.add(batch)

    def _seal_if_due(self) -> None:
        part = self._growing
        if part is not None and (
            self._now() >= part.since + PART_AGE or len(part.ended) >= PART_PAGES or part.size >= PART_BYTES
        ):
            self._seal()

    def _seal(self) -> None:
        part, self._growing = self._growing, None
        if part is not None:
            part.upload = self._pool.submit(self._uploader.upload, part)
            self._sealed.append(part)

    def _commit_discovery(self, batch: Batch) -> None:
        notes, held = batch.notes, self._held()
        if held:  # sitemaps count as unread until the lines that they gave are permanent
            read, notes = notes.about_read()
            held[-1].read |= read
        else:
            self._base = batch.stats
        discovery = replace(batch, ended=(), sitemaps=(), stats=self._stats_without(held), notes=notes)
        self.journal.commit(discovery, dict(self._offsets))

    def _commit_uploaded(self) -> None:
        while self._sealed and (upload := self._sealed[0].upload) is not None and upload.done():
            self._commit_next()

    def _commit_next(self) -> None:
        """Commit the outcomes of the oldest sealed part, with the names of its files; wait for its upload."""
        part, *held = self._held()
        files = self._await(part)
        self._base = part.stats if held else self._stats
        stats = self._stats_without(held)
        batch = Batch(tuple(part.ended), (), (), stats=stats, notes=part.read, lowest_open=self._lowest_open)
        self.journal.commit(batch, {**self._offsets, **files})
        self._sealed.popleft()
        part.remove()

    def _await(self, part: Part) -> Mapping[str, int]:
        """Wait until a sealed part is uploaded; return the sizes of its files."""
        assert part.upload is not None, "it is sealed"
        while not part.upload.done():
            if self._interrupted.is_set():
                raise OutputError("The results were not uploaded to the end: the crawl was broken off.")
            wait([part.upload], timeout=_LOOK_EVERY)
        return part.upload.result()

    def _held(self) -> list[Part]:
        """Return the parts whose outcomes are not committed, the oldest first."""
        return [*self._sealed, *([self._growing] if self._growing is not None else [])]

    def _stats_without(self, held: Sequence[Part]) -> SavedStats:
        """Return the latest statistics without the outcomes of some parts, all that came after `_base`."""
        return without_held(self._stats, self._base, sum([part.reasons for part in held], Counter()))
