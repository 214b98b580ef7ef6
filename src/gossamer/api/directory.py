"""The files of a crawl directory, opened and closed together under its lock.

gossamer.toml   the settings, frozen       journal.db   everything a resumed crawl needs
lock            the process at work         pages.jsonl, … the outputs; with a store, spool/: parts not uploaded yet
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gossamer.api.directory_layout import ARCHIVES, JOURNAL, LOCK, SETTINGS_FILE, TRACES, refuse_file, refuse_orphaned
from gossamer.api.lock import Lock
from gossamer.api.parts_run import PartsRun, discard_parts
from gossamer.api.settings_file import Settings, journal_address, journal_of, previous_directory, write_settings
from gossamer.api.status import Status, status
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.request_header import request_header
from gossamer.journals.address import JournalAddress, PostgresAddress
from gossamer.journals.reading import exists, require_postgres
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.summary import lines
from gossamer.outputs import ITEM_TABLES, ITEMS, SKIPPED, open_output
from gossamer.outputs.gone_pages import (
    LINKED_BY_UNFETCHED,
    UNFETCHED,
    UNKNOWN_FILE,
    UNLINKED,
    Gone,
    not_found,
    write_gone,
)
from gossamer.rules.recrawl import is_unfetched
from gossamer.values.errors import JournalError, OutputError, UserError
from gossamer.values.model import PageRecord
from gossamer.values.ports import Output
from gossamer.values.protocol import Saved
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats

if TYPE_CHECKING:
    from gossamer.journals.postgres import PostgresJournal
    from gossamer.outputs.parts.journal import PartsJournal

FAILED_FIELD: Final = b'"outcome":"failed"'


class CrawlDirectory:
    """The directory of one crawl, locked by this process from `open` to `close`; `items` if it has handlers."""

    def __init__(self, path: Path, settings: Settings, *, key: int | None = None, items: bool = False) -> None:
        self.path = path
        self._items = items
        self.outputs: dict[str, Output] = {}
        self._address = journal_address(path, settings)
        self._settings = settings
        self._lock: Lock | None = None
        self._parts: PartsRun | None = None
        journal = _journal(self._address, durable=settings.durable, key=key)
        self.journal: PartsJournal | PostgresJournal | SqliteJournal = journal
        if settings.policy.store:
            self._parts = PartsRun(path, settings, journal, items=items)
            self.journal = self._parts.journal

    def open(self, *, anew: bool) -> Saved:
        """Lock the directory and return what was saved; `anew` for a crawl that must be the first one here.

        Every output is cut back to the last commit. Raise UserError where there is another crawl, or another process
        at work.
        """
        refuse_file(self.path)
        if anew and self._parts is not None and not self.path.exists():
            self._parts.refuse_owned()  # before anything is there
        self._lock = locked(self.path)
        try:
            if anew:
                make_room(self.path)
                refuse_taken(self._address)
                if self._parts is not None:
                    self._parts.refuse_owned()
            else:
                refuse_orphaned(self.path, self._address)
            write_settings(self.path, self._settings)
            saved = self.journal.open()
            self.journal.note("")
            if self._parts is not None:
                self._parts.begin(self._address)
            self._open_outputs(saved)
        except BaseException:
            self.close()
            raise
        return saved

    @property
    def swept(self) -> tuple[str, ...]:
        """The names of the files that were removed from the store, because no commit names them."""
        return () if self._parts is None else self._parts.swept

    def _open_outputs(self, saved: Saved) -> None:
        policy, durable = self._settings.policy, self._settings.durable
        previous = previous_directory(self.path, self._settings)
        header = partial(request_header, FetchOptions.of(policy))
        known = saved.stats.items if saved.stats is not None else {}
        in_parts = self._parts is not None
        own = () if in_parts else (*self._settings.formats, *self._for_items(saved.offsets))
        for name in (*own, *self._for_refused(saved.offsets)):
            try:
                output = open_output(
                    name,
                    self.path,
                    durable=durable,
                    policy=policy,
                    request_header=header,
                    previous=previous,
                    items=known,
                )
                self.outputs[name] = output
                output.resume(saved.offsets.get(name, 0))
            except OSError as error:
                raise OutputError(f"The output {name} cannot be opened: {error.strerror or error}.") from error

    def _for_items(self, offsets: Mapping[str, int]) -> tuple[str, ...]:
        """Return the names of the outputs of items, for a crawl that has handlers or had some."""
        if not self._items and ITEMS not in offsets:
            return ()
        return (ITEMS, ITEM_TABLES) if "parquet" in self._settings.formats else (ITEMS,)

    def _for_refused(self, offsets: Mapping[str, int]) -> tuple[str, ...]:
        """Return the name of the output of refused links, for a crawl that keeps these or kept some."""
        return (SKIPPED,) if self._settings.policy.keep_skipped or SKIPPED in offsets else ()

    def list_gone(self, unlinked: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """Write the list of pages that are gone since the crawl before: not found any more, or not linked any more.

        Return how many there are, and the URLs of the first few. Raise JournalError or OutputError.
        """
        gone = chain(not_found(lines(self._address)), (Gone(url, UNLINKED) for url in unlinked))
        return write_gone(self.path, gone, durable=self._settings.durable)

    def list_unknown(self, unfetched: Iterable[str], linked: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """Write the list of pages of which nothing is known; return their number and the URLs of the first few."""
        pages = chain(
            (Gone(url, UNFETCHED) for url in unfetched), (Gone(url, LINKED_BY_UNFETCHED) for url in sorted(linked))
        )
        return write_gone(self.path, pages, durable=self._settings.durable, name=UNKNOWN_FILE)

    def unfetched(self, was_page: Callable[[str], bool]) -> list[str]:
        """Return the URLs of earlier pages that could not be fetched this time. Raise JournalError."""
        found = []
        for piece in lines(self._address):
            for line in piece.splitlines() if FAILED_FIELD in piece else ():
                record = msgspec.json.decode(line, type=PageRecord) if FAILED_FIELD in line else None
                if record is not None and is_unfetched(record) and was_page(record.url):
                    found.append(record.url)
        return found

    def close(self, reason: FinishReason | None = None, stats: SavedStats | None = None) -> None:
        """Record why the crawl ended, with its final statistics; close outputs and journal, release the lock.

        Parts are uploaded first: a crawl whose results could not be written has not ended.
        """
        with contextlib.ExitStack() as leaving:  # whatever fails, all the rest is closed
            if self._lock is not None:
                leaving.callback(self._lock.release)
            leaving.callback(self.journal.close)
            for output in self.outputs.values():
                leaving.callback(output.close)
            if self._parts is not None:
                leaving.callback(self._parts.close)
            if reason is not None:
                if self._parts is not None:
                    self._parts.journal.flush()
                # All that matters is committed, so trouble here is none.
                with contextlib.suppress(JournalError):
                    self.journal.note(reason.value, stats)


def locked(path: Path) -> Lock:
    """Return the lock of a crawl directory, taken; the directory is made where it is missing. Raises UserError."""
    refuse_file(path)
    lock = Lock(path / LOCK)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.take()
    except OSError as error:
        raise UserError(f"The crawl directory {path} cannot be written: {error.strerror or error}.") from None
    return lock


def make_room(path: Path) -> None:
    """Raise UserError where the directory holds a crawl; a crawl that reached no server is removed instead."""
    if not any((path / name).exists() for name in (SETTINGS_FILE, JOURNAL, "pages.jsonl")):
        return
    told = _told(path)
    if told is not None and _reached_nobody(told):
        discard_parts(path)
        _empty(path, journal_address(path, told.settings))
        return
    called, typed = _ways_on(path, told)
    raise UserError(
        f"{path} already holds a crawl: {called}name another directory.",
        typed=f"{path} already holds a crawl: {typed}name another directory.",
    )


def _told(path: Path) -> Status | None:
    """Return the state of the crawl in a directory; None if it has no journal."""
    return status(path) if (path / SETTINGS_FILE).exists() and exists(journal_of(path)) else None


def refuse_taken(address: JournalAddress) -> None:
    """Raise UserError where a schema for a new crawl holds one already."""
    if isinstance(address, PostgresAddress) and exists(address):
        raise UserError(f"{address} already holds the journal of a crawl; name another schema.")


def _journal(address: JournalAddress, *, durable: bool, key: int | None) -> PostgresJournal | SqliteJournal:
    if isinstance(address, Path):
        return SqliteJournal(address, durable=durable, key=key)
    require_postgres()
    from gossamer.journals.postgres import PostgresJournal

    return PostgresJournal(address, key=key)


def _ways_on(path: Path, told: Status | None) -> tuple[str, str]:
    """Return the beginning of a sentence: what to call, and what to type, about the crawl that is in a directory."""
    if told is None:
        return "", ""
    named, typed = repr(str(path)), shlex.quote(str(path))
    if told.glance.pending or not told.glance.known:
        end = "goes on with it; or "
        verb = "check" if told.is_check else "resume"
        return f"Crawler.resume({named}) {end}", f"`gossamer {verb} {typed}` {end}"
    if told.is_check:
        return f"check_site({named}) judges it again; or ", f"`gossamer check {typed}` judges it again; or "
    end = "looks for changes; or "
    return f"Crawler.update({named}) {end}", f"`gossamer crawl --update {typed}` {end}"


def _reached_nobody(told: Status) -> bool:
    """Whether a crawl ended because no server could be reached, so that nothing is worth keeping."""
    return told.finish_reason is FinishReason.UNREACHABLE and not told.glance.stats.bytes


def _empty(path: Path, journal: JournalAddress) -> None:
    """Remove the files of a crawl and its journal, except the lock that is held."""
    if isinstance(journal, PostgresAddress):
        from gossamer.journals import postgres

        postgres.drop(journal)
    archives = [file for pattern in ARCHIVES for file in path.glob(pattern)]
    for file in [*archives, *(path / name for name in TRACES if name != LOCK)]:
        file.unlink(missing_ok=True)
