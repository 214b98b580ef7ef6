"""The commands against a site on this machine: what they print where, and how they end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import gossamer.cli
from gossamer.cli import fetch as fetch_verb
from gossamer.cli.crawl import vacant
from gossamer.demo.server import DemoServer
from gossamer.values.errors import JournalError

SOURCE = Path(gossamer.__file__).parent.parent
AT_FULL_SPEED = ("--allow-private", "127.0.0.1", "--delay", "0", "--host-concurrency", "4")


@pytest.fixture(scope="module")
def museum() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def command(*words: str, stdin: int = subprocess.PIPE) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "COLUMNS": "100", "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "gossamer", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=stdin,
        text=True,
        env=environment,
    )


def run(*words: str, given: str = "") -> tuple[int, str, str]:
    """Run a command in a process of its own, where that matters: streams, signals, what it loads."""
    process = command(*words)
    out, err = process.communicate(given, timeout=60)
    return process.returncode, out, err


def here(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command in this process, which takes a fifth of the time."""
    code = gossamer.cli.main(list(words))
    return code, *capfd.readouterr()


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


# ---------------------------------------------------------------- crawl


def test_a_crawl_writes_its_pages_and_sums_up_on_stderr(museum: DemoServer) -> None:
    code, out, err = run("crawl", museum.url, *AT_FULL_SPEED, "--timeout", "5", "--retries", "0")
    assert (code, out) == (1, ""), err
    [directory] = Path().glob("*.crawl")
    records = lines((directory / "pages.jsonl").read_text(encoding="utf-8"))
    assert len({record["url"] for record in records}) == len(records) > 300
    said = ["Crawling", museum.url, "Ctrl-C", "Done: every link in scope was visited.", "broken link", "linked from"]
    for part in (*said, f"{directory}/pages.jsonl", "skip.robots"):
        assert part in err
    assert "\x1b" not in err, "no colours where there is no terminal"
    assert not [line for line in err.splitlines() if line != line.rstrip()], "no blanks at the end of a line"
    assert "1 page in sitemaps that no page links to" in err
    assert "Hint" not in err, "nobody needs a contact on a machine of their own"


@pytest.mark.parametrize(("where", "told"), [([], True), (["-e", "inline"], True), (["--cpu-workers", "1"], False)])
def test_a_time_limit_that_nothing_keeps_is_told(
    museum: DemoServer, where: list[str], told: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("mine.py").write_text("from gossamer import on\n@on()\ndef handler(page): pass\n")
    words = ["crawl", museum.url, *AT_FULL_SPEED, "--max-pages", "2", "--handlers", "mine.py"]
    _, _, err = here(capfd, *words, "--handler-timeout", "5", *where)
    assert ("Hint: --handler-timeout ends a def handler in processes only" in err) is told
    _, _, err = here(capfd, *words, *where)
    assert "Hint" not in err


def test_lines_on_stdout_leave_no_directory(museum: DemoServer) -> None:
    code, out, err = run("crawl", museum.url, *AT_FULL_SPEED, "--max-pages", "3", "-o", "-", "-q")
    assert code == 4
    assert err.startswith("Ended early: the page limit was reached; ")
    assert len(err.splitlines()) == 1
    assert len([record for record in lines(out) if record["outcome"] == "done"]) == 3
    assert not list(Path().iterdir())


def test_a_crawl_at_its_request_limit_says_so_and_how_to_go_on(
    museum: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = here(capfd, "crawl", museum.url, *AT_FULL_SPEED, "--max-requests", "9", "-o", "here")
    assert code == 4
    assert "Ended early: the request limit was reached; " in err
    assert "gossamer resume here --max-requests N" in err
    code, _, err = here(capfd, "resume", "here")
    assert (code, err.strip().splitlines()[0]) == (
        2, "gossamer: The request limit was reached; to go on: gossamer resume here --max-requests N",
    )  # fmt: skip
    assert here(capfd, "resume", "here", "--max-requests", "12", "--json")[0] == 4
    report = json.loads(here(capfd, "status", "here", "--json")[1])
    assert (report["fetches"], report["finish_reason"]) == (12, "request_limit")


def test_the_report_is_json_on_stdout(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    words = [museum.url, *AT_FULL_SPEED, "--max-pages", "2", "--json", "-q", "-o", "here", "-e", "inline"]
    assert gossamer.cli.main(words) == 4
    report = json.loads(capfd.readouterr().out)
    assert (report["pages"], report["finish_reason"], report["directory"]) == (2, "page_limit", "here")


def test_a_private_address_is_refused_with_the_way_out(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["crawl", museum.url]) == 3
    err = capfd.readouterr().err
    assert "Nothing fetched" in err
    assert "--allow-private 127.0.0.1" in err
    assert not list(Path().iterdir()), "a directory nobody named is taken back"


def test_a_second_crawl_of_a_site_gets_a_directory_of_its_own(museum: DemoServer) -> None:
    for _ in range(2):
        gossamer.cli.main(["crawl", museum.url, *AT_FULL_SPEED, "--max-pages", "1", "-q"])
    name = f"127.0.0.1-{urlsplit(museum.url).port}"
    assert sorted(path.name for path in Path().iterdir()) == [f"{name}-2.crawl", f"{name}.crawl"]


@pytest.mark.parametrize(
    ("seed", "name"),
    [
        ("https://example.org/a", "example.org.crawl"),
        ("http://localhost:8000/", "localhost-8000.crawl"),
        ("http://[::1]:9705/", "1-9705.crawl"),
        ("http://[::1]/", "1.crawl"),
    ],
)
def test_sites_on_other_ports_of_a_host_are_told_apart(seed: str, name: str) -> None:
    assert vacant(seed).name.replace("_", "") == name
    Path(vacant(seed)).mkdir()
    assert vacant(seed).name.replace("_", "") == name.replace(".crawl", "-2.crawl")


def test_what_was_kept_of_a_site_without_a_page_is_left_with_its_journal(museum: DemoServer) -> None:
    assert gossamer.cli.main(["crawl", museum.url + "nowhere", *AT_FULL_SPEED, "-f", "warc"]) == 3
    [directory] = Path().glob("*.crawl")
    assert {"journal.db", "gossamer.toml", "pages-00000.warc.gz"} <= {path.name for path in directory.iterdir()}


def test_a_server_that_is_not_there_is_a_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert gossamer.cli.main(["crawl", url, "--allow-private", "127.0.0.1", "--retries", "0", "-e", "threads"]) == 3
    err = capfd.readouterr().err
    assert "fail.connect" in err
    assert "Is the server running" in err


@pytest.mark.parametrize("engine", ["asyncio", "threads"])
def test_a_quiet_crawl_still_says_that_nothing_was_fetched(engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["crawl", "127.0.0.1:1", "-q", "--allow-private", "127.0.0.1", "--retries", "0", "-e", engine]
    assert gossamer.cli.main(words) == 3
    assert capfd.readouterr() == ("", "Nothing fetched: no server could be reached.\n")


def test_a_quiet_crawl_still_names_the_flag_that_allows_an_address(capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["crawl", "127.0.0.1:1", "-q", "-e", "inline"]) == 3
    said = capfd.readouterr().err.splitlines()
    assert said[0] == "Nothing fetched: no server could be reached."
    assert "--allow-private 127.0.0.1" in " ".join(said[1:])


def test_a_quiet_crawl_says_what_the_start_page_answered(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["crawl", museum.url + "nowhere", *AT_FULL_SPEED, "-q", "-e", "inline"]) == 3
    assert capfd.readouterr() == ("", "Nothing fetched: the start page answered 404.\n")


def test_a_quiet_crawl_still_says_that_errors_ended_it(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text("import gossamer\n@gossamer.on()\ndef all(page):\n    raise ValueError\n")
    words = ["crawl", museum.url, *AT_FULL_SPEED, "-q", "--handlers", "mine.py", "--max-handler-errors", "2"]
    assert gossamer.cli.main(words) == 4
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("Ended early: too many pages failed in their handlers; ")


def test_results_that_cannot_be_written_are_a_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    Path("file").touch()
    assert gossamer.cli.main(["crawl", "http://127.0.0.1:1/", "-o", "file/here"]) == 2
    assert capfd.readouterr().err.startswith("gossamer: The crawl directory file/here cannot be written")


@pytest.mark.parametrize(
    "words",
    [
        ["crawl", "127.0.0.1:1", "-o", "file"],
        ["crawl", "127.0.0.1:1", "-o", "file", "-e", "threads"],
        ["resume", "file"],
        ["status", "file"],
        ["crawl", "--update", "file"],
        ["export", "file", "-f", "graph"],
        ["fetch", "127.0.0.1:1", "--save", "file"],
    ],
)
def test_a_file_where_a_directory_is_wanted_is_told_so(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    Path("file").touch()
    assert gossamer.cli.main(words) == 2
    assert capfd.readouterr() == ("", "gossamer: file is a file; name a directory.\n")


@pytest.mark.parametrize(
    ("formats", "complaint"),
    [
        (["warc"], "-o - prints JSON lines only; warc needs a directory: -o DIR."),
        (["warc", "jsonl", "markdown"], "-o - prints JSON lines only; warc and markdown need a directory: -o DIR."),
    ],
)
def test_what_stdout_cannot_take_needs_a_directory(
    formats: list[str], complaint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    flags = [word for name in formats for word in ("-f", name)]
    assert gossamer.cli.main(["crawl", "127.0.0.1:1", "-o", "-", *flags]) == 2
    assert capfd.readouterr().err == f"gossamer: {complaint}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["crawl"],
        ["crawl", "mailto:me@example.org"],
        ["crawl", "127.0.0.1:1", "-o", "-", "--json"],
        ["crawl", "127.0.0.1:1", "-o", "-", "-f", "warc"],
        ["crawl", "127.0.0.1:1", "-o", "-", "--durable"],
        ["crawl", "127.0.0.1:1", "--allow-private", "10.0.0.0/99"],
        ["crawl", "127.0.0.1:1", "-o", "/dev/null/x"],
        ["crawl", "127.0.0.1:1", "-o", "/dev/null/x", "-e", "threads", "--no-progress"],
        ["crawl", "127.0.0.1:1", "--include", "nonsense"],
        ["crawl", "127.0.0.1:1", "--contact", "nonsense"],
        ["fetch", "127.0.0.1:1", "--contact", "nonsense"],
        ["robots", "127.0.0.1:1", "--contact", "nonsense"],
        ["crawl", "127.0.0.1:1", "-H", "Bad\x01Name: x"],
        ["fetch"],
        ["fetch", "-i", "none.txt"],
        ["fetch", "-i", "."],
        ["fetch", "127.0.0.1:1", "--save", "/dev/null/x"],
        ["demo", "--port", "99999"],
        ["nonsense"],
    ],
)
def test_usage_errors_are_one_sentence_and_code_2(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert err.startswith("gossamer: "), "a refusal stands alone"


def test_verbose_writes_a_line_for_every_page(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    gossamer.cli.main(["crawl", museum.url, *AT_FULL_SPEED, "--max-pages", "2", "-v"])
    assert f"KB  {museum.url}\n" in capfd.readouterr().err


# ---------------------------------------------------------------- how it ends


def until_it_talks(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    assert word in process.stdout.readline()


@pytest.mark.parametrize("engine", ["asyncio", "threads", "inline"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lands_and_saves(museum: DemoServer, engine: str, number: int) -> None:
    process = command("crawl", museum.url, "--allow-private", "127.0.0.1", "--delay", "0.6", "-e", engine, "-o", "-")
    until_it_talks(process, museum.url)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "Stopping: what is under way" in err
    assert "Stopped early" in err


@pytest.mark.parametrize("engine", ["asyncio", "threads", "inline"])
def test_a_second_signal_ends_at_once_even_while_a_server_is_silent(engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        process = command("crawl", url, "--no-robots", "--allow-private", "127.0.0.1", "-e", engine)
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(10)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            while "Stopping" not in (said := process.stderr.readline()):
                assert said, "it ended too early"
            since = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert time.monotonic() - since < 5
    assert process.returncode == 130, err
    assert "Ending at once" in err
    assert f"Go on    gossamer resume 127.0.0.1-{urlsplit(url).port}.crawl" in err


def test_a_closed_pipe_is_quiet(museum: DemoServer) -> None:
    process = command("fetch", *[f"{museum.url}?{number}" for number in range(50)], "--allow-private", "127.0.0.1")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(20) == 141
    process.stderr.close()
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("fetch", ()), ("crawl", ("-o", "-", "-q", "--max-pages", "3")), ("robots", ()),
        ("crawl", ("--json", "-q", "--max-pages", "3")),
    ],
)  # fmt: skip
def test_a_disk_that_is_full_behind_stdout_is_told_like_any_other(
    museum: DemoServer, verb: str, words: tuple[str, ...]
) -> None:
    pace = AT_FULL_SPEED if verb == "crawl" else AT_FULL_SPEED[:2]
    code, said = onto_a_full_disk(verb, museum.url, *pace, *words)
    assert (code, said[-1]) == (4, "gossamer: Writing stdout failed: No space left on device.")
    if verb == "fetch":
        assert said[0].startswith("0 of 1 downloaded, 1 left")


def test_what_is_told_of_a_crawl_may_meet_a_full_disk_too(museum: DemoServer) -> None:
    gossamer.cli.main(["crawl", museum.url, *AT_FULL_SPEED, "--max-pages", "3", "-q", "-o", "here"])
    for words in (["status", "here"], ["status", "here", "--json"], ["export", "here", "-f", "jsonl"], ["--version"]):
        assert onto_a_full_disk(*words) == (4, ["gossamer: Writing stdout failed: No space left on device."])


def test_a_body_that_could_not_be_saved_is_not_downloaded(museum: DemoServer) -> None:
    words = ("fetch", museum.url, "--allow-private", "127.0.0.1", "--save", "bodies")
    assert run(*words)[0] == 0
    [saved] = Path("bodies").iterdir()
    saved.unlink()
    saved.mkdir()
    code, out, err = run(*words)
    assert (code, out) == (4, "")
    assert err.splitlines()[0].startswith("0 of 1 downloaded, 1 left")
    assert err.splitlines()[1] == f"gossamer: Writing {saved} failed: Is a directory."


def onto_a_full_disk(*words: str) -> tuple[int, list[str]]:
    """Run a command whose stdout takes nothing; give its exit code and what it said."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "COLUMNS": "100", "LC_ALL": "C"}
    with full.open("wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "gossamer", *words], check=False, stdout=stdout, stderr=subprocess.PIPE, text=True,
            env=environment, timeout=60,
        )  # fmt: skip
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RuntimeError("a screw is loose"), 70, "a bug of ours, sorry: RuntimeError: a screw is loose."),
        (JournalError("The disk is full."), 4, "gossamer: The disk is full."),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_whatever_happens_is_a_sentence(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(fetch_verb, "run", fail)
    assert gossamer.cli.main(["fetch", "example.org"]) == code
    err = capfd.readouterr().err
    assert said in err
    assert "Traceback" not in err
    gossamer.cli.main(["fetch", "example.org", "-v"])
    assert ("Traceback" in capfd.readouterr().err) is (code == 70)


# ---------------------------------------------------------------- fetch


def test_fetch_prints_a_line_a_url_in_the_order_asked(museum: DemoServer) -> None:
    asked = [f"{museum.url}visit/", f"{museum.url}nowhere", museum.url]
    code, out, err = run("fetch", *asked, "--allow-private", "127.0.0.1", "--save", "bodies")
    assert code == 1
    assert [record["url"] for record in lines(out)] == asked
    assert [record["status"] for record in lines(out)] == [200, 404, 200]
    assert "2 of 3 downloaded, 1 not" in err
    saved = [str(record["file"]) for record in lines(out)]
    assert sorted(path.name for path in Path("bodies").iterdir()) == sorted(saved)
    assert saved[0].startswith("000001-")
    assert b"<html" in (Path("bodies") / saved[2]).read_bytes()


@pytest.mark.parametrize("engine", ["asyncio", "threads", "inline"])
def test_fetch_reads_urls_from_stdin(museum: DemoServer, engine: str) -> None:
    given = f"# the museum\n{museum.url}#top  # its door\n\n  {museum.url}nowhere\t#lost"
    code, out, _ = run("fetch", "-i", "-", "--allow-private", "127.0.0.1", "-e", engine, given=given)
    assert (code, [record["status"] for record in lines(out)]) == (1, [200, 404])


def test_fetch_gives_each_page_as_soon_as_it_is_there(museum: DemoServer) -> None:
    process = command("fetch", "-i", "-", "--allow-private", "127.0.0.1")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{museum.url}\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["status"] == 200
    process.communicate(f"{museum.url}nowhere\n", timeout=20)
    assert process.returncode == 1


def test_fetch_reads_urls_from_a_file(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    Path("urls.txt").write_text(f"\ufeff{museum.url}\r\n{museum.url}visit/\r\n", encoding="utf-8")
    assert gossamer.cli.main(["fetch", "-i", "urls.txt", "--allow-private", "127.0.0.1"]) == 0
    out, err = capfd.readouterr()
    assert len(lines(out)) == 2
    assert "2 of 2 downloaded" in err


@pytest.mark.parametrize("engine", ["asyncio", "threads"])
def test_a_stream_without_a_url_is_a_sentence(engine: str) -> None:
    process = command("fetch", "-i", "-", "-e", engine, stdin=subprocess.DEVNULL)
    out, err = process.communicate(timeout=20)
    said = "gossamer: The input - names no URL, so nothing was downloaded.\n"
    assert (process.returncode, out, err) == (3, "", said)


@pytest.mark.parametrize("engine", ["asyncio", "threads"])
@pytest.mark.parametrize("source", ["/dev/null", "empty.txt"])
def test_a_file_without_a_url_is_a_sentence(source: str, engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("empty.txt").write_text("# nothing yet\n", encoding="utf-8")
    said = f"gossamer: The input {source} names no URL, so nothing was downloaded.\n"
    assert here(capfd, "fetch", "-i", source, "-e", engine) == (3, "", said)


def test_urls_of_other_schemes_are_told_apart(capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["fetch", "ftp://127.0.0.1/", "mailto:me@example.org", "http://[::", "-q"]) == 3
    reasons = [record["reason"] for record in lines(capfd.readouterr().out)]
    assert reasons == ["skip.scheme", "skip.scheme", "skip.invalid"]


def test_fetch_of_nothing_that_works_is_code_3(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["fetch", museum.url]) == 3
    assert lines(capfd.readouterr().out)[0]["reason"] == "fail.address_refused"


def test_an_interrupted_fetch_says_so(museum: DemoServer) -> None:
    process = command("fetch", museum.url, "-i", "-", "--allow-private", "127.0.0.1")
    until_it_talks(process, museum.url)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 130
    assert process.stderr is not None
    err = process.stderr.read()
    process.communicate()
    assert err.startswith("1 downloaded, in "), "how many were to come is not known"
    assert err.endswith("gossamer: interrupted.\n")


@pytest.mark.parametrize("engine", ["asyncio", "threads"])
def test_an_interrupted_fetch_tells_how_many_are_left(museum: DemoServer, engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        process = command("fetch", museum.url, slow, f"{slow}2", "--allow-private", "127.0.0.1", "-e", engine)
        until_it_talks(process, museum.url)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.startswith("1 of 3 downloaded, 2 left, in ")


# ---------------------------------------------------------------- demo, help


def test_the_demo_crawls_its_own_site_and_explains() -> None:
    code, out, err = run("demo", "-e", "threads", "-o", "results")
    assert (code, out) == (0, ""), err
    assert "Museum of Silk" in err
    assert "Try next:" in err
    assert Path("results/pages.jsonl").is_file()


def test_the_demo_can_be_kept_running() -> None:
    process = command("demo", "--serve")
    assert process.stderr is not None
    assert "open at http://127.0.0.1:" in process.stderr.readline()
    assert "gossamer crawl http://127.0.0.1:" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "Closed after 0 requests" in err) == (0, True)


@pytest.mark.parametrize("words", [[], ["--help"], ["crawl", "--help"], ["fetch", "-h"], ["demo", "-h"]])
def test_help_is_short_lines_with_examples(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(words) == 0
    out = capsys.readouterr().out
    assert "gossamer crawl" in out or "examples:" in out
    assert max(map(len, out.splitlines())) <= (80 if words in ([], ["--help"]) else 100)
    assert "(default: 600) (default" not in out
    assert "commands:\n  \n" not in out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"gossamer {gossamer.__version__}\n"


def test_help_loads_nothing_heavy() -> None:
    heavy = "pycurl numpy rich turbohtml asyncio importlib.metadata".split()
    code = (
        f"import sys, gossamer.cli as c; c.main(['crawl', '--help']); print([n for n in {heavy} if n in sys.modules])"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=30, capture_output=True, text=True, env=environment
    )
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("formats", "files"),
    [((), {"pages.jsonl"}), (("markdown",), {"markdown"}), (("jsonl", "markdown"), {"pages.jsonl", "markdown"})],
)
def test_the_formats_named_stand_in_place_of_json_lines(
    museum: DemoServer, formats: tuple[str, ...], files: set[str]
) -> None:
    flags = [word for name in formats for word in ("-f", name)]
    words = ["crawl", museum.url, *AT_FULL_SPEED, *flags, "--max-pages", "1", "-q", "-e", "inline", "-o", "here"]
    assert gossamer.cli.main(words) == 4
    assert {path.name for path in Path("here").iterdir()} & {"pages.jsonl", "markdown"} == files
