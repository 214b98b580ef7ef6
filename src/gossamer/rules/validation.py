"""Error messages for settings: say what a field must be and that a value is not."""

from __future__ import annotations

from msgspec import Struct, inspect


def refusal(kind: type[Struct], name: str, value: object) -> str:
    """Return a sentence on why a value does not fit a field: "max_pages must be a whole number, not 'x'"."""
    fields = {field.name: field.type for field in inspect.type_info(kind).fields}  # type: ignore[attr-defined]  # it is a struct
    *others, last = _choices(fields[name], value)
    wanted = f"{', '.join(others)} or {last}" if others else last
    return f"{name} must be {wanted}, not {value!r}"


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
