"""The words for what a crawl found: headings and sentences that the closing summary and the HTML report share."""

from __future__ import annotations

from typing import Final

from gossamer.api.report import Report
from gossamer.rules.policy import Policy
from gossamer.values.audit import Audit
from gossamer.values.formatting import numbered, plural, shown_duration
from gossamer.values.model import PageRecord
from gossamer.values.reasons import FinishReason, Reason
from gossamer.values.snapshot import Changes, NearDuplicates, SitemapStats

SINCE: Final = "Since the crawl before"
TIME: Final = "What took the time"
NO_PAGE: Final = "Links without a page"
TRAPS: Final = "Endless sets of pages"
MANNERS: Final = "Manners"
PAUSED: Final = "Asked to be left alone"
ROBOTS_HTML: Final = "robots.txt is an HTML page"
NOWHERE: Final = "Start pages that lead nowhere"
LOGINS: Final = "Start pages that are behind a login"

HIGHER: Final = {
    FinishReason.PAGE_LIMIT: "max_pages", FinishReason.REQUEST_LIMIT: "max_requests",
    FinishReason.TIME_LIMIT: "max_time", FinishReason.BYTE_LIMIT: "max_bytes",
}  # fmt: skip
"""The setting that ended a crawl at a limit: a higher value lets it continue."""

_NO_REST: Final = 0.1
"""Gap between requests (seconds) below which it is no pause but the time of the crawl itself."""


def broken_links(number: int) -> str:
    """Return the heading of broken links."""
    return numbered(number, "broken link")


def refused_pages(number: int) -> str:
    """Return the heading of pages that servers refuse, or show after a login only."""
    return f"{numbered(number, 'page')} refused or behind a login"


def failures(number: int, *, others: bool) -> str:
    """Return the heading of pages that failed for other reasons than `others` that are told before."""
    return numbered(number, "other failure" if others else "failure")


def other_failures(report: Report) -> int:
    """Return the number of pages that failed and are neither broken links nor refused."""
    return report.failed - report.counts.by_reason.get(Reason.FAIL_HTTP_4XX, 0)


def what_failed(record: PageRecord) -> str:
    """Return the detail of a failure, or else the sentence of its reason; "" where nothing failed."""
    if detail := record.detail.strip():
        return detail.splitlines()[-1]
    return record.reason.sentence if record.reason is not None else ""


def redirect_loops(number: int) -> str:
    """Return the heading of redirect loops."""
    return numbered(number, "redirect loop")


def duplicates(pages: int) -> str:
    """Return the heading of pages with the content of another."""
    return f"{numbered(pages, 'page')} with the content of another"


def near_duplicates(found: NearDuplicates) -> str:
    """Return the heading of groups of pages with nearly the same text."""
    head = f"{numbered(found.pages, 'page')} with nearly the same text as another, in {found.groups:,}"
    return f"{head} {plural('group', found.groups)}"


def soft_404s(pages: int) -> str:
    """Return the heading of pages that look like missing ones."""
    return f"{numbered(pages, 'page')} with status 200 and the text of a missing one"


def needs_js(pages: int) -> str:
    """Return the heading of pages that need JavaScript."""
    return f"{numbered(pages, 'page')} that {'needs' if pages == 1 else 'need'} JavaScript"


def behind_login(pages: int) -> str:
    """Return the heading of pages that redirect to a login."""
    return f"{numbered(pages, 'page')} that {'redirects' if pages == 1 else 'redirect'} to a login"


def orphans(stats: SitemapStats) -> str:
    """Return the heading of pages that only sitemaps name."""
    least = "" if stats.whole else "at least "
    return f"{least}{numbered(stats.orphans, 'page')} in sitemaps that no page links to"


def changes(found: Changes) -> str:
    """Return how many pages have changed since the crawl before, and how."""
    counted = f"{found.added:,} added, {found.changed:,} changed, {found.gone:,} gone, {found.unchanged:,} unchanged"
    return counted + (f", {found.unknown:,} unknown (could not be fetched this time)" if found.unknown else "")


def pace(report: Report) -> str:
    """Return how many pages came in a second as text: "86/s", "1.4/s"; "" where that says nothing."""
    if not report.pages or report.seconds < 0.1:
        return ""
    rate = report.pages / report.seconds
    return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.1f}/s"


def manners(audit: Audit, policy: Policy) -> str:
    """Return the politeness that was measured, not configured."""
    at_once = f"at most {numbered(audit.most_at_once, 'request')} to a host at once"
    return f"{at_once}{_apart(audit.smallest_gap, policy)}, {audit.robots_violations:,} against robots.txt"


def _apart(gap: float | None, policy: Policy) -> str:
    """Return the smallest gap between requests as text; a tiny one without a configured delay is no pause."""
    if gap is None:
        return ""
    if gap < 0.0005 or (policy.delay == 0 and gap < _NO_REST):
        return ", without a rest between them"
    return f", at least {shown_gap(gap)} apart"


def shown_gap(seconds: float) -> str:
    """Return a short time as text: "40 ms", "0.25 s", "12 s"."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 9.95 else shown_duration(seconds)
