"""Tables as HTML, cut where they would make the report too large, which is then said below them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gossamer.report.csv_files import CsvFiles
from gossamer.report.html.cells import NUMBERS, cell
from gossamer.report.html.markup import text
from gossamer.report.tables import NamedColumn, ReportTable, columns


class TableWriter:
    """Writes tables of at most so many characters each; what is cut off goes into a file beside the report.

    Without files it is only counted: the report can then be had in another format.
    """

    def __init__(self, files: CsvFiles | None = None) -> None:
        self._files = files

    def html(self, table: ReportTable[Any], characters: int, hidden: tuple[str, ...] = ()) -> str:
        """Return a table as HTML of at most so many `characters`, but with one row; "" if it has none.

        `hidden` columns are left out.
        """
        if not table.rows:
            return ""
        shown = [column for column in columns(table.row) if column.name not in hidden]
        rows = self._rows(table, shown, characters)
        name = text(table.name)
        heads = "".join([_head(column) for column in shown])
        return (
            f'<div class="wide" role="group" aria-labelledby="of-{name}" tabindex="0">\n'
            f'<table data-name="{name}"><caption id="of-{name}">{text(table.caption)}</caption>\n'
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table></div>\n"
            f"{self._rest(table, len(rows))}"
        )

    def _rows(self, table: ReportTable[Any], shown: list[NamedColumn], left: int) -> list[str]:
        rows: list[str] = []
        for row in table.rows:
            made = _row(row, shown)
            left -= len(made)
            if left < 0 and rows:
                if self._files is not None and not table.whole:
                    self._files.write_table(table)
                break
            rows.append(made)
        return rows

    def _rest(self, table: ReportTable[Any], shown: int) -> str:
        """Return how many rows are not shown, and where they are."""
        more = table.total - shown
        if self._files is None:
            return f'<p class="more">and {more:,} more: <code>--format csv</code> has all</p>\n' if more else ""
        file = self._files.names.get(table.name)
        if table.whole and more:
            where = f"<code>--format csv</code> writes all ({text(self._files.name_of(table.whole))})"
            return f'<p class="more">of {table.total:,}; {where}</p>\n'
        if more:
            return f'<p class="more">and {more:,} more: <code>{text(file or "")}</code></p>\n'
        return f'<p class="more">with all pages that link there: <code>{text(file)}</code></p>\n' if file else ""


def _head(column: NamedColumn) -> str:
    kind = ' class="n"' if column.column.kind in NUMBERS else ""
    return f'<th scope="col"{kind}>{text(column.column.title)}</th>'


def _row(row: Struct, shown: list[NamedColumn]) -> str:
    cells = [cell(getattr(row, name), column.kind, heads=not place) for place, (name, column) in enumerate(shown)]
    return f"<tr>{''.join(cells)}</tr>\n"
