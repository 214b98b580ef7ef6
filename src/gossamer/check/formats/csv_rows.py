"""CSV (RFC 4180): a row for each finding and each place that points there, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from gossamer.check.checked import Checked
from gossamer.check.findings import Finding, Referrer
from gossamer.values.formatting import cell, visible

COLUMNS: Final = (
    "kind", "severity", "verdict", "url", "reason", "status", "detail", "suggestion", "referrer_count", "page",
    "element", "text", "line", "state",
)  # fmt: skip
"""The columns. `state` is "new", "known" or "gone" if the check was compared with an earlier one."""
CHECK: Final = "check"
"""The kind of a row about the check as a whole: that the site was not seen, or not all of it."""


def csv_rows(checked: Checked) -> Iterator[str]:
    """Yield the rows: the names of the columns, what must be known of the check as a whole, then the findings."""
    yield _line(COLUMNS)
    for one in checked.remarks():
        facts = (CHECK, one.severity.value, "", safe(checked.site), one.reason, None, safe(one.sentence))
        yield _line((*facts, *[""] * (len(COLUMNS) - len(facts))))
    for finding in checked.report.findings:
        yield from _rows(finding, checked.state_of(finding))
    for finding in checked.gone:
        yield from _rows(finding, "gone")


def safe(text: str) -> str:
    """Return a text for a cell, with control characters as visible codes: the rows may be printed on a terminal."""
    return visible(cell(text))


def _rows(finding: Finding, state: str) -> Iterator[str]:
    facts = (
        finding.kind.value,
        finding.severity.value,
        finding.verdict.value,
        safe(finding.url),
        safe(finding.reason),
        finding.status,
        safe(finding.detail),
        safe(finding.suggestion),
        finding.referrer_count,
    )
    for referrer in finding.referrers or (Referrer(""),):
        place = (safe(referrer.page), safe(referrer.element), safe(referrer.text), referrer.line or None)
        yield _line((*facts, *place, state))


def _line(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
