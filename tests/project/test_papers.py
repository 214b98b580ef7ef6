"""What newcomers read first agrees with the project: links lead somewhere, and changes are sorted by their kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
PAPERS = sorted(HOME.glob("*.md"))
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]  # of Keep a Changelog 1.1.0, in its order

_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def named(path: Path) -> str:
    return path.name


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_papers_that_a_code_host_looks_for_are_there() -> None:
    wanted = {"README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"}
    assert {path.name for path in PAPERS} == wanted


@pytest.mark.parametrize("path", PAPERS, ids=named)
def test_every_file_that_a_paper_links_to_exists(path: Path) -> None:
    for target in _LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        assert there.exists(), f"{path.name} links to {target}"
        assert not anchor or there.parent != HOME or anchor in anchors(there), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", PAPERS, ids=named)
def test_every_target_of_make_that_a_paper_names_exists(path: Path) -> None:
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    named_there = set(re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8")))
    assert {target for target in named_there if f"\n{target}:" not in makefile} == set()


def test_changes_are_sorted_by_version_and_kind() -> None:
    text = (HOME / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert versions
    for version in versions:
        assert re.match(r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)\n", version), "a version and its date"
        kinds = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert kinds == sorted(set(kinds), key=KINDS.index)
        assert not re.search(r"^- ", version.partition("### ")[0], re.MULTILINE), "every change is of some kind"


def test_reports_of_vulnerabilities_are_private_and_bug_reports_lead_there() -> None:
    assert "Report a vulnerability" in (HOME / "SECURITY.md").read_text(encoding="utf-8")
    form = (HOME / ".github" / "ISSUE_TEMPLATE" / "bug_report.yml").read_text(encoding="utf-8")
    assert "SECURITY.md" in form
