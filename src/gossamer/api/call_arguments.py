"""Arguments of a call: converted, or refused in a sentence. Everything here raises UserError."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gossamer.engines.table import names, unused_settings
from gossamer.rules.loose_values import refuse_unknown
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.rules.setting import DOWNLOADS
from gossamer.values.errors import UserError


class UnusedSettingError(UserError):
    """The engine has no use for a setting; `spelling` is how its caller writes it, such as a flag."""

    def __init__(self, setting: str, engine: str, spelling: str = "") -> None:
        able = " or ".join(names(lambda traits: traits.worker_processes))
        super().__init__(
            f"The engine {engine} has no use for {spelling or setting}: leave it out, or choose the engine {able}."
        )
        self.setting = setting
        self.engine = engine


def refuse_unused(policy: Policy, engine: str) -> None:
    """Raise UnusedSettingError for a setting that the engine has no use for."""
    for name in sorted(unused_settings(engine)):
        if getattr(policy, name) is not None:
            raise UnusedSettingError(name, engine)


def seeds(several: Iterable[object]) -> list[str]:
    """Return the texts of URLs to start from, each given alone or among several."""
    found = []
    for one in several:
        for text in one if isinstance(one, Iterable) and not isinstance(one, str | bytes) else (one,):
            if not isinstance(text, str):
                raise UserError(f"{text!r} is no URL to start from; give texts such as 'https://example.org/'.")
            found.append(text)
    return found


def settings(policy: Policy | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a policy, if there is one, and single settings, which win."""
    if not isinstance(policy, Policy | None):
        raise UserError(
            f"policy must be a gossamer.Policy, not {policy!r}; settings can also be given by name, as in max_pages=9."
        )
    return msgspec.structs.asdict(policy or Policy()) | dict(fields)


def refuse_no_download(fields: Iterable[str]) -> None:
    """Refuse settings that mean nothing to downloads, and names that are none."""
    valid = [name for name, setting in SETTINGS.items() if DOWNLOADS in setting.traits]
    if idle := [name for name in fields if name in SETTINGS and name not in valid]:
        they = "they mean" if len(idle) > 1 else "it means"
        raise UserError(f"Leave out {' and '.join(idle)}: {they} nothing to downloads, which are no crawl.")
    for name in fields:
        refuse_unknown(name, SETTINGS, "There is no setting", valid=valid)


def directory(path: str | Path) -> Path:
    """Return a directory as a path."""
    if not isinstance(path, str | os.PathLike):
        raise UserError(f"A directory is a text or a Path, not {path!r}.")
    return Path(path)


def refuse_unfit_parts(*, fetcher: object = None, clock: object = None, trace: object = None) -> None:
    """Refuse a fetcher that cannot fetch, a clock without a time, and a trace that cannot be called."""
    if fetcher is not None and not hasattr(fetcher, "fetch"):
        raise UserError(f"fetcher must be a gossamer.testing.RecordedFetcher or have `fetch` itself, not {fetcher!r}.")
    if clock is not None and not hasattr(clock, "now"):
        raise UserError(f"clock must be one that tells what time it is now, not {clock!r}.")
    if trace is not None and not callable(trace):
        raise UserError(f"trace must be a function of a moment and a command or event, not {trace!r}.")
