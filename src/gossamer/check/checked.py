"""Checked: a report with what its readers must know besides, and what of it fails a check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from gossamer.check.baseline import Comparison
from gossamer.check.findings import CheckReport, Finding, Severity


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
    unseen: tuple[str, ...] = ()
    """Why the site could not be seen, such as a login, and what can be done, in sentences; none if it was seen."""

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
