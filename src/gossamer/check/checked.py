"""Checked: a report with what its readers must know besides, and what of it fails a check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct

from gossamer.check.baseline import Comparison
from gossamer.check.findings import CheckReport, Finding, Severity

ENDED_EARLY: Final = "The check ended before everything was checked."
"""What is said of a check that is not complete."""


class Remark(Struct, frozen=True):
    """Something about a check as a whole."""

    reason: str
    """What it is, by a stable code: "unseen", "incomplete" or "left_out"."""
    severity: Severity
    """How much it matters."""
    title: str
    """What it is, in a few words."""
    sentence: str
    """What it is, for people."""


class Checked(Struct, frozen=True):
    """What every format is made from."""

    report: CheckReport
    """What was found."""
    site: str
    """What was checked: the URL that was given, or several with a comma between them."""
    at: datetime
    """When it was checked (UTC)."""
    comparison: Comparison | None = None
    """How it differs from an earlier report; None if it was compared with none."""
    strict: bool = False
    """Whether warnings fail the check too."""
    external: bool = True
    """Whether other sites were asked for what pages link to."""

    @property
    def unseen(self) -> tuple[str, ...]:
        """Return why the site could not be seen, and what can be done, in sentences; none if it was seen."""
        return self.report.unseen

    def remarks(self) -> Iterator[Remark]:
        """Yield what must be known of the check as a whole: that it did not see the site, or not all of it."""
        if self.unseen:
            yield Remark("unseen", Severity.ERROR, "Not seen", " ".join(self.unseen))
        if not self.report.complete:
            yield Remark("incomplete", Severity.ERROR, "Not complete", ENDED_EARLY)
        for sentence in self.report.left_out:
            yield Remark("left_out", Severity.WARNING, "Left out", sentence)

    def state_of(self, finding: Finding) -> str:
        """Return "new" or "known" for a finding of the report; "" if it was compared with no other."""
        if self.comparison is None:
            return ""
        return "known" if self.is_known(finding) else "new"

    def is_known(self, finding: Finding) -> bool:
        """Whether an earlier report had the finding too."""
        return self.comparison is not None and (finding.kind, finding.url) in self.comparison.known

    def fails(self, finding: Finding) -> bool:
        """Whether a finding fails the check: it is an error, and new if it was compared with an earlier report."""
        least = (Severity.ERROR, Severity.WARNING) if self.strict else (Severity.ERROR,)
        return finding.severity in least and not self.is_known(finding)

    def failing(self) -> Iterator[Finding]:
        """Yield the findings that fail the check."""
        return (finding for finding in self.report.findings if self.fails(finding))

    @property
    def gone(self) -> tuple[Finding, ...]:
        """Return the findings of an earlier report that are no more."""
        return self.comparison.gone if self.comparison is not None else ()
