"""A report is written whole or not at all, and never in the place of anything else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gossamer.report import files as module
from gossamer.report.files import WrittenReport, write_csv, write_html, write_report
from gossamer.values.errors import OutputError, UserError
from tests.support.made_up_crawl import write_crawl
from tests.support.reports import crawled, linking, reported

WriteReport = Callable[[Path, Path | None], WrittenReport]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    crawled(tmp_path / "c", {"/": linking("/a", "/gone"), "/a": "a"})
    return tmp_path / "c"


def test_a_report_goes_into_the_directory_of_the_crawl(directory: Path) -> None:
    written = write_html(directory)
    assert written.path == directory / "report.html"
    assert written.path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert written.tables == ()


def test_a_report_is_written_where_it_is_wanted_and_nothing_else_is(directory: Path, tmp_path: Path) -> None:
    before = sorted(directory.iterdir())
    write_html(directory, tmp_path / "new" / "site.html")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["site.html"]
    assert sorted(directory.iterdir()) == before


def test_an_earlier_report_is_replaced(directory: Path) -> None:
    write_html(directory)
    write_html(directory)


@pytest.mark.parametrize("content", ["", "<!doctype html>\n<title>My page</title>", "x" * 5000])
def test_any_other_page_stays_as_it_is(directory: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "mine.html").write_text(content)
    with pytest.raises(UserError, match="no report; name another file"):
        write_html(directory, tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == content


def test_a_directory_is_no_file(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a directory; name a file"):
        write_html(directory, tmp_path)


@pytest.mark.parametrize("write", [write_html, write_csv])
def test_a_url_is_no_place(directory: Path, write: WriteReport) -> None:
    with pytest.raises(UserError, match="is no directory or file of this machine"):
        write(directory, Path("s3://bucket/report"))


@pytest.mark.parametrize("write", [write_html, write_csv])
def test_there_is_no_report_without_a_crawl(tmp_path: Path, write: WriteReport) -> None:
    with pytest.raises(UserError, match="no crawl directory"):
        write(tmp_path, None)
    with pytest.raises(UserError, match="nosuch is no crawl directory: it does not exist"):
        write(tmp_path / "nosuch", None)
    with pytest.raises(UserError, match="it does not exist"):
        write(tmp_path / "nosuch", tmp_path / "out" / "report")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_html, write_csv])
def test_a_disk_that_refuses_is_a_sentence(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: WriteReport
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "read_report", refuse)
    with pytest.raises(OutputError, match="No space left on device"):
        write(directory, tmp_path / "out")
    assert not list(tmp_path.rglob("*.part"))


def test_an_unknown_format_is_refused(directory: Path) -> None:
    with pytest.raises(UserError, match="choose one of html, csv"):
        write_report(directory, format="pdf")  # type: ignore[arg-type]  # the point of the test


def test_every_table_becomes_a_file(directory: Path, tmp_path: Path) -> None:
    written = write_csv(directory, tmp_path / "tables")
    names = {f"report-{table.name}.csv" for table in reported(directory).tables} | {"report-pages.csv"}
    assert {path.name for path in written.tables} == {path.name for path in (tmp_path / "tables").iterdir()} == names
    lines = (tmp_path / "tables" / "report-pages.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [
        "https://example.org/", "https://example.org/a", "https://example.org/gone",
    ]  # fmt: skip


def test_tables_go_into_the_directory_of_the_crawl(directory: Path) -> None:
    assert write_csv(directory).path == directory
    assert (directory / "report-hosts.csv").exists()


def test_a_large_crawl_has_a_small_report(tmp_path: Path) -> None:
    write_crawl(tmp_path / "c", 3000, pending=40)
    written = write_html(tmp_path / "c")
    assert {path.name for path in written.tables} == {"report-broken.csv", "report-duplicates.csv"}
    assert written.report.verdict.startswith("149 broken links and 3 redirect loops; ")
    assert written.path.stat().st_size < 1_000_000


@pytest.mark.slow
def test_a_report_of_100_000_pages_is_under_5_mb_and_takes_little_memory(tmp_path: Path) -> None:
    write_crawl(tmp_path / "c", 100_000)
    script = (
        "import resource, sys; from pathlib import Path; from gossamer.report.files import write_html; "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; write_html(Path(sys.argv[1])); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "c")], capture_output=True, text=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < 120_000_000
    assert (tmp_path / "c" / "report.html").stat().st_size < 5_000_000
