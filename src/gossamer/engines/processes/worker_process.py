"""The handle of a worker process in its parent: a socket, and shared memory in which the worker notes what it reads.

A worker is a fresh interpreter: nothing is forked, so no lock, no libcurl handle and no thread is inherited, and the
user's script is not run again. It is in a process group of its own, so that Ctrl-C reaches the driver alone. It ends by
itself when its socket is closed, even if the driver was killed.
"""

from __future__ import annotations

import contextlib
import mmap
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gossamer.engines.processes.wire import (
    CONFIG,
    CRASH,
    EVENTS,
    JOBS,
    NUMBER,
    READ,
    READY,
    Inlet,
    Job,
    Outlet,
    WorkerEvent,
    crash_of,
    encode,
    events_of,
    visited_of,
)
from gossamer.values.errors import UserError
from gossamer.values.model import Failure, Request
from gossamer.visit.reading import spoiled
from gossamer.visit.visitor import Visitor

HEARTBEAT: Final = struct.Struct("<qd")
"""The id of the request whose answer is being read, and since when (monotonic, seconds; 0.0: none is)."""

DEATHS: Final = 2
"""Number of processes that may die of reading a page before the page fails."""
_CODE: Final = "import sys; sys.path[:] = sys.argv[3:]; from gossamer.engines.processes.worker import main; main()"
_PATIENCE: Final = 1.0
"""Time (seconds) that a worker has to end by itself before it is killed."""


class WorkerError(RuntimeError):
    """A worker failed because of a bug."""


class WorkerProcess:
    """A worker process; it may be sent jobs before it is ready."""

    def __init__(self, config: bytes) -> None:
        """Start the process with a pickled `WorkerConfig`."""
        self.connection, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as shared:
            shared.truncate(HEARTBEAT.size)
            self._heartbeat = mmap.mmap(shared.fileno(), HEARTBEAT.size)
            words = [sys.executable, "-c", _CODE, str(theirs.fileno()), str(shared.fileno()), *_search_path()]
            self.process = subprocess.Popen(  # noqa: S603  # this interpreter, and words of ours
                words, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(), shared.fileno()), process_group=0
            )
        self.connection.setblocking(False)
        self._inlet, self._outlet = Inlet(self.connection), Outlet(self.connection)
        self.ready = False
        self._read: dict[int, bytes] = {}
        self._send(CONFIG, config)

    def send(self, jobs: Sequence[Job]) -> bool:
        """Send a batch of jobs. Return whether everything is sent."""
        return self._send(JOBS, encode(jobs))

    def flush(self) -> bool:
        """Send what was kept. Return whether everything is sent."""
        with contextlib.suppress(OSError):  # it is dead: `receive` tells so
            return self._outlet.flush()
        return True

    def receive(self) -> list[WorkerEvent] | None:
        """Return what came, without waiting; None if the worker is dead and nothing more will come."""
        try:
            frames = self._inlet.receive()
        except OSError:
            return None
        if frames is None:
            return None
        events: list[WorkerEvent] = []
        for kind, packed in frames:
            if kind == EVENTS:
                events += events_of(packed)
            elif kind == READ:
                self._read[NUMBER.unpack_from(packed)[0]] = bytes(packed[NUMBER.size :])
            elif kind == READY:
                self.ready = True
            else:
                assert kind == CRASH, f"a worker sent a frame of kind {kind}"
                broken = crash_of(packed)
                raise UserError(broken.what) if broken.users else WorkerError(broken.what)
        if self._read:
            for event in events:
                self._read.pop(event.request.link.id, None)
        return events

    def give_up(self, request: Request, failure: Failure, visitor: Visitor) -> WorkerEvent:
        """Return the result of a page that the worker was reading when it ended, with what it had read of it before."""
        packed = self._read.get(request.link.id)
        return visitor.visit(request, failure) if packed is None else spoiled(visited_of(packed), failure)

    @property
    def reading(self) -> tuple[int, float] | None:
        """The id of the request whose answer is being read, and since when (monotonic, seconds); None if none is."""
        request, since = HEARTBEAT.unpack(self._heartbeat[:])
        return (request, since) if since else None

    def overdue(self, limit: float) -> int | None:
        """Return the id of the request whose answer has been read for longer than `limit` seconds (0: no limit)."""
        now = self.reading
        return now[0] if now is not None and limit and time.monotonic() - now[1] > limit else None

    @property
    def ended_how(self) -> str:
        """How the process ended, after `close`."""
        status = self.process.returncode
        return f"the worker was ended by signal {-status}" if status < 0 else f"the worker left with status {status}"

    def kill(self) -> None:
        """Kill the process; what it sent before can still be received."""
        self.process.kill()

    def close(self) -> None:
        """End the process and wait until it is gone."""
        self.connection.close()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._heartbeat.close()

    def _send(self, kind: int, content: bytes) -> bool:
        with contextlib.suppress(OSError):  # it is dead: `receive` tells so
            return self._outlet.send(kind, content)
        return True


def _search_path() -> list[str]:
    return [path or str(Path.cwd()) for path in sys.path]
