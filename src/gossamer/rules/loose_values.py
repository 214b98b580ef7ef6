"""Loose values, as a call or a configuration file gives them, on their way to the fields of a struct."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

import msgspec
from msgspec import Struct

from gossamer.rules.hints import hint
from gossamer.rules.setting import Notation, Setting
from gossamer.rules.validation import refuse_unfit_values
from gossamer.values.errors import UserError


def refuse_unknown(
    name: str, settings: Mapping[str, Setting], complaint: str, *, valid: Collection[str] | None = None
) -> None:
    """Raise UserError for a name that is no setting, with the one of the `valid` ones that was probably meant."""
    if name not in settings:
        meant = hint(name, settings, {known: repr(known) for known in (settings if valid is None else valid)})
        raise UserError(f"{complaint} {name!r}." + f" {meant}".rstrip())


def loosened(name: str, value: Any, settings: Mapping[str, Setting]) -> Any:
    """Return a value in the form that its setting has, where it was given in another one that stands for it."""
    setting = settings[name]
    match setting.notation, value:
        case Notation.LIST, str():
            return (value,)
        case Notation.HEADERS, Mapping():
            return tuple(value.items())
        case Notation.TABLES, Mapping():
            owner = next(part for part in get_args(get_args(setting.kind)[0]) if issubclass(part, Struct))
            own = {name: settings[name] for name in owner.__struct_fields__}
            return {key: _table(f"{name}, {key}: ", owner, own, table) for key, table in value.items()}
    return value


def _table(where: str, owner: type[Struct], settings: Mapping[str, Setting], table: Any) -> Any:
    """Return the values of one host in the table of a setting."""
    if isinstance(table, owner):
        return msgspec.structs.asdict(table)
    if isinstance(table, Mapping):
        for inner in table:
            refuse_unknown(inner, settings, f"{where}no host has a setting")
        refuse_unfit_values(owner, table, table, where)
    return table
