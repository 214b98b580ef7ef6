"""What is published installs without a compiler, reads pages natively, and holds all that building and testing need."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

HOME = Path(__file__).parents[2]
CPU_OF_THE_DEMO = 5.0  # seconds, of the crawl, the site that it crawls and the start of Python

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(600)]


class Built(NamedTuple):
    wheel: Path
    sdist: Path


class Installed(NamedTuple):
    programs: Path
    environment: dict[str, str]


def run(*command: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist, and the wheel that is built from it, as `make wheel` makes them."""
    if shutil.which(str(sysconfig.get_config_var("CC") or "cc").split()[0]) is None:
        pytest.skip("no compiler here to build the native reader with")
    into = tmp_path_factory.mktemp("dist")
    probe = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", into / "probe", "hatchling")
    if subprocess.run(probe, capture_output=True, check=False, timeout=120).returncode:
        pytest.skip("pip reaches no package index, and building needs one")
    run(sys.executable, "-m", "build", "--outdir", into, HOME, cwd=into)
    (wheel,) = into.glob("*.whl")
    (sdist,) = into.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A new environment with the wheel, where no compiler can be found and dependencies come as wheels only."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    programs = home / "bin"
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"PATH": str(programs), "CC": "/nonexistent", "CXX": "/nonexistent"}
    assert not any(shutil.which(name, path=str(programs)) for name in ("cc", "gcc", "clang"))
    install = (programs / "python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:")
    locked = ("--require-hashes", "--no-deps", "--requirement", HOME / "requirements.lock")
    run(*install, *locked, cwd=home, environment=environment)
    run(*install, "--no-deps", built.wheel, cwd=home, environment=environment)
    run(programs / "python", "-m", "pip", "check", cwd=home, environment=environment)
    return Installed(programs, environment)


def test_the_demo_runs_from_the_wheel_in_little_processor_time(installed: Installed, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = run(installed.programs / "gossamer", "demo", cwd=tmp_path, environment=installed.environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert "Museum of Silk" in said
    assert spent < CPU_OF_THE_DEMO, f"{spent:.2f} s of processor time"


def test_the_wheel_reads_pages_natively(installed: Installed, tmp_path: Path) -> None:
    check = Path(__file__).with_name("native.py")
    said = run(installed.programs / "python", "-I", check, cwd=tmp_path, environment=installed.environment)
    assert "_links read 2 pages" in said


def test_the_wheel_installs_the_man_page(installed: Installed) -> None:
    page = installed.programs.parent / "share" / "man" / "man1" / "gossamer.1"
    assert page.read_bytes() == (HOME / "docs" / "gossamer.1").read_bytes()


def test_the_sdist_holds_every_file_of_the_repository(built: Built) -> None:
    if not (HOME / ".git").exists():
        pytest.skip("not a checkout, so nothing says which files belong to it")
    tracked = set(run("git", "ls-files", "-z", cwd=HOME).strip("\0").split("\0"))
    with tarfile.open(built.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert sorted(name for name in tracked - held if (HOME / name).exists()) == []
    assert sorted(name for name in held if name.endswith((".so", ".pyc"))) == []


def test_the_tests_can_be_collected_from_the_sdist(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    said = run(sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", cwd=unpacked)
    assert "error" not in said.splitlines()[-1]
