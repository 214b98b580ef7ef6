"""The store of a session, in two variants: in memory, or in a crawl directory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gossamer.api.directory import CrawlDirectory
from gossamer.api.settings_file import Settings, journal_of, previous_directories, previous_directory
from gossamer.engines.session import Known, OpenedStore
from gossamer.journals.memory import MemoryJournal
from gossamer.journals.previous import PreviousCrawls
from gossamer.outputs import ITEMS
from gossamer.outputs.gone_pages import read_unknown
from gossamer.values.errors import UserError
from gossamer.values.protocol import Saved
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import Changes, SavedStats, Snapshot


class MemoryStore:
    """Remembers a crawl until it ends; `key` is that of its fingerprints."""

    def __init__(self, key: int) -> None:
        self._key = key

    def open(self) -> OpenedStore:
        """Return an empty record."""
        return OpenedStore(Saved(self._key), MemoryJournal())

    def changes(self, snapshot: Snapshot, known: Known) -> Changes:
        """Return the changes as they are: nothing came before."""
        return snapshot.changes

    def close(self, reason: FinishReason | None, stats: SavedStats | None) -> None:
        """Forget everything."""


class DirectoryStore:
    """Records a crawl in its directory, held from `open` to `close`.

    `key` is that of its fingerprints, unless it resumes or updates another crawl. `has_handlers`: items are recorded.
    `resumes`: the directory holds the crawl already.
    """

    def __init__(self, path: Path, settings: Settings, *, key: int, has_handlers: bool, resumes: bool) -> None:
        self._path = path
        self._settings = settings
        self._key = key
        self._has_handlers = has_handlers
        self._resumes = resumes
        self._directory: CrawlDirectory | None = None
        self._previous: PreviousCrawls | None = None

    def open(self) -> OpenedStore:
        """Open the directory, and that of the crawl it updates. Raise UserError where this crawl cannot go on."""
        key, before = self._key, previous_directory(self._path, self._settings)
        if before is not None:
            earlier = [before, *previous_directories(before)]
            journals = [journal_of(path) for path in earlier]
            self._previous = PreviousCrawls(journals, self._settings.policy, list(map(read_unknown, earlier)))
            key = self._previous.key
        try:
            self._directory = CrawlDirectory(self._path, self._settings, key=key, items=self._has_handlers)
            saved = self._directory.open(anew=not self._resumes)
            if ITEMS in saved.offsets and not self._has_handlers:
                raise UserError(
                    f"The crawl in {self._path} has handlers, and goes on with them only: mark them with "
                    "@crawler.on before it does, or name their file (handlers=, --handlers)."
                )
        except BaseException:
            self.close(None, None)
            raise
        return OpenedStore(saved, self._directory.journal, self._directory.outputs, self._previous)

    def swept(self) -> tuple[str, ...]:
        """Return the names of the files that were removed from the remote store, because no commit names them."""
        return () if self._directory is None else self._directory.swept

    def changes(self, snapshot: Snapshot, known: Known) -> Changes:
        """Write the list of pages that are gone, which only a complete crawl knows; return the changes with it."""
        changes, complete = snapshot.changes, snapshot.finish_reason is FinishReason.COMPLETE
        if self._directory is None or self._previous is None or not complete:
            return changes
        unfetched = self._directory.unfetched(self._previous.was_page)
        lost: Iterable[str] = self._previous.lost(known)
        carried = set[str]()
        if unfetched:  # what only these linked to cannot be called gone
            lost = list(lost)
            carried = self._previous.led_to(unfetched, lost)
        count, first = self._directory.list_gone(url for url in lost if url not in carried)
        unknown, some = self._directory.list_unknown(unfetched, carried) if unfetched else (0, ())
        examples = dict(changes.examples)
        for name, urls in (("gone", first), ("unknown", some)):
            examples |= {name: urls} if urls else {}
        return msgspec.structs.replace(changes, gone=count, unknown=unknown, examples=examples)

    def close(self, reason: FinishReason | None, stats: SavedStats | None) -> None:
        """Record why the crawl ended, and close both directories."""
        with contextlib.ExitStack() as leaving:  # whatever fails, all the rest is closed
            if self._directory is not None:
                leaving.callback(self._directory.close, reason, stats)
            if self._previous is not None:
                leaving.callback(self._previous.close)
