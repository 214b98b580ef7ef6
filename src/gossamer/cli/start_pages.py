"""What the closing summary says of start pages that lead nowhere, and of pages that need JavaScript."""

from __future__ import annotations

import shlex
from typing import Final

from gossamer.api.report import Report
from gossamer.cli.terminal import Lines, line, more
from gossamer.rules.scope import registrable_domain
from gossamer.rules.urls import host_key
from gossamer.values.formatting import numbered
from gossamer.values.reasons import FinishReason, StartProblem
from gossamer.values.snapshot import StartPage

_SERIOUS: Final = (StartProblem.ELSEWHERE, StartProblem.NOT_HTML, StartProblem.NEEDS_JS, StartProblem.EMPTY)
"""What is said of a start page even if others lead on."""
_INSTEAD_OF_JAVASCRIPT: Final = (
    "gossamer runs no JavaScript. What such a page shows mostly comes from an API: the network tools of a browser show "
    "its URLs, which `gossamer fetch` downloads; and a sitemap, if there is one, names the pages."
)


def problem(report: Report) -> str:
    """Return why a crawl found nothing but its start pages; "" if it found more, or if they have no links at all."""
    found = report.snapshot.start_pages
    if not _is_alone(report) or set(found.by_problem) == {StartProblem.NO_LINKS.value}:
        return ""
    if found.pages == 1:
        return _said(found.examples[0])
    return f"none of the {found.pages:,} start pages leads to another page."


def remark(report: Report) -> str:
    """Return the sentence about a complete crawl whose only page has no links."""
    alone = _is_alone(report) and report.snapshot.start_pages.pages == 1
    return "; the start page has no links" if alone and not problem(report) else ""


def lines(report: Report) -> Lines:
    """Name the start pages that lead nowhere, and say what can be done; of a single one the verdict has said why."""
    found = report.snapshot.start_pages
    if report.finish_reason is not FinishReason.COMPLETE:
        return []
    if _is_alone(report) and found.pages == 1:
        return [(0, line((way, "yellow"))) for way in (_way_on(found.examples[0]),) if way]
    told = [page for page in found.examples if _is_alone(report) or page.problem in _SERIOUS]
    if not told:
        return []
    listed: Lines = [(0, line(("Start pages that lead nowhere", "bold")))]
    for page in told:
        listed += [(2, line(f"  {page.url}")), (4, line("    ", (_said(page), "dim")))]
        listed += [(4, line("    ", (way, "yellow"))) for way in (_way_on(page),) if way]
    return listed + more(found.pages - len(told))


def needs_js(report: Report) -> Lines:
    """Name the pages that need JavaScript, and say what can be done."""
    found = report.snapshot.needs_js
    told_already = report.snapshot.start_pages.by_problem.get(StartProblem.NEEDS_JS.value, 0)
    if found.pages <= told_already:
        return []
    head = f"{numbered(found.pages, 'page')} that {'needs' if found.pages == 1 else 'need'} JavaScript"
    listed: Lines = [(0, line((head, "bold"))), *[(2, line(f"  {url}")) for url in found.examples]]
    listed += more(found.pages - len(found.examples))
    return [*listed, (2, line((f"  {_INSTEAD_OF_JAVASCRIPT}", "dim")))]


def _is_alone(report: Report) -> bool:
    """Whether a crawl came to its end with nothing but start pages that lead nowhere."""
    found = report.snapshot.start_pages.pages
    return 0 < found >= report.pages and report.finish_reason is FinishReason.COMPLETE


def _said(page: StartPage) -> str:
    match page.problem:
        case StartProblem.NOT_HTML:
            return f"the start page is no HTML: {page.detail}."
        case StartProblem.ELSEWHERE:
            return f"{page.detail} redirects to another site, {page.url}, of which only this page was fetched."
        case _:
            return page.problem.sentence[0].lower() + page.problem.sentence[1:]


def _way_on(page: StartPage) -> str:
    """Return what to type, or to do, where a start page leads nowhere."""
    match page.problem:
        case StartProblem.ELSEWHERE:
            return f"To crawl that site: gossamer crawl {shlex.quote(page.url)}"
        case StartProblem.LINKS_ELSEWHERE:
            if host_key(page.url) == host_key(page.detail):
                return "To crawl the whole host: --scope host"
            if registrable_domain(host_key(page.url)) == registrable_domain(host_key(page.detail)):
                return f"Most lead to {page.detail}; to crawl there as well: --scope domain"
            return f"Most lead to {page.detail}; to crawl there: gossamer crawl {shlex.quote(page.detail)}"
        case StartProblem.NEEDS_JS:
            return _INSTEAD_OF_JAVASCRIPT
        case _:
            return ""
