"""gossamer diff: what is compared, the exit code, and where results go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gossamer.cli import main
from gossamer.cli.report_parsers import DIFFERENCES
from gossamer.report.difference import DifferenceKind
from tests.support.conformance_cases import moved, page
from tests.support.two_crawls import ORIGIN, STAGING, Web, crawl, update

BEFORE: Web = {"": page("a", "b"), "a": "<title>A</title>", "b": "<title>B</title>"}
OTHER_TITLE: Web = {**BEFORE, "a": "<title>Another</title>"}
ONE_GONE: Web = {**BEFORE, "": page("a")}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return crawl(tmp_path / "old", BEFORE)


@pytest.mark.parametrize(
    ("web", "flags", "code"),
    [
        (BEFORE, [], 0),
        (BEFORE, ["--strict"], 0),
        (OTHER_TITLE, [], 0),
        (OTHER_TITLE, ["--strict"], 1),
        (OTHER_TITLE, ["--strict", "--ignore", "title", "--ignore", "content"], 0),
        (ONE_GONE, [], 1),
        (ONE_GONE, ["--ignore", "gone"], 0),
    ],
)
def test_the_exit_code_says_whether_a_difference_matters(
    old: Path, tmp_path: Path, web: Web, flags: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(old), str(crawl(tmp_path / "new", web)), *flags]) == code
    assert capsys.readouterr().out.endswith(" the same.\n")


def test_a_crawl_that_is_not_complete_ends_with_4_unless_something_matters(old: Path, tmp_path: Path) -> None:
    assert main(["diff", str(old), str(crawl(tmp_path / "part", BEFORE, max_pages=1))]) == 4
    assert main(["diff", str(old), str(crawl(tmp_path / "gone", ONE_GONE, max_pages=1))]) == 1


def test_one_directory_is_compared_with_its_update(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(old)]) == 2
    update(old, OTHER_TITLE)
    assert main(["diff", str(old), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["old"], told["new"]) == (str(old), str(old / "update-0001"))
    assert told["counts"]["title"] == 1


def test_a_staging_site_is_compared_by_a_map(old: Path, tmp_path: Path) -> None:
    staging = crawl(tmp_path / "staging", BEFORE, STAGING)
    assert main(["diff", str(old), str(staging)]) == 1
    assert main(["diff", str(old), str(staging), "--map", f"{STAGING}={ORIGIN}", "--strict"]) == 0


def test_old_addresses_are_looked_for_in_one_crawl_or_beside_a_comparison(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = crawl(tmp_path / "new", {**BEFORE, "": page("a", "b", "old"), "old": moved("/a", 301)})
    addresses = tmp_path / "old.txt"
    addresses.write_text(f"{ORIGIN}a\n{ORIGIN}old {ORIGIN}a\n")
    assert main(["diff", str(new), "--expect", str(addresses)]) == 0
    assert capsys.readouterr().out == "2 old addresses: 1 kept, 1 moved.\n"
    assert main(["diff", str(old), str(new), "--expect", str(addresses)]) == 0
    assert "1 added" in capsys.readouterr().out
    addresses.write_text(f"{ORIGIN}never\n")
    assert main(["diff", str(new), "--expect", str(addresses)]) == 1


def test_formats_go_to_files_and_the_text_to_stdout(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new, page, table = crawl(tmp_path / "new", ONE_GONE), tmp_path / "d.html", tmp_path / "d.csv"
    assert main(["diff", str(old), str(new), "--format", f"html:{page}", "--format", f"csv:{table}"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("Gone (1)\n")
    assert err.replace("\n", "").count("Written") == 2
    assert page.read_text().startswith("<!doctype html>")
    assert table.read_text().startswith("kind,url,")
    assert main(["diff", str(old), str(new), "--format", "csv", "-q"]) == 1
    assert capsys.readouterr() == (table.read_bytes().decode(), "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "xml"], "There is no format 'xml'"),
        (["--map", "nothing"], "maps nothing"),
        (["--expect", "none.txt"], "cannot be read"),
        (["a", "b"], "3 are named"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    old: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(old), *words]) == 2
    assert said in capsys.readouterr().err


def test_the_kinds_that_can_be_left_out_are_all_there_are() -> None:
    assert tuple(kind.value for kind in DifferenceKind) == DIFFERENCES
