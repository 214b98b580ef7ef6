"""The settings of a check: what counts as fine, what is left out, and how much each kind of finding matters."""

# No `from __future__ import annotations`: the notes of the fields are read as they are.

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Final, Self

import msgspec
from msgspec import Struct

from gossamer.check.findings import FindingKind, Severity
from gossamer.check.kinds import KINDS
from gossamer.rules.setting import Count, Notation, Seconds, Setting, Size, Texts, describe
from gossamer.rules.url_patterns import compiled
from gossamer.rules.validation import refuse_unfit, refuse_unfit_values
from gossamer.values.errors import UserError


class CheckSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a check takes for fine, what it leaves out, and how much each kind of finding matters.

    Durations are seconds, sizes bytes. In a configuration file they are the table `[check]`.
    """

    accept: Texts = ()
    """What counts as fine: patterns of URLs, written as for `exclude`, and statuses such as `"403"`. What a pattern
    matches is not even requested, unless it is a page of the site itself."""
    ignore: Texts = ()
    """Patterns of URLs and of pages that no finding is made of: neither of what they match, nor of what only such pages
    point to. What a pattern matches is not requested, unless it is a page of the site itself."""
    severity: Annotated[Mapping[str, str], Notation.TABLES] = {}
    """How much a kind of finding matters, where that is not the default: `error`, `warning`, `notice` or `off`."""
    external: bool = True
    """Whether what other sites have is checked too: one request for each address, as polite as a crawl."""
    large_page: Size = 1024 * 1024
    """Size of a page (bytes) above which it is `large`."""
    large_resource: Size = 1024 * 1024
    """Size (bytes) of something that a page loads above which it is `large`."""
    slow_page: Seconds = 2.0
    """Time until a page has come (seconds) above which it is `slow`."""
    slow_host: Seconds = 1.5
    """Time until the first byte (seconds) above which a host is `slow`, if 5 % of its pages take longer."""
    deep: Count = 5
    """Number of links from the start above which a page is `deep`."""

    def __post_init__(self) -> None:
        """Raise UserError for a value that is not allowed."""
        _refuse_unfit_severity(self.severity)
        refuse_unfit(self)
        for pattern in (*self.accept, *self.ignore):
            if not is_status(pattern):
                compiled(pattern)

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Return the settings of loose values, as a call or the table `[check]` of a configuration file gives them.

        A single text stands for a list of one, and a number among `accept` for a status. Raise UserError for an unknown
        name, with the one that was probably meant, and for a value that is not allowed.
        """
        for name in fields:
            _refuse_unknown(name, list(CHECK_SETTINGS), "check: there is no setting")
        loose = {name: _loosened(name, value) for name, value in fields.items()}
        _refuse_unfit_severity(fields.get("severity", {}))
        refuse_unfit_values(cls, loose, fields, "check: ")
        return msgspec.convert(loose, cls, strict=False)

    def severity_of(self, kind: FindingKind) -> Severity:
        """Return how much a kind of finding matters."""
        return Severity(self.severity.get(kind.value, KINDS[kind].severity))


CHECK_SETTINGS: Final[Mapping[str, Setting]] = describe(CheckSettings)
"""The description of every setting of a check, by its name."""


def is_status(text: str) -> bool:
    """Whether an entry of `accept` is an HTTP status, not a pattern."""
    return len(text) == 3 and text.isascii() and text.isdigit()


def _loosened(name: str, value: Any) -> Any:
    """Return a value in the form that its setting has."""
    if CHECK_SETTINGS[name].notation is not Notation.LIST:
        return value
    several = (value,) if isinstance(value, str | int) else value
    if not isinstance(several, list | tuple):
        return value
    return tuple([str(one) if type(one) is int else one for one in several])


def _refuse_unfit_severity(severity: Any) -> None:
    if not isinstance(severity, Mapping):
        raise UserError(f"severity must be a table of findings, such as missing_alt = 'off', not {severity!r}.")
    for name, level in severity.items():
        _refuse_unknown(name, list(FindingKind), "severity: there is no finding")
        if level not in list(Severity):
            raise UserError(f"severity, {name}: choose {', '.join(Severity)}, not {level!r}.")


def _refuse_unknown(name: str, known: Sequence[str], complaint: str) -> None:
    if name not in known:
        close = get_close_matches(name, known, 1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(known)}."
        raise UserError(f"{complaint} {name!r}. {hint}")
