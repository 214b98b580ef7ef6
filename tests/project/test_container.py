"""The Dockerfile makes a small image that runs as an ordinary user; where there is no engine it is only read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

HOME = Path(__file__).parents[2]
DOCKERFILE = HOME / "Dockerfile"


class Step(NamedTuple):
    verb: str
    words: list[str]


def steps(text: str) -> list[Step]:
    """Split a Dockerfile into its instructions, comments left out and continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [Step(line.split()[0].upper(), line.split()[1:]) for line in lines if line.strip()]


def complaints(text: str, root: Path) -> list[str]:
    """List what is wrong with a Dockerfile whose build context is `root`."""
    found, stages, users = list[str](), set[str](), list[str]()
    for verb, words in steps(text):
        plain = [word for word in words if not word.startswith("--")]
        if verb == "FROM":
            tag = plain[0].partition(":")[2]
            if plain[0] not in stages and (not tag or tag.startswith("latest")):
                found.append(f"{plain[0]} may be another image tomorrow")
            stages |= set(plain[2:])
            users = []
        elif verb == "ADD":
            found.append(f"ADD {' '.join(words)}: COPY says what it does, and fetches nothing")
        elif verb == "COPY" and not any(word.startswith("--from=") for word in words):
            found += [f"{name} is not there" for name in plain[:-1] if not (root / name).exists()]
        elif verb == "USER":
            users.append(plain[0])
    if not users or users[-1].split(":")[0] in ("root", "0"):
        found.append("it runs as root")
    return found


def test_the_image_is_pinned_runs_as_an_ordinary_user_and_fetches_nothing() -> None:
    assert complaints(DOCKERFILE.read_text(encoding="utf-8"), HOME) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("FROM python\nUSER 1000", "python may be another image tomorrow"),
        ("FROM python:latest\nUSER 1000", "python:latest may be another image tomorrow"),
        ("FROM python:3.13-slim\n", "it runs as root"),
        ("FROM python:3.13-slim\nUSER 0:0", "it runs as root"),
        ("FROM python:3.13 AS build\nUSER 1000\nFROM python:3.13-slim", "it runs as root"),
        ("FROM python:3.13-slim\nCOPY a \\\n  b /c/\nUSER 1000", "b is not there"),
        (
            "FROM python:3.13-slim\nADD https://example.org/a /a\nUSER 1000",
            "ADD https://example.org/a /a: COPY says what it does, and fetches nothing",
        ),
    ],
)
def test_a_dockerfile_that_breaks_a_rule_is_found(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert complaints(text, tmp_path) == [complaint]


def test_the_image_is_made_in_two_stages_and_only_the_slim_one_is_kept() -> None:
    bases = [step.words for step in steps(DOCKERFILE.read_text(encoding="utf-8")) if step.verb == "FROM"]
    assert [words[1:2] for words in bases] == [["AS"], []]
    assert "-slim" in bases[-1][0]
    assert bases[0][0].split("-")[0] == bases[-1][0].split("-")[0], "the environment needs the Python that made it"


def test_the_image_is_the_command_line_and_crawls_live_in_a_volume() -> None:
    last = {step.verb: step.words for step in steps(DOCKERFILE.read_text(encoding="utf-8"))}
    assert last["ENTRYPOINT"] == ['["gossamer"]']
    assert last["VOLUME"] == last["WORKDIR"]


def test_only_what_is_copied_reaches_the_engine() -> None:
    copied = {
        name
        for step in steps(DOCKERFILE.read_text(encoding="utf-8"))
        if step.verb == "COPY" and not step.words[0].startswith("--from=")
        for name in step.words[:-1]
    }
    rules = (HOME / ".dockerignore").read_text(encoding="utf-8").split()
    assert "*" in rules
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied


def test_hadolint_has_nothing_to_say() -> None:
    program = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which("hadolint")
    if program is None:
        pytest.skip("no hadolint")
    done = subprocess.run([program, DOCKERFILE], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def engine_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=60).returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_image_builds_and_crawls_its_own_site() -> None:
    if not engine_answers():
        pytest.skip("no container engine")
    build = ["docker", "build", "--quiet", str(HOME)]
    image = subprocess.run(build, capture_output=True, text=True, check=True, timeout=900).stdout.strip()
    try:
        demo = ["docker", "run", "--rm", "--network", "none", image, "demo"]
        done = subprocess.run(demo, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        whoami = ["docker", "run", "--rm", "--entrypoint", "id", image, "-u"]
        assert subprocess.run(whoami, capture_output=True, text=True, check=True, timeout=60).stdout.strip() == "1000"
    finally:
        subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True, check=False, timeout=60)
