"""The tables of a report as CSV files (RFC 4180), in UTF-8, each with its name only when it is whole."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from msgspec import Struct

from gossamer.check.findings import Referrer
from gossamer.outputs.files import named_when_whole
from gossamer.report.rows import Folder
from gossamer.report.tables import GrowingTable, Kind, NamedColumn, ReportTable, Write, columns
from gossamer.values.errors import UserError
from gossamer.values.formatting import cell

_OF_REFERRERS: Final = ("page", "element", "text", "line")
"""The columns in the place of `Kind.REFERRERS`: a row for each place."""


class CsvFiles:
    """Writes tables to the files `stem-NAME.csv` of a directory: a context manager, which names them at its end.

    With `every` all tables have a file, else those that a report shows in part. A file of that name is replaced only if
    it has the same columns, so that it is one of ours. Raises UserError for any other, and OSError where the disk does.
    """

    def __init__(self, directory: Path, stem: str, *, every: bool = False) -> None:
        self.every = every
        self._directory = directory
        self._stem = stem
        self._writes: dict[str, Write] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, problem, trace)

    @property
    def names(self) -> Mapping[str, str]:
        """Return the name of each file by that of its table."""
        return {name: self.name_of(name) for name in self._writes}

    def name_of(self, table: str) -> str:
        """Return the name of the file that a table has, or would have."""
        return self._path(table).name

    def open(self, name: str, row: type[Struct]) -> Write:
        """Begin the file of a table, and return what writes its rows."""
        assert name not in self._writes, f"two tables are named {name}"
        path, shown = self._path(name), columns(row)
        heads = list(_heads(shown))
        _refuse_foreign(path, heads)
        part = self._open.enter_context(named_when_whole(path))
        file: IO[str] = self._open.enter_context(part.open("w", encoding="utf-8", newline=""))
        writer = csv.writer(file)
        writer.writerow(heads)
        lines = _line_maker(shown)

        def write(row: Struct) -> None:
            writer.writerows(lines(row))

        self._writes[name] = write
        return write

    def follow(self, table: GrowingTable[Any]) -> None:
        """Have the rows of a table written, as soon as there are more than it keeps; with `every` from the start."""
        if self.every:
            table.write = self.open(table.name, table.row)
            return
        waiting: list[Struct] = []

        def write(row: Struct) -> None:
            waiting.append(row)
            if len(waiting) > table.most:
                self.write_all(table.name, table.row, waiting)
                table.write = self._writes[table.name]

        table.write = write

    def write_all(self, name: str, row: type[Struct], rows: Iterable[Struct]) -> None:
        """Write a file with some rows; more may follow."""
        write = self.open(name, row)
        for one in rows:
            write(one)

    def write_table(self, table: ReportTable[Any]) -> None:
        """Write the file of a table that has all its rows, if that is not done."""
        if table.name not in self._writes:
            self.write_all(table.name, table.row, table.rows)

    def _path(self, name: str) -> Path:
        return self._directory / f"{self._stem}-{name}.csv"


def _refuse_foreign(path: Path, heads: list[str]) -> None:
    """Raise UserError if there is a file with other columns."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        there = next(csv.reader(file), [])
    if there != heads:
        raise UserError(f"{path} is there already, and no table of a report; name another place with -o.")


def _heads(shown: tuple[NamedColumn, ...]) -> Iterator[str]:
    for name, column in shown:
        if column.kind is Kind.REFERRERS:
            yield from _OF_REFERRERS
        else:
            yield name


def _line_maker(shown: tuple[NamedColumn, ...]) -> Callable[[Struct], Iterator[list[object]]]:
    """Return what makes the lines of a row: one, or one for each of its referrers, which are its last column."""
    names = [name for name, column in shown if column.kind is not Kind.REFERRERS]

    def lines(row: Struct) -> Iterator[list[object]]:
        line = [_value(getattr(row, name)) for name in names]
        if len(names) == len(shown):
            yield line
            return
        referrers: tuple[Referrer, ...] = getattr(row, shown[-1].name)
        for one in referrers or (Referrer(""),):
            yield [*line, _value(one.page), _value(one.element), _value(one.text), one.line or ""]

    return lines


def _value(value: object) -> object:
    """Return a value as it is written: a text that a spreadsheet program would compute has an apostrophe before it."""
    if isinstance(value, str):
        return cell(value if value.isascii() else value.encode("utf-8", "backslashreplace").decode())
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Folder):
        return value.url
    return "" if value is None else value
