"""Paths and defaults in the form that people read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gossamer.outputs.remote import is_url
from gossamer.rules.setting import Notation, Setting
from gossamer.values.formatting import shown_size


def shown_path(path: Path) -> str:
    """Return a path as text that can be encoded, read as UTF-8 whatever the locale says."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def shown_results(directory: Path, results: Iterable[str]) -> list[str]:
    """Return where results are: each is a URL, or a name or pattern in a directory."""
    return [result if is_url(result) else shown_path(directory / result) for result in results]


def shown_default(setting: Setting) -> str:
    """Return the default of a setting as text; empty if the help shows none."""
    value: Any = setting.default
    if isinstance(value, bool) or value in (None, "", ()):
        return ""
    match setting.notation:
        case Notation.DURATION | Notation.TIMEOUT:
            return f"{value:g} s"
        case Notation.SIZE:
            return shown_size(value)
    return str(value)
