"""The bundled server: one process with one event loop that logs when each request arrived and was answered.

`gossamer bench` starts it with a `Task` as a line of JSON on stdin. The server replies with an `Opened`, and then to
each further line with the `Log` since the previous one. It ends at the end of stdin.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Final, Protocol, cast

import msgspec
from msgspec import Struct

from gossamer.bench.replay import RecordedSite
from gossamer.bench.workloads import MadeUpSite, ServedPage, Workload
from gossamer.engines.bridges import new_event_loop

HOST: Final = "127.0.0.1"
CEILING: Final = "/.ceiling"
"""The path of the raw client's requests: a typical page, without delay and not logged."""

ROUNDING: Final = 0.0005
"""Seconds by which timers are shortened: event loops fire them up to 1 ms late, half of that on average."""

_PHRASES: Final = {200: "OK", 404: "Not Found"}


class BenchSite(Protocol):
    """The pages that a server serves: `answer` a path of a host, the `seeds`, and the path of a `typical` page."""

    hosts: int
    """The number of hosts; each gets a port of its own."""

    def answer(self, host: int, path: str) -> ServedPage: ...  # noqa: D102  # described by the class
    def seeds(self) -> list[tuple[int, str]]: ...  # noqa: D102  # likewise
    def typical(self) -> tuple[int, str]: ...  # noqa: D102  # likewise


class Task(Struct, frozen=True):
    """What to serve."""

    workload: Workload
    """The workload."""

    serialised: bool = False
    """Whether all delays wait for one lock, which breaks Little's law: a fault for tests of the self-checks."""


class Opened(Struct, frozen=True):
    """The message that the server accepts connections."""

    seeds: tuple[str, ...]
    """The URLs from which to start."""

    port: int
    """The port of the first host."""


class Log(Struct, frozen=True):
    """The pages served since the previous log, by column, in the order in which they were answered.

    Moments are seconds of `time.monotonic()`, a clock that all processes share.
    """

    arrived: list[float]
    """When each request arrived."""

    answered: list[float]
    """When each response was sent."""

    delays: list[float]
    """The delay (seconds) that the workload demands, whatever the real one was."""

    sizes: list[int]
    """The size of each body in bytes."""

    ports: list[int]
    """The port of each request's host."""

    cpu: float
    """CPU seconds of the server since the previous log."""


class Recorder:
    """The log of a server, which is emptied when it is read."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float, int, int]] = []
        self._cpu = time.process_time()

    def note(self, arrived: float, delay: float, size: int, port: int) -> None:
        """Record one page that is answered now."""
        self._rows.append((arrived, time.monotonic(), delay, size, port))

    def take(self) -> Log:
        """Return the log since the last call."""
        rows, self._rows = self._rows, []
        before, self._cpu = self._cpu, time.process_time()
        return Log(
            arrived=[row[0] for row in rows],
            answered=[row[1] for row in rows],
            delays=[row[2] for row in rows],
            sizes=[row[3] for row in rows],
            ports=[row[4] for row in rows],
            cpu=self._cpu - before,
        )


class Connection(asyncio.Protocol):
    """One connection of a client, which sends one request at a time; each is answered after its delay."""

    def __init__(self, host: int, port: int, site: BenchSite, recorder: Recorder, lock: asyncio.Lock | None) -> None:
        self._host = host
        self._port = port
        self._site = site
        self._recorder = recorder
        self._lock = lock
        self._read = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has the methods, but not the base class

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is complete; the crawler does not pipeline requests."""
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        self._read = rest
        arrived = time.monotonic()
        path = head.split(b" ", 2)[1].decode("latin-1")
        if path == CEILING:
            self._send(self._site.answer(*self._site.typical()))
            return
        answer = self._site.answer(self._host, path)
        if self._lock is not None and answer.delay:
            task = asyncio.get_running_loop().create_task(self._answer_serialised(answer, arrived))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif answer.delay:
            asyncio.get_running_loop().call_later(max(0.0, answer.delay - ROUNDING), self._answer, answer, arrived)
        else:
            self._answer(answer, arrived)

    async def _answer_serialised(self, answer: ServedPage, arrived: float) -> None:
        assert self._lock is not None
        async with self._lock:
            await asyncio.sleep(max(0.0, answer.delay - ROUNDING))
        self._answer(answer, arrived)

    def _answer(self, answer: ServedPage, arrived: float) -> None:
        self._send(answer)
        if answer.noted:
            self._recorder.note(arrived, answer.delay, len(answer.body), self._port)

    def _send(self, answer: ServedPage) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = (
            f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, 'Answered')}\r\nContent-Type: {answer.kind}\r\n"
            f"Content-Length: {len(answer.body)}\r\n\r\n"
        )
        self._transport.write(head.encode("latin-1") + answer.body)


async def serve(task: Task, lines: asyncio.StreamReader, say: Callable[[bytes], None]) -> None:
    """Serve until the input ends; call `say` with each message to the parent process."""
    loop = asyncio.get_running_loop()
    workload = task.workload
    site: BenchSite = RecordedSite.read(workload.recorded) if workload.recorded else MadeUpSite(workload)
    lock = asyncio.Lock() if task.serialised else None
    recorder = Recorder()
    ports = []
    async with contextlib.AsyncExitStack() as stack:
        for host in range(site.hosts):
            listening = await _listen(loop, host, site, recorder, lock)
            stack.callback(listening.close)
            ports.append(listening.sockets[0].getsockname()[1])
        seeds = tuple(f"http://{HOST}:{ports[host]}{path}" for host, path in site.seeds())
        say(msgspec.json.encode(Opened(seeds, ports[0])))
        while await lines.readline():
            say(msgspec.json.encode(recorder.take()))


async def _listen(
    loop: asyncio.AbstractEventLoop, host: int, site: BenchSite, recorder: Recorder, lock: asyncio.Lock | None
) -> asyncio.Server:
    listening = socket.create_server((HOST, 0), backlog=1024)
    port = listening.getsockname()[1]
    return await loop.create_server(lambda: Connection(host, port, site, recorder, lock), sock=listening)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=2**26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    task = msgspec.json.decode(await lines.readline(), type=Task)

    def say(line: bytes) -> None:
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()

    await serve(task, lines, say)


def main() -> None:
    """Serve the task on stdin."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # the server must not wait for the processes that are measured
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_main())


if __name__ == "__main__":
    main()
