"""The event log on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gossamer.cli import main
from gossamer.demo.server import DemoServer
from gossamer.values.event_log import CrawlFinished, CrawlStarted, Tick, event_of


def words(url: str, *more: str) -> list[str]:
    return ["crawl", url, "--allow-private", "127.0.0.1", "--delay", "0", "--max-pages", "20", "-q", *more]


def test_events_are_printed_on_stdout_and_nothing_else_is(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with DemoServer() as server:
        assert main(words(server.url, "-o", str(tmp_path / "crawl"), "--events", "-")) == 4
    events = [event_of(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert isinstance(events[0], CrawlStarted)
    assert isinstance(events[-2], Tick)
    assert isinstance(events[-1], CrawlFinished)


@pytest.mark.parametrize(("more", "named"), [(["--json"], "--json"), (["-o", "-"], "-o -")])
def test_two_things_on_stdout_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], more: list[str], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words("http://127.0.0.1:1/", "--events", "-", *more)) == 2
    assert f"--events - and {named} both print on stdout; choose one of them." in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_harms_nothing(tmp_path: Path) -> None:
    with DemoServer() as server:
        program = [sys.executable, "-m", "gossamer", *words(server.url, "-o", str(tmp_path / "crawl"), "--events", "-")]
        read, write = os.pipe()
        process = subprocess.Popen(program, stdout=write, stderr=subprocess.PIPE)
        os.close(write)
        assert os.read(read, 10) == b'{"event":"'
        os.close(read)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, b"Traceback" in said) == (4, False), said
    assert (tmp_path / "crawl" / "pages.jsonl").read_bytes().count(b"\n") >= 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_log_that_is_not_whole_is_told_even_to_who_wants_quiet(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with DemoServer() as server:
        assert main(words(server.url, "-o", str(tmp_path / "crawl"), "--events", "/dev/full")) == 4
    assert "The event log is not whole: No space left on device." in capfd.readouterr().err
