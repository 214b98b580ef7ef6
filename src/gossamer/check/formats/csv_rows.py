"""CSV (RFC 4180): a row for each finding and each place that points there, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from gossamer.check.checked import Checked
from gossamer.check.findings import Finding, Referrer
from gossamer.values.formatting import visible

COLUMNS: Final = (
    "kind", "severity", "verdict", "url", "reason", "status", "detail", "suggestion", "referrer_count", "page",
    "element", "text", "line", "state",
)  # fmt: skip
"""The columns. `state` is "new", "known" or "gone" if the check was compared with an earlier one."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a text begins that a spreadsheet takes for a formula: also in full width."""


def csv_rows(checked: Checked) -> Iterator[str]:
    """Yield the rows, the names of the columns first."""
    yield _line(COLUMNS)
    for finding in checked.report.findings:
        state = "" if checked.comparison is None else "known" if checked.is_known(finding) else "new"
        yield from _rows(finding, state)
    for finding in checked.gone:
        yield from _rows(finding, "gone")


def safe(text: str) -> str:
    """Return a text for a cell, with an apostrophe before what a spreadsheet would take for a formula.

    Control characters are visible codes: the rows may be printed on a terminal.
    """
    return f"'{visible(text)}" if text.startswith(_FORMULA) else visible(text)


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
