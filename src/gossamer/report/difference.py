"""The values of a comparison of two crawls: differences, and what is expected of old addresses."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

VERSION: Final = 1
"""The version of the JSON format."""


class DifferenceKind(StrEnum):
    """What differs. The kinds are in the order in which they are told."""

    GONE = "gone"
    STATUS = "status"
    NEW_FAILURE = "new_failure"
    NEW_FINDING = "new_finding"
    REDIRECT = "redirect"
    ADDED = "added"
    TITLE = "title"
    CONTENT = "content"
    MENDED = "mended"


TITLES: Final[Mapping[DifferenceKind, str]] = {
    DifferenceKind.GONE: "Gone",
    DifferenceKind.STATUS: "Another status",
    DifferenceKind.NEW_FAILURE: "New links that fail",
    DifferenceKind.NEW_FINDING: "New findings",
    DifferenceKind.REDIRECT: "Redirects elsewhere",
    DifferenceKind.ADDED: "Added",
    DifferenceKind.TITLE: "Another title",
    DifferenceKind.CONTENT: "Another content",
    DifferenceKind.MENDED: "Mended findings",
}
"""The heading of each kind."""


class Difference(Struct, frozen=True, omit_defaults=True):
    """Something that differs between two crawls."""

    kind: DifferenceKind
    """What differs."""
    url: str
    """The URL: as the new crawl has it, or as the old one has it for what is gone."""
    matters: bool
    """Whether it makes the exit code 1: a page is gone or fails now, or an error is new."""
    old: str = ""
    """What the old crawl has: a status, a title, a size, the target of a redirect, what a finding says."""
    new: str = ""
    """What the new crawl has."""
    old_url: str = ""
    """The URL that the old crawl has, if that is another one (--map)."""


class ExpectationKind(StrEnum):
    """What became of an old address."""

    KEPT = "kept"
    MOVED = "moved"
    TEMPORARY = "temporary"
    ELSEWHERE = "elsewhere"
    BROKEN = "broken"
    UNKNOWN = "unknown"


MET: Final = (ExpectationKind.KEPT, ExpectationKind.MOVED)
"""What is well: the address has a page, or redirects permanently to one."""


class ExpectedAddress(Struct, frozen=True, omit_defaults=True):
    """What became of one old address."""

    url: str
    """The old address, as the list has it."""
    kind: ExpectationKind
    """What became of it."""
    detail: str
    """The same in a sentence."""
    target: str = ""
    """Where it leads in the end; "" for nowhere."""
    expected: str = ""
    """Where it shall lead, if the list says so."""

    @property
    def is_met(self) -> bool:
        """Whether the address works."""
        return self.kind in MET


class DiffSummary(Struct, frozen=True):
    """What a comparison came to."""

    old: str
    """The directory of the old crawl; "" for none."""
    new: str
    """The directory of the new crawl."""
    complete: bool
    """Whether both crawls are over, so that nothing is missing only because it was not visited yet."""
    matters: bool
    """Whether any difference matters."""
    counts: Mapping[str, int]
    """How many differences of each kind there are, and how many URLs are the same."""
    unvisited: int = 0
    """Number of URLs of the old crawl that the new one knows and has not visited yet: these are no difference."""
    notes: tuple[str, ...] = ()
    """What a reader must know besides, in sentences."""
    version: int = VERSION
    """The version of this format."""
