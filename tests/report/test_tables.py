"""Tables grow by rows: the first or the highest are kept, all are counted and written."""

from __future__ import annotations

import random
from typing import Annotated

import pytest
from msgspec import Struct

from gossamer.report.tables import Column, GrowingTable, Kind, ReportTable, columns


class Page(Struct, frozen=True):
    name: Annotated[str, Column("the name")]
    size: Annotated[int, Column("its size", Kind.SIZE)]
    hidden: int = 0


def test_columns_are_the_noted_fields() -> None:
    assert columns(Page) == (("name", Column("the name", Kind.TEXT)), ("size", Column("its size", Kind.SIZE)))


def test_a_table_of_all_rows_has_as_many() -> None:
    table = ReportTable.of("pages", "All", Page, iter([Page("a", 1), Page("b", 2)]))
    assert (len(table.rows), table.total, table.name, table.row) == (2, 2, "pages", Page)


def test_without_a_rank_the_first_rows_are_kept() -> None:
    table = GrowingTable("pages", Page, most=3)
    for number in range(10):
        table.add(Page("p", number))
    assert [row.size for row in table.table("").rows] == [0, 1, 2]
    assert table.table("").total == 10


@pytest.mark.parametrize("most", [0, 1, 5, 100])
def test_with_a_rank_the_highest_are_kept_the_first_of_equals(most: int) -> None:
    rows = [Page(str(number), random.Random(number).randrange(8)) for number in range(50)]
    table = GrowingTable("pages", Page, most=most, rank=lambda page: page.size)
    for row in rows:
        table.add(row)
    assert list(table.table("").rows) == sorted(rows, key=lambda row: -row.size)[:most]
    assert table.total == 50


def test_every_row_is_written() -> None:
    table, written = GrowingTable("pages", Page, most=1), list[Struct]()
    table.write = written.append
    for number in range(5):
        table.add(Page("p", number))
    assert written == [Page("p", number) for number in range(5)]
