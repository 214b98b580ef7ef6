"""gossamer config: what a crawl would do here, or does in its directory, and where each setting comes from."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from gossamer.api import call_arguments
from gossamer.api.defaults import derived, undetermined
from gossamer.api.directory_layout import SETTINGS_FILE
from gossamer.api.settings_file import read_settings, refuse_changes, toml
from gossamer.check.settings import CHECK_SETTINGS
from gossamer.cli.check_settings import check_settings
from gossamer.cli.settings import (
    CHECK,
    SettingOrigin,
    SourcedSetting,
    complaints_naming_flags,
    from_flags,
    read_configuration,
    sourced,
)
from gossamer.cli.stdout import put, put_json
from gossamer.engines.table import DEFAULT_ENGINE, ENGINES
from gossamer.rules import logins, own_headers
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.rules.validation import SECRET
from gossamer.values.errors import UserError

VERSION: Final = 1
"""The version of the JSON format."""
HIDDEN: Final = "(hidden)"
"""What stands in the place of a value that may hold secrets."""
_ORIGIN_AT: Final = 44
"""Column from which on origins are written."""

Sources = Mapping[str, SourcedSetting]


def run(chosen: Namespace) -> int:
    """Print the settings and return the exit code."""
    with complaints_naming_flags(chosen):
        found = _of_crawl(Path(chosen.crawl), chosen) if chosen.crawl is not None else _here(chosen)
    if not chosen.show_secrets:
        found = {key: _hidden(key, one) for key, one in found.items()}
    judged = _of_check(chosen) if chosen.crawl is None else {}
    if chosen.json:
        told: dict[str, object] = {"version": VERSION, "settings": {key: one._asdict() for key, one in found.items()}}
        put_json(told | ({CHECK: {key: one._asdict() for key, one in judged.items()}} if judged else {}))
        return 0
    put("".join(f"{line}\n" for key, one in found.items() for line in _lines(key, one, with_origin=chosen.origin)))
    if judged:
        lines = (line for key, one in judged.items() for line in _lines(key, one, with_origin=chosen.origin))
        put("".join(f"{line}\n" for line in ("", f"[{CHECK}]", *lines)))
    return 0


def _of_check(chosen: Namespace) -> Sources:
    """Return the settings with which a check that begins here would judge."""
    settings = check_settings(chosen, Path.cwd())
    _, name, file = read_configuration(chosen.config, Path.cwd())
    default, given = SettingOrigin.DEFAULT, SettingOrigin.FILE
    return {
        key: SourcedSetting(getattr(settings, key), given, f"{name} [{CHECK}]")
        if key in file.get(CHECK, {})
        else SourcedSetting(getattr(settings, key), default)
        for key in CHECK_SETTINGS
    }


def _here(chosen: Namespace) -> Sources:
    """Return the settings of a crawl that would begin here, with these flags."""
    found = sourced(chosen, os.environ, Path.cwd())
    values = {key: one.value for key, one in found.items()}
    engine = values.pop("engine", DEFAULT_ENGINE)
    if engine not in ENGINES:
        raise UserError(f"There is no engine {engine!r}; choose one of {', '.join(ENGINES)}.")
    call_arguments.canonical_seeds(call_arguments.seeds((values.get("seeds", ()),)))
    given = call_arguments.identified(Policy.of(values), values)
    if own_headers.agent_in(Policy.of(values).headers):
        found["user_agent"] = found["headers"]
    return _sources(engine, given, derived(given, engine), found)


def _of_crawl(path: Path, chosen: Namespace) -> Sources:
    """Return the settings of the crawl in a directory, as it would go on with these flags."""
    if chosen.config is not None:
        raise UserError("--config does not count for a crawl that has begun: its settings are frozen; leave it out.")
    flags, before = from_flags(chosen), read_settings(path)
    changes = {key: one.value for key, one in flags.items() if key != "engine"}
    engine = flags["engine"].value if "engine" in flags else before.engine
    whole = call_arguments.settings(undetermined(before, engine), changes)
    given = call_arguments.identified(Policy.of(whole), changes)
    refuse_changes(before.policy, given)
    where = str(path / SETTINGS_FILE)
    frozen = {"engine": SourcedSetting(engine, SettingOrigin.DIRECTORY, where)}
    for name in SETTINGS:
        if (value := getattr(given, name)) != getattr(Policy(), name):
            frozen[name] = SourcedSetting(value, SettingOrigin.DIRECTORY, where)
    return _sources(engine, given, derived(given, engine), frozen | flags)


def _sources(engine: str, given: Policy, whole: Policy, found: Sources) -> Sources:
    """Return every setting as it counts. `found` says where those come from that somebody has set."""
    default = SourcedSetting(engine, SettingOrigin.DEFAULT)
    sources = {"engine": found.get("engine", default)}
    for name in SETTINGS:
        value = getattr(whole, name)
        if name in found:
            sources[name] = found[name]._replace(value=value)
        elif value != getattr(given, name) and name in ("concurrency", "workers"):
            sources[name] = SourcedSetting(value, SettingOrigin.ENGINE, engine)
        else:
            sources[name] = SourcedSetting(value, SettingOrigin.DEFAULT)
    return sources


def _hidden(key: str, one: SourcedSetting) -> SourcedSetting:
    """Return a setting without its value, where that may hold secrets."""
    match key:
        case "seeds":
            secret = any(map(logins.login_of, one.value))
        case "journal":  # a crawl refuses one with a password, only later
            secret = ":" in logins.split(one.value or "")[1]
        case _:
            secret = key in SECRET and bool(one.value)
    return one._replace(value=HIDDEN) if secret else one


def _lines(key: str, one: SourcedSetting, *, with_origin: bool) -> Iterator[str]:
    """Yield a setting as TOML; one that is not set, or that follows from others, as a comment."""
    line = _assignment(key, one)
    if not with_origin:
        yield line
        return
    origin = f"# {_said(one)}"
    if len(line) < _ORIGIN_AT:
        yield f"{line:<{_ORIGIN_AT}}{origin}"
    else:
        yield from (origin, line)


def _assignment(key: str, one: SourcedSetting) -> str:
    if one.value is None:
        return f"# {key} is not set"
    if one.value == HIDDEN:
        return f"# {key} is set, and hidden: --show-secrets"
    follows = one.origin is SettingOrigin.ENGINE or (one.origin is SettingOrigin.DEFAULT and key == "user_agent")
    return f"{'# ' if follows else ''}{key} = {toml(one.value)}"


def _said(one: SourcedSetting) -> str:
    """Return in words where a setting comes from."""
    match one.origin:
        case SettingOrigin.ENGINE:
            return f"default of the engine {one.where}"
        case SettingOrigin.DEFAULT:
            return "default"
        case _:
            return one.where
