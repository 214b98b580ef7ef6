"""What is counted of the visits of a crawl, one after the other: their statuses, types, depths, sizes and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Final

from gossamer.report.folders import FolderTally
from gossamer.report.hosts import HostTally
from gossamer.report.rows import DepthFigures, MeasuredPage, StatusFigures, TitledPage, TypeFigures
from gossamer.report.tables import GrowingTable
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import Reason

TOP: Final = 25
"""Number of pages in a ranking."""
_TYPES: Final = 1000
"""Maximum number of media types that are counted; others are "other"."""
DEPTHS: Final = 60
"""Maximum number of depths that are told apart; deeper pages count for the last."""


class VisitTally:
    """Counts visits."""

    def __init__(self) -> None:
        self.hosts = HostTally()
        self.folders = FolderTally()
        self.slow = GrowingTable("slowest", MeasuredPage, most=TOP, rank=lambda page: page.seconds)
        self.large = GrowingTable("largest", MeasuredPage, most=TOP, rank=lambda page: page.size)
        self.scripts = GrowingTable("javascript", TitledPage)
        self.first: datetime | None = None
        """When the first answer came (UTC)."""
        self.last: datetime | None = None
        """When the last answer came (UTC)."""
        self.visits = 0
        """Number of visits."""
        self._statuses: Counter[int | str] = Counter()
        self._depths: Counter[tuple[int, OutcomeKind]] = Counter()
        self._types: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()

    def note(self, record: PageRecord) -> None:
        """Count a visit."""
        self.visits += 1
        self.hosts.note(record)
        self.folders.note(record)
        code = record.reason.value if record.reason is not None else record.outcome.value
        self._statuses[code if record.status is None else record.status] += 1
        self._depths[min(record.depth, DEPTHS), record.outcome] += 1
        at = record.fetched_at
        if at is not None:
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        if record.outcome is OutcomeKind.DONE:
            self._note_page(record)

    def _note_page(self, record: PageRecord) -> None:
        type_ = record.content_type.partition(";")[0].strip().lower() or "none"
        if type_ not in self._types and len(self._types) >= _TYPES:
            type_ = "other"
        self._types[type_] += 1
        self._sizes[type_] += record.size
        timings = record.timings
        page = MeasuredPage(record.url, timings.total, timings.first_byte, record.size, type_)
        self.slow.add(page)
        self.large.add(page)
        if record.needs_js:
            self.scripts.add(TitledPage(record.url, record.title))

    def statuses(self) -> Iterator[StatusFigures]:
        """Yield how links ended, the most frequent first."""
        for status, links in sorted(self._statuses.items(), key=lambda item: (-item[1], str(item[0]))):
            yield StatusFigures(str(status), meaning(status), links, links / self.visits)

    def depths(self) -> Iterator[DepthFigures]:
        """Yield how many pages are how far from the start."""
        pages = sum(number for (_, outcome), number in self._depths.items() if outcome is OutcomeKind.DONE)
        for depth in sorted({depth for depth, _ in self._depths}):
            done = self._depths[depth, OutcomeKind.DONE]
            yield DepthFigures(depth, done, self._depths[depth, OutcomeKind.FAILED], done / pages if pages else 0.0)

    def types(self) -> Iterator[TypeFigures]:
        """Yield the media types of pages, the most frequent first."""
        whole = self._types.total()
        for type_, pages in sorted(self._types.items(), key=lambda item: (-item[1], item[0])):
            size = self._sizes[type_]
            yield TypeFigures(type_, pages, size, round(size / pages), pages / whole)


def meaning(status: int | str) -> str:
    """Return what a status code means, or the sentence of a reason."""
    if isinstance(status, str):
        return Reason(status).sentence if status in list(Reason) else ""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "not a status that HTTP defines"
