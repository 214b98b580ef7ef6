"""The commands and their flags as a table: shell completion, the man page and the reference are made from it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from gossamer.cli import arguments
from gossamer.cli.parsers import Parser


class FlagRow(NamedTuple):
    """A flag of a command, or an argument without one."""

    spellings: tuple[str, ...]
    """How it may be written; empty for an argument without a flag."""
    metavar: str
    """The placeholder of its value; empty for a flag without one."""
    about: str
    """What its help says."""
    choices: tuple[str, ...]
    """The words that its value may be, or begin with; empty where it may be any."""
    repeated: bool
    """Whether it may be given several times."""

    @property
    def meaning(self) -> str:
        """The first few words of its help."""
        return self.about.replace("(", ",").replace(";", ",").replace(":", ",").partition(",")[0].strip()


class CommandRow(NamedTuple):
    """One command."""

    verb: str
    usage: str
    about: str
    """What it does, in a sentence."""
    below: str
    """The examples and exit codes below its help."""
    groups: tuple[tuple[str, tuple[FlagRow, ...]], ...]
    """Its flags and arguments by the title of their group."""

    @property
    def rows(self) -> tuple[FlagRow, ...]:
        """All its flags and arguments."""
        return tuple(row for _, rows in self.groups for row in rows)


def commands() -> tuple[CommandRow, ...]:
    """Return all commands, in the order of the help."""
    return tuple(_command(verb, parser) for verb, parser in arguments.parsers()[1].items())


def _command(verb: str, parser: Parser) -> CommandRow:
    usage, about, below = parser.usage or f"gossamer {verb}", parser.description or "", parser.epilog or ""
    return CommandRow(verb, usage, about, below.strip(), tuple(_groups(parser)))


def _groups(parser: Parser) -> Iterator[tuple[str, tuple[FlagRow, ...]]]:
    for group in parser._action_groups:  # noqa: SLF001  # argparse has no public way to its groups
        rows = tuple(_row(action) for action in group._group_actions)  # noqa: SLF001  # likewise
        if rows:
            yield str(group.title), rows


def _row(action: argparse.Action) -> FlagRow:
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    repeated = type(action).__name__ == "_AppendAction" or action.nargs == "*"
    about = (action.help or "").replace("%%", "%")
    choices = tuple(map(str, action.choices or vars(action).get("words", ())))
    return FlagRow(tuple(action.option_strings), value, about, choices, repeated)
