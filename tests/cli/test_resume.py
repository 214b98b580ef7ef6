"""`gossamer resume` and `gossamer status`: what a user does after a crawl was stopped or died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

import gossamer.cli
from gossamer.api.status import status
from gossamer.demo.server import DemoServer
from gossamer.journals.sqlite import SqliteJournal
from gossamer.values.errors import JournalError, UserError
from tests.support.scripted_server import Server, answer

SOURCE = Path(gossamer.__file__).parent.parent
AT_EASE = ("--allow-private", "127.0.0.1", "--delay", "0.005", "--retries", "0", "-q")
"""Slowly enough to be interrupted, but without waiting for what the museum breaks on purpose."""


QUICKLY = ("--delay", "0", "--host-concurrency", "4")


@pytest.fixture(scope="module")
def museum() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def command(*words: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "COLUMNS": "100", "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "gossamer", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def records(directory: str) -> list[str]:
    return [json.loads(line)["url"] for line in Path(directory, "pages.jsonl").read_text(encoding="utf-8").splitlines()]


def until_saved(directory: str, lines: int, process: subprocess.Popen[str]) -> None:
    path, patience = Path(directory, "pages.jsonl"), time.monotonic() + 30
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_a_crawl_at_its_limit_says_what_it_needs_to_go_on(
    museum: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    gossamer.cli.main(["crawl", museum.url, *AT_EASE, "--max-pages", "3", "-o", "here"])
    capfd.readouterr()
    assert gossamer.cli.main(["resume", "here", "-q"]) == 2
    assert "The page limit was reached; to go on: gossamer resume here --max-pages N" in capfd.readouterr().err
    assert gossamer.cli.main(["status", "here"]) == 0
    assert "Go on: gossamer resume here --max-pages N" in capfd.readouterr().out


def test_a_crawl_that_reached_its_limit_goes_on(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["crawl", museum.url, *AT_EASE[:-1], "--no-progress", "--max-pages", "5", "-o", "my crawl"]
    assert gossamer.cli.main(words) == 4
    assert "gossamer resume 'my crawl' --max-pages N" in capfd.readouterr().err
    assert gossamer.cli.main(["resume", "my crawl", "-q", "--max-pages", "12", "-e", "threads"]) == 4
    assert len(records("my crawl")) == len(set(records("my crawl"))) >= 12


def test_a_crawl_is_not_begun_where_another_lies(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["crawl", museum.url, *AT_EASE, "--max-pages", "3", "-o", "my crawl"]
    assert gossamer.cli.main(words) == 4
    capfd.readouterr()
    assert gossamer.cli.main(words) == 2
    way = "`gossamer resume 'my crawl'` goes on with it; or name another directory."
    assert capfd.readouterr().err == f"gossamer: my crawl already holds a crawl: {way}\n"


def test_where_a_finished_crawl_lies_an_update_is_offered(
    museum: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["crawl", museum.url, *AT_EASE, "--no-sitemaps", "-d", "0", "-o", "my crawl"]
    assert gossamer.cli.main(words) == 0
    assert gossamer.cli.main(words) == 2
    way = "`gossamer crawl --update 'my crawl'` looks for changes; or name another directory."
    assert capfd.readouterr().err == f"gossamer: my crawl already holds a crawl: {way}\n"


def test_what_cannot_be_changed_is_not_offered(capfd: pytest.CaptureFixture[str]) -> None:
    assert gossamer.cli.main(["resume", "here", "--scope", "any"]) == 2
    assert "--scope cannot be changed when a crawl is resumed" in capfd.readouterr().err
    assert gossamer.cli.main(["resume", "nowhere"]) == 2
    assert "is no crawl directory" in capfd.readouterr().err


def test_status_tells_of_a_running_a_killed_and_a_finished_crawl(
    museum: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    process = command("crawl", museum.url, *AT_EASE, "-o", "here")
    try:
        until_saved("here", 20, process)
        assert gossamer.cli.main(["status", "here"]) == 0
        assert f"running, process {process.pid} since" in capfd.readouterr().out
        assert gossamer.cli.main(["resume", "here"]) == 2
        assert f"in use: process {process.pid} on" in capfd.readouterr().err
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    assert gossamer.cli.main(["status", "here"]) == 0
    said = capfd.readouterr().out
    assert "interrupted" in said
    assert ", on 1 host\n" in said
    assert "Go on: gossamer resume here" in said
    assert gossamer.cli.main(["status", "here", "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert facts["state"] == "interrupted"
    assert facts["process"] is None
    assert facts["pending"] == facts["known"] - facts["ended"] > 0
    assert facts["outcomes"]["done"] > 0

    assert gossamer.cli.main(["resume", "here", "-q", *QUICKLY]) == 1
    assert gossamer.cli.main(["status", "here", "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert (facts["state"], facts["finish_reason"], facts["pending"], facts["resume"]) == ("ended", "complete", 0, None)
    assert facts["ended"] == len(records("here")) == len(set(records("here")))
    assert gossamer.cli.main(["resume", "here", "-q"]) == 1


def test_status_says_what_is_missing_like_a_resume(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    gossamer.cli.main(["crawl", museum.url, *AT_EASE, "--max-pages", "3", "-o", "here"])
    journal = Path("here/journal.db")
    journal.write_bytes(b"something else entirely" * 100)
    for words in (["status", "here"], ["export", "here", "-f", "jsonl"]):
        capfd.readouterr()
        assert gossamer.cli.main(words) == 4
        assert "The journal here/journal.db cannot be read: it is no journal of a crawl" in capfd.readouterr().err
    journal.unlink()
    said = set()
    for verb in ("status", "resume"):
        assert gossamer.cli.main([verb, "here"]) == 2
        said.add(capfd.readouterr())
    [(out, err)] = said
    assert out == ""
    assert "here has no journal.db any more" in err


def test_two_signals_end_at_once_and_nothing_is_lost(museum: DemoServer) -> None:
    process = command("crawl", museum.url, *AT_EASE, "-o", "here")
    until_saved("here", 10, process)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode in (130, -signal.SIGINT, -signal.SIGTERM)
    assert gossamer.cli.main(["resume", "here", "-q", *QUICKLY]) == 1
    found = records("here")
    assert len(found) == len(set(found))
    assert gossamer.cli.main(["crawl", museum.url, *AT_EASE, *QUICKLY, "-o", "whole"]) == 1
    assert set(found) == set(records("whole"))


def test_the_summary_after_a_resume_names_what_the_first_run_found(
    museum: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    fast = ["--delay", "0", "--host-concurrency", "4", "--retries", "0", "--no-progress"]
    assert gossamer.cli.main(["crawl", museum.url, "--allow-private", "127.0.0.1", *fast, "-o", "whole"]) == 1
    named = [line for line in capfd.readouterr().err.splitlines() if "  404  " in line or "linked from" in line]
    assert gossamer.cli.main(["resume", "whole", "--no-progress"]) == 1
    said = capfd.readouterr().err
    assert "broken links" in said
    assert [line for line in said.splitlines() if "  404  " in line or "linked from" in line] == named
    assert "5 other failures" in said
    assert "1 page that needs JavaScript\n  " + museum.url + "mistakes/empty-hall\n" in said
    assert "more in the results" not in said


def test_the_summary_after_a_resume_names_logins_and_pages_that_are_not_there(
    capfd: pytest.CaptureFixture[str],
) -> None:
    form = b"<title>Log in</title><form><input name=u><input type=password></form>"
    missing = html("<title>Page not found</title><h1>Page not found</h1>Try the search.")
    paths = ("/inner", "/mine", "/lost", *[f"/{number}" for number in range(9)])
    links = "".join(f"<a href={path}>x</a>" for path in paths)
    site = {f"/{number}": html(f"<title>{number}</title>{number} {links}") for number in range(9)}
    site |= {"/": html(f"<title>Home</title>{links}"), "/lost": missing}
    site |= dict.fromkeys(("/login", "/welcome"), answer(form, "Content-Type: text/html"))
    site |= {"/inner": answer(b"", "Location: /login", status="302 Found")}
    site |= {"/mine": answer(b"", "Location: /welcome", status="302 Found")}
    with Server(site) as server:
        words = ["--allow-private", "127.0.0.1", "--delay", "0", "--no-progress", "--soft-404", "--no-sitemaps"]
        gossamer.cli.main(["crawl", server.origin, *words, "-o", "whole"])
        first = capfd.readouterr().err
        gossamer.cli.main(["resume", "whole", "--no-progress"])
        again = capfd.readouterr().err
    for said in (first, again):
        assert f"2 pages that redirect to a login\n  {server.origin}/inner\n  {server.origin}/mine\n" in said
        assert f"1 page with status 200 and the text of a missing one\n  {server.origin}/lost" in said, said


@pytest.mark.parametrize("pages", ["1", "4", "9", "100"])
def test_the_summary_after_a_resume_names_pages_with_the_same_content(
    pages: str, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = ["--allow-private", "127.0.0.1", "--delay", "0", "--no-progress", "-e", "inline", "--no-sitemaps"]
    links = "".join(f"<a href=/{number}>x</a>" for number in range(22))
    site = {f"/{number}": html(f"{number % 12} {links}") for number in range(20)}
    with Server(site | {"/20": html("small"), "/21": html("small")}) as server:
        gossamer.cli.main(["crawl", f"{server.origin}/0", *alone, "-o", "whole"])
        expected = same_contents(capfd.readouterr().err)
        assert expected[0] == "8 pages with the content of another"
        assert expected[1:3] == [f"  {server.origin}/12", f"       the same as {server.origin}/0"]
        gossamer.cli.main(["crawl", f"{server.origin}/0", *alone, "-o", "cut", "--max-pages", pages])
        capfd.readouterr()
        gossamer.cli.main(["resume", "cut", "--max-pages", "101", "--no-progress", "--json"])
        out, err = capfd.readouterr()
    assert same_contents(err) == expected
    named = json.loads(out)["snapshot"]["duplicates"]["examples"]
    assert [f"  {url}" for url, _ in named] == [line for line in expected if line.startswith("  http")]


def html(text: str) -> bytes:
    return answer(f"<p>{text}".encode(), "Content-Type: text/html")


def same_contents(said: str) -> list[str]:
    found = said.splitlines()
    start = next(number for number, line in enumerate(found) if "with the content of another" in line)
    return list(takewhile(bool, found[start:]))


def test_a_resume_with_nothing_left_to_do_says_so_and_not_what_took_the_time(
    museum: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["crawl", museum.url, "--allow-private", "127.0.0.1", "--delay", "0.05", "--max-pages", "30", "-d", "1"]
    assert gossamer.cli.main([*words, "--no-sitemaps", "--no-progress", "-o", "my crawl"]) == 0
    said = capfd.readouterr().err
    assert "What took the time" in said
    assert "Nothing was left to do" not in said
    assert gossamer.cli.main(["resume", "my crawl", "--no-progress"]) == 0
    said = capfd.readouterr().err
    assert "Done: every link in scope was visited." in said
    assert "\n\nNothing was left to do; `gossamer crawl --update 'my crawl'` looks for changes.\n\n" in said
    assert "What took the time" not in said


def test_a_resume_that_went_on_says_what_took_the_time(museum: DemoServer, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["crawl", museum.url, "--allow-private", "127.0.0.1", "--delay", "0.05", "--max-pages", "2", "-d", "1"]
    assert gossamer.cli.main([*words, "--no-sitemaps", "--no-progress", "-o", "here"]) == 4
    assert gossamer.cli.main(["resume", "here", "--no-progress", "--max-pages", "100"]) == 0
    said = capfd.readouterr().err
    assert "What took the time" in said
    assert "Nothing was left to do" not in said


@pytest.mark.parametrize("killed", [False, True])
def test_pages_that_nothing_links_to_are_told_after_a_resume_unless_a_run_was_killed(
    museum: DemoServer, capfd: pytest.CaptureFixture[str], *, killed: bool
) -> None:
    fast = ["--delay", "0", "--host-concurrency", "4", "--retries", "0", "--no-progress"]
    if killed:
        process = command("crawl", museum.url, *AT_EASE, "-o", "here", "--retries", "0")
        until_saved("here", 20, process)
        process.kill()
        process.communicate(timeout=20)
    else:
        words = ["crawl", museum.url, "--allow-private", "127.0.0.1", *fast, "-o", "here", "--max-pages", "100"]
        assert gossamer.cli.main(words) == 4
    capfd.readouterr()
    for words in (["resume", "here", "--max-pages", "1000", *fast], ["resume", "here", "--no-progress"]):
        assert gossamer.cli.main([*words, "--json"]) == 1
        said = capfd.readouterr()
        assert ("1 page in sitemaps that no page links to" in said.err) is not killed
        assert ("Which pages only sitemaps name is not known" in said.err) is killed
        stats = json.loads(said.out)["snapshot"]["sitemaps"]
        assert stats["whole"] is not killed
        assert killed or stats["orphans"] == len(stats["examples"]) == 1


def test_who_asks_for_no_sitemaps_is_told_nothing_of_them(
    museum: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    process = command("crawl", museum.url, *AT_EASE, "-o", "here", "-d", "1", "--no-sitemaps")
    until_saved("here", 2, process)
    process.kill()
    process.communicate(timeout=20)
    gossamer.cli.main(["resume", "here", "--delay", "0", "--no-progress"])
    assert "sitemaps" not in capfd.readouterr().err


def test_a_failing_disk_ends_with_code_4_and_the_way_on(
    museum: DemoServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: SqliteJournal, *_: object) -> None:
        raise JournalError("The journal cannot be kept: the disk is full.")

    monkeypatch.setattr(SqliteJournal, "commit", fail)
    assert gossamer.cli.main(["crawl", museum.url, *AT_EASE, "-o", "here"]) == 4
    said = capfd.readouterr().err
    assert "the disk is full" in said
    assert "gossamer resume here" in said


def test_workers_for_an_engine_without_worker_processes_are_a_usage_error(
    museum: DemoServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    begin = ("crawl", museum.url, "--allow-private", "127.0.0.1", "--no-progress", "-q", "-o")
    for words in (
        (*begin, "refused", "-e", "threads", "--workers", "2"),
        (*begin, "refused", "--workers", "2"),
    ):
        assert gossamer.cli.main(words) == 2
        assert (
            "has no use for --workers: leave it out, or choose the engine processes or cluster."
            in capfd.readouterr().err
        )
    assert not Path("refused").exists()
    assert gossamer.cli.main((*begin, "c", "-e", "processes", "--workers", "1", "--max-pages", "1")) in (0, 1, 4)
    capfd.readouterr()
    assert gossamer.cli.main(("resume", "c", "-e", "inline", "--workers", "2", "--max-pages", "2")) == 2
    assert "The engine inline has no use for --workers" in capfd.readouterr().err
    again = ("resume", "c", "-e", "threads", "--max-pages", "2", "-q", "--no-progress")
    assert gossamer.cli.main(again) in (0, 1, 4)
    (tmp_path / "gossamer.toml").write_text("workers = 2")
    capfd.readouterr()
    assert gossamer.cli.main((*begin, "d")) == 2
    assert "has no use for workers:" in capfd.readouterr().err, "as it stands in the file"


ELEVEN_DAYS = answer(b"", f"Retry-After: {11 * 86_400}", status="503 Service Unavailable")
UNHURRIED = ("--allow-private", "127.0.0.1", "--delay", "0", "--no-progress", "--no-sitemaps", "-e", "threads")


def test_a_resume_before_the_time_a_host_asked_for_says_only_until_when(capfd: pytest.CaptureFixture[str]) -> None:
    with Server({"/": html("<a href=/a>a</a>"), "/a": ELEVEN_DAYS}) as server:
        assert gossamer.cli.main(["crawl", server.origin, *UNHURRIED, "-o", "here"]) == 4
        asked = len(server.requests)
        capfd.readouterr()
        assert gossamer.cli.main(["resume", "here", "--no-progress"]) == 4
        assert len(server.requests) == asked
        said = capfd.readouterr().err
        assert f"  {server.origin}  for 1" in said
        assert "gossamer resume here  (after 2" in said
        for other in ("What took the time", "processor", "--engine processes", "Nothing was left to do"):
            assert other not in said
        assert gossamer.cli.main(["status", "here"]) == 0
        assert "Go on: gossamer resume here  (after 2" in capfd.readouterr().out


def test_a_crawl_interrupted_in_a_pause_names_the_host_and_its_end(capfd: pytest.CaptureFixture[str]) -> None:
    with Server({"/": html("<a href=/a>a</a>"), "/a": ELEVEN_DAYS}) as server:
        process = command("crawl", server.origin, *UNHURRIED, "--max-wait", "20d", "-o", "here")
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until and not paused("here"):
                assert process.poll() is None
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Stopped early" in said
    assert f"  {server.origin}  for 1" in said
    assert "gossamer resume here  (after 2" in said
    assert gossamer.cli.main(["status", "here"]) == 0
    shown = capfd.readouterr().out
    assert f"{server.origin} asked to be left alone until 2" in shown
    assert "Go on: gossamer resume here  (after 2" in shown


def paused(directory: str) -> bool:
    try:
        return bool(status(Path(directory)).paused)
    except (UserError, JournalError):  # not begun yet
        return False
