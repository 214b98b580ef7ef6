"""What the code host does is what .ci/run does, with few rights; and what it asks reporters is well-formed."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

HOME = Path(__file__).parents[2]
GITHUB = HOME / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))


class Loader(yaml.SafeLoader):
    """Reads `on` as the word that it is in a workflow, and not as YAML 1.1's way to say true."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first not in "oO"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader)  # a SafeLoader that knows one word less


def named(path: Path) -> str:
    return path.name


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


def targets(script: str) -> set[str]:
    """List the targets of make that a script calls, whatever else it does with the output."""
    lines = [line.strip() for line in script.splitlines()]
    return {shlex.split(line)[1] for line in lines if line.startswith("make ")}


# ---------------------------------------------------------------- workflows


def test_the_code_host_runs_what_must_pass_before_a_merge() -> None:
    here = targets((HOME / ".ci" / "run").read_text(encoding="utf-8"))
    there = {target for step in steps(GITHUB / "workflows" / "ci.yml") for target in targets(step.get("run", ""))}
    assert here == there == {"test", "check", "coverage", "test-wheel"}


def test_tests_run_on_every_python_that_the_project_claims_and_on_both_systems() -> None:
    matrix = read(GITHUB / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    assert {system.partition("-")[0] for system in matrix["system"]} == {"ubuntu", "macos"}


def test_wheels_are_built_for_every_python_that_the_project_claims() -> None:
    wanted = PROJECT["tool"]["cibuildwheel"]["build"]
    assert wanted == [f"cp{version.replace('.', '')}-*" for version in PYTHONS]
    assert PROJECT["project"]["requires-python"] == f">={PYTHONS[0]}"


def test_the_setup_tries_every_python_that_the_project_claims() -> None:
    setup = (HOME / ".ci" / "setup").read_text(encoding="utf-8")
    tried = re.findall(r"python(3\.\d+)", re.findall(r"PYTHON:-([^}]*)", setup)[0])
    assert tried == PYTHONS[::-1]


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_workflow_may_only_read_and_each_more_is_granted_to_one_job(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert granted in ({}, {"publish": {"id-token": "write"}})


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_every_action_is_pinned_to_a_version(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@(release/)?v\d+(\.\d+\.\d+)?", name)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_every_job_has_a_limit_of_time_and_only_calls_targets_that_exist(path: Path) -> None:
    workflow = read(path)
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    assert {"name", "on", "jobs"} <= set(workflow)
    assert [name for name, job in workflow["jobs"].items() if "timeout-minutes" not in job] == []
    assert all(("run" in step) != ("uses" in step) for step in steps(path))
    called = {target for step in steps(path) for target in targets(step.get("run", ""))}
    assert {target for target in called if f"\n{target}:" not in makefile} == set()


def test_publishing_waits_for_wheels_and_source_and_stores_no_token() -> None:
    text = (GITHUB / "workflows" / "release.yml").read_text(encoding="utf-8")
    publish = read(GITHUB / "workflows" / "release.yml")["jobs"]["publish"]
    assert set(publish["needs"]) == {"wheels", "sdist"}
    assert publish["environment"] == "pypi"
    assert "secrets." not in text


# ---------------------------------------------------------------- hooks before a commit


def test_the_hooks_are_checks_of_the_projects_own_environment() -> None:
    config = read(HOME / ".pre-commit-config.yaml")
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    makefile = (HOME / "Makefile").read_text(encoding="utf-8")
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    for hook in hooks:
        assert f"@{hook['entry'].replace(' --force-exclude', '')}" in makefile, f"make check does not do {hook['id']}"


# ---------------------------------------------------------------- what reporters are asked


@pytest.mark.parametrize("path", FORMS, ids=named)
def test_an_issue_form_is_well_formed(path: Path) -> None:
    form = read(path)
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    assert {"name", "description", "body"} <= set(form) <= {"name", "description", "title", "labels", "body"}
    assert {part["type"] for part in fields} <= {"textarea", "input", "dropdown", "checkboxes"}
    assert len({part["id"] for part in fields}) == len(fields), "each id once"
    assert all(re.fullmatch(r"[\w-]+", part["id"]) for part in fields)
    assert all(part["attributes"]["label"] for part in fields)
    assert any(part.get("validations", {}).get("required") for part in fields)


def test_a_bug_report_asks_for_a_list_of_urls_or_a_small_page() -> None:
    form = read(GITHUB / "ISSUE_TEMPLATE" / "bug_report.yml")
    labels = [part["attributes"].get("label", "") for part in form["body"]]
    assert any("URLs" in label and "page" in label for label in labels)


def test_issues_without_a_form_stay_possible() -> None:
    config = read(GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    assert config == {"blank_issues_enabled": True}


def test_a_pull_request_is_asked_for_the_checks_of_the_project() -> None:
    template = (GITHUB / "pull_request_template.md").read_text(encoding="utf-8")
    assert all(word in template for word in ("`make test`", "`make check`", "`CHANGELOG.md`"))
