"""JUnit XML: a suite for each kind of findings, a test for each finding, and two for the check as a whole.

The strictest schema that is common (that of Apache Ant's reports) is kept: every suite has properties and both outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from gossamer.check.checked import Checked
from gossamer.check.findings import Finding, Severity
from gossamer.check.formats.places import place_lines, suggested
from gossamer.check.kinds import KINDS
from gossamer.parse.characters import xml_characters

_PACKAGE: Final = "gossamer.check"


class _Case(Struct, frozen=True):
    """A test: one that passes has no `outcome`, others are a "failure" or an "error"."""

    name: str
    group: str
    outcome: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


def junit_suites(checked: Checked) -> Iterator[str]:
    """Yield the document. What fails the check is a failure; other findings are tests that pass, and are printed."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    yield from _suite(checked, 0, "check", _of_check(checked))
    kinds = sorted(checked.report.findings, key=lambda finding: finding.kind)
    for number, (kind, findings) in enumerate(groupby(kinds, key=lambda finding: finding.kind), 1):
        yield from _suite(checked, number, kind.value, [_of_finding(checked, finding) for finding in findings])
    yield "</testsuites>\n"


def _of_check(checked: Checked) -> list[_Case]:
    """Return the tests of the check as a whole: that the site was seen, and that everything was checked."""
    errors = {one.reason: one for one in checked.remarks() if one.severity is Severity.ERROR}
    cases = []
    for name, reason in (("seen", "unseen"), ("complete", "incomplete")):
        one = errors.get(reason)
        cases.append(_Case(name, _PACKAGE) if one is None else _Case(name, _PACKAGE, "error", reason, one.sentence))
    notes = [f"{one.severity.value}: {one.sentence}" for one in checked.remarks() if one.severity is Severity.WARNING]
    return [*cases, _Case("left out", _PACKAGE, text="\n".join(notes))] if notes else cases


def _of_finding(checked: Checked, finding: Finding) -> _Case:
    sentence = f"{finding.severity.value}: {finding.url}: {finding.detail} {suggested(finding)}".rstrip()
    group = f"{_PACKAGE}.{finding.kind.value}"
    if not checked.fails(finding):
        return _Case(finding.url, group, text=sentence)
    text = "\n".join([sentence, *place_lines(finding), KINDS[finding.kind].mend])
    return _Case(finding.url, group, "failure", finding.reason or finding.kind.value, finding.detail, text)


def _suite(checked: Checked, number: int, name: str, cases: Sequence[_Case]) -> Iterator[str]:
    failures, errors = (sum(case.outcome == outcome for case in cases) for outcome in ("failure", "error"))
    yield "  <testsuite" + _attributes(
        name=name, package=_PACKAGE, id=number, timestamp=checked.at.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost", tests=len(cases), failures=failures, errors=errors, skipped=0, time=0,
    ) + ">\n"  # fmt: skip
    yield f"    <properties>\n      <property{_attributes(name='site', value=checked.site)}/>\n    </properties>\n"
    for case in cases:
        yield from _case(case)
    passed = "\n".join(case.text for case in cases if case.text and not case.outcome)
    yield f"    <system-out>{_text(passed)}</system-out>\n    <system-err></system-err>\n  </testsuite>\n"


def _case(case: _Case) -> Iterator[str]:
    begin = f"    <testcase{_attributes(name=case.name, classname=case.group, time=0)}"
    if not case.outcome:
        yield f"{begin}/>\n"
        return
    said = _attributes(message=case.message, type=case.type)
    yield f"{begin}>\n      <{case.outcome}{said}>{_text(case.text)}</{case.outcome}>\n    </testcase>\n"


def _attributes(**values: object) -> str:
    return "".join(f" {name}={quoteattr(xml_characters(str(value)))}" for name, value in values.items())


def _text(text: str) -> str:
    return escape(xml_characters(text))
