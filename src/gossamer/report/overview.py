"""The beginning of a report: the verdict on a site, the state of its crawl, the numbers that matter most, and notes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gossamer.api import start_pages
from gossamer.api.directory_layout import SETTINGS_FILE
from gossamer.api.report import Report
from gossamer.api.settings_file import previous_directory
from gossamer.api.status import Status, updates
from gossamer.api.verdict import OneFailure, ending, why
from gossamer.check.kept_report import ANEW
from gossamer.report import wording
from gossamer.report.problems import Problems
from gossamer.report.site_report import KeyFigure
from gossamer.values.formatting import numbered, plural, shown_duration, shown_size
from gossamer.values.reasons import FinishReason


def verdict(report: Report, phrases: Sequence[str]) -> str:
    """Return what is to be said of a site in a sentence, given what is to be said of its problems."""
    if not report.pages and not report.counts.failed:
        return "No page was fetched."
    pages = numbered(report.pages, "page")
    if not phrases:
        return f"No problem on {pages}."
    listed = phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
    return f"{listed[:1].upper()}{listed[1:]}; {pages} {'was' if report.pages == 1 else 'were'} fetched."


def state(told: Status, report: Report, failure: OneFailure | None) -> str:
    """Return how a crawl ended, or that it has not, and where later crawls are."""
    return " ".join(_states(told, report, failure))


def _states(told: Status, report: Report, failure: OneFailure | None) -> Iterator[str]:
    left = f"{numbered(told.glance.pending, 'known link')} not visited"
    if told.state == "running":
        at = told.glance.committed_at
        saved = f" This is what was saved until {_moment(at)}." if at is not None else " Nothing is saved yet."
        yield f"The crawl is running: {left} so far.{saved}"
    elif told.finish_reason is None:
        yield f"The crawl was interrupted: {left}. What was saved is whole."
    else:
        yield f"{ending(report)}: {why(report, failure)}"
    if told.resumable:
        yield f"gossamer resume {shlex.quote(_shown(told.directory))} goes on with it."
    if (before := previous_directory(told.directory, told.settings)) is not None:
        yield f"It updates the crawl in {_shown(before)}."
    elif later := updates(told.directory):
        yield f"This is the first crawl in {_shown(told.directory)}; the last of its updates is {later[-1].name}."


def _shown(directory: Path) -> str:
    """Return a directory as it was named; of one named from the root, only the last part, for the page may travel."""
    return directory.name if directory.is_absolute() else str(directory)


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def key_figures(report: Report, problems: Problems) -> tuple[KeyFigure, ...]:
    """Return the five numbers at the top."""
    counts, pace = report.counts, wording.pace(report)
    return (
        KeyFigure(f"{report.pages:,}", plural("page", report.pages), shown_size(report.snapshot.bytes)),
        KeyFigure(f"{problems.broken:,}", plural("broken link", problems.broken)),
        KeyFigure(f"{problems.others:,}", plural("other problem", problems.others), problems.hint),
        KeyFigure(
            f"{counts.skipped + counts.refused:,}", "links not followed", numbered(report.redirected, "redirect")
        ),
        KeyFigure(
            shown_duration(report.seconds), "of crawling", f"{pace.removesuffix('/s')} pages a second" * bool(pace)
        ),
    )


def notes(told: Status, report: Report) -> Iterator[str]:
    """Yield what else should be known: start pages that lead nowhere, logins, hosts with troubles."""
    for page in report.snapshot.start_pages.examples:
        if report.finish_reason is FinishReason.COMPLETE:
            yield f"{page.url}: {start_pages.said(page)} {start_pages.way_on(page, told.settings.policy)}".rstrip()
    if number := report.snapshot.behind_login.pages:
        yield f"{wording.behind_login(number)}. {start_pages.way_in(told.settings.policy)}"
    if (told.directory / ANEW / SETTINGS_FILE).exists():
        yield f"gossamer check crawled the site again; its report: gossamer report {_shown(told.directory)}/{ANEW}"
    for host, end in told.paused.items():
        yield f"{wording.PAUSED} by {host} until {_moment(end + 1)}."
    if hosts := report.snapshot.robots_html:
        yield f"{wording.ROBOTS_HTML}; it was obeyed as far as it holds rules: {', '.join(hosts)}."
    if report.finish_reason is FinishReason.COMPLETE and report.snapshot.sitemaps.orphans:
        orphans = report.snapshot.sitemaps
        yield f"{wording.orphans(orphans)}, such as {', '.join(orphans.examples)}."
