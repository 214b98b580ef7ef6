"""Tables become CSV files: whole or not at all, never in the place of a file of somebody else's."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gossamer.check.findings import Referrer
from gossamer.report.csv_files import CsvFiles
from gossamer.report.rows import Folder, FolderFigures, HostFigures, ReportedProblem, TitledPage
from gossamer.report.tables import GrowingTable, ReportTable
from gossamer.values.errors import UserError


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def titled(directory: Path, title: str) -> str:
    """Write a table with a title, and return the title as it is there."""
    with CsvFiles(directory, "report") as files:
        files.write_table(ReportTable.of("t", "", TitledPage, [TitledPage("https://a.example/", title)]))
    return read(directory / "report-t.csv")[1][1]


def test_a_file_has_the_names_of_the_fields_and_every_value(tmp_path: Path) -> None:
    with CsvFiles(tmp_path, "site") as files:
        files.write_table(
            ReportTable.of(
                "hosts", "", HostFigures, [HostFigures("https://a.example/", 5, 1, 2000, 0.1234567, 1.5, None, 2)]
            )
        )
        files.write_table(
            ReportTable.of(
                "folders", "", FolderFigures, [FolderFigures(Folder(1, "https://a.example/b/"), 5, 0, 7, 0.5)]
            )
        )
        assert files.names == {"hosts": "site-hosts.csv", "folders": "site-folders.csv"}
    assert read(tmp_path / "site-hosts.csv") == [
        ["host", "pages", "failed", "size", "median", "slowest", "gap", "at_once"],
        ["https://a.example/", "5", "1", "2000", "0.123457", "1.5", "", "2"],
    ]
    assert read(tmp_path / "site-folders.csv")[1] == ["https://a.example/b/", "5", "0", "7", "0.5"]


def test_each_place_that_points_somewhere_has_a_line(tmp_path: Path) -> None:
    places = (Referrer("https://a.example/1", "a[href]", "more", 12), Referrer("https://a.example/2"))
    rows = [
        ReportedProblem("https://a.example/x", "404", referrers=places),
        ReportedProblem("https://a.example/y", "500"),
    ]
    with CsvFiles(tmp_path, "report") as files:
        files.write_table(ReportTable.of("broken", "", ReportedProblem, rows))
    head, *lines = read(tmp_path / "report-broken.csv")
    assert head == ["url", "status", "detail", "suggestion", "pages", "page", "element", "text", "line"]
    assert [[line[0], *line[5:]] for line in lines] == [
        ["https://a.example/x", "https://a.example/1", "a[href]", "more", "12"],
        ["https://a.example/x", "https://a.example/2", "", "", ""],
        ["https://a.example/y", "", "", "", ""],
    ]


@pytest.mark.parametrize("title", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx"])
def test_no_title_is_computed_by_a_spreadsheet(tmp_path: Path, title: str) -> None:
    assert titled(tmp_path, title) == f"'{title}"


@pytest.mark.parametrize("title", ['say "a, b"\nand more', "ünïcödé", "", "a=b"])
def test_any_other_title_is_as_it_was(tmp_path: Path, title: str) -> None:
    assert titled(tmp_path, title) == title


def test_half_a_character_is_written_as_its_code(tmp_path: Path) -> None:
    assert titled(tmp_path, "a\ud800b") == "a\\ud800b"


@pytest.mark.parametrize(("rows", "there"), [(2, False), (3, False), (4, True), (9, True)])
def test_a_table_has_a_file_as_soon_as_it_is_cut(tmp_path: Path, rows: int, there: bool) -> None:
    table = GrowingTable("t", TitledPage, most=3)
    with CsvFiles(tmp_path, "report") as files:
        files.follow(table)
        for number in range(rows):
            table.add(TitledPage(f"https://a.example/{number}", "x"))
    assert (tmp_path / "report-t.csv").exists() is there
    if there:
        assert [line[0] for line in read(tmp_path / "report-t.csv")[1:]] == [
            f"https://a.example/{number}" for number in range(rows)
        ]


def test_where_every_table_is_wanted_an_empty_one_has_a_file_too(tmp_path: Path) -> None:
    with CsvFiles(tmp_path, "report", every=True) as files:
        files.follow(GrowingTable("t", TitledPage))
    assert read(tmp_path / "report-t.csv") == [["url", "title"]]


def test_a_table_of_ours_is_replaced(tmp_path: Path) -> None:
    assert [titled(tmp_path, "one"), titled(tmp_path, "two")] == ["one", "two"]


@pytest.mark.parametrize("content", ["", "url,other\n", "my list"])
def test_any_other_file_stays_as_it_is(tmp_path: Path, content: str) -> None:
    (tmp_path / "report-t.csv").write_text(content)
    with pytest.raises(UserError, match="no table of a report"):
        titled(tmp_path, "x")
    assert (tmp_path / "report-t.csv").read_text() == content


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with CsvFiles(tmp_path, "report") as files:
            files.write_table(ReportTable.of("t", "", TitledPage, [TitledPage("https://a.example/", "x")]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list(tmp_path.iterdir()) == []
