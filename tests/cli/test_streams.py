"""The standard streams as they may be: closed, in an old encoding, or with a reader that leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gossamer.cli
from gossamer.demo.server import DemoServer

SOURCE = Path(gossamer.__file__).parent.parent
EVERY_CLOSED = "0<&- >&- 2>&-"
FEW = "--allow-private 127.0.0.1 --delay 0 --max-pages 3"
OLD = {
    "ASCII": {"PYTHONIOENCODING": "ascii"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1"},
    "a code page": {"PYTHONIOENCODING": "cp437"},
    "the C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(scope="module")
def museum() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


@pytest.fixture(scope="module")
def crawled(museum: DemoServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a crawl of three pages."""
    directory = tmp_path_factory.mktemp("streams") / "kept"
    assert shell(f"G crawl {museum.url} {FEW} -f jsonl -f warc -o {directory} -q")[0] == 4
    return directory


@pytest.fixture
def kept(crawled: Path) -> None:
    """Put a crawl into the working directory, as `kept`."""
    shutil.copytree(crawled, "kept")


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shell(line: str, **environment: str) -> tuple[int, bytes, bytes]:
    """Run a line of bash in which `G` stands for gossamer."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "G": f"{sys.executable} -m gossamer"} | (
        environment
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("G ", "$G ")],
        capture_output=True,
        check=False,
        timeout=120,
        env=environment,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    assert b"bug of ours" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def recorded(directory: str) -> int:
    return len(Path(directory, "pages.jsonl").read_bytes().splitlines())


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio", "processes"])
def test_a_crawl_without_standard_streams_loses_nothing(museum: DemoServer, engine: str) -> None:
    code, _, _ = shell(f"G crawl {museum.url} {FEW} -e {engine} -f jsonl -f warc -o closed {EVERY_CLOSED}")
    assert (code, recorded("closed")) == (4, 3)
    assert shell("G status closed")[0] == 0


@pytest.mark.parametrize("closed", ["0<&-", ">&-", "2>&-"])
def test_a_crawl_with_one_stream_closed_ends_as_any(museum: DemoServer, closed: str) -> None:
    code, out, _ = shell(f"G crawl {museum.url} {FEW} -o here {closed}")
    assert (code, out, recorded("here")) == (4, b"", 3)


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        ("status kept", 4),
        ("status kept --json", 4),
        ("export kept -f jsonl", 4),
        ("export kept -f graphml", 0),
        ("crawl --update kept", 4),
        ("resume kept --max-pages 4", 4),
        ("fetch $URL --allow-private 127.0.0.1", 4),
        ("robots $URL --allow-private 127.0.0.1", 4),
        ("init --contact you@example.org", 4),
        ("doctor --host localhost", 4),
        ("bench compare a b", 2),
        ("--help", 4),
        ("--version", 4),
        ("nonsense", 2),
    ],
)
@pytest.mark.usefixtures("kept")
def test_every_verb_ends_with_its_code_where_all_streams_are_closed(museum: DemoServer, verb: str, code: int) -> None:
    assert shell(f"G {verb} {EVERY_CLOSED}", URL=museum.url)[0] == code
    closed_stdout, _, said = shell(f"G {verb} >&-", URL=museum.url)
    if "export kept -f graphml" not in verb:  # which is there by now
        assert closed_stdout == (code if "init" not in verb else 2)
    assert said, "the loss is told where it can be"


def test_an_input_that_is_closed_is_empty(museum: DemoServer) -> None:
    assert shell("G crawl -i - 0<&-")[::2] == (2, b"gossamer: The input - names no URL.\n")
    assert shell("G fetch -i - 0<&-")[0] == 3


@pytest.mark.parametrize("encoding", OLD)
def test_every_text_can_be_written_in_an_old_encoding(museum: DemoServer, encoding: str) -> None:
    code, _, err = shell(f"G crawl {museum.url} {FEW} -v -o här", **OLD[encoding])
    assert (code, recorded("här")) == (4, 3), err
    code, out, _ = shell("G status här --json", **OLD[encoding])
    assert json.loads(out)["directory"] == "här", "JSON is UTF-8, whatever the locale"
    for words in ("status här", "crawl --help", "--help", "doctor --host localhost", "robots -q é.invalid"):
        code, out, err = shell(f"G {words}", **OLD[encoding])
        assert code in (0, 3), err
        assert b"\\u2026" not in out, "three dots for an ellipsis"


@pytest.mark.parametrize("encoding", OLD)
def test_a_url_is_utf_8_whatever_the_locale(encoding: str) -> None:
    code, out, _ = shell("G fetch http://127.0.0.1:1/caf\u00e9 --retries 0 --allow-private 127.0.0.1", **OLD[encoding])
    assert (code, json.loads(out)["url"]) == (3, "http://127.0.0.1:1/caf%C3%A9")


@pytest.mark.parametrize("end", ["2>&1 | head -2 > /dev/null", "2> /dev/full"])
def test_messages_that_nobody_reads_end_no_crawl(museum: DemoServer, end: str) -> None:
    many = "--allow-private 127.0.0.1 --delay 0 --host-concurrency 4 --max-pages 60"
    assert shell(f"G crawl {museum.url} {many} -v -o whole {end}")[0] == 4
    assert recorded("whole") == 60


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("G crawl $URL $FEW -o - | true", 141),
        ("G crawl $URL $FEW -v -o - 2>&1 | true", 141),
        ("G crawl $URL $FEW -o - > /dev/full", 4),
        ("G fetch $URL --allow-private 127.0.0.1 | true", 141),
        ("G status kept | true", 141),
        ("G status kept --json > /dev/full", 4),
        ("G export kept -f jsonl | true", 141),
        ("G crawl --help > /dev/full", 4),
    ],
)
@pytest.mark.usefixtures("kept")
def test_data_that_nobody_reads_is_a_code(museum: DemoServer, line: str, code: int) -> None:
    slow_to_leave = line.replace("| true", "| (exec <&-)")
    assert shell(slow_to_leave, URL=museum.url, FEW=FEW)[0] == code


def test_a_report_that_cannot_be_written_costs_no_page(museum: DemoServer) -> None:
    code, _, err = shell(f"G crawl {museum.url} {FEW} -o here --json > /dev/full")
    assert (code, recorded("here")) == (4, 3)
    assert b"Writing stdout failed: No space left on device" in err
