"""What the closing summary says of start pages that lead nowhere, and of pages that need JavaScript."""

from __future__ import annotations

from typing import Final

from gossamer.api.report import Report
from gossamer.api.start_pages import INSTEAD_OF_JAVASCRIPT, is_alone, said, way_in, way_on
from gossamer.cli.terminal import Lines, line, more
from gossamer.report import wording
from gossamer.rules.policy import Policy
from gossamer.values.reasons import FinishReason, StartProblem

_SERIOUS: Final = (
    StartProblem.LOGIN, StartProblem.ELSEWHERE, StartProblem.NOT_HTML, StartProblem.NEEDS_JS, StartProblem.EMPTY,
)  # fmt: skip
"""What is said of a start page even if others lead on."""


def lines(report: Report, policy: Policy) -> Lines:
    """Name the start pages that lead nowhere, and say what can be done; of a single one the verdict has said why."""
    found = report.snapshot.start_pages
    if is_alone(report) and found.pages == 1:
        return [(0, line((way, "yellow"))) for way in (way_on(found.examples[0], policy),) if way]
    told = [page for page in found.examples if is_alone(report) or page.problem in _SERIOUS]
    if report.finish_reason is not FinishReason.COMPLETE:  # other links may not have been visited yet
        told = [page for page in told if page.problem is StartProblem.LOGIN]
    if not told:
        return []
    logins = all(page.problem is StartProblem.LOGIN for page in told)
    listed: Lines = [(0, line((wording.LOGINS if logins else wording.NOWHERE, "bold")))]
    for page in told:
        listed += [(2, line(f"  {page.url}")), (4, line("    ", (said(page), "dim")))]
        listed += [(4, line("    ", (way, "yellow"))) for way in (way_on(page, policy),) if way]
    return listed + more(found.pages - len(told))


def behind_login(report: Report, policy: Policy) -> Lines:
    """Name the pages that redirect to a login, and say what can be done."""
    found = report.snapshot.behind_login
    told_already = report.snapshot.start_pages.by_problem.get(StartProblem.LOGIN.value, 0)
    if found.pages <= told_already:
        return []
    listed: Lines = [(0, line((wording.behind_login(found.pages), "bold")))]
    listed += [(2, line(f"  {url}")) for url in found.examples] + more(found.pages - len(found.examples))
    return listed if told_already else [*listed, (2, line((f"  {way_in(policy)}", "dim")))]


def needs_js(report: Report) -> Lines:
    """Name the pages that need JavaScript, and say what can be done."""
    found = report.snapshot.needs_js
    told = [StartProblem.NEEDS_JS, *([StartProblem.SHELL] if is_alone(report) else [])]
    told_already = sum([report.snapshot.start_pages.by_problem.get(problem.value, 0) for problem in told])
    if found.pages <= told_already:
        return []
    head = wording.needs_js(found.pages)
    listed: Lines = [(0, line((head, "bold"))), *[(2, line(f"  {url}")) for url in found.examples]]
    listed += more(found.pages - len(found.examples))
    return listed if told_already else [*listed, (2, line((f"  {INSTEAD_OF_JAVASCRIPT}", "dim")))]
