"""Completion in the shells themselves: what is offered is what the command line takes."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from gossamer.cli import main
from gossamer.cli.arguments import REPORTS, SHELLS, VERBS, parsers
from gossamer.cli.command_table import commands
from gossamer.engines.table import ENGINES

HAS = {shell: shutil.which(shell) for shell in SHELLS}


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(HAS[shell] is None, reason=f"there is no {shell} here")


@pytest.fixture
def scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the three scripts, a crawl directory and a file, in which the shells run."""
    monkeypatch.chdir(tmp_path)
    for shell in SHELLS:
        assert main(["completion", shell]) == 0
        (tmp_path / f"completion.{shell}").write_text(capsys.readouterr().out)
    (tmp_path / "the crawl").mkdir()
    (tmp_path / "urls.txt").touch()
    return tmp_path


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in SHELLS])
def test_a_script_has_no_mistake_of_syntax(scripts: Path, shell: str) -> None:
    done = subprocess.run([shell, "-n", f"completion.{shell}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_shell_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "'tcsh'" in capsys.readouterr().err


def test_the_table_has_every_command_and_every_flag() -> None:
    table = commands()
    assert sorted(row.verb for row in table) == sorted(VERBS)
    for row in table:
        actions = parsers()[1][row.verb]._actions
        assert sorted(flag for one in row.rows for flag in one.spellings) == sorted(
            flag for action in actions for flag in action.option_strings
        )


# ---------------------------------------------------------------- bash


def by_bash(*words: str) -> list[str]:
    program = (
        'source ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gossamer\n'
        '[ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", program, "bash", *words], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


@needs("bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["resu"], ["resume"]),
        (["crawl", "--max-p"], ["--max-pages"]),
        (["crawl", "-e", ""], list(ENGINES)),
        (["crawl", "--engine", "=", "th"], ["threads"]),
        (["crawl", "--engine", "="], list(ENGINES)),
        (["crawl", "--scope", "d"], ["domain"]),
        (["crawl", "--max-pages", ""], []),
        (["crawl", "https://example.org/", "--no-rob"], ["--no-robots"]),
        (["resume", ""], ["the crawl"]),
        (["resume", "--sco"], []),
        (["crawl", "-o", "the"], ["the crawl"]),
        (["fetch", "-i", "url"], ["urls.txt"]),
        (["completion", ""], list(SHELLS)),
        (["check", "-f", "ju"], ["junit"]),
        (["check", "--format", ""], list(REPORTS)),
        (["diff", "--format", "h"], ["html"]),
        (["-q", "--sco"], ["--scope"]),
        (["--vers"], ["--version"]),
    ],
)
def test_bash_completes(scripts: Path, words: list[str], offered: list[str]) -> None:
    assert by_bash("gossamer", *words) == offered


@needs("bash")
def test_bash_offers_every_command_and_every_flag_of_it(scripts: Path) -> None:
    assert sorted(by_bash("gossamer", "")) == sorted(VERBS)
    for row in commands():
        assert by_bash("gossamer", row.verb, "-") == [flag for one in row.rows for flag in one.spellings]


# ---------------------------------------------------------------- zsh


def by_zsh(typed: str) -> str:
    """Type something and Tab at a prompt of zsh; return the line as it then is."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover
        os.environ.update(TERM="dumb", COLUMNS="200", LINES="60")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:
        os.write(terminal, b"PS1='> '; autoload -U compinit; compinit -u -D; source ./completion.zsh; echo REA''DY\n")
        read_until(terminal, rb"READY\r?\n.*> ")
        os.write(terminal, typed.encode() + b"\t")
        read_until(terminal, re.escape(typed.encode()) + rb"\S* ")
        os.write(terminal, b"\x01print -r -- 'LINE: \x05'\n")
        return read_until(terminal, rb"\nLINE: (.*?) *\r?\n")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def read_until(terminal: int, pattern: bytes) -> str:
    """Read what a shell writes up to a pattern; return its first group."""
    seen, end = b"", time.monotonic() + 20
    while not (found := re.search(pattern, seen, re.DOTALL)):
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65_536)
    return found[1].decode() if found.re.groups else ""


@needs("zsh")
@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("gossamer resu", "gossamer resume"),
        ("gossamer crawl --max-pag", "gossamer crawl --max-pages"),
        ("gossamer crawl -e pro", "gossamer crawl -e processes"),
        ("gossamer --max-pag", "gossamer --max-pages"),
        ("gossamer completion fi", "gossamer completion fish"),
        ("gossamer fetch -i url", "gossamer fetch -i urls.txt"),
    ],
)
def test_zsh_completes(scripts: Path, typed: str, line: str) -> None:
    assert by_zsh(typed) == line


# ---------------------------------------------------------------- fish


def by_fish(typed: str) -> list[str]:
    program = f"source ./completion.fish; complete -C '{typed}'"
    home = {"HOME": str(Path.cwd()), "PATH": os.environ["PATH"]}
    done = subprocess.run(["fish", "-c", program], env=home, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


@needs("fish")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gossamer resu", ["resume"]),
        ("gossamer crawl --max-pag", ["--max-pages"]),
        ("gossamer crawl --engine ", sorted(ENGINES)),
        ("gossamer --max-pag", ["--max-pages"]),
        ("gossamer resume ", ["the crawl/"]),
        ("gossamer resume --sco", []),
        ("gossamer fetch -i url", ["urls.txt"]),
        ("gossamer completion ", sorted(SHELLS)),
    ],
)
def test_fish_completes(scripts: Path, typed: str, offered: list[str]) -> None:
    assert sorted(by_fish(typed)) == offered
