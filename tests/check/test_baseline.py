"""Only what is new since an earlier report fails a check, and what is gone is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from gossamer.check.baseline import Comparison, compare, read_baseline, refuse_other_site
from gossamer.check.checked import Checked
from gossamer.check.findings import CheckReport, Severity
from gossamer.check.formats import FORMATS
from gossamer.values.errors import UserError
from tests.support.check_reports import AT, BROKEN, EMPTY, FRAGMENT, FULL, INVALID, MOVED, SITE, UNTITLED


def saved(directory: Path, report: CheckReport) -> Path:
    path = directory / "baseline.json"
    path.write_text("".join(FORMATS["json"].write(Checked(report, SITE, AT))), encoding="utf-8")
    return path


def test_a_finding_is_known_by_its_kind_and_url_whoever_points_there(tmp_path: Path) -> None:
    before = replace(FULL.report, findings=(replace(BROKEN, referrers=(), status=410, severity=Severity.NOTICE), MOVED))
    comparison = compare(FULL.report, read_baseline(saved(tmp_path, before)))
    checked = replace(FULL, comparison=comparison)
    assert [finding for finding in FULL.report.findings if checked.is_known(finding)] == [BROKEN, MOVED]
    assert list(checked.failing()) == [FRAGMENT, INVALID]
    assert checked.gone == ()


def test_what_is_no_more_is_gone_unless_the_check_is_not_complete() -> None:
    comparison = compare(EMPTY.report, FULL.report)
    assert comparison == Comparison(frozenset(), FULL.report.findings)
    assert compare(replace(EMPTY.report, complete=False), FULL.report).gone == ()


def test_another_kind_or_another_url_is_new() -> None:
    before = replace(FULL.report, findings=(replace(BROKEN, kind=MOVED.kind), replace(MOVED, url="http://x.example/")))
    assert compare(FULL.report, before).known == frozenset()


def test_without_a_baseline_all_errors_fail_and_with_strict_warnings_too() -> None:
    assert list(FULL.failing()) == [FRAGMENT, BROKEN, INVALID]
    assert list(replace(FULL, strict=True).failing()) == [FRAGMENT, BROKEN, INVALID, UNTITLED]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is damaged, or no JSON"),
        (b'{"version": 1, "complete": true, "counts": {}, "findings": [', "is damaged, or no JSON"),
        (b"\xff\xfe{", "is damaged, or no JSON"),
        (b"[]", "is no report of a check"),
        (b'{"complete": true}', "is no report of a check"),
        (b'{"version": 1, "complete": true}', "is no report of a check"),
        (b'{"version": 1, "complete": true, "counts": {}, "findings": [{"kind": "x"}]}', "is no report of a check"),
        (b'{"version": 2, "anything": []}', "has version 2 of the format, and this gossamer reads version 1"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_in_a_sentence(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as refused:
        read_baseline(path)
    assert complaint in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_baseline_that_is_missing_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file or directory"):
        read_baseline(tmp_path / "none.json")


SEEDS = ("https://www.example.org/docs/", "https://example.org:8443/")


@pytest.mark.parametrize("other", ["http://example.org/", "https://blog.example.org/", "https://a.example/"])
def test_a_baseline_of_the_same_site_is_taken(other: str) -> None:
    refuse_other_site(Path("old.json"), replace(FULL.report, seeds=(*SEEDS, "https://a.example/")), [other])
    refuse_other_site(Path("old.json"), replace(FULL.report, seeds=()), [other])


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("https://example.org/", "https://example.net/"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8001/"),
        ("http://localhost:8000/", "http://localhost/"),
    ],
)
def test_a_baseline_of_another_site_is_refused(before: str, now: str) -> None:
    complaint = f"The baseline old.json is of another site: of {before}. Name a report of {now}, or leave out"
    with pytest.raises(UserError, match=f"^{re.escape(complaint)} --baseline.$"):
        refuse_other_site(Path("old.json"), replace(FULL.report, seeds=(before,)), [now])
