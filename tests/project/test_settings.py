"""A setting is described once: what else knows it follows from its field, or a check fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gossamer.cli import argument_types, arguments
from gossamer.rules.policy import SETTINGS, HostManners
from gossamer.rules.setting import Notation, Trait, describe
from gossamer.rules.validation import kinds
from gossamer.values.errors import UserError

HOME = Path(__file__).parents[2]
NEW = '''
    dye_lots: Annotated[
        Count,
        FIXED | DOWNLOADS,
        speed_flag("-y --dye-lots N", "lots of silk to be dyed at once"),
        Hints("vats"),
    ] = 3
    """Lots of silk that are dyed at once."""
'''
LAST = '\n    def __post_init__(self) -> None:\n        """Raise UserError for a value'

FOLLOWS = """
import msgspec
from argparse import Namespace
from pathlib import Path
from gossamer.api.call_arguments import refuse_no_download
from gossamer.api.settings_file import refuse_changes
from gossamer.cli import arguments, settings
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError

def sentence(call):
    try:
        call()
    except UserError as refused:
        return str(refused)

print(arguments.read(["crawl", "a.example", "-y", "1_000"]).dye_lots)
print(sentence(lambda: arguments.read(["crawl", "a.example", "--dye-lots", "many"])))
print(sentence(lambda: arguments.read(["resume", "here", "--dye-lots", "4"])))
print(settings.gather(Namespace(), {"GOSSAMER_DYE_LOTS": "5"}, Path("nowhere")))
print(sentence(lambda: Policy.of({"vats": 1})))
print(sentence(lambda: refuse_changes(Policy(), Policy(dye_lots=4))))
print(sentence(lambda: refuse_no_download(["dye_lots"])))
"""
FIXED = "cannot be changed when a crawl is resumed"
ADVICE = "Start another crawl in another directory for that."
FOLLOWED = [
    "1000",
    "-y/--dye-lots: 'many' is not a whole number of at least 0.",
    f"--dye-lots {FIXED}: it goes on as it began. {ADVICE}",
    "{'dye_lots': 5}",
    "There is no setting 'vats'. Did you mean 'dye_lots'?",
    f"dye_lots {FIXED}: links were accepted and refused by it. {ADVICE}",
    "None",
]


class Copy:
    """The sources and the docs of gossamer in another place, where `rules/policy.py` may be changed."""

    def __init__(self, home: Path) -> None:
        for folder in ("src", "docs"):
            shutil.copytree(HOME / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__", "images"))
        self.home = home
        self.policy = home / "src" / "gossamer" / "rules" / "policy.py"

    def change(self, old: str, new: str) -> None:
        text = self.policy.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in policy.py"
        self.policy.write_text(text.replace(old, new), encoding="utf-8")

    def python(self, *words: str) -> tuple[int, str]:
        """Run Python on the copy; return its exit code and all that it printed."""
        environment = os.environ | {"PYTHONPATH": str(self.home / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *words], env=environment, cwd=self.home, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def text(self, path: str) -> str:
        return (self.home / path).read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_everything_follows_a_new_field(copy: Copy) -> None:
    copy.change(LAST, NEW + LAST)
    code, said = copy.python("docs/generate.py", "--check")
    assert code == 1
    for path in ("rules/policy_fields.py", "reference/cli.md", "reference/configuration.md"):
        assert f"{path} is out of date" in said
    assert copy.python("docs/generate.py")[0] == 0
    assert copy.python("docs/generate.py", "--check") == (0, "")
    assert "\n    dye_lots: int\n" in copy.text("src/gossamer/rules/policy_fields.py")
    row = "\n| `dye_lots` | `3` | `--dye-lots` | Lots of silk that are dyed at once. |\n"
    assert row in copy.text("docs/reference/configuration.md")
    commands = dict(
        re.findall(
            r"^## gossamer (\w+)\n(.*?)(?=^## |\Z)", copy.text("docs/reference/cli.md"), re.MULTILINE | re.DOTALL
        )
    )
    assert "| `-y N`, `--dye-lots N` | lots of silk to be dyed at once (default: 3) |" in commands["crawl"]
    assert "--dye-lots" in commands["config"]
    assert "--dye-lots" not in commands["resume"]
    code, said = copy.python("-c", FOLLOWS)
    assert (code, re.sub(r"\nTry: .*", "", said).splitlines()) == (0, FOLLOWED)


def test_what_is_said_of_a_removed_field_fails(copy: Copy) -> None:
    text = copy.policy.read_text(encoding="utf-8")
    [field] = re.findall(r'^    trap_hosts: .*?""".*?"""\n', text, re.MULTILINE | re.DOTALL)
    copy.change(field, "")
    code, said = copy.python("docs/generate.py", "--check")
    assert code == 1
    assert "rules/policy_fields.py is out of date" in said
    assert "reference/configuration.md is out of date" in said


def test_a_field_that_says_nothing_about_itself_is_refused(copy: Copy) -> None:
    copy.change(LAST, "\n    dye_lots: Count = 3\n" + LAST)
    code, said = copy.python("docs/generate.py", "--check")
    assert (code, said) == (1, "No docstring in rules/policy.py says what these settings mean: dye_lots.\n")


def test_two_flags_with_one_spelling_are_refused() -> None:
    spellings = [spelling for one in SETTINGS.values() if one.flag for spelling in one.flag.spellings]
    assert len(spellings) == len(set(spellings))


def written(name: str) -> list[str]:
    """Return the flag of a setting with its default, or another value where there is none to write."""
    setting = SETTINGS[name]
    assert setting.flag is not None
    if isinstance(setting.default, bool):
        return [setting.flag.spellings[-1]]
    return [setting.flag.spellings[-1], setting.choices[0] if setting.choices else "a:1" if name == "headers" else "1"]


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.flag])
def test_crawl_takes_every_flag_and_resume_those_of_settings_that_are_not_fixed(name: str) -> None:
    chosen = arguments.read(["crawl", "a.example", *written(name)])
    assert hasattr(chosen, name)
    if Trait.FIXED in SETTINGS[name].traits:
        with pytest.raises(UserError, match=f"^{written(name)[0]} cannot be changed when a crawl is resumed"):
            arguments.read(["resume", "here", *written(name)])
    else:
        assert getattr(arguments.read(["resume", "here", *written(name)]), name) == getattr(chosen, name)


def test_every_notation_has_its_reader() -> None:
    assert set(Notation) == argument_types.READERS.keys()


def test_what_hosts_may_have_of_their_own_is_written_as_it_is_for_all() -> None:
    own = describe(HostManners)
    for name, kind in kinds(HostManners).items():
        assert (own[name].notation, own[name].default) == (SETTINGS[name].notation, None)
        for value in (SETTINGS[name].default, None):
            assert msgspec.convert(value, kind) == value
