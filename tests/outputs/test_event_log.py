"""The event log never loses a line without saying so, and never holds a crawl up."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from gossamer.outputs import event_log
from gossamer.outputs.event_log import EventLog, refuse_other
from gossamer.values.errors import UserError
from gossamer.values.event_log import HostContinued, event_of


def event(number: int) -> HostContinued:
    return HostContinued(at=float(number), elapsed=0.0, host=f"https://{number}.example")


def written(name: str, *numbers: int) -> EventLog:
    log = EventLog(name)
    log.open()
    for number in numbers:
        log.write(event(number))
    log.close()
    return log


def test_events_are_appended_in_order_over_several_runs(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    written(str(path), 1, 2)
    written(str(path), 3)
    assert [event_of(line) for line in path.read_bytes().splitlines()] == [event(1), event(2), event(3)]


@pytest.mark.parametrize("part", [b'{"event":"tick","vers', b"{"])
def test_the_part_of_a_line_that_a_killed_crawl_left_is_cut_off(tmp_path: Path, part: bytes) -> None:
    path = tmp_path / "events.ndjson"
    written(str(path), 1)
    with path.open("ab") as file:
        file.write(part)
    written(str(path), 2)
    assert [event_of(line) for line in path.read_bytes().splitlines()] == [event(1), event(2)]


def test_a_log_that_ends_in_its_first_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b'{"event":"crawl_sta')
    written(str(path), 1)
    assert (
        path.read_bytes() == b'{"event":"host_resumed","version":1,"at":1.0,"elapsed":0.0,"host":"https://1.example"}\n'
    )


def test_nothing_is_appended_to_a_file_that_holds_something_else(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text('{"url":"https://a.example/"}\n')
    with pytest.raises(UserError, match="is no event log; name another file"):
        refuse_other(path)
    with pytest.raises(UserError, match=r"is a directory; name a file .*events\.ndjson"):
        refuse_other(tmp_path)
    refuse_other(tmp_path / "none yet")


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written: No such file or directory"):
        EventLog(str(tmp_path / "no" / "events.ndjson")).open()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_ends_the_log_and_is_told() -> None:
    log = written("/dev/full", 1, 2)
    assert log.trouble == "No space left on device"


def test_a_reader_that_goes_away_ends_the_log_without_a_word(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    log, read = EventLog(str(fifo)), list[bytes]()

    def read_a_little() -> None:
        with fifo.open("rb", buffering=0) as file:
            read.append(file.read(9))

    reader = threading.Thread(target=read_a_little)
    reader.start()
    log.open()
    log.write(event(1))
    reader.join(9)
    for number in range(99):
        log.write(event(number))
    log.close()
    assert (read, log.trouble) == ([b'{"event":'], "")


def test_a_reader_that_does_not_read_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MOST_WAITING", 100)
    monkeypatch.setattr(event_log, "LAST_CHANCE", 0.1)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    log = EventLog(str(fifo))
    log.open()
    began = time.monotonic()
    for number in range(9_000):  # far more than a pipe holds
        log.write(event(number))
    log.close()
    assert time.monotonic() - began < 5
    assert log.dropped > 0
    os.close(reader)


def test_stdout_may_be_replaced_by_something_without_a_descriptor(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    written("-", 1)
    assert event_of(capsysbinary.readouterr().out) == event(1)


def test_stdout_stays_open_for_its_program(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    sys.stdout.write("before\n")
    written("-", 1)
    sys.stdout.write("after\n")
    sys.stdout.flush()
    before, line, after = capfdbinary.readouterr().out.splitlines()
    assert (before, event_of(line), after) == (b"before", event(1), b"after")
