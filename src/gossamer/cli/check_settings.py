"""The settings of a check: those that flags set, and the table [check] of the configuration file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from gossamer.check.settings import CHECK_SETTINGS, CheckSettings
from gossamer.cli.settings import CHECK, read_configuration, read_setting
from gossamer.rules.setting import Notation
from gossamer.values.errors import UserError


def check_settings(chosen: Namespace, directory: Path) -> CheckSettings:
    """Return the settings of a check. Raises UserError for a mistake, which names the file if it is there."""
    path, _, file = read_configuration(getattr(chosen, "config", None), directory)
    table = file.get(CHECK, {})
    if not isinstance(table, dict):
        raise UserError(f"{path}: {CHECK} must be a table, written as [{CHECK}].")
    fields = {key: _read(path, key, value) for key, value in table.items()}
    flags = {} if getattr(chosen, "external", True) else {"external": False}
    try:
        return CheckSettings.of(fields | flags)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _read(path: Path, key: str, value: Any) -> Any:
    """Return a setting, read if it is a text; lists and unknown names are left to `CheckSettings`."""
    if not isinstance(value, str) or key not in CHECK_SETTINGS or CHECK_SETTINGS[key].notation is Notation.LIST:
        return value
    return read_setting(f"{path}, {CHECK}, {key}", CHECK_SETTINGS[key], value)
