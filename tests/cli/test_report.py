"""gossamer report writes a page, or tables, and says on stderr what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.cli import main
from tests.support.reports import crawled, linking


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    crawled(tmp_path / "c", {"/": linking("/a", "/gone"), "/a": "a"})
    return Path("c")


def test_a_page_is_written_and_its_verdict_told(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "c"]) == 0
    out, said = capsys.readouterr()
    assert out == ""
    verdict, state, path = said.splitlines()
    assert (verdict, state) == ("1 broken link; 2 pages were fetched.", "  Done: every link in scope was visited.")
    assert path.startswith("Report   c/report.html  (")
    assert (directory / "report.html").exists()


def test_quiet_says_nothing(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "c", "-q", "-o", "out/site.html"]) == 0
    assert capsys.readouterr() == ("", "")
    assert Path("out/site.html").exists()
    assert not (directory / "report.html").exists()


def test_tables_are_counted(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "c", "--format", "csv", "-o", "tables"]) == 0
    number = len(list(Path("tables").iterdir()))
    assert f"Report   {number} tables in tables" in capsys.readouterr().err
    assert number > 15


def test_files_beside_the_page_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [f"/{number}" for number in range(25)]
    crawled(tmp_path / "c", {"/": linking(*pages), **dict.fromkeys(pages, linking("/gone"))})
    assert main(["report", str(tmp_path / "c")]) == 0
    assert "Beside it  report-broken.csv" in capsys.readouterr().err


def test_problems_are_judged_by_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    crawled(tmp_path / "c", {"/": linking("/gone")}, formats=["references"])
    Path("gossamer.toml").write_text('[check]\naccept = ["404"]\n')
    assert main(["report", "c", "-q", "-o", "fine.html"]) == 0
    Path("other.toml").write_text("")
    assert main(["report", "c", "-q", "-o", "broken.html", "--config", "other.toml"]) == 0
    assert "Broken links: 1" in Path("broken.html").read_text()
    assert "Broken links" not in Path("fine.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report", "none"], "none is no crawl directory"),
        (["report", "c", "-o", "mine.html"], "mine.html is there already, and no report"),
        (["report", "c", "-f", "pdf"], "choose from"),
        (["report"], "DIR"),
    ],
)
def test_a_mistake_is_a_sentence(
    directory: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    Path("mine.html").write_text("mine")
    assert main(words) == 2
    assert said in capsys.readouterr().err
