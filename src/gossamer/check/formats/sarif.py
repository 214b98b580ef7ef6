"""SARIF 2.1.0 (OASIS): the findings as results, the kinds as rules with their help texts.

The pages of a site are the artifacts. The first place that points to a finding is its location, further ones are
related locations.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

import msgspec
import xxhash

from gossamer.check.checked import Checked, Remark
from gossamer.check.findings import Finding, FindingKind, Referrer, Severity
from gossamer.check.formats.places import SHOWN, place, suggested
from gossamer.check.kinds import KINDS, KindDescription

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
"""Where the schema is published."""
_LEVELS: Final = {
    Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note", Severity.OFF: "none",
}  # fmt: skip
_SAFE: Final = "%/:?#[]@!$&'()*+,;=~"
"""The characters that may stand in a URI as they are, besides letters, digits and "-._"."""
_RULES: Final = {kind: number for number, kind in enumerate(KINDS)}


def sarif_log(checked: Checked) -> Iterator[str]:
    """Yield the log."""
    results = [_result(finding, _state(checked, finding)) for finding in checked.report.findings]
    results += [_result(finding, "absent") for finding in checked.gone]
    driver = {
        "name": "gossamer",
        "version": version("gossamer"),
        "rules": [_rule(kind, description) for kind, description in KINDS.items()],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "gossamer/check/", "description": {"text": _plain(f"Check of {checked.site}")}},
        "invocations": [
            {
                "executionSuccessful": checked.report.complete and not checked.unseen,
                "endTimeUtc": checked.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "toolExecutionNotifications": [_notification(one) for one in checked.remarks()],
            }
        ],
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    yield msgspec.json.format(msgspec.json.encode(log), indent=2).decode()
    yield "\n"


def _notification(remark: Remark) -> dict[str, Any]:
    return {"level": _LEVELS[remark.severity], "message": {"text": _plain(remark.sentence)}}


def _rule(kind: FindingKind, description: KindDescription) -> dict[str, Any]:
    return {
        "id": kind.value,
        "name": kind.value.title().replace("_", ""),
        "shortDescription": {"text": _plain(description.title)},
        "fullDescription": {"text": _plain(description.sentence)},
        "help": {
            "text": _plain(f"{description.sentence} {description.why} {description.mend}"),
            "markdown": f"{description.sentence}\n\n**Why it matters.** {description.why}\n\n**How to mend it.** "
            f"{description.mend}",
        },
        "defaultConfiguration": {
            "enabled": description.severity is not Severity.OFF,
            "level": _LEVELS[description.severity],
        },
    }


def _state(checked: Checked, finding: Finding) -> str:
    if checked.comparison is None:
        return ""
    return "unchanged" if checked.is_known(finding) else "new"


def _result(finding: Finding, state: str) -> dict[str, Any]:
    identity = xxhash.xxh3_64_hexdigest(f"{finding.kind.value} {finding.url}".encode())
    first, *others = finding.referrers or (Referrer(finding.url),)
    result: dict[str, Any] = {
        "ruleId": finding.kind.value,
        "ruleIndex": _RULES[finding.kind],
        "level": _LEVELS[finding.severity],
        "message": {"text": _plain(" ".join(filter(None, (f"{finding.url}: {finding.detail}", suggested(finding)))))},
        "locations": [_location(first)],
        "partialFingerprints": {"kindAndUrl/v1": identity},
        "properties": {"url": finding.url, "verdict": finding.verdict.value, "referrerCount": finding.referrer_count},
    }
    if others:
        related = [{"id": number, **_location(other)} for number, other in enumerate(others[: SHOWN - 1], 1)]
        result["relatedLocations"] = related
    if state:
        result["baselineState"] = state
    return result


def _location(referrer: Referrer) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(referrer.page, safe=_SAFE)}}
    if referrer.line:
        physical["region"] = {"startLine": referrer.line}
    return {"physicalLocation": physical, "message": {"text": _plain(place(referrer))}}


def _plain(text: str) -> str:
    """Return a text as a message that has neither placeholders nor links (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    for mark, escaped in (("\\", "\\\\"), ("[", "\\["), ("]", "\\]"), ("{", "{{"), ("}", "}}")):
        text = text.replace(mark, escaped)
    return text
