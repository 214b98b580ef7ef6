"""GitHub workflow commands: annotations of a workflow run, and a notice that counts what is not shown.

GitHub shows ten annotations of each level for a step. The pages of a site are no files of the repository, so none
names a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from gossamer.check.checked import Checked
from gossamer.check.findings import Finding, Severity
from gossamer.check.formats.places import place_lines, suggested
from gossamer.check.kinds import KINDS
from gossamer.values.formatting import visible

MOST: Final = 10
"""Maximum number of annotations of one level that GitHub shows for a step."""
_PLACES: Final = 5
"""Maximum number of places that one annotation names."""


def workflow_commands(checked: Checked) -> Iterator[str]:
    """Yield the commands, one in a line; what is not new is only counted."""
    for one in checked.remarks():
        yield _command(one.severity, one.title, visible(one.sentence))
    new = [finding for finding in checked.report.findings if not checked.is_known(finding)]
    for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTICE):
        found = [finding for finding in new if finding.severity is severity]
        shown = MOST if len(found) <= MOST else MOST - 1
        for finding in islice(found, shown):
            yield _command(severity, KINDS[finding.kind].title, _message(finding))
        if more := len(found) - shown if len(found) > shown else 0:
            yield _command(severity, f"{more:,} more", "The other formats have all of them.")


def _message(finding: Finding) -> str:
    lines = [finding.url, finding.detail]
    if suggestion := suggested(finding):
        lines.append(suggestion)
    return "\n".join(map(visible, [*lines, *place_lines(finding, _PLACES)]))


def _command(severity: Severity, title: str, message: str) -> str:
    return f"::{severity.value} title={escaped_property(title)}::{escaped(message)}\n"


def escaped(message: str) -> str:
    """Return the message of a command with what would end it escaped, as GitHub's toolkit does."""
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(value: str) -> str:
    """Return the value of a property with what would end it escaped."""
    return escaped(value).replace(":", "%3A").replace(",", "%2C")
