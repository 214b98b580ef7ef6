"""Tables as values: rows are structs whose fields say how their column is named and shown.

A table has the first rows only; `total` says how many there are. What shows or writes it, as HTML or as CSV, knows
nothing of what it is about.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import count
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct


class Kind(StrEnum):
    """How the values of a column are shown."""

    TEXT = "text"
    """A text of a site, or of ours."""
    URL = "url"
    """An absolute URL, or "" for none."""
    FOLDER = "folder"
    """A part of a site, with its level in the tree of paths (`rows.Folder`)."""
    COUNT = "count"
    """A whole number."""
    SIZE = "size"
    """A number of bytes."""
    SECONDS = "seconds"
    """A duration in seconds, or None."""
    SHARE = "share"
    """A share of a whole, from 0 to 1, drawn as a bar too."""
    REFERRERS = "referrers"
    """The places that point to a URL: `check.findings.Referrer`s, of which there may be more than are named."""


class Column(NamedTuple):
    """A column, noted in the annotation of a field."""

    title: str
    """Its heading."""
    kind: Kind = Kind.TEXT
    """How its values are shown."""


Row = TypeVar("Row", bound=Struct)


class ReportTable(Struct, Generic[Row], frozen=True):
    """A table of a report."""

    name: str
    """Its name in the names of files: "hosts" is report-hosts.csv."""
    caption: str
    """What its rows are, in a few words."""
    row: type[Row]
    """The type of its rows."""
    rows: tuple[Row, ...] = ()
    """The rows that are shown: the first ones, or those that matter most."""
    total: int = 0
    """Number of rows that there are."""
    whole: str = ""
    """For a ranking: the name of the table that has every row in its file; "" where that is this table."""

    @classmethod
    def of(cls, name: str, caption: str, row: type[Row], rows: Iterable[Row]) -> ReportTable[Row]:
        """Return a table with all its rows."""
        every = tuple(rows)
        return cls(name, caption, row, every, len(every))


class NamedColumn(NamedTuple):
    """A column with the name of its field."""

    name: str
    """The name of the field, which is the heading in a CSV file."""
    column: Column
    """How it is shown."""


def columns(row: type[Struct]) -> tuple[NamedColumn, ...]:
    """Return the columns of a type of rows, in the order of its fields."""
    hints: dict[str, Any] = get_type_hints(row, include_extras=True)
    noted = [(name, note) for name, hint in hints.items() if get_origin(hint) is Annotated for note in get_args(hint)]
    return tuple(NamedColumn(name, note) for name, note in noted if isinstance(note, Column))


Write = Callable[[Struct], None]
"""Writes a row to a file."""


def nowhere(_: Struct) -> None:
    """Write a row to no file."""


MANY: Final = 200
"""Maximum number of rows of a table in a report."""


class GrowingTable(Generic[Row]):
    """Collects the rows of a table: keeps the first `most`, or with a `rank` the highest, and writes all to a file.

    Among rows of equal rank the first ones count.
    """

    def __init__(
        self, name: str, row: type[Row], *, most: int = MANY, rank: Callable[[Row], float] | None = None
    ) -> None:
        self.name = name
        self.row = row
        self.most = most
        self.total = 0
        self.write: Write = nowhere
        """Where every row is written to."""
        self._rank = rank
        self._rows: list[tuple[float, int, Row]] = []
        self._order = count(0, -1)

    def add(self, row: Row) -> None:
        """Add a row."""
        self.total += 1
        self.write(row)
        if len(self._rows) < self.most:
            heapq.heappush(self._rows, (self._rank(row) if self._rank else 0.0, next(self._order), row))
        elif self._rank is not None and self.most and self._rank(row) > self._rows[0][0]:
            heapq.heapreplace(self._rows, (self._rank(row), next(self._order), row))

    def table(self, caption: str, whole: str = "") -> ReportTable[Row]:
        """Return the table so far."""
        rows = tuple(row for _, _, row in sorted(self._rows, key=lambda kept: (-kept[0], -kept[1])))
        return ReportTable(self.name, caption, self.row, rows, self.total, whole)
