"""One worker process, as whoever feeds it sees it: a socket, and a board on which it notes what it reads.

A worker is a fresh interpreter: nothing is forked, so no lock, no libcurl handle and no thread is inherited, and the
user's script is not run again. It lies in a process group of its own, so that Ctrl-C reaches the driver alone; it ends
by itself when its socket does, whatever became of the driver.
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
"""The request whose answer is being read, and since when (monotonic, seconds; 0.0: none is)."""

DEATHS: Final = 2
"""How often the process that reads a page may die before the page is given up."""
_CODE: Final = "import sys; sys.path[:] = sys.argv[3:]; from gossamer.engines.processes.worker import main; main()"
_PATIENCE: Final = 1.0
"""Seconds a worker has to end by itself before it is killed."""


class WorkerError(RuntimeError):
    """A worker failed by a mistake of ours."""


class WorkerProcess:
    """A worker process."""

    def __init__(self, config: bytes) -> None:
        """Start it; it is sent its orders and may be sent errands at once, although it is not ready before long."""
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
        """Send a batch of errands; tell whether all went."""
        return self._send(JOBS, encode(jobs))

    def flush(self) -> bool:
        """Send what did not go before; tell whether all went."""
        with contextlib.suppress(OSError):  # it is dead: `receive` tells so
            return self._outlet.flush()
        return True

    def receive(self) -> list[WorkerEvent] | None:
        """Take what came, without waiting; None when the worker is dead and nothing more will come."""
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
        """Say what came of a page that the worker was reading when it ended; what it had read of it before counts."""
        packed = self._read.get(request.link.id)
        return visitor.visit(request, failure) if packed is None else spoiled(visited_of(packed), failure)

    @property
    def reading(self) -> tuple[int, float] | None:
        """Tell which request's answer it reads, and since when (monotonic, seconds); None where it reads none."""
        request, since = HEARTBEAT.unpack(self._heartbeat[:])
        return (request, since) if since else None

    def overdue(self, limit: float) -> int | None:
        """Tell which request's answer it has been reading for longer than `limit` seconds (0: no limit)."""
        now = self.reading
        return now[0] if now is not None and limit and time.monotonic() - now[1] > limit else None

    @property
    def ended_how(self) -> str:
        """Say how it ended, once it was closed."""
        status = self.process.returncode
        return f"the worker was ended by signal {-status}" if status < 0 else f"the worker left with status {status}"

    def kill(self) -> None:
        """Kill it; what it sent before can still be received."""
        self.process.kill()

    def close(self) -> None:
        """End it and wait until it is gone."""
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
