"""The GitHub Action, the pre-commit hook and the examples for CI systems are well-formed, and what they run exists."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gossamer.cli import arguments
from tests.support.scripted_server import Server, answer

HOME = Path(__file__).parents[2]
ACTION = yaml.safe_load((HOME / "action.yml").read_text(encoding="utf-8"))
[HOOK] = yaml.safe_load((HOME / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
HOW_TO = (HOME / "docs" / "how-to" / "check-in-ci.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)]
PAGE = answer(b"<title>Home</title><p><a href=/gone>gone</a>", "Content-Type: text/html")


def script() -> str:
    """Return the script of the step that checks."""
    [step] = [step for step in ACTION["runs"]["steps"] if step.get("id") == "check"]
    return str(step["run"])


def commands() -> list[list[str]]:
    """List the calls of gossamer in the examples."""
    lines = [
        line
        for example in EXAMPLES
        for job in example.values()
        if isinstance(job, dict)
        for line in job.get("script", ())
    ]
    return [shlex.split(line) for line in lines if line.startswith("gossamer ")]


def test_the_action_is_valid_by_the_schema_of_github_actions() -> None:
    catalog = importlib.import_module("check_jsonschema.builtin_schemas")
    validators = importlib.import_module("jsonschema.validators")
    schema = catalog.get_builtin_schema("vendor.github-actions")
    errors = validators.validator_for(schema)(schema).iter_errors(ACTION)
    assert [error.message for error in errors] == []


def test_every_input_of_the_action_is_described_and_comes_as_a_variable() -> None:
    assert all(value["description"] for value in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))
    [env] = [step["env"] for step in ACTION["runs"]["steps"] if "env" in step]
    used = {re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)[1] for value in env.values()}  # type: ignore[index]
    assert used == set(ACTION["inputs"])
    assert not any("${{" in step["run"] for step in ACTION["runs"]["steps"]), "an input could become part of the script"


def test_the_examples_give_the_action_and_the_hook_what_they_know() -> None:
    steps = [step for example in EXAMPLES for job in example.get("jobs", {}).values() for step in job["steps"]]
    [ours] = [step for step in steps if "/gossamer@" in step.get("uses", "")]
    needed = {name for name, value in ACTION["inputs"].items() if value.get("required")}
    assert needed <= set(ours["with"]) <= set(ACTION["inputs"])
    arguments.read(["check", ours["with"]["target"], *shlex.split(ours["with"]["flags"])])
    [hook] = [hook for example in EXAMPLES for repo in example.get("repos", ()) for hook in repo["hooks"]]
    assert hook["id"] == HOOK["id"]
    arguments.read([*shlex.split(HOOK["entry"])[1:], *hook["args"]])


def test_the_hook_has_what_pre_commit_needs() -> None:
    assert {"id", "name", "description", "entry", "language"} <= set(HOOK)
    assert HOOK["language"] == "python"
    assert not HOOK["pass_filenames"]


def test_every_command_of_the_examples_is_understood() -> None:
    assert len(commands()) == 2
    for words in commands():
        arguments.read(words[1:])


def test_the_page_names_every_format() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", HOW_TO, re.MULTILINE)) == arguments.REPORTS


@pytest.mark.parametrize("known", [False, True])
def test_the_script_of_the_action_checks_and_leaves_reports(tmp_path: Path, known: bool) -> None:
    variables = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    baseline = tmp_path / "baseline.json"
    with Server({"/": PAGE, "/robots.txt": answer(b"")}) as server:
        if known:
            finding = {"kind": "broken_link", "verdict": "broken", "url": f"{server.origin}/gone"}
            baseline.write_text(json.dumps({"version": 1, "complete": True, "counts": {}, "findings": [finding]}))
        environment = {
            **os.environ,
            **variables,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TARGET": f"{server.origin}/",
            "FLAGS": f"--allow-private 127.0.0.1 --delay 0 -o {tmp_path / 'crawl'}",
            "BASELINE": str(baseline),
            "REPORTS": str(tmp_path / "reports"),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script()],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == (0 if known else 1), done.stdout + done.stderr
    assert ("::error title=Broken links::" in done.stdout) is not known
    names = dict(line.split("=") for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
    assert set(names) == set(ACTION["outputs"])
    assert json.loads(Path(names["json"]).read_text())["findings"]
    assert all(Path(name).stat().st_size for name in names.values())
    assert "# Check of" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
