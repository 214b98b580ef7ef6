"""What passes between a driver and its worker processes: frames on a socket, packed with MessagePack.

    to a worker      CONFIG once (pickled: they may name functions), then JOBS, batches of visits to make
    from a worker    READY once, then EVENTS, batches of what came of them; before more is done with a page (Markdown, a
                     handler), what was READ of it, in case that ends the worker; CRASH where it cannot go on

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
"""What a READ begins with: the id of the request."""
AT_ONCE: Final = 1 << 20
"""Bytes to read at once."""


class BodyTransfer(Enum):
    """How answers come back: not at all, as they are, or as what becomes of them in a WARC file."""

    NONE = 0
    WHOLE = 1
    ARCHIVED = 2


class WorkerConfig(Struct, frozen=True):
    """What a worker is told first: its work, and how to do it.

    `fetches` is False for one that is sent the answers too; `answers` tells how they shall come back with the events of
    pages; `cpu_workers` is how many processes of its own read for it.
    """

    work: Work
    fetches: bool = True
    answers: BodyTransfer = BodyTransfer.WHOLE
    cpu_workers: int = 0


class Job(Struct, frozen=True, array_like=True):
    """One visit to make; with the answer, where it is only to be read."""

    request: Request
    answer: Response | Failure | None = None


class WorkerCrash(Struct, frozen=True):
    """Why a worker cannot go on; `users` where it is the user's mistake, told in a sentence."""

    what: str
    users: bool = False


WorkerEvent = VisitEvent

encode: Final = msgspec.msgpack.Encoder().encode
jobs_of: Final = msgspec.msgpack.Decoder(list[Job]).decode
events_of: Final = msgspec.msgpack.Decoder(list[WorkerEvent]).decode
visited_of: Final = msgspec.msgpack.Decoder(Visited).decode
crash_of: Final = msgspec.msgpack.Decoder(WorkerCrash).decode


class Inlet:
    """Takes frames from a socket that does not block."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = memoryview(bytearray(AT_ONCE))
        self._rest = bytearray()

    def receive(self) -> list[tuple[int, memoryview]] | None:
        """Take what is there; None at the end. Raises OSError where the connection broke.

        Give the frames that are whole now: kind and content, to be read before the next call.
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
        """Tell up to where the first frame reaches that is not whole, or its head."""
        return HEAD.size + (HEAD.unpack_from(self._rest)[0] if len(self._rest) >= HEAD.size else 0)


class Outlet:
    """Sends frames through a socket that does not block; what it will not take yet waits here, in order."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = bytearray()

    def send(self, kind: int, content: bytes) -> bool:
        """Send a frame, or as much as goes; tell whether all is sent."""
        self._rest += HEAD.pack(len(content), kind)
        self._rest += content
        return self.flush()

    def flush(self) -> bool:
        """Send as much as goes; tell whether all is sent. Raises OSError where nobody reads any more."""
        while self._rest:
            try:
                sent = self._connection.send(self._rest)
            except BlockingIOError:
                return False
            del self._rest[:sent]
        return True


def frame(kind: int, content: bytes) -> bytes:
    """Write one frame."""
    return HEAD.pack(len(content), kind) + content
