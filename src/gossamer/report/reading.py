"""Reading a crawl for its report: every visit twice, one after the other, so that memory stays small.

The first reading counts, and finds out who links to whom; the second names pages, now that it is known which matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final

import numpy as np

from gossamer.api.link_graph import Ids, LinkedVisit
from gossamer.api.status import Status
from gossamer.api.verdict import OneFailure
from gossamer.outputs import SKIPPED
from gossamer.outputs.skipped import read_skipped
from gossamer.report.changed_pages import ChangeReader
from gossamer.report.csv_files import CsvFiles
from gossamer.report.duplicates import DuplicateFinder
from gossamer.report.edges import EdgeFile, linking_pages
from gossamer.report.failures import GROUPS, FailureFinder
from gossamer.report.page_rank import page_rank
from gossamer.report.rows import PageFigures, RankedPage, ReportedProblem, UnfollowedLink
from gossamer.report.tables import GrowingTable, Write, nowhere
from gossamer.report.tally import TOP, VisitTally
from gossamer.report.text_store import TextStore
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import Reason

WHOLE: Final = "pages"
"""The name of the table of all visits, which is written to a file only."""
_NO_PAGE: Final = -1
_EXPECTED: Final = (Reason.SKIP_SCOPE, Reason.SKIP_SCHEME)
"""The reasons of links that nobody misses: other links that were not followed come before these."""


class CrawlReading:
    """Takes the visits of a crawl: `first` each of them, then `compare`, `second` all again, then `finish`.

    With `names_failures` the failures among them are named with who links there. Some 80 bytes of memory for each of
    its `urls`, whatever the pages hold.
    """

    def __init__(
        self, told: Status, urls: int, texts: TextStore, edges: EdgeFile, files: CsvFiles, *, names_failures: bool
    ) -> None:
        self.tally = VisitTally()
        self.changes = ChangeReader(told.directory)
        self.duplicates = DuplicateFinder(texts)
        self.failures = FailureFinder(urls, texts)
        self.skipped = GrowingTable("skipped-links", UnfollowedLink, rank=lambda link: link.code not in _EXPECTED)
        self.ranked = GrowingTable("ranked", RankedPage, most=TOP, rank=lambda page: page.rank)
        self.failure: OneFailure | None = None
        """The last failure."""
        self._told = told
        self._urls = urls
        self._edges = edges
        self._files = files
        self._names_failures = names_failures
        self._linked_by: Ids = np.zeros(0, np.int64)
        self._rank = np.zeros(0)
        for table in (self.changes.changed, self.duplicates.found, self.skipped, self.tally.scripts):
            files.follow(table)
        self._write_page: Write = files.open(WHOLE, PageFigures) if files.every else nowhere

    def first(self, visit: LinkedVisit) -> None:
        """Take a visit in the first reading."""
        record = visit.record
        self._edges.add(visit.id, visit.targets, visit.unfollowed)
        self.tally.note(record)
        self.changes.note(record)
        self.duplicates.first_reading(record)
        self.failures.first_reading(visit)
        if record.outcome is OutcomeKind.SKIPPED:
            self.skipped.add(UnfollowedLink(record.url, record.reason or "", record.via))
        elif record.outcome is OutcomeKind.FAILED:
            self.failure = OneFailure(record)

    def compare(self) -> None:
        """Compare what was read, between the two readings."""
        self.duplicates.compare()
        self.failures.compare(self._edges)
        if self.failure is not None:
            self.failure = OneFailure(self.failure.record, moved=self.failures.is_redirected_to())
        self._linked_by = linking_pages(self._edges, self._urls)
        self._rank = page_rank(self._edges, self._urls)
        for group in GROUPS if self._names_failures else ():
            if self.failures.number(group) and (self._files.every or self.failures.is_cut(group)):
                self.failures.write[group] = self._files.open(group, ReportedProblem)

    def second(self, records: Iterable[tuple[int, PageRecord]]) -> None:
        """Take all visits in the second reading, in the same order; their links are remembered."""
        pages = chain(self._edges.pages(), [(_NO_PAGE, np.zeros(0, np.int64))])
        source, targets = next(pages)
        for id_, record in records:
            if id_ == source:
                if self._names_failures:
                    self.failures.second_reading(id_, record.url, targets)
                source, targets = next(pages)
            self._name(id_, record)

    def _name(self, id_: int, record: PageRecord) -> None:
        rank, linked_by = float(self._rank[id_]), int(self._linked_by[id_])
        self.duplicates.second_reading(record)
        if record.outcome is OutcomeKind.DONE:
            self.ranked.add(RankedPage(record.url, record.title, rank, linked_by, record.depth))
        if self._write_page is not nowhere:
            self._write_page(_figures(record, rank, linked_by))

    def finish(self) -> None:
        """Take what is known of pages without a visit."""
        if self._names_failures:
            self.failures.finish()
        self.changes.read_lists()
        for link in read_skipped(self._told.directory, self._told.glance.offsets.get(SKIPPED, 0)):
            self.skipped.add(UnfollowedLink(link.url, link.reason, link.via))


def _figures(record: PageRecord, rank: float, linked_by: int) -> PageFigures:
    return PageFigures(
        url=record.url,
        outcome=record.outcome,
        status=record.status,
        reason=record.reason or "",
        change=record.change or "",
        title=record.title,
        depth=record.depth,
        via=record.via,
        linked_by=linked_by,
        rank=rank,
        type=record.content_type,
        size=record.size,
        seconds=record.timings.total,
    )
