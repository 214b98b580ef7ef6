"""What is said of start pages that lead nowhere, and what can be done about them."""

from __future__ import annotations

import shlex
from typing import Final

from gossamer.api.report import Report
from gossamer.rules.scope import registrable_domain
from gossamer.rules.urls import host_key
from gossamer.values.reasons import FinishReason, StartProblem
from gossamer.values.snapshot import StartPage

INSTEAD_OF_JAVASCRIPT: Final = (
    "gossamer runs no JavaScript. What such a page shows mostly comes from an API: the network tools of a browser show "
    "its URLs, which `gossamer fetch` downloads; and a sitemap, if there is one, names the pages."
)


def problem(report: Report) -> str:
    """Return why a crawl found nothing but its start pages; "" if it found more, or if they have no links at all."""
    found = report.snapshot.start_pages
    if not is_alone(report) or set(found.by_problem) == {StartProblem.NO_LINKS.value}:
        return ""
    if found.pages == 1:
        return said(found.examples[0])
    return f"none of the {found.pages:,} start pages leads to another page."


def remark(report: Report) -> str:
    """Return the sentence about a complete crawl whose only page has no links."""
    alone = is_alone(report) and report.snapshot.start_pages.pages == 1
    return "; the start page has no links" if alone and not problem(report) else ""


def is_alone(report: Report) -> bool:
    """Whether a crawl came to its end with nothing but start pages that lead nowhere."""
    found = report.snapshot.start_pages.pages
    return 0 < found >= report.pages and report.finish_reason is FinishReason.COMPLETE


def said(page: StartPage) -> str:
    """Return why a start page leads nowhere, as the rest of a sentence."""
    match page.problem:
        case StartProblem.NOT_HTML:
            return f"the start page is no HTML: {page.detail}."
        case StartProblem.ELSEWHERE:
            return f"{page.detail} redirects to another site, {page.url}, of which only this page was fetched."
        case _:
            return page.problem.sentence[0].lower() + page.problem.sentence[1:]


def way_on(page: StartPage) -> str:
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
            return INSTEAD_OF_JAVASCRIPT
        case _:
            return ""
