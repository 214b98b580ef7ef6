"""Every format is whole, valid by its schema, and safe whatever pages have in them."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree
from markdown_it import MarkdownIt
from msgspec.structs import replace

from gossamer.check.checked import Checked
from gossamer.check.findings import CheckReport, Finding, FindingKind, Referrer, Severity, Verdict
from gossamer.check.formats import FORMATS, Target, targets_of, write
from gossamer.check.formats.csv_rows import COLUMNS, safe
from gossamer.check.kinds import KINDS
from gossamer.values.errors import OutputError, UserError
from gossamer.values.formatting import FORMULA, visible
from tests.support import check_reports as reports
from tests.support.check_reports import ALL, BROKEN, COMPARED, EMPTY, FULL, INCOMPLETE, UNSEEN, UNTITLED

HOME = Path(__file__).parents[2]
DATA = HOME / "tests" / "data"


def text(name: str, checked: Checked) -> str:
    return "".join(FORMATS[name].write(checked))


def complaints(instance: Any, schema: Path) -> list[str]:
    """List what a JSON schema finds wrong; the library is imported so that mypy needs no types of it."""
    read = json.loads(schema.read_text(encoding="utf-8"))
    jsonschema = importlib.import_module("jsonschema")
    validator = jsonschema.validators.validator_for(read)
    validator.check_schema(read)
    return [error.message for error in validator(read, format_checker=validator.FORMAT_CHECKER).iter_errors(instance)]


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize("checked", ALL.values(), ids=ALL)
def test_json_is_valid_by_the_published_schema_and_reads_back(checked: Checked) -> None:
    written = text("json", checked)
    assert complaints(json.loads(written), HOME / "docs/reference/check.schema.json") == []
    read = msgspec.json.decode(written, type=CheckReport)
    findings = tuple([replace(finding, state="") for finding in read.findings])
    assert replace(read, findings=findings, gone=()) == checked.report
    assert written.endswith("}\n")


def test_json_has_the_fields_that_are_promised() -> None:
    report = json.loads(text("json", FULL))
    assert list(report) == [
        "version", "complete", "counts", "findings", "seeds", "unseen", "left_out", "gone",
    ]  # fmt: skip

    assert set(report["findings"][0]) == {
        "kind", "verdict", "url", "reason", "status", "detail", "suggestion", "severity", "referrer_count", "referrers",
        "state",
    }  # fmt: skip
    assert set(report["findings"][0]["referrers"][0]) == {"page", "element", "text", "line"}
    assert len(report["findings"][1]["referrers"]) == 25


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"complete": "yes"}, {"findings": [{"kind": "broken_link"}]}, {"findings": [{"kind": 1}]}],
)
def test_the_published_schema_refuses_what_is_no_report(change: dict[str, Any]) -> None:
    report = json.loads(text("json", FULL)) | change
    assert complaints(report, HOME / "docs/reference/check.schema.json")


def test_json_says_what_is_new_known_and_gone() -> None:
    report = json.loads(text("json", COMPARED))
    assert [finding["state"] for finding in report["findings"]] == ["new", "known", "new", "new", "known"]
    assert [(finding["url"], finding["state"]) for finding in report["gone"]] == [(UNTITLED.url, "gone")]


def test_json_says_why_a_site_was_not_seen() -> None:
    report = json.loads(text("json", UNSEEN))
    assert (report["unseen"], report["left_out"]) == (list(UNSEEN.unseen), list(UNSEEN.report.left_out))


# ---------------------------------------------------------------- CSV


def test_csv_says_why_a_site_was_not_seen_and_what_was_left_out() -> None:
    found = [(row["kind"], row["severity"], row["reason"], row["detail"]) for row in rows(UNSEEN)]
    assert found == [
        ("check", "error", "unseen", " ".join(UNSEEN.unseen)),
        ("check", "error", "incomplete", "The check ended before everything was checked."),
        ("check", "warning", "left_out", *UNSEEN.report.left_out),
    ]
    assert all(len(row) == len(COLUMNS) for row in csv.reader(io.StringIO(text("csv", UNSEEN))))


def rows(checked: Checked) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text("csv", checked), newline="")))


def test_csv_has_a_row_for_each_place_and_one_for_a_finding_without() -> None:
    found = rows(FULL)
    assert len(found) == 25 + 1 + 1 + 2 + 1
    assert [row["line"] for row in found if row["url"] == BROKEN.url][:3] == ["", "1", "2"]
    assert [row["page"] for row in found if row["url"] == UNTITLED.url] == [""]
    assert {row["state"] for row in found} == {""}
    assert text("csv", EMPTY) == ",".join(COLUMNS) + "\r\n"


def test_csv_says_what_is_new_known_and_gone() -> None:
    states = {(row["kind"], row["state"]) for row in rows(COMPARED)}
    assert states == {
        ("broken_fragment", "new"),
        ("broken_link", "known"),
        ("broken_link", "new"),
        ("missing_title", "new"),
        ("missing_title", "gone"),
        ("redirect", "known"),
    }


@pytest.mark.parametrize("name", ["text", "csv", "github", "markdown", "junit", "sarif", "json"])
def test_nothing_that_a_page_has_commands_a_terminal(name: str) -> None:
    evil = "\x1b]0;x\x07\u202ea\x9b"
    referrer = Referrer(f"https://a.example/{evil}", "a[href]", evil, 1)
    finding = Finding(
        FindingKind.BROKEN_LINK, Verdict.BROKEN, f"http://[{evil}", detail=evil, suggestion=evil, referrers=(referrer,)
    )
    written = text(name, replace(FULL, report=CheckReport(1, True, {}, (finding,))))
    assert all(char.isprintable() or char in "\r\n" for char in written) or name in ("json", "sarif", "junit")
    assert not set(written) & set("\x1b\x07")


def test_no_cell_is_computed_by_a_spreadsheet() -> None:
    for row in rows(FULL):
        assert not any(re.match(r"[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]", cell or "") for cell in row.values()), row
    assert safe('=1+1"') == "'=1+1\""
    assert [safe(start + "x")[0] for start in "+-@\t\r\n\uff1d\uff0b\uff0d\uff20"] == ["'"] * 10
    assert safe("a=1") == "a=1"
    assert rows(FULL)[0]["detail"] == "'" + visible(reports.FRAGMENT.detail)


# ---------------------------------------------------------------- JUnit

SCHEMA = etree.XMLSchema(etree.parse(str(DATA / "junit.xsd")))


def suites(checked: Checked) -> Any:
    return etree.fromstring(text("junit", checked).encode())


@pytest.mark.parametrize("checked", ALL.values(), ids=ALL)
def test_junit_is_valid_by_the_strictest_schema(checked: Checked) -> None:
    root = suites(checked)
    SCHEMA.assertValid(root)
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
    assert [suite.get("id") for suite in root] == [str(number) for number in range(len(root))]


def test_the_schema_of_junit_refuses_what_is_none() -> None:
    root = suites(FULL)
    root[1].remove(root[1].find("system-err"))
    assert not SCHEMA.validate(root)


def test_in_junit_errors_fail_and_other_findings_pass_and_are_printed() -> None:
    root = suites(FULL)
    failed = {case.get("name") for case in root.iterfind("testsuite/testcase[failure]")}
    assert failed == {BROKEN.url, reports.FRAGMENT.url, "http://exa mple<>/\u00e9\U0001f577"}
    printed = "".join(suite.findtext("system-out") for suite in root)
    assert "notice: http://other.example/: It has moved. Write https://other.example/" in printed
    failure = root.find(f"testsuite/testcase[@name='{BROKEN.url}']/failure").text
    assert "https://example.org/19, line 19: a[href] 'text 19'\nand 5 more places" in failure
    assert root.find("testsuite/testcase[@name='complete']/error") is None


def test_in_junit_a_check_that_is_not_complete_is_an_error() -> None:
    error = suites(INCOMPLETE).find("testsuite/testcase[@name='complete']/error")
    assert error.get("message") == "The check ended before everything was checked."


def test_in_junit_a_site_that_was_not_seen_is_an_error() -> None:
    root = suites(UNSEEN)
    assert root.find("testsuite/testcase[@name='seen']/error").get("message") == " ".join(UNSEEN.unseen)
    assert root.find("testsuite/system-out").text == "warning: 3 references of 1 page were not checked."
    assert suites(FULL).find("testsuite/testcase[@name='seen']/error") is None


def test_in_junit_what_the_baseline_had_passes_and_with_strict_warnings_fail() -> None:
    assert not suites(COMPARED).xpath(f"//testcase[@name='{BROKEN.url}']/failure")
    assert suites(replace(FULL, strict=True)).xpath(f"//testcase[@name='{UNTITLED.url}']/failure")
    assert not suites(FULL).xpath(f"//testcase[@name='{UNTITLED.url}']/failure")


# ---------------------------------------------------------------- SARIF


def run(checked: Checked) -> Any:
    return json.loads(text("sarif", checked))["runs"][0]


@pytest.mark.parametrize("checked", ALL.values(), ids=ALL)
def test_sarif_is_valid_by_the_published_structure(checked: Checked) -> None:
    assert complaints(json.loads(text("sarif", checked)), DATA / "sarif.schema.json") == []


def test_the_structure_of_sarif_refuses_what_is_none() -> None:
    log = json.loads(text("sarif", FULL))
    log["runs"][0]["results"][0]["levels"] = "error"
    log["runs"][0]["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "http://a b"
    assert len(complaints(log, DATA / "sarif.schema.json")) == 2


def test_sarif_has_a_rule_with_help_for_every_kind() -> None:
    rules = run(FULL)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [kind.value for kind in KINDS]
    for rule in rules:
        assert rule["help"]["text"]
        assert "How to mend it" in rule["help"]["markdown"]
    for result in run(FULL)["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_result_of_sarif_has_its_places_level_and_an_identity() -> None:
    results = {result["properties"]["url"]: result for result in run(FULL)["results"]}
    broken = results[BROKEN.url]
    assert broken["level"] == "error"
    assert broken["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "https://example.org/0"}}
    assert broken["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert len(broken["relatedLocations"]) == 19
    assert results[UNTITLED.url]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == UNTITLED.url
    identities = {result["partialFingerprints"]["kindAndUrl/v1"] for result in results.values()}
    assert len(identities) == 5


def test_a_message_of_sarif_has_no_links_and_no_placeholders() -> None:
    message = run(FULL)["results"][0]["message"]["text"]
    assert "\\[so\\] {{to}} say" in message


def test_sarif_notifies_that_a_site_was_not_seen() -> None:
    [invocation] = run(UNSEEN)["invocations"]
    told = [(one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]]
    assert [level for level, _ in told] == ["error", "error", "warning"]
    assert told[0][1] == "unsupported: the start page is a <login>. Log in, \\[so\\] {{to}} say: 50%"
    assert invocation["executionSuccessful"] is False
    assert run(FULL)["invocations"][0]["toolExecutionNotifications"] == []


def test_sarif_says_what_is_new_unchanged_and_absent() -> None:
    states = [(result["ruleId"], result.get("baselineState")) for result in run(COMPARED)["results"]]
    assert states == [
        ("broken_fragment", "new"), ("broken_link", "unchanged"), ("broken_link", "new"), ("missing_title", "new"),
        ("redirect", "unchanged"), ("missing_title", "absent"),
    ]  # fmt: skip
    assert [run(one)["invocations"][0]["executionSuccessful"] for one in (FULL, INCOMPLETE)] == [True, False]


# ---------------------------------------------------------------- GitHub


def commands(checked: Checked) -> list[tuple[str, str, str]]:
    found = []
    for line in text("github", checked).splitlines():
        match = re.fullmatch(r"::(error|warning|notice) title=([^:,\r\n]*)::(.*)", line)
        assert match, line
        found.append((match[1], match[2], match[3]))
    return found


def test_a_workflow_command_is_one_line_whatever_it_says() -> None:
    found = commands(FULL)
    assert [level for level, _, _ in found] == ["error", "error", "error", "warning", "notice"]
    assert "100%25   wrong" in found[0][2]
    assert "%0A" in found[1][2]
    assert "and 20 more places" in found[1][2]
    assert commands(EMPTY) == []
    assert commands(INCOMPLETE)[0][:2] == ("error", "Not complete")


def test_no_more_annotations_of_a_level_than_github_shows_and_the_rest_counted() -> None:
    many = tuple(
        Finding(FindingKind.BROKEN_LINK, Verdict.BROKEN, f"https://a.example/{n}", severity=Severity.ERROR)
        for n in range(30)
    )
    found = commands(replace(FULL, report=replace(FULL.report, findings=many)))
    assert len(found) == 10
    assert found[-1] == ("error", "21 more", "The other formats have all of them.")
    assert len(commands(replace(FULL, report=replace(FULL.report, findings=many[:10])))) == 10


def test_annotations_begin_with_why_a_site_was_not_seen() -> None:
    assert [(level, title) for level, title, _ in commands(UNSEEN)] == [
        ("error", "Not seen"), ("error", "Not complete"), ("warning", "Left out"),
    ]  # fmt: skip


def test_what_the_baseline_had_is_no_annotation() -> None:
    assert not any(BROKEN.url in message for _, _, message in commands(COMPARED))
    assert len(commands(COMPARED)) == 3


# ---------------------------------------------------------------- Markdown


def test_markdown_says_in_a_sentence_whether_anything_is_broken() -> None:
    assert text("markdown", EMPTY).splitlines()[:5] == [
        "# Check of https://example.org/",
        "",
        "**Nothing is broken.**",
        "",
        "3 pages, 1 external address checked.",
    ]
    assert "**3 findings to mend.**" in text("markdown", FULL)
    assert "**2 new findings to mend.**" in text("markdown", COMPARED)
    assert "1,234 pages, 1 resource, 0 external addresses checked." in text("markdown", FULL)
    assert "The check ended before" in text("markdown", INCOMPLETE)


def test_markdown_says_why_a_site_was_not_seen() -> None:
    written = text("markdown", UNSEEN)
    assert "the start page is a \\<login\\>." in written
    assert "3 references of 1 page were not checked." in written


def test_nothing_of_a_page_is_markup_in_markdown() -> None:
    html = MarkdownIt("commonmark").enable("table").render(text("markdown", FULL))
    page = etree.fromstring(f"<div>{html}</div>", etree.HTMLParser())
    assert {element.tag for element in page.iter()} <= set(
        "html body div h1 h2 p strong table thead tbody tr th td a br".split()
    )
    assert all(len(row) == 4 for row in page.iter("tr"))
    assert "wrong, [so] {to} say <script>" in str(page.xpath("string()"))
    assert {str(link.get("href"))[:4] for link in page.iter("a")} == {"http"}


def test_markdown_names_what_is_new_and_what_is_gone() -> None:
    summary = text("markdown", COMPARED)
    assert "2 findings of the baseline are still there." in summary
    assert "## Mended since the baseline (1)" in summary
    assert "## Moved for good" not in summary
    one = replace(COMPARED, report=replace(FULL.report, findings=(BROKEN,)))
    assert "1 finding of the baseline is still there." in text("markdown", one)


def test_a_long_list_is_cut_in_markdown() -> None:
    many = tuple(replace(BROKEN, url=f"https://a.example/{n}") for n in range(5000))
    summary = text("markdown", replace(FULL, report=replace(FULL.report, findings=many)))
    assert "And 4,980 more." in summary
    assert "and 22 more pages" in summary
    assert len(summary) < 20_000  # GitHub shows 1 MiB of a job's summary


# ---------------------------------------------------------------- where they go


def test_several_formats_go_to_files_and_one_is_printed(tmp_path: Path) -> None:
    printed: list[str] = []
    targets = targets_of([f"json:{tmp_path}/new/a.json", "csv", f"junit:{tmp_path}/b.xml"])
    write(FULL, targets, printed.append)
    assert "".join(printed) == text("csv", FULL)
    assert (tmp_path / "new/a.json").read_text() == text("json", FULL)
    assert (tmp_path / "b.xml").read_bytes().decode() == text("junit", FULL)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.xml", "new"]


def test_a_file_keeps_its_lines_as_the_format_ends_them(tmp_path: Path) -> None:
    write(EMPTY, targets_of([f"csv:{tmp_path}/a.csv"]), print)
    assert (tmp_path / "a.csv").read_bytes().endswith(b"state\r\n")


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (["yaml"], "There is no format 'yaml'. The formats are text, json, csv"),
        (["jsn"], "There is no format 'jsn'. Did you mean 'json'?"),
        (["json:"], "names no file; write json:FILE, or json for standard output"),
        (["json", "csv"], "Only one format can be printed, not json and csv; give the others a file"),
        (["json:a", "csv:./a"], "Two formats cannot be written to one file"),
    ],
)
def test_targets_that_cannot_be_are_refused_in_a_sentence(wanted: list[str], complaint: str) -> None:
    with pytest.raises(UserError) as refused:
        targets_of(wanted)
    assert complaint in str(refused.value)


def test_a_place_that_cannot_be_written_is_refused_before_the_check_begins(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"because {tmp_path}/file is a file"):
        targets_of([f"json:{tmp_path}/file/deep/a.json"])
    with pytest.raises(UserError, match="is a directory; write csv:FILE"):
        targets_of([f"csv:{tmp_path}"])


def test_a_file_may_have_colons_in_its_name() -> None:
    assert targets_of(["json:a:b.json"]) == (Target("json", Path("a:b.json")),)


def test_a_file_that_cannot_be_written_is_told_in_a_sentence_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    target = targets_of([f"json:{tmp_path}/new/a.json"])
    (tmp_path / "new").touch()
    with pytest.raises(OutputError, match=r"a\.json cannot be written: File exists"):
        write(FULL, target, print)
    (tmp_path / "new").unlink()
    broken = replace(FULL, report=None)
    with pytest.raises(AttributeError):
        write(broken, targets_of([f"csv:{tmp_path}/file"]), print)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_the_tables_of_a_page_are_as_safe_as_the_files() -> None:
    script = (HOME / "src/gossamer/report/html/script.js").read_text(encoding="utf-8")
    guarded = re.search(r"text\.replace\(/\^\[(.+?)\]/", script)
    assert guarded is not None
    assert set(guarded[1].replace("\\-", "-").encode().decode("unicode_escape")) == set(FORMULA)
