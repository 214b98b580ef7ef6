"""The settings of a check are read from loose values, and mistakes are refused with what was probably meant."""

from __future__ import annotations

import pytest

from gossamer.check.findings import FindingKind, Severity
from gossamer.check.kinds import KINDS
from gossamer.check.settings import CHECK_SETTINGS, CheckSettings
from gossamer.values.errors import UserError


def test_loose_values_are_read() -> None:
    made = CheckSettings.of({"accept": [403, "https://a.example/*"], "ignore": "/old/*", "severity": {"deep": "off"}})
    assert made.accept == ("403", "https://a.example/*")
    assert made.ignore == ("/old/*",)
    assert made.severity_of(FindingKind.DEEP) is Severity.OFF
    assert made.severity_of(FindingKind.BROKEN_LINK) is Severity.ERROR
    assert CheckSettings.of({"accept": 403}).accept == ("403",)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"acept": []}, "check: there is no setting 'acept'. Did you mean 'accept'?"),
        ({"weather": 1}, "check: there is no setting 'weather'. There are accept, ignore, severity"),
        ({"severity": {"missing_alts": "off"}}, "there is no finding 'missing_alts'. Did you mean 'missing_alt'?"),
        ({"severity": {"deep": "none"}}, "severity, deep: choose error, warning, notice, off, not 'none'."),
        ({"severity": "off"}, "severity must be a table of findings"),
        ({"accept": ["loom"]}, "The pattern 'loom' can match no URL"),
        ({"accept": [1.5]}, "check: accept must be a list of texts, not [1.5]."),
        ({"accept": {}}, "check: accept must be a list of texts, not {}."),
        ({"deep": "far"}, "check: deep must be a whole number, not 'far'."),
        ({"slow_page": -1}, "check: slow_page must be a number of at least 0, not -1."),
    ],
)
def test_mistakes_are_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(UserError) as refused:
        CheckSettings.of(fields)
    assert complaint in str(refused.value)


def test_settings_that_are_built_directly_are_checked_too() -> None:
    with pytest.raises(UserError, match="there is no finding 'x'"):
        CheckSettings(severity={"x": "off"})
    with pytest.raises(UserError, match="accept must be a list of texts"):
        CheckSettings(accept="403")  # type: ignore[arg-type]  # the mistake that is tested


def test_every_kind_of_finding_is_described_and_every_threshold_is_a_setting() -> None:
    assert list(KINDS) == list(FindingKind)
    for described in KINDS.values():
        assert all(text.endswith(".") for text in (described.sentence, described.why, described.mend))
        assert bool(described.why_off) == (described.severity is Severity.OFF)
        assert set(described.thresholds) <= set(CHECK_SETTINGS)
