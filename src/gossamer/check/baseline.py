"""The baseline: an earlier report, with which the findings of a check are compared.

A finding is the same if its kind and URL are: who points there, and in how many places, may change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.check.findings import VERSION, CheckReport, Finding, FindingKind
from gossamer.rules.scope import registrable_domain
from gossamer.rules.urls import host_key
from gossamer.values.errors import UserError

_HOW: Final = "name a file that `gossamer check --format json:FILE` wrote"


class Comparison(Struct, frozen=True):
    """How the findings of a check differ from those of an earlier one."""

    known: frozenset[tuple[FindingKind, str]]
    """The kinds and URLs of the findings that the earlier check had too."""
    gone: tuple[Finding, ...] = ()
    """The findings of the earlier check that are no more; none if this check is not complete."""


class _Head(Struct):
    """What every version of the format begins with."""

    version: int


def read_baseline(path: Path) -> CheckReport:
    """Return the report in a file. Raise UserError if it is none, is damaged, or of another version of the format."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"The baseline {path} cannot be read: {error.strerror or error}.") from None
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.version == VERSION:
            return msgspec.json.decode(content, type=CheckReport)
    except msgspec.ValidationError as error:
        raise UserError(f"The baseline {path} is no report of a check ({error}); {_HOW}.") from None
    except msgspec.DecodeError as error:
        raise UserError(f"The baseline {path} is damaged, or no JSON ({error}); {_HOW}.") from None
    raise UserError(
        f"The baseline {path} has version {head.version} of the format, and this gossamer reads version {VERSION}; "
        "write it anew with this gossamer."
    )


def refuse_other_site(path: Path, baseline: CheckReport, seeds: Sequence[str]) -> None:
    """Raise UserError if a baseline is of another site than these URLs: all would be new then, and all else gone."""
    here = {_site(url) for url in seeds}
    if here and baseline.seeds and here.isdisjoint(map(_site, baseline.seeds)):
        raise UserError(
            f"The baseline {path} is of another site: of {', '.join(baseline.seeds)}. Name a report of "
            f"{', '.join(seeds)}, or leave out --baseline."
        )


def _site(url: str) -> str:
    """Return what the URLs of one site have in common: the registrable domain, or the address with its port."""
    key = host_key(url)
    domain = registrable_domain(key)
    return domain if "." in domain and not domain.replace(".", "").isdigit() else key.partition("://")[2]


def compare(report: CheckReport, baseline: CheckReport) -> Comparison:
    """Return how a report differs from an earlier one."""
    before = {(finding.kind, finding.url) for finding in baseline.findings}
    now = {(finding.kind, finding.url) for finding in report.findings}
    gone = [finding for finding in baseline.findings if (finding.kind, finding.url) not in now]
    return Comparison(frozenset(before & now), tuple(gone) if report.complete else ())
