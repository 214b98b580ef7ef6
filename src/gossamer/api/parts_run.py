"""The parts of a crawl on one machine: their spool in its directory, and the threads that upload and tend them."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from gossamer.api.directory_layout import LOCK
from gossamer.api.lock import holder
from gossamer.api.settings_file import Settings, journal_of, read_settings
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.request_header import request_header
from gossamer.journals import parts
from gossamer.journals.address import JournalAddress
from gossamer.journals.reading import exists
from gossamer.journals.visits import JournalSnapshot
from gossamer.outputs.parts.growing import PartContents
from gossamer.outputs.parts.journal import EpochJournal
from gossamer.outputs.parts.opening import with_parts
from gossamer.outputs.parts.ownership import refuse_owned
from gossamer.outputs.parts.sweep import part_files, remove_all, sweep
from gossamer.outputs.parts.tending import Tender
from gossamer.outputs.remote import RemoteStore

SPOOL: Final = "spool"
"""The directory of parts that are not uploaded yet, relative to the crawl directory."""
_UPLOADS: Final = 2
"""Number of parts that are uploaded at once."""


class PartsRun:
    """The parts of one run of a crawl. `journal` is what the crawl commits to."""

    def __init__(self, path: Path, settings: Settings, journal: EpochJournal, *, items: bool) -> None:
        policy = settings.policy
        self._url = policy.store
        self._pool = ThreadPoolExecutor(_UPLOADS, "gossamer-upload")
        contents = PartContents(settings.formats, policy, partial(request_header, FetchOptions.of(policy)), items)
        self._spool = path / SPOOL
        self.journal = with_parts(journal, self._url, contents, self._spool, pool=self._pool)
        self._tender: Tender | None = None
        self.swept: tuple[str, ...] = ()
        """The files that `begin` removed, by their names in the store."""

    def refuse_owned(self) -> None:
        """Raise UserError where the results of a crawl are already, before anything of this one is written."""
        refuse_owned(RemoteStore.of(self._url))

    def begin(self, address: JournalAddress) -> None:
        """Remove what an earlier run uploaded and could not commit, and look after the parts of this one.

        The journal is open, so that no earlier run can commit any more. Raises JournalError or OutputError.
        """
        self.swept = sweep_parts(address, self._url)
        self._tender = Tender(self.journal)

    def close(self) -> None:
        """End the threads. What was not committed is given up."""
        if self._tender is not None:
            self._tender.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(OSError):
            self._spool.rmdir()  # if it is empty


def sweep_parts(address: JournalAddress, url: str, *, over: bool = False) -> tuple[str, ...]:
    """Remove the files of parts below a URL that a journal will never name; return their names.

    `over`: nobody works on the crawl. Raises JournalError or OutputError.
    """
    store = RemoteStore.of(url)
    epochs = {shard: epoch + over for shard, epoch in parts.epochs(address).items()}
    there = part_files(store)
    with JournalSnapshot(address) as journal:
        named = {name for sizes, _ in journal.offsets() for name in sizes}
    return sweep(store, there, named, epochs)


def sweep_ended(path: Path) -> tuple[str, ...]:
    """Remove the files that the journal of the crawl in a directory will never name, if nobody works on it.

    Return their names. Raises JournalError or OutputError.
    """
    settings = read_settings(path)
    if not settings.policy.store or holder(path / LOCK) is not None or parts.has_owner(address := journal_of(path)):
        return ()
    return sweep_parts(address, settings.policy.store, over=True)


def discard_parts(path: Path) -> None:
    """Remove the parts of the crawl in a directory that is about to be removed. Raises OutputError."""
    settings = read_settings(path)
    if settings.policy.store and exists(address := journal_of(path)):
        with JournalSnapshot(address) as journal:
            key = journal.key
        remove_all(RemoteStore.of(settings.policy.store), key)
