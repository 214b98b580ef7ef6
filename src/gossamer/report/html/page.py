"""The report of a crawl as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from gossamer.check.findings import Severity
from gossamer.report import wording
from gossamer.report.csv_files import CsvFiles
from gossamer.report.html.frame import Overview, Section, framed, words
from gossamer.report.html.markup import text
from gossamer.report.html.tables import TableWriter
from gossamer.report.site_report import ProblemGroup, SiteReport

MADE_BY: Final = "gossamer report"
"""The name by which a report is known as one."""
PROBLEMS: Final = 3_000_000
"""Maximum size of all tables of problems together (characters)."""
OTHERS: Final = 60_000
"""Maximum size of any other table (characters); there are less than twenty."""
_PAGE_RANK: Final = (
    "PageRank is the share of the time that a reader would spend on a page who follows links at random, and in 15 of "
    "100 steps goes on at any page (Page, Brin, Motwani and Winograd 1999). Links with nofollow pass nothing on."
)
_SCRIPTS: Final = (
    "These pages show their content or their links only with JavaScript, which was not run: what is on them is missing "
    "here."
)


def html(report: SiteReport, files: CsvFiles) -> str:
    """Return the page; tables that are cut have their rest in `files`."""
    when = f"{report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M} UTC" if report.first and report.last else ""
    about = " · ".join(part for part in (report.told.directory.absolute().name, when) if part)
    overview = Overview(report.verdict, report.state, report.told.state, report.figures)
    return framed(MADE_BY, "crawl report", _site(report), about, overview, list(_sections(report, TableWriter(files))))


def _site(report: SiteReport) -> str:
    seeds = report.told.settings.policy.seeds
    return f"{seeds[0]} and {len(seeds) - 1:,} more" if len(seeds) > 1 else "".join(seeds) or "no address"


# ---------------------------------------------------------------- the sections


def _sections(report: SiteReport, tables: TableWriter) -> Iterator[Section]:
    html = partial(tables.html, characters=OTHERS)
    yield Section("changes", wording.SINCE, words(report.changes) + html(report.changed))
    yield Section("problems", "Problems", _problems(report, tables))
    if report.time:
        yield Section("time", wording.TIME, words(report.time) + html(report.times))
    skipped = html(report.skipped) + html(report.skipped_links)
    yield Section("skipped", "What was not followed, and why", skipped or words("Every link was followed."))
    if report.hosts.rows:
        yield Section("hosts", "Hosts", html(report.hosts))
        yield Section("structure", "Where the pages are", html(report.depths) + html(report.folders))
        yield Section("kinds", "How links ended, and what pages are", html(report.statuses) + html(report.types))
    if report.slow.rows:
        yield Section("extremes", "Slow and large pages", html(report.slow) + html(report.large))
        yield Section("ranked", "What links make important", words(_PAGE_RANK) + html(report.ranked))
    none = words("No page has the content of another.")
    yield Section("duplicates", "Duplicates", html(report.duplicates) or none)
    if report.scripts.rows:
        yield Section("needs-js", "Pages that need JavaScript", words(_SCRIPTS) + html(report.scripts))
    yield Section("configuration", "Configuration", html(report.settings) + html(report.versions))
    yield Section("methods", "Methods", f'<p id="method">{text(report.methods)}</p>\n')


def _problems(report: SiteReport, tables: TableWriter) -> str:
    share = PROBLEMS // max(len(report.problems), 1)
    groups = "".join([_group(group, tables, share) for group in report.problems])
    notes = "".join([f"<li>{text(note)}</li>" for note in report.notes])
    listed = f'<h3>To be known</h3>\n<ul class="notes">{notes}</ul>\n' if notes else ""
    limits = f'<p class="soft">{text(report.limits)}</p>\n' if report.limits else ""
    return (groups or words("None was found.")) + limits + listed


def _group(group: ProblemGroup, tables: TableWriter, characters: int) -> str:
    empty = {name for name in ("suggestion", "referrers") if not any(getattr(row, name) for row in group.table.rows)}
    hidden = (*empty, "pages") if "referrers" in empty else tuple(empty)
    table = tables.html(group.table, characters, hidden)
    head, content = f"<h3>{text(group.title)}</h3>", f"{words(group.about)}{table}"
    if group.severity is Severity.NOTICE:
        return f"<details><summary>{head}</summary>\n{content}</details>\n"
    return f"{head}\n{content}"
