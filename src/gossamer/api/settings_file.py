"""The settings of a crawl directory: written when a crawl begins, read when it is resumed."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from gossamer.api.directory_layout import JOURNAL, SETTINGS_FILE, refuse_file
from gossamer.engines.table import DEFAULT_ENGINE
from gossamer.journals.address import JournalAddress, PostgresAddress, schema_for
from gossamer.journals.reading import require_postgres
from gossamer.outputs.files import sync_directory
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.rules.setting import FIXED
from gossamer.values.errors import JournalError, UserError


class Settings(Struct, frozen=True):
    """The settings of a crawl: policy, engine and outputs, and whether it waits for the disk at each commit.

    `previous` is the relative path of the crawl that it updates.
    """

    policy: Policy
    engine: str
    formats: tuple[str, ...] = ("jsonl",)
    durable: bool = False
    previous: str = ""


def journal_address(path: Path, settings: Settings) -> JournalAddress:
    """Return where the journal of the crawl in a directory is."""
    return PostgresAddress.of(settings.policy.journal) if settings.policy.journal else path / JOURNAL


def journal_of(path: Path) -> JournalAddress:
    """Return where the journal of the crawl in a directory is. Raise UserError for any other directory."""
    return journal_address(path, read_settings(path))


def with_journal(policy: Policy, directory: Path | None) -> Policy:
    """Return the policy of a crawl recorded in a directory, with the schema of its journal if that is in a database.

    Raises UserError for a database that cannot be used, and for one without a directory.
    """
    if not policy.journal:
        return policy
    if directory is None:
        raise UserError("journal says how a crawl is recorded, and needs a directory for that; name one.")
    require_postgres()
    address = PostgresAddress.of(policy.journal, schema_for(directory, secrets.token_hex(4)))
    return msgspec.structs.replace(policy, journal=str(address))


def without_schema(policy: Policy) -> Policy:
    """Return a policy whose journal is in the same database, if it is in one, but in no schema yet."""
    return msgspec.structs.replace(policy, journal=policy.journal and PostgresAddress.of(policy.journal).url)


def previous_directory(path: Path, settings: Settings) -> Path | None:
    """Return the directory of the crawl that the one in a directory updates; None if it updates none."""
    return Path(os.path.normpath(path / settings.previous)) if settings.previous else None


def previous_directories(path: Path) -> list[Path]:
    """Return the directories of all crawls before the one in a directory, the last one first."""
    found: list[Path] = []
    here: Path | None = path
    while here is not None and (here := previous_directory(here, read_settings(here))) is not None:
        found.append(here)
    return found


def refuse_changes(before: Policy, after: Policy) -> None:
    """Raise UserError for a change of a setting that has decided which links belong."""
    for name, setting in SETTINGS.items():
        if FIXED in setting.traits and _fixed(before, name) != _fixed(after, name):
            raise UserError(
                f"{name} cannot be changed when a crawl is resumed: links were accepted and refused by it. "
                "Start another crawl in another directory for that."
            )


def _fixed(policy: Policy, name: str) -> object:
    """Return the part of a setting that cannot change; for `hosts`, only whether robots.txt is obeyed.

    The schema of a journal may: an update has one of its own.
    """
    if name == "journal":
        return without_schema(policy).journal
    if name == "hosts":
        return {host: table.robots for host, table in policy.hosts.items() if table.robots is not None}
    return getattr(policy, name)


def read_settings(path: Path) -> Settings:
    """Return the settings of a crawl directory. Raise UserError for any other directory."""
    refuse_file(path)
    try:
        return parsed((path / SETTINGS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        why = f"has no {SETTINGS_FILE}" if path.exists() else "does not exist"
        raise UserError(f"{path} is no crawl directory: it {why}.") from None
    except OSError as error:
        raise UserError(f"{path / SETTINGS_FILE} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise UserError(f"{path / SETTINGS_FILE} cannot be read: {error}.") from None


def parsed(text: str) -> Settings:
    """Return the settings in a text that `written` made. Raises ValueError for what is no TOML, and UserError."""
    table = tomllib.loads(text)
    own = {name: table.pop(name) for name in ("engine", "formats", "durable", "previous") if name in table}
    return Settings(
        Policy.of(table), str(own.get("engine", DEFAULT_ENGINE)), tuple(own.get("formats", ("jsonl",))),
        bool(own.get("durable", False)), str(own.get("previous", "")),
    )  # fmt: skip


def write_settings(path: Path, settings: Settings) -> None:
    """Write the settings atomically, readable to their owner only: headers may hold credentials."""
    text = written(settings)
    passing = path / f"{SETTINGS_FILE}.part"
    try:
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(path / SETTINGS_FILE)
        sync_directory(path)
    except OSError as error:
        raise JournalError(f"{path / SETTINGS_FILE} cannot be written: {error.strerror or error}.") from error


def written(settings: Settings) -> str:
    """Return settings as TOML 1.0."""
    table = {"engine": settings.engine, "formats": settings.formats, "durable": settings.durable}
    table |= {"previous": settings.previous} if settings.previous else {}
    table |= msgspec.structs.asdict(settings.policy)
    text = "# The settings of this crawl, frozen when it began; `gossamer resume` may change some of them.\n"
    return text + "".join(f"{name} = {toml(value)}\n" for name, value in table.items() if value is not None)


def toml(value: object) -> str:
    """Return a value as TOML 1.0: strings, numbers, booleans, arrays, and tables without None."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return f'"{"".join(map(_escaped, value))}"'
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case Mapping():
            entries = (f"{toml(name)} = {toml(each)}" for name, each in value.items() if each is not None)
            return f"{{{', '.join(entries)}}}"
        case Struct():
            return toml(msgspec.structs.asdict(value))
        case _:
            raise TypeError(f"{value!r} is no setting")


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return f"\\u{ord(char):04x}" if char < " " or char == "\x7f" else char
