"""What is said of start pages that lead nowhere, and what can be done about them."""

from __future__ import annotations

import shlex
from typing import Final

from gossamer.api.report import Report
from gossamer.rules.policy import Policy
from gossamer.rules.scope import registrable_domain
from gossamer.rules.urls import host_key
from gossamer.values.reasons import FinishReason, StartProblem
from gossamer.values.snapshot import StartPage

INSTEAD_OF_JAVASCRIPT: Final = (
    "gossamer runs no JavaScript. What such a page shows mostly comes from an API: the network tools of a browser show "
    "its URLs, which `gossamer fetch` downloads; and a sitemap, if there is one, names the pages."
)
INSTEAD_OF_A_FORM: Final = (
    "gossamer fills in no forms. Log in with a browser, and give its cookie (its network tools show it): "
    "-H 'Cookie: NAME=VALUE' --exclude '*logout*'"
)
NO_LOGIN: Final = "What was given as a header did not count as a login there: is it the right one, and still valid?"
_FEW: Final = 10
"""Maximum number of pages that a login form, or the frame around an empty page, leads to."""


def problem(report: Report) -> str:
    """Return why a crawl found next to nothing but its start pages; "" if it found more, or if they have no links."""
    found = report.snapshot.start_pages
    if not is_alone(report) or set(found.by_problem) == {StartProblem.NO_LINKS.value}:
        return ""
    if found.pages == 1:
        return said(found.examples[0])
    if main_problem(report) is StartProblem.LOGIN:
        return f"all {found.pages:,} start pages are login forms."
    return f"none of the {found.pages:,} start pages leads to another page."


def main_problem(report: Report) -> StartProblem | None:
    """Return the problem that all start pages have that lead nowhere; None if they have several, or none."""
    problems = report.snapshot.start_pages.by_problem
    return StartProblem(next(iter(problems))) if len(problems) == 1 else None


def remark(report: Report) -> str:
    """Return the sentence about a complete crawl whose only page has no links."""
    alone = is_alone(report) and report.snapshot.start_pages.pages == 1
    return "; the start page has no links" if alone and not problem(report) else ""


def is_alone(report: Report) -> bool:
    """Whether a crawl came to its end with nothing but start pages that lead nowhere, and the few pages around them."""
    found = report.snapshot.start_pages.pages
    if not found or report.finish_reason is not FinishReason.COMPLETE:
        return False
    pages = report.pages - report.snapshot.files  # what pages load leads nowhere
    match main_problem(report):
        case StartProblem.LOGIN:
            return pages <= found + _FEW or 2 * report.snapshot.behind_login.pages >= pages
        case StartProblem.SHELL:
            return pages <= found + _FEW or 2 * report.snapshot.needs_js.pages >= pages
        case _:
            return found >= pages


def said(page: StartPage) -> str:
    """Return why a start page leads nowhere, as the rest of a sentence."""
    match page.problem:
        case StartProblem.NOT_HTML:
            return f"the start page is no HTML: {page.detail}."
        case StartProblem.LOGIN if page.detail:
            return f"{page.detail} redirects to a login, {page.url}."
        case StartProblem.ELSEWHERE:
            return f"{page.detail} redirects to another site, {page.url}, of which only this page was fetched."
        case _:
            return page.problem.sentence[0].lower() + page.problem.sentence[1:]


def way_in(policy: Policy) -> str:
    """Return what can be done about a login."""
    given = policy.logins or any(name.lower() in ("cookie", "authorization") for name, _ in policy.headers)
    return NO_LOGIN if given else INSTEAD_OF_A_FORM


def way_on(page: StartPage, policy: Policy, verb: str = "crawl") -> str:
    """Return what to type, or to do, where a start page leads nowhere; `verb` is the command that was given."""
    match page.problem:
        case StartProblem.LOGIN:
            return way_in(policy)
        case StartProblem.ELSEWHERE:
            return f"To {verb} that site: gossamer {verb} {shlex.quote(page.url)}"
        case StartProblem.LINKS_ELSEWHERE:
            if host_key(page.url) == host_key(page.detail):
                return "To crawl the whole host: --scope host"
            if registrable_domain(host_key(page.url)) == registrable_domain(host_key(page.detail)):
                return f"Most lead to {page.detail}; to crawl there as well: --scope domain"
            return f"Most lead to {page.detail}; to crawl there: gossamer crawl {shlex.quote(page.detail)}"
        case StartProblem.NEEDS_JS | StartProblem.SHELL:
            return INSTEAD_OF_JAVASCRIPT
        case _:
            return ""
