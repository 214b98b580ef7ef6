"""What changed since the crawl before: by the records of an update, and by its lists of pages that are gone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from gossamer.api.saved_report import counted_changes
from gossamer.api.status import Status
from gossamer.outputs.gone_pages import GONE_FILE, UNKNOWN_FILE, read_gone
from gossamer.report import wording
from gossamer.report.rows import ChangedPage
from gossamer.report.tables import GrowingTable
from gossamer.values.model import Change, PageRecord

_ORDER: Final = {Change.GONE.value: 3, Change.CHANGED.value: 2, Change.ADDED.value: 1, Change.UNKNOWN.value: 0}
_LISTS: Final = {Change.GONE: GONE_FILE, Change.UNKNOWN: UNKNOWN_FILE}
"""The files that an update writes when it is complete: they say more than its records."""


class ChangeReader:
    """Collects the pages that changed."""

    def __init__(self, directory: Path) -> None:
        self.changed = GrowingTable("changes", ChangedPage, rank=lambda page: _ORDER[page.change])
        self._listed = {change: directory / name for change, name in _LISTS.items() if (directory / name).exists()}
        self._counts: Counter[str] = Counter()

    def note(self, record: PageRecord) -> None:
        """Take a visit."""
        change = record.change
        if change is None or change in self._listed:
            return
        self._counts[change] += 1
        if change is not Change.UNCHANGED:
            why = "" if record.status is None or record.status < 400 else f"status {record.status}"
            self.changed.add(ChangedPage(record.url, change, record.title, why))

    def read_lists(self) -> None:
        """Take the pages of the lists."""
        for change, path in self._listed.items():
            for page in read_gone(path):
                self._counts[change] += 1
                self.changed.add(ChangedPage(page.url, change, why=page.why))

    def sentence(self, told: Status) -> str:
        """Return what changed in a sentence, or that there is no crawl before."""
        if not told.settings.previous:
            return (
                "This is a first crawl: there is nothing to compare it with. gossamer crawl --update DIR makes another."
            )
        return f"{wording.SINCE}: {wording.changes(counted_changes(self._counts))}."
