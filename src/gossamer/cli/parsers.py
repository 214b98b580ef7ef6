"""What the parsers of the command line are made of: complaints in sentences, and flags named after settings."""

from __future__ import annotations

import argparse
from typing import Any, Final, NoReturn

from gossamer.cli import argument_types, formatting
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError

_DEFAULTS: Final = Policy()


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in sentences, by exception."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint with a hint where help is."""
        said = message.replace("argument ", "").strip().rstrip(".")
        raise UserError(f"{said}.\nTry: {self.prog} --help")

    def format_help(self) -> str:
        """Write the help, without the empty line that argparse puts before a list of commands."""
        return super().format_help().replace("commands:\n  \n", "commands:\n")


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help with room for the flags."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


class Version(argparse.Action):
    """Print the version, which is only looked up when asked for."""

    def __call__(self, *_: Any) -> None:
        """Print and leave."""
        import gossamer

        print(f"gossamer {gossamer.__version__}")
        raise SystemExit(0)


class FlagGroup:
    """A titled group of flags."""

    def __init__(self, parser: Parser, title: str) -> None:
        self._group = parser.add_argument_group(title)

    def setting(self, *flags: str, dest: str, about: str, **more: Any) -> None:
        """Add the flag of a Policy field: how its value is read and its default come from there."""
        default = getattr(_DEFAULTS, dest, None)
        shown = f" (default: {formatting.shown_setting(dest, default)})" if default not in (None, "", ()) else ""
        if dest in argument_types.READERS:
            more["type"] = argument_types.READERS[dest]
        self._group.add_argument(*flags, dest=dest, help=(about + shown).replace("%", "%%"), **more)

    def switch(self, *flags: str, dest: str, about: str, on: bool = True) -> None:
        """Add a flag without value, for a choice of the command itself: off unless given."""
        self._group.add_argument(
            *flags, dest=dest, help=about, action="store_true" if on else "store_false", default=not on
        )

    def choice(self, *names: str, about: str, **more: Any) -> None:
        """Add any other argument."""
        self._group.add_argument(*names, help=about, **more)
