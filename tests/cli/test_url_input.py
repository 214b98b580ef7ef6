"""Lists of URLs as people have them."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

import gossamer.cli
from gossamer.cli.url_input import LineReader
from gossamer.demo.server import DemoServer

LOCAL = ["--allow-private", "127.0.0.1", "--delay", "0"]


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(content: bytes, size: int = 1 << 16) -> list[tuple[int, str]]:
    """Return what a reader makes of some bytes that come in pieces of a size."""
    reader = LineReader()
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return [found for piece in pieces for found in reader.read(piece)] + list(reader.read(b"", last=True))


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("a.test/x", "a.test/x"),
        ("  a.test/x\t ", "a.test/x"),
        ("a.test/x\tsecond column", "a.test/x"),
        ("a.test/x\t\t", "a.test/x"),
        ('"a.test/x"', "a.test/x"),
        ("'a.test/x' # mine", "a.test/x"),
        ("<a.test/x>", "a.test/x"),
        ("\u201ca.test/x\u201d", "a.test/x"),
        ('"a.test/x', '"a.test/x'),
        ("a.test/x # a comment", "a.test/x"),
        ("a.test/x\t# a comment", "a.test/x"),
        ("a.test/x#a-fragment", "a.test/x#a-fragment"),
        ("a.test/a,b", "a.test/a,b"),
        ("a.test/a b", "a.test/a b"),
    ],
)
def test_a_line_names_one_url(line: str, url: str) -> None:
    assert read(line.encode()) == [(1, url)]


@pytest.mark.parametrize("line", ["", "  ", "\t", "# nothing", "   # nothing", "#", "\t# nothing", '""', "\u00a0"])
def test_a_line_may_name_none(line: str) -> None:
    assert read(line.encode()) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [(b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_encodings_and_line_ends_are_told_however_the_bytes_come(
    end: str, mark: tuple[bytes, str], last: bool, size: int
) -> None:
    text = end.join(["a.test/é", "", "# no", "b.test/絹"]) + (end if last else "")
    assert read(mark[0] + text.encode(mark[1]), size) == [(1, "a.test/é"), (4, "b.test/絹")]


def test_the_other_byte_order_is_read_too() -> None:
    assert read(codecs.BOM_UTF16_BE + "a.test\n".encode("utf-16-be")) == [(1, "a.test")]


@pytest.mark.parametrize("content", [b"", codecs.BOM_UTF8, b"\xff", b"\xef\xbb", codecs.BOM_UTF16_LE])
def test_a_list_that_is_cut_at_its_beginning_is_read_to_its_end(content: bytes) -> None:
    assert len(read(content)) == (content in (b"\xff", b"\xef\xbb"))


UNFIT = {
    "a Latin-1 letter": b"127.0.0.1:1/caf\xe9",
    "a NUL": b"127.0.0.1:1/a\x00b",
    "a bell": b"\x07127.0.0.1:1/",
    "an escape": b"127.0.0.1:1/\x1b[31m",
    "a form feed": b"127.0.0.1:1/\x0cx",
    "a DEL": b"127.0.0.1:1/x\x7f",
    "a C1 control": "127.0.0.1:1/x\u0085y".encode(),
    "half a character": b"127.0.0.1:1/\xe7\xb5",
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_line_that_is_damaged_is_invalid_and_named_by_its_number(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("urls.txt").write_bytes(b"# some\r\nhttp://127.0.0.1:1/fine\r\n" + UNFIT[name] + b"\r\n")
    assert gossamer.cli.main(["fetch", "-i", "urls.txt", "--retries", "0", *LOCAL[:2], "-e", "inline"]) == 3
    out, err = capfd.readouterr()
    fine, unfit = map(json.loads, out.split("\n")[:2])
    assert (fine["reason"], unfit["reason"]) == ("fail.connect", "skip.invalid")
    assert unfit["detail"].startswith("line 3: ")
    assert "\n  line 3: '" in err
    assert "line 2" not in err


def test_a_damaged_seed_of_the_command_line_is_invalid_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["crawl", "http://127.0.0.1:1/caf\udce9"]) == 2
    assert "'http://127.0.0.1:1/caf\\xe9' is not a web URL" in capfd.readouterr().err


def test_a_crawl_starts_from_a_list(capfd: pytest.CaptureFixture[str]) -> None:
    with DemoServer() as museum:
        listed = f"\ufeff{museum.url}visit/ # hours\r\n\r\n<{museum.url}>\tthe house\r\n{museum.url}visit/\r\n"
        Path("urls.txt").write_text(listed, encoding="utf-8")
        words = ["-i", "urls.txt", *LOCAL, "--max-depth", "0", "-q", "-o", "-", "-e", "inline", "--no-sitemaps"]
        assert gossamer.cli.main(["crawl", *words]) == 0
        urls = [json.loads(line)["url"] for line in capfd.readouterr().out.splitlines()]
        assert sorted(urls) == [museum.url, f"{museum.url}visit/"]
        assert gossamer.cli.main([*words, f"{museum.url}people/"]) == 0
        assert len(capfd.readouterr().out.splitlines()) == 3, "the list and the command line"


def test_all_seeds_that_are_no_urls_are_named_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    Path("urls.txt").write_bytes(b"https://example.org/\nno url\nftp://a.test/\n\nhttp://\ncaf\xe9.test\n")
    assert gossamer.cli.main(["crawl", "/etc/hosts", "-i", "urls.txt"]) == 2
    err = capfd.readouterr().err
    head, *named, end = err.split("\n")
    assert (head, end) == ("gossamer: 5 of the URLs to start from cannot be used:", "")
    starts = ["'/etc/hosts'", "line 2: 'no url'", "line 3: 'ftp://", "line 5: 'http://'", "line 6: 'caf\\xe9.test'"]
    assert [line.strip().startswith(start) for line, start in zip(named, starts, strict=True)] == [True] * 5
    assert not list(Path().glob("*.crawl"))


def test_what_was_meant_as_a_scheme_is_no_host_in_a_list_either(capfd: pytest.CaptureFixture[str]) -> None:
    texts = ["ht!tp://x", "http//x", "htp:/x.org", "://x", "www.x.org:port", "http://x.org,"]
    Path("urls.txt").write_text("\n".join(["https://example.org/", *texts]), encoding="utf-8")
    assert gossamer.cli.main(["crawl", "-i", "urls.txt"]) == 2
    head, *named = capfd.readouterr().err.splitlines()
    assert head == "gossamer: 6 of the URLs to start from cannot be used:"
    said = [f"  line {number}: {text!r} is not a web URL" for number, text in enumerate(texts, 2)]
    assert [line[: len(start)] for line, start in zip(named, said, strict=True)] == said
    for text in texts:
        assert gossamer.cli.main(["crawl", text]) == 2
        assert capfd.readouterr().err.startswith(f"gossamer: {text!r} is not a web URL: ")
    assert gossamer.cli.main(["fetch", *texts]) == 3
    reasons = [json.loads(line)["reason"] for line in capfd.readouterr().out.splitlines()]
    assert reasons == ["skip.invalid", "skip.invalid", "skip.scheme", *["skip.invalid"] * 3]
    assert not list(Path().glob("*.crawl"))


def test_a_list_that_names_nothing_or_is_not_there_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    Path("urls.txt").write_text("# nothing yet\n")
    for source, said in (
        ("urls.txt", "names no URL"),
        ("lost.txt", "cannot be read: No"),
        (".", "Is a directory"),
    ):
        assert gossamer.cli.main(["crawl", "-i", source]) == 2
        assert said in capfd.readouterr().err
    assert gossamer.cli.main(["crawl", "--update", "x", "-i", "urls.txt"]) == 2
    assert "-i" in capfd.readouterr().err


@pytest.mark.parametrize("words", ["-q crawl", "--json -q crawl", "-o crawl -q crawl", "-q -e inline", "-q --delay=0"])
def test_flags_may_stand_before_the_verb(words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main([*words.split(), "http://127.0.0.1:1/", *LOCAL[:2], "--retries", "0"]) == 3
    assert capfd.readouterr().err.startswith("Nothing fetched: no server could be reached.")


def test_a_misspelt_verb_after_a_flag_is_no_host(capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["-q", "staus"]) == 2
    assert "Did you mean `gossamer status`?" in capfd.readouterr().err
