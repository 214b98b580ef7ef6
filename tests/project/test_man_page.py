"""The man page says what the command line says, and can be read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from gossamer.cli.arguments import VERBS
from gossamer.cli.command_table import commands

HOME = Path(__file__).parents[2]
PAGE = HOME / "docs" / "gossamer.1"


def rendered() -> str:
    """The page as a terminal of 100 columns shows it, without bold print."""
    if shutil.which("groff") is None:
        pytest.skip("there is no groff here")
    words = ["groff", "-man", "-ww", "-Tutf8", "-rLL=100n", str(PAGE)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | {"GROFF_NO_SGR": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    return re.sub(".\x08", "", done.stdout)


def test_the_page_is_rendered_without_a_warning_and_says_everything() -> None:
    text = rendered()
    plain = " ".join(text.replace("\u2010\n", "").split())  # hyphenated words are whole again
    for row in commands():
        assert f"GOSSAMER {row.verb.upper()}" in text
        for one in row.rows:
            assert all(flag in text for flag in one.spellings)
            words = one.about.split()
            assert words[0] in plain
    assert "'/docs/*'" in text
    assert not [line for line in text.splitlines() if "\\" in line.removesuffix(" \\")], "no escape is left"


def test_every_command_has_its_section_and_each_exit_code_its_line() -> None:
    source = PAGE.read_text(encoding="utf-8")
    assert re.findall(r'^\.SH "GOSSAMER (\w+)"$', source, re.MULTILINE) == [row.verb.upper() for row in commands()]
    assert len(commands()) == len(VERBS)
    exits = source.partition(".SH EXIT STATUS")[2].partition(".SH")[0]
    assert re.findall(r"^\.B (\d+)$", exits, re.MULTILINE) == ["0", "1", "2", "3", "4", "70", "130", "141"]


def test_the_wheel_installs_it_where_man_looks() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {"docs/gossamer.1": "share/man/man1/gossamer.1"}
