"""What the closing summary says of start pages that lead nowhere, and of pages that need JavaScript."""

from __future__ import annotations

from typing import Final

from gossamer.api.report import Report
from gossamer.cli.terminal import Lines, line, more
from gossamer.report import wording
from gossamer.report.start_pages import INSTEAD_OF_JAVASCRIPT, is_alone, said, way_on
from gossamer.values.reasons import FinishReason, StartProblem

_SERIOUS: Final = (StartProblem.ELSEWHERE, StartProblem.NOT_HTML, StartProblem.NEEDS_JS, StartProblem.EMPTY)
"""What is said of a start page even if others lead on."""


def lines(report: Report) -> Lines:
    """Name the start pages that lead nowhere, and say what can be done; of a single one the verdict has said why."""
    found = report.snapshot.start_pages
    if report.finish_reason is not FinishReason.COMPLETE:
        return []
    if is_alone(report) and found.pages == 1:
        return [(0, line((way, "yellow"))) for way in (way_on(found.examples[0]),) if way]
    told = [page for page in found.examples if is_alone(report) or page.problem in _SERIOUS]
    if not told:
        return []
    listed: Lines = [(0, line((wording.NOWHERE, "bold")))]
    for page in told:
        listed += [(2, line(f"  {page.url}")), (4, line("    ", (said(page), "dim")))]
        listed += [(4, line("    ", (way, "yellow"))) for way in (way_on(page),) if way]
    return listed + more(found.pages - len(told))


def needs_js(report: Report) -> Lines:
    """Name the pages that need JavaScript, and say what can be done."""
    found = report.snapshot.needs_js
    told_already = report.snapshot.start_pages.by_problem.get(StartProblem.NEEDS_JS.value, 0)
    if found.pages <= told_already:
        return []
    head = wording.needs_js(found.pages)
    listed: Lines = [(0, line((head, "bold"))), *[(2, line(f"  {url}")) for url in found.examples]]
    listed += more(found.pages - len(found.examples))
    return [*listed, (2, line((f"  {INSTEAD_OF_JAVASCRIPT}", "dim")))]
