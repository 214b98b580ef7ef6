"""The event log: lines of JSON, appended to a file or printed by a thread of its own: a crawl never waits for it.

It is no output of pages: no commit waits for it, and a line that is lost is lost.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Protocol

from gossamer.values.errors import UserError
from gossamer.values.event_log import AnyEvent, event_line

STDOUT: Final = "-"
"""The name that stands for stdout."""
MOST_WAITING: Final = 10_000
"""Maximum number of events that wait to be written; more are dropped."""
LAST_CHANCE: Final = 2.0
"""Time (seconds) that the end of a crawl waits for its events to be written."""
_BEGINNING: Final = b'{"event":"'
_TAIL: Final = 1 << 20
"""Maximum length of a line (bytes) that is looked for where a killed crawl may have written a part of it."""


class _Lines(Protocol):
    def write(self, content: bytes, /) -> object: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class EventLog:
    """Appends events to a file, or prints them on stdout where its name is "-".

    Any thread may write. Once writing fails (a reader that has gone, a full disk) nothing more is written; `trouble`
    then says why.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: SimpleQueue[AnyEvent | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Number of events that were not written, because too many waited."""
        self.trouble = ""
        """Why nothing more is written, in words; "" while all is well, and where only a reader has gone."""

    def open(self) -> None:
        """Open the file and begin to write. Raise UserError where that cannot be."""
        lines = _stdout() if self._name == STDOUT else _file(Path(self._name))
        self._thread = threading.Thread(target=self._write_all, args=(lines,), name="gossamer-events", daemon=True)
        self._thread.start()

    def write(self, event: AnyEvent) -> None:
        """Have an event written soon; drop it where too many wait."""
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put(event)
        else:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, and close the file; who reads it has 2 s for that."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(LAST_CHANCE)

    def _write_all(self, lines: _Lines) -> None:
        writes = True
        while (event := self._waiting.get()) is not None:
            if not writes:
                continue
            try:
                lines.write(event_line(event))
                lines.flush()
            except OSError as error:
                writes = False
                self.trouble = "" if isinstance(error, BrokenPipeError) else error.strerror or str(error)
        with contextlib.suppress(OSError):
            lines.close()


class _Printed:
    """Stdout, as somebody has replaced it; it is not ours to close."""

    def write(self, content: bytes, /) -> None:
        sys.stdout.buffer.write(content)

    def flush(self) -> None:
        sys.stdout.flush()

    def close(self) -> None:
        """Leave it open."""


def _stdout() -> _Lines:
    """Return stdout, unbuffered where it has a descriptor: what its reader has left unread is not printed once more."""
    sys.stdout.flush()
    try:
        return os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    except (OSError, ValueError):  # a test, or a notebook
        return _Printed()


def _file(path: Path) -> _Lines:
    """Open an event log for appending, without the part of a line that a killed crawl left at its end."""
    refuse_other(path)
    try:
        file = path.open("ab", buffering=0)
        if path.is_file():
            file.truncate(_end_of_whole_lines(path))
    except OSError as error:
        raise UserError(f"The event log {path} cannot be written: {error.strerror or error}.") from None
    return file


def refuse_other(path: Path) -> None:
    """Raise UserError for a directory, and for a file that holds something else: nothing is appended to it."""
    if path.is_dir():
        raise UserError(f"{path} is a directory; name a file for the event log, such as {path / 'events.ndjson'}.")
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_BEGINNING))
    except OSError as error:
        raise UserError(f"The event log {path} cannot be read: {error.strerror or error}.") from None
    if beginning and not _BEGINNING.startswith(beginning):
        raise UserError(f"{path} is no event log; name another file.")


def _end_of_whole_lines(path: Path) -> int:
    """Return the size of a file up to the end of its last whole line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _TAIL)
        file.seek(start)
        tail = file.read()
    end = tail.rfind(b"\n") + 1
    return start + end if end or not start else size
