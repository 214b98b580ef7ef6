"""The guards of the test suite itself work, and the project's own papers agree with each other."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from tests.project.mutants import stale

HOME = Path(__file__).parents[2]
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))


def outcome(path: Path, source: str, **environment: str) -> str:
    """Run one small test file under our conftest, in a pytest of its own; give its closing line."""
    (path / "conftest.py").write_text((HOME / "tests" / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (path / "pytest.ini").write_text("[pytest]\nmarkers = server: needs one\n", encoding="utf-8")
    (path / "test_it.py").write_text(textwrap.dedent(source), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", str(path)]
    done = subprocess.run(command, env=environment, cwd=path, capture_output=True, text=True, check=False)
    return done.stdout.strip().splitlines()[-1]


LEAVING = [
    "socket.socket().connect(('192.0.2.1', 80))",
    "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "socket.socket(socket.AF_INET6).connect(('::ffff:192.0.2.1', 80, 0, 0))",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
    "socket.getaddrinfo('example.org', 80)",
    "socket.create_connection((b'example.org', 80))",
]


def test_tests_that_leave_loopback_fail_even_if_the_refusal_is_swallowed(tmp_path: Path) -> None:
    source = "import contextlib, socket\n" + "".join(
        f"def test_{number}():\n    with contextlib.suppress(OSError):\n        {line}\n"
        for number, line in enumerate(LEAVING)
    )
    assert f"{len(LEAVING)} errors" in outcome(tmp_path, source)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_is_open(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server, socket.socket(family) as client:
        server.bind((host, 0))
        server.listen()
        client.connect(server.getsockname())


def test_names_that_never_exist_are_answered_without_asking_anyone() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("gossamer.invalid", 80)


SKIPPED = """
    import pytest
    @pytest.mark.server
    def test_it(): pytest.skip("no nginx")
"""


def test_a_test_without_its_server_is_skipped(tmp_path: Path) -> None:
    assert outcome(tmp_path, SKIPPED).startswith("1 skipped")


def test_a_test_without_its_server_fails_where_servers_are_demanded(tmp_path: Path) -> None:
    assert outcome(tmp_path, SKIPPED, GOSSAMER_REQUIRE_SERVERS="1").startswith("1 failed")


def test_an_ordinary_skip_stays_a_skip_where_servers_are_demanded(tmp_path: Path) -> None:
    assert outcome(tmp_path, SKIPPED.replace("@pytest.mark.server", ""), GOSSAMER_REQUIRE_SERVERS="1").startswith("1 s")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-cluster.lock", "requirements-dev.lock"])
def test_the_lock_pins_every_dependency_with_hashes_and_names_no_index(name: str) -> None:
    lock = (HOME / name).read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    asked = {re.split(r"[<>=;\s]", wish)[0] for wish in PROJECT["project"]["dependencies"]}
    assert asked <= pinned
    assert "://" not in lock
    assert all(" \\\n    --hash=sha256:" in entry for entry in re.split(r"\n(?=[\w.-]+==)", lock)[1:])


def test_the_changelog_speaks_of_the_current_version() -> None:
    assert f"## {PROJECT['project']['version']}" in (HOME / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_deliberate_mistake_has_its_place_in_the_source() -> None:
    assert [f"{mutant.module}: {mutant.old}" for mutant in stale()] == []
