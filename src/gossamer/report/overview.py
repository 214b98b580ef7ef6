"""The beginning of a report: the verdict on a site, the state of its crawl, the numbers that matter most, and notes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from gossamer.api.report import Report
from gossamer.api.status import Status, updates
from gossamer.report import start_pages, wording
from gossamer.report.failures import GROUPS, LOOPS
from gossamer.report.site_report import KeyFigure
from gossamer.report.verdict import OneFailure, ending, why
from gossamer.values.formatting import numbered, plural, shown_duration, shown_size
from gossamer.values.reasons import FinishReason

ABOUT: Final[Mapping[str, str]] = {
    "broken": "The server says that these pages do not exist. Correct the links, or redirect the old address to the "
    "new one.",
    "failed": "Nothing useful came, for another reason than that the page is missing. Try again later; what fails "
    "again needs to be mended on the server.",
    "refused": "The server keeps these pages from crawlers, or shows them after a login only. People may well see "
    "them: they are no broken links.",
    LOOPS: "These addresses redirect to each other in a circle, so nobody ever arrives.",
    "soft-404": "These pages have the status 200 and the text of a missing page. Have the server send 404, so that "
    "browsers and search engines know.",
}
"""Why the problems of a group matter, and how to mend them."""


def title(group: str, number: int, *, others: bool) -> str:
    """Return the heading of a group of problems; `others`: whether broken links or refused pages are told too."""
    match group:
        case "broken":
            return wording.broken_links(number)
        case "refused":
            return wording.refused_pages(number)
        case "failed":
            return wording.failures(number, others=others)
        case "soft-404":
            return wording.soft_404s(number)
        case _:
            return wording.redirect_loops(number)


def verdict(report: Report, numbers: Mapping[str, int]) -> str:
    """Return what is to be said of a site in a sentence, given the number of problems by group."""
    if not report.pages and not report.counts.failed:
        return "No page was fetched."
    others = bool(numbers.get("broken") or numbers.get("refused"))
    found = [title(group, numbers[group], others=others) for group in GROUPS if numbers.get(group)]
    pages = numbered(report.pages, "page")
    if not found:
        return f"No problem on {pages}."
    listed = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
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
        yield f"gossamer resume {shlex.quote(told.directory.name)} goes on with it."
    if told.settings.previous:
        yield f"It updates the crawl in {told.settings.previous}."
    elif later := updates(told.directory):
        yield f"This is the first crawl in {told.directory.name}; the last of its updates is {later[-1].name}."


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def key_figures(report: Report, numbers: Mapping[str, int]) -> tuple[KeyFigure, ...]:
    """Return the five numbers at the top, given the number of problems by group."""
    counts, refused, pace = report.counts, numbers["refused"], wording.pace(report)
    broken = numbers["broken"]
    return (
        KeyFigure(f"{report.pages:,}", plural("page", report.pages), shown_size(report.snapshot.bytes)),
        KeyFigure(f"{broken:,}", plural("broken link", broken)),
        KeyFigure(f"{sum(numbers.values()) - broken:,}", "other problems", f"{refused:,} refused" if refused else ""),
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
    for host, end in told.paused.items():
        yield f"{wording.PAUSED} by {host} until {_moment(end + 1)}."
    if hosts := report.snapshot.robots_html:
        yield f"{wording.ROBOTS_HTML}; it was obeyed as far as it holds rules: {', '.join(hosts)}."
    if report.finish_reason is FinishReason.COMPLETE and report.snapshot.sitemaps.orphans:
        orphans = report.snapshot.sitemaps
        yield f"{wording.orphans(orphans)}, such as {', '.join(orphans.examples)}."
