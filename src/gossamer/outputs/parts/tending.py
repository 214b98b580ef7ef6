"""A thread that tends the parts of a crawl on one machine, while its driver waits or is busy elsewhere."""

from __future__ import annotations

from threading import Event, Thread
from typing import Final

from gossamer.outputs.parts.journal import PartsJournal
from gossamer.values.errors import JournalError, OutputError

EVERY: Final = 1.0
"""Time (seconds) between two looks."""


class Tender:
    """Calls `PartsJournal.tend` until it is closed, or until that raises: then the next commit raises the same."""

    def __init__(self, journal: PartsJournal) -> None:
        self._journal = journal
        self._closed = Event()
        self._thread = Thread(target=self._run, name="gossamer-parts", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closed.wait(EVERY):
            try:
                self._journal.tend()
            except (JournalError, OutputError):
                return  # what failed stays so, and the crawl learns it where it commits

    def close(self) -> None:
        """End the thread, and wait for it."""
        self._closed.set()
        self._thread.join()
