"""JSON: the whole report, as its published schema describes it (`docs/reference/check.schema.json`)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from gossamer.check.checked import Checked


def json_report(checked: Checked) -> Iterator[str]:
    """Yield the report as JSON, indented so that two reports can be compared line by line."""
    report = checked.report
    if checked.comparison is not None:
        findings = [replace(finding, state=checked.state_of(finding)) for finding in report.findings]
        gone = [replace(finding, state="gone") for finding in checked.gone]
        report = replace(report, findings=tuple(findings), gone=tuple(gone))
    yield msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
    yield "\n"
