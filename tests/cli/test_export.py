"""gossamer export: records on stdout, everything else to files, mistakes in a sentence."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from gossamer import cli
from gossamer.api import export
from gossamer.api.crawler import Crawler
from gossamer.cli import arguments
from gossamer.cli import export as verb
from gossamer.fetchers import RecordedFetcher


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    site = RecordedFetcher.of_site({"/": "<title>Home</title><a href=/a>A</a>", "/a": "<title>A</title>"})
    directory = tmp_path / "site.crawl"
    crawler = Crawler("https://example.org/", directory=directory, formats=("jsonl", "warc"), fetcher=site, delay=0)
    crawler.run()
    return directory


def test_records_go_to_stdout_as_they_were_written(crawl: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert cli.main(["export", str(crawl), "-f", "jsonl"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == (crawl / "pages.jsonl").read_bytes()
    assert err == b""


def test_a_graph_goes_to_a_file_and_the_talk_to_stderr(
    crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "web.graphml"
    assert cli.main(["export", str(crawl), "-f", "graphml", "-o", str(target)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "1 link exported to" in err
    assert target.read_text(encoding="utf-8").count("<node") == 2


@pytest.mark.parametrize(("name", "said"), [("markdown", "2 pages"), ("parquet", "2 records"), ("graph", "1 link")])
def test_what_was_made_is_counted(crawl: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(crawl), "-f", name]) == 0
    assert capsys.readouterr().err.startswith(f"{said} exported to")


def test_quiet_says_nothing(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(crawl), "-f", "markdown", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-f", "svg"], "invalid choice: 'svg'"),
        ([], "-f/--format"),
        (["-f", "jsonl", "--colour"], "no option --colour"),
    ],
)
def test_mistakes_get_a_sentence(
    crawl: Path, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["export", str(crawl), *words]) == 2
    assert complaint in capsys.readouterr().err


def test_sigterm_is_an_interrupt_so_that_nothing_is_left_behind(
    crawl: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("it went on")

    monkeypatch.setattr(verb, "export", slow)
    before = signal.getsignal(signal.SIGTERM)
    assert cli.main(["export", str(crawl), "-f", "graph"]) == 130
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().err == "gossamer: interrupted.\n"


def test_what_is_no_crawl_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(tmp_path), "-f", "jsonl"]) == 2
    assert "is no crawl directory" in capsys.readouterr().err


def test_the_command_line_offers_every_format_there_is() -> None:
    assert arguments.EXPORTS == export.FORMATS
