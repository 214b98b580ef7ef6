"""What a check found as one HTML file: the verdict, and each kind of finding with who points there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from gossamer.check.checked import ENDED_EARLY, Checked
from gossamer.check.findings import Finding, Severity
from gossamer.check.formats.places import SHOWN, suggested
from gossamer.check.formats.text import verdict
from gossamer.check.kinds import KINDS, anchor_of
from gossamer.report.html.frame import Overview, Section, framed, words
from gossamer.report.html.tables import TableWriter
from gossamer.report.rows import ReportedProblem
from gossamer.report.site_report import KeyFigure
from gossamer.report.tables import ReportTable
from gossamer.values.formatting import numbered

MADE_BY: Final = "gossamer check"
"""The name by which the page is known as one."""
LARGEST: Final = 3_000_000
"""Maximum size of all tables together (characters)."""


def check_page(checked: Checked) -> Iterator[str]:
    """Yield the page. What an earlier report had is only counted."""
    new = [finding for finding in checked.report.findings if not checked.is_known(finding)]
    groups = [list(group) for _, group in groupby(new, key=lambda one: (one.severity, one.kind))]
    share = LARGEST // max(len(groups) + bool(checked.gone), 1)
    sections = [_section(group, share) for group in groups]
    if checked.gone:
        table = _table("gone", f"{numbered(len(checked.gone), 'finding')} of the baseline", checked.gone, share)
        sections.append(Section("gone", "Mended since the baseline", table))
    about = f"Checked {checked.at:%Y-%m-%d %H:%M} UTC"
    overview = Overview(verdict(checked), _state(checked, len(new)), _mood(checked), _figures(checked, new))
    yield framed(MADE_BY, "check", checked.site, about, overview, sections)


def _state(checked: Checked, new: int) -> str:
    report = checked.report
    whole = "Everything was checked." if not report.left_out else ""
    state = " ".join(checked.unseen) or (whole if report.complete else ENDED_EARLY)
    state = " ".join(filter(None, (state, *report.left_out)))
    if known := len(report.findings) - new:
        state += f" {numbered(known, 'finding')} of the baseline {'is' if known == 1 else 'are'} still there."
    return state


def _mood(checked: Checked) -> str:
    return "complete" if checked.report.complete and not checked.unseen else "interrupted"


def _figures(checked: Checked, new: Sequence[Finding]) -> list[KeyFigure]:
    counts = checked.report.counts
    names = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTICE: "notices"}
    found = [
        KeyFigure(f"{sum(one.severity is severity for one in new):,}", name, "new" if checked.comparison else "")
        for severity, name in names.items()
    ]
    resources = f"and {numbered(counts['resources'], 'resource')}" if counts.get("resources") else ""
    read = KeyFigure(f"{counts.get('pages', 0):,}", "pages", resources)
    return (
        [*found, read]
        if not checked.external
        else [*found, read, KeyFigure(f"{counts.get('external', 0):,}", "links to other sites")]
    )


def _section(findings: Sequence[Finding], characters: int) -> Section:
    kind = findings[0].kind
    told, severity = KINDS[kind], findings[0].severity.value
    table = _table(kind.value, numbered(len(findings), severity), findings, characters)
    return Section(anchor_of(kind), told.title, words(f"{told.why} {told.mend}") + table)


def _table(name: str, caption: str, findings: Sequence[Finding], characters: int) -> str:
    rows = [_row(finding) for finding in findings]
    empty = tuple(name for name in ("suggestion", "referrers") if not any(getattr(row, name) for row in rows))
    hidden = (*empty, "pages") if "referrers" in empty else empty
    return TableWriter().html(ReportTable.of(name, caption, ReportedProblem, rows), characters, hidden)


def _row(finding: Finding) -> ReportedProblem:
    return ReportedProblem(
        finding.url,
        str(finding.status or finding.reason),
        finding.detail,
        suggested(finding),
        finding.referrer_count or None,
        finding.referrers[:SHOWN],
    )
