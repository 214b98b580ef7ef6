"""Whether a value is allowed as the field of a struct, and what it must be, in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, get_type_hints

import msgspec
from msgspec import Struct, inspect

from gossamer.values.errors import UserError


@cache
def kinds(owner: type[Struct]) -> dict[str, Any]:
    """Return the type of each field of a struct, with its notes."""
    return get_type_hints(owner, include_extras=True)


SECRET: Final = frozenset(("headers", "logins", "proxy"))
"""Settings that may hold secrets: their values are not repeated in a complaint."""


def refuse_unfit(made: Struct) -> None:
    """Raise UserError for a field of a struct, built directly, whose value is not allowed."""
    for name, kind in kinds(type(made)).items():
        value = getattr(made, name)
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            raise UserError(f"{refusal(type(made), name, value)}.") from None


def refuse_unfit_values(
    owner: type[Struct], loose: Mapping[str, Any], given: Mapping[str, Any], where: str = ""
) -> None:
    """Raise UserError for a loose value that cannot become the field of a struct; `given` has it as written."""
    for name, value in loose.items():
        try:
            msgspec.convert(value, kinds(owner)[name], strict=False)
        except msgspec.ValidationError:
            raise UserError(f"{where}{refusal(owner, name, given[name])}.") from None


def refusal(kind: type[Struct], name: str, value: object) -> str:
    """Return a sentence on why a value does not fit a field: "max_pages must be a whole number, not 'x'"."""
    fields = {field.name: field.type for field in inspect.type_info(kind).fields}  # type: ignore[attr-defined]  # it is a struct
    *others, last = _choices(fields[name], value)
    wanted = f"{', '.join(others)} or {last}" if others else last
    return f"{name} must be {wanted}" + ("" if name in SECRET else f", not {value!r}")


def _choices(kind: inspect.Type, value: object) -> list[str]:
    match kind:
        case inspect.UnionType():
            return [choice for one in kind.types for choice in _choices(one, value)]
        case inspect.NoneType():
            return ["None"]
        case inspect.BoolType():
            return ["true", "false"]
        case inspect.IntType():
            return [f"a whole number{_bound(kind, value)}"]
        case inspect.FloatType():
            return [f"a number{_bound(kind, value)}"]
        case inspect.LiteralType():
            return [repr(one) for one in kind.values]
        case inspect.VarTupleType():
            return [f"a list of {'texts' if isinstance(kind.item_type, inspect.StrType) else 'pairs of texts'}"]
        case inspect.DictType():
            return ["a table with a table of settings for each host"]
    return ["a text"]


def _bound(kind: inspect.IntType | inspect.FloatType, value: object) -> str:
    """Return the bound that a number violates, such as " of at least 1"; "" for a number within, or no number."""
    try:
        number = value if isinstance(value, int | float) else float(str(value))
    except ValueError:
        return ""
    if kind.ge is not None and number < kind.ge:
        return f" of at least {kind.ge:,}"
    if kind.gt is not None and number <= kind.gt:
        return f" above {kind.gt:,}"
    return f" of at most {int(kind.le):,}" if kind.le is not None and number > kind.le else ""
