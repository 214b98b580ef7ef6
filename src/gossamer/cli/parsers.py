"""The building blocks of the parsers: errors in sentences, help, and flags that are derived from settings."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from gossamer.cli.argument_types import READERS, REPEATED
from gossamer.cli.formatting import shown_default
from gossamer.cli.stdout import put
from gossamer.rules.policy import SETTINGS
from gossamer.rules.setting import Section, Setting
from gossamer.values.errors import UserError


class Parser(argparse.ArgumentParser):
    """An argument parser that raises its errors, as sentences."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError with a reference to the help."""
        said = message.replace("argument ", "").strip().rstrip(".")
        raise UserError(f"{said}.\nTry: {self.prog} --help")

    def print_help(self, file: object = None) -> None:
        """Print the help on stdout. Unlike argparse's own, it raises the error of a disk that is full."""
        put(self.format_help())

    def format_help(self) -> str:
        """Return the help without the empty line that argparse puts before a list of commands."""
        return super().format_help().replace("commands:\n  \n", "commands:\n")


class Formatter(argparse.RawDescriptionHelpFormatter):
    """A help formatter with a wide column for flags."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


class Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, *_: Any) -> None:
        """Print the version and raise SystemExit."""
        import gossamer

        print(f"gossamer {gossamer.__version__}")
        raise SystemExit(0)


class FlagGroup:
    """A titled group of flags."""

    def __init__(self, parser: Parser, title: str) -> None:
        self._group = parser.add_argument_group(title)

    def settings(self, *sections: Section, but: Callable[[Setting], bool] = lambda _: False) -> None:
        """Add the flags of some sections in the order of the fields of `Policy`, without those that `but` excludes."""
        for setting in SETTINGS.values():
            if setting.flag is not None and setting.flag.section in sections and not but(setting):
                self.setting(setting.name)

    def setting(self, name: str, about: str = "") -> None:
        """Add the flag of a setting; `about` replaces its help and the default shown there."""
        setting = SETTINGS[name]
        assert setting.flag is not None, f"{name} has no flag"
        default = shown_default(setting)
        about = about or setting.flag.help + (f" (default: {default})" if default else "")
        self._group.add_argument(
            *setting.flag.spellings, dest=name, help=about.replace("%", "%%"), **_reading(setting, setting.flag.metavar)
        )

    def switch(self, *flags: str, dest: str, about: str, on: bool = True) -> None:
        """Add a flag without a value that belongs to the command itself; it sets `dest` to `on`."""
        self._group.add_argument(
            *flags, dest=dest, help=about, action="store_true" if on else "store_false", default=not on
        )

    def choice(self, *names: str, about: str, words: tuple[str, ...] = (), **more: Any) -> None:
        """Add any other argument; `words` are what its value may begin with, for shells to complete."""
        vars(self._group.add_argument(*names, help=about, **more))["words"] = words


def _reading(setting: Setting, metavar: str) -> dict[str, Any]:
    """Return the arguments with which argparse reads the flag of a setting."""
    if isinstance(setting.default, bool):
        return {"action": "store_false" if setting.default else "store_true"}
    if setting.notation in REPEATED:
        return {"action": "append", "type": REPEATED[setting.notation], "metavar": metavar}
    if setting.choices:
        return {"choices": setting.choices, "metavar": metavar}
    return {"type": READERS[setting.notation], "metavar": metavar}
