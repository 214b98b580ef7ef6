"""Making the report of a crawl directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from gossamer.api.link_graph import LinkGraph
from gossamer.api.report import Report
from gossamer.api.saved_report import saved_report
from gossamer.api.status import Status, status
from gossamer.check.external_results import EXTERNAL_FILE
from gossamer.check.run import SiteCheck
from gossamer.check.settings import CheckSettings
from gossamer.outputs.references import FORMAT
from gossamer.report import methods, overview, wording
from gossamer.report.advice import advice
from gossamer.report.csv_files import CsvFiles
from gossamer.report.edges import EdgeFile
from gossamer.report.problems import Problems, by_check, by_records
from gossamer.report.reading import WHOLE, CrawlReading
from gossamer.report.rows import (
    ChangedSetting,
    DepthFigures,
    FolderFigures,
    HostFigures,
    SkippedReason,
    StatusFigures,
    TimeShare,
    TypeFigures,
    UsedVersion,
)
from gossamer.report.site_report import SiteReport
from gossamer.report.tables import GrowingTable, ReportTable, Row
from gossamer.report.text_store import TextStore
from gossamer.values.formatting import numbered
from gossamer.values.reasons import Reason

_SKIPPED: Final = "skip."
"""The beginning of the codes of links that were not followed."""


def read_report(directory: Path, files: CsvFiles, check: CheckSettings | None = None) -> SiteReport:
    """Return the report of the crawl in a directory, running or not, up to its last commit.

    Where the crawl recorded references, or was checked, its problems are judged by the settings of a `check`; nobody is
    asked for anything. Raises UserError for what is no crawl directory, JournalError, and OSError where a file cannot
    be written.
    """
    told = status(directory)
    with ExitStack() as open_:
        texts, edges = open_.enter_context(TextStore()), open_.enter_context(EdgeFile())
        graph = open_.enter_context(LinkGraph(directory)) if told.glance.known else None
        checked = told.glance.ended > 0 and is_checked(told)
        reading = CrawlReading(told, len(graph) if graph else 0, texts, edges, files, names_failures=not checked)
        for visit in graph.visits() if graph else ():
            reading.first(visit)
        reading.compare()
        reading.second(graph.records() if graph else ())
        reading.finish()
        problems = _checked(told, check, files) if checked else by_records(reading.failures)
        made = _assembled(told, reading, problems, files)
    names = [table.name for table in made.tables]
    assert len(set(names)) == len(names), f"tables share a name: {names}"
    if files.every:
        for table in made.tables:
            files.write_table(table)
    return made


def _assembled(told: Status, reading: CrawlReading, problems: Problems, files: CsvFiles) -> SiteReport:
    report, tally, settings = saved_report(told), reading.tally, told.settings
    pages = numbered(report.pages, "page")

    def grown(
        name: str, caption: str, row: type[Row], rows: Iterable[Row], rank: Callable[[Row], float]
    ) -> ReportTable[Row]:
        table = GrowingTable(name, row, rank=rank)
        files.follow(table)
        for one in rows:
            table.add(one)
        return table.table(caption)

    return SiteReport(
        told=told,
        report=report,
        first=tally.first,
        last=tally.last,
        verdict=overview.verdict(report, problems.phrases),
        state=overview.state(told, report, reading.failure if report.counts.failed == 1 else None),
        figures=overview.key_figures(report, problems),
        changes=reading.changes.sentence(told),
        changed=reading.changes.changed.table("Pages that are not as they were"),
        problems=problems.groups,
        limits=problems.limits,
        notes=tuple(overview.notes(told, report)),
        time=_time(report, told),
        times=ReportTable.of("time", "What the time of all slots went into", TimeShare, _times(report)),
        skipped=ReportTable.of("skipped", "Links that were not followed, by reason", SkippedReason, _skipped(report)),
        skipped_links=reading.skipped.table("Links that were not followed, one by one"),
        hosts=grown(
            "hosts", "Hosts, with the time of their answers", HostFigures, tally.hosts.figures(report.audit),
            lambda host: host.pages,
        ),
        depths=ReportTable.of("depths", f"{pages} by their distance from the start", DepthFigures, tally.depths()),
        folders=ReportTable.of(
            "folders", f"{pages} by the larger parts of the site", FolderFigures, tally.folders.figures()
        ),
        statuses=grown("statuses", "How links ended", StatusFigures, tally.statuses(), lambda status: status.links),
        types=grown("types", f"{pages} by media type", TypeFigures, tally.types(), lambda type_: type_.pages),
        slow=tally.slow.table("The slowest pages", WHOLE),
        large=tally.large.table("The largest pages", WHOLE),
        ranked=reading.ranked.table("The pages that matter most, by PageRank", WHOLE),
        duplicates=reading.duplicates.found.table(wording.duplicates(reading.duplicates.found.total)),
        scripts=tally.scripts.table(wording.needs_js(tally.scripts.total)),
        settings=ReportTable.of(
            "settings", "Settings that differ from the defaults", ChangedSetting, methods.changed_settings(settings)
        ),
        versions=ReportTable.of("versions", "Versions", UsedVersion, methods.versions(settings)),
        methods=methods.methods(report, settings, tally.first, tally.last),
    )  # fmt: skip


def is_checked(told: Status) -> bool:
    """Whether a crawl recorded what a check judges, or was checked by what it recorded."""
    return FORMAT in told.settings.formats or (told.directory / EXTERNAL_FILE).exists()


def _checked(told: Status, check: CheckSettings | None, files: CsvFiles) -> Problems:
    """Return what a check finds, without asking anybody."""
    resources = told.settings.policy.resources
    with SiteCheck(told.directory, check or CheckSettings(), resources=resources) as job:
        unanswered = job.recall()
        return by_check(job.report(), files, unanswered=unanswered)


def _time(report: Report, told: Status) -> str:
    if not report.snapshot.limiting_share:
        return ""
    policy, factor = told.settings.policy, report.limiting_factor
    hint = advice(factor, policy, told.settings.engine, few_links=report.snapshot.has_few_links)
    return f"{report.snapshot.limiting_share:.0%} of the time with work went into {factor.sentence}. {hint}"


def _times(report: Report) -> Iterator[TimeShare]:
    whole = sum(report.snapshot.seconds.values())
    for waiting, seconds in sorted(report.snapshot.seconds.items(), key=lambda item: -item[1]):
        if seconds:
            yield TimeShare(waiting.sentence, waiting.value, seconds, seconds / whole)


def _skipped(report: Report) -> Iterator[SkippedReason]:
    ranked = sorted(report.counts.by_reason.items(), key=lambda item: (-item[1], item[0]))
    for code, links in ranked:
        if code.startswith(_SKIPPED):
            yield SkippedReason(Reason(code).sentence, code, links)
