"""Settings from all sources: flags win over GOSSAMER_* variables, and these over the configuration file."""

from __future__ import annotations

import tomllib
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from gossamer.api.call_arguments import UnusedSettingError
from gossamer.cli.argument_types import READERS
from gossamer.engines.table import unused_settings
from gossamer.rules.hints import hint
from gossamer.rules.policy import SETTINGS
from gossamer.rules.setting import Notation, Setting
from gossamer.values.errors import UserError

PREFIX: Final = "GOSSAMER_"
KEYS: Final = ("engine", *SETTINGS)
CHECK: Final = "check"
"""The table of the configuration file with the settings of a check."""


class SettingOrigin(StrEnum):
    """What a setting comes from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DIRECTORY = "directory"
    ENGINE = "engine"
    DEFAULT = "default"


class SourcedSetting(NamedTuple):
    """The value of a setting, and where it comes from: a flag, a variable or a file by its name."""

    value: Any
    origin: SettingOrigin
    where: str = ""


def gather(chosen: Namespace, environment: Mapping[str, str], directory: Path) -> dict[str, Any]:
    """Return the settings for a command: `engine` and fields of `Policy`. Raises UserError for a mistake."""
    return {key: found.value for key, found in sourced(chosen, environment, directory).items()}


def sourced(chosen: Namespace, environment: Mapping[str, str], directory: Path) -> dict[str, SourcedSetting]:
    """Return the same settings, each with where it comes from. Raises UserError for a mistake."""
    path, in_file = _from_file(getattr(chosen, "config", None), directory)
    below = {key: SourcedSetting(value, SettingOrigin.FILE, path) for key, value in in_file.items()}
    variables = {
        key: SourcedSetting(value, SettingOrigin.ENVIRONMENT, PREFIX + key.upper())
        for key, value in _from_environment(environment).items()
    }
    return _over(_over(below, variables), from_flags(chosen))


def from_flags(chosen: Namespace) -> dict[str, SourcedSetting]:
    """Return the settings that were given by flags."""
    given = {key: value for key, value in vars(chosen).items() if key in KEYS}
    return {key: SourcedSetting(value, SettingOrigin.FLAG, flag_of(key)) for key, value in given.items()}


def flag_of(key: str) -> str:
    """Return the flag of a setting."""
    flag = SETTINGS[key].flag if key in SETTINGS else None
    return flag.spellings[-1] if flag else f"--{key.replace('_', '-')}"


def _over(below: dict[str, SourcedSetting], above: dict[str, SourcedSetting]) -> dict[str, SourcedSetting]:
    """Return the settings of two places, of which the second wins.

    An engine that is named above replaces the one below, with the settings that only that one has a use for.
    """
    unused = unused_settings(above["engine"].value) if "engine" in above else ()
    return {key: found for key, found in below.items() if key not in unused} | above


@contextmanager
def complaints_naming_flags(chosen: Namespace) -> Iterator[None]:
    """Name a setting that the engine has no use for by its flag, where it was given by one."""
    try:
        yield
    except UnusedSettingError as error:
        if not hasattr(chosen, error.setting):
            raise
        raise UnusedSettingError(error.setting, error.engine, flag_of(error.setting)) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name, text in environment.items():
        key = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX):
            continue
        if key in KEYS:
            found[key] = _from_text(name, key, text)
        elif meant := _hint(key, lambda known: PREFIX + known.upper(), 0.85):  # others may be for other programs
            raise UserError(f"{name} is not a setting. {meant}")
    return found


def _hint(key: str, spell: Callable[[str], str], cutoff: float) -> str:
    """Return a sentence about what an unknown key probably means, as `spell` writes it."""
    near = {known: spell(known) for known in KEYS}
    return hint(key, SETTINGS, {name: near[name] for name in SETTINGS}, near=near, cutoff=cutoff)


def _from_text(where: str, key: str, text: str) -> Any:
    """Return the value that a text stands for, by the notation of its setting."""
    return read_setting(where, SETTINGS[key], text) if key in SETTINGS else text


def read_setting(where: str, setting: Setting, text: str) -> Any:
    """Return the value of a setting as a text of `where` has it. Raises UserError that names the place."""
    try:
        return READERS[setting.notation](text)
    except ArgumentTypeError as error:
        raise UserError(f"{where}: {error}.") from None


def _from_file(named: str | None, directory: Path) -> tuple[str, dict[str, Any]]:
    """Return the name of the configuration file and its settings of a crawl."""
    path, name, table = read_configuration(named, directory)
    return name, {key: _checked(path, key, value) for key, value in table.items() if key != CHECK}


def read_configuration(named: str | None, directory: Path) -> tuple[Path, str, dict[str, Any]]:
    """Return the configuration file, its name for people ("" if there is none), and its content."""
    path = Path(named) if named else directory / "gossamer.toml"
    frozen = (directory / "journal.db").exists()  # inside a crawl's directory: those settings are that crawl's own
    if not named and (frozen or not path.is_file()):
        path = directory / "pyproject.toml"
        if not path.is_file():
            return path, "", {}
    table = _toml(path, strict=bool(named) or path.name != "pyproject.toml")
    name = str(path)
    if path.name == "pyproject.toml":
        table, name = table.get("tool", {}).get("gossamer", {}), f"{path} [tool.gossamer]"
    return path, name, table


def _toml(path: Path, *, strict: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"The configuration {path} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:  # not TOML, or not UTF-8
        if strict:
            raise UserError(f"The configuration {path} is not valid TOML: {error}.") from None
        return {}  # somebody else's broken pyproject.toml is not our business


def _checked(path: Path, key: str, value: Any) -> Any:
    if key not in KEYS:
        raise UserError(f"{path}: there is no setting {key!r}. {_hint(key, repr, 0.6)}".rstrip())
    if key in SETTINGS and SETTINGS[key].notation is Notation.TABLES and isinstance(value, dict):
        return {host: _host_table(f"{path}, {key}, {host}", table) for host, table in value.items()}
    return _from_text(f"{path}, {key}", key, value) if isinstance(value, str) else value


def _host_table(where: str, table: Any) -> Any:
    """Return the table of one host with its texts read; `Policy` refuses unknown names."""
    if not isinstance(table, dict):
        return table
    return {key: _from_text(where, key, value) if isinstance(value, str) else value for key, value in table.items()}
