"""The report of a crawl as a value: all that a page, a terminal or a dashboard shows of it, without how it looks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from gossamer.api.report import Report
from gossamer.api.status import Status
from gossamer.check.findings import Severity
from gossamer.report.rows import (
    ChangedPage,
    ChangedSetting,
    DepthFigures,
    DuplicatePage,
    FolderFigures,
    HostFigures,
    MeasuredPage,
    RankedPage,
    ReportedProblem,
    SkippedReason,
    StatusFigures,
    TimeShare,
    TitledPage,
    TypeFigures,
    UnfollowedLink,
    UsedVersion,
)
from gossamer.report.tables import ReportTable


class ProblemGroup(Struct, frozen=True):
    """Problems of one kind."""

    title: str
    """What they are, with their number: "12 broken links"."""
    about: str
    """Why they matter, and how to mend them."""
    table: ReportTable[ReportedProblem]
    """The problems, those that most pages link to first."""
    severity: Severity | None = None
    """How much they matter, if a check found them."""


class KeyFigure(Struct, frozen=True):
    """One of the numbers at the top of a report."""

    value: str
    """The number, as it is shown."""
    label: str
    """What is counted."""
    note: str = ""
    """What else there is to say of it."""


class SiteReport(Struct, frozen=True):
    """The report of a crawl, up to its last commit."""

    told: Status
    """The state of the crawl."""
    report: Report
    """What the crawl came to."""
    first: datetime | None
    """When the first answer came (UTC)."""
    last: datetime | None
    """When the last answer came (UTC)."""
    verdict: str
    """What is to be said of the site, in a sentence."""
    state: str
    """How the crawl ended, or that it has not, in a sentence or two."""
    figures: tuple[KeyFigure, ...]
    """The five numbers that matter most."""
    changes: str
    """What changed since the crawl before, in a sentence; or that there was none."""
    changed: ReportTable[ChangedPage]
    problems: tuple[ProblemGroup, ...]
    limits: str
    """Which problems were not looked for, in a sentence; "" if all were."""
    notes: tuple[str, ...]
    """What else should be known of the site: start pages that lead nowhere, hosts that asked to be left alone."""
    time: str
    """What took the time, in a sentence, and what can be done about it; "" if nothing took any."""
    times: ReportTable[TimeShare]
    skipped: ReportTable[SkippedReason]
    skipped_links: ReportTable[UnfollowedLink]
    hosts: ReportTable[HostFigures]
    depths: ReportTable[DepthFigures]
    folders: ReportTable[FolderFigures]
    statuses: ReportTable[StatusFigures]
    types: ReportTable[TypeFigures]
    slow: ReportTable[MeasuredPage]
    large: ReportTable[MeasuredPage]
    ranked: ReportTable[RankedPage]
    duplicates: ReportTable[DuplicatePage]
    scripts: ReportTable[TitledPage]
    settings: ReportTable[ChangedSetting]
    versions: ReportTable[UsedVersion]
    methods: str
    """How it was crawled, in a paragraph that may go into a paper."""

    @property
    def tables(self) -> tuple[ReportTable[Any], ...]:
        """Return all tables, in the order of the report."""
        return (
            self.changed, *[group.table for group in self.problems], self.times, self.skipped, self.skipped_links,
            self.hosts, self.depths, self.folders, self.statuses, self.types, self.slow, self.large, self.ranked,
            self.duplicates, self.scripts, self.settings, self.versions,
        )  # fmt: skip
