"""What passes between a driver and its worker processes: frames on a socket, packed with MessagePack.

    to a worker      CONFIG once (pickled: it may name functions), then JOBS, batches of visits to make
    from a worker    READY once, then EVENTS, batches of results; before a page becomes Markdown or gets to a handler,
                     what was READ of it, in case that ends the worker; CRASH where it cannot go on

A frame is its length, its kind, and so many bytes.
"""

from __future__ import annotations

import socket
import struct
from enum import Enum
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.values.model import Failure, Request, Response
from gossamer.values.protocol import Visited
from gossamer.visit.visitor import VisitEvent, Work

CONFIG: Final = 1
JOBS: Final = 2
READY: Final = 3
EVENTS: Final = 4
CRASH: Final = 5
READ: Final = 6

HEAD: Final = struct.Struct("<IB")
NUMBER: Final = struct.Struct("<q")
"""The head of a READ: the id of the request."""
AT_ONCE: Final = 1 << 20
"""Maximum size (bytes) of one read from a socket."""


class BodyTransfer(Enum):
    """How bodies come back: not at all, whole, or as their records in a WARC file."""

    NONE = 0
    WHOLE = 1
    ARCHIVED = 2


class WorkerConfig(Struct, frozen=True):
    """The configuration of a worker.

    `fetches` is False if its jobs come with answers. `answers` is how bodies come back with the events of pages.
    `cpu_workers` is the number of processes of its own that read for it.
    """

    work: Work
    fetches: bool = True
    answers: BodyTransfer = BodyTransfer.WHOLE
    cpu_workers: int = 0


class Job(Struct, frozen=True, array_like=True):
    """One visit to make; with an answer, there is nothing to fetch."""

    request: Request
    answer: Response | Failure | None = None


class WorkerCrash(Struct, frozen=True):
    """Why a worker cannot go on; `users` if it is the user's mistake, and `what` a sentence about it."""

    what: str
    users: bool = False


WorkerEvent = VisitEvent

encode: Final = msgspec.msgpack.Encoder().encode
jobs_of: Final = msgspec.msgpack.Decoder(list[Job]).decode
events_of: Final = msgspec.msgpack.Decoder(list[WorkerEvent]).decode
visited_of: Final = msgspec.msgpack.Decoder(Visited).decode
crash_of: Final = msgspec.msgpack.Decoder(WorkerCrash).decode


class Inlet:
    """Receives frames from a socket that does not block."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = memoryview(bytearray(AT_ONCE))
        self._rest = bytearray()

    def receive(self) -> list[tuple[int, memoryview]] | None:
        """Return the frames that are complete, each with kind and content; None at the end of the connection.

        The content must be used before the next call. Raise OSError where the connection broke.
        """
        try:
            count = self._connection.recv_into(self._buffer)
        except BlockingIOError:
            return []
        return self._cut(self._buffer[:count]) if count else None

    def _cut(self, content: memoryview) -> list[tuple[int, memoryview]]:
        if self._rest:
            self._rest += content
            if len(self._rest) < self._missing():
                return []
            content = memoryview(bytes(self._rest))
            self._rest.clear()
        frames, at = [], 0
        while len(content) - at >= HEAD.size:
            length, kind = HEAD.unpack_from(content, at)
            end = at + HEAD.size + length
            if end > len(content):
                break
            frames.append((kind, content[at + HEAD.size : end]))
            at = end
        self._rest += content[at:]
        return frames

    def _missing(self) -> int:
        """Return the number of bytes needed to complete the first frame, or its head."""
        return HEAD.size + (HEAD.unpack_from(self._rest)[0] if len(self._rest) >= HEAD.size else 0)


class Outlet:
    """Sends frames through a socket that does not block; what the socket does not accept yet is kept, in order."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = bytearray()

    def send(self, kind: int, content: bytes) -> bool:
        """Send a frame as far as the socket accepts it. Return whether everything is sent."""
        self._rest += HEAD.pack(len(content), kind)
        self._rest += content
        return self.flush()

    def flush(self) -> bool:
        """Send what was kept. Return whether everything is sent. Raise OSError where the other end is closed."""
        while self._rest:
            try:
                sent = self._connection.send(self._rest)
            except BlockingIOError:
                return False
            del self._rest[:sent]
        return True


def frame(kind: int, content: bytes) -> bytes:
    """Return one frame."""
    return HEAD.pack(len(content), kind) + content
