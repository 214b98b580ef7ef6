"""The bundled server: one process, one event loop, raw HTTP; it notes when each request came and was answered.

Started by `gossamer bench` with the workload as a line of JSON on stdin; it answers with its ports, and then to each
further line with what happened since the one before. It ends when stdin does.
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
"""What the raw client asks for: a typical page, without its delay and without a note in the log."""
ROUNDING: Final = 0.0005
"""Event loops wake for a timer up to a millisecond late; half of it is how late they are on average."""
_PHRASES: Final = {200: "OK", 404: "Not Found"}


class BenchSite(Protocol):
    """Whatever answers requests: its hosts, the pages to start from, a typical page."""

    hosts: int

    def answer(self, host: int, path: str) -> ServedPage: ...  # noqa: D102  # told above
    def seeds(self) -> list[tuple[int, str]]: ...  # noqa: D102  # likewise
    def typical(self) -> tuple[int, str]: ...  # noqa: D102  # likewise


class Task(Struct, frozen=True):
    """What to serve. `serialised` breaks the server on purpose: all its delays wait behind one lock."""

    workload: Workload
    serialised: bool = False


class Opened(Struct, frozen=True):
    """The server is open: the URLs to start from, and the port of the first host."""

    seeds: tuple[str, ...]
    port: int


class Log(Struct, frozen=True):
    """The pages served since the last log, a column each; moments are `time.monotonic()`, which processes share.

    `delays` are those asked for by the workload, whatever came of it; `cpu` are processor seconds of the server.
    """

    arrived: list[float]
    answered: list[float]
    delays: list[float]
    sizes: list[int]
    ports: list[int]
    cpu: float


class Recorder:
    """Notes the requests for pages, and hands them over."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float, int, int]] = []
        self._cpu = time.process_time()

    def note(self, arrived: float, delay: float, size: int, port: int) -> None:
        """Note one page, answered now."""
        self._rows.append((arrived, time.monotonic(), delay, size, port))

    def take(self) -> Log:
        """Give what was noted since the last time."""
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
    """One connection: takes requests one after the other, answers each after its delay."""

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
        """Keep the way back."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Take one request; a client that is measured here sends none before it has its answer."""
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
            task = asyncio.get_running_loop().create_task(self._wait_in_line(answer, arrived))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif answer.delay:
            asyncio.get_running_loop().call_later(max(0.0, answer.delay - ROUNDING), self._answer, answer, arrived)
        else:
            self._answer(answer, arrived)

    async def _wait_in_line(self, answer: ServedPage, arrived: float) -> None:
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
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    workload = task.workload
    site: BenchSite = RecordedSite.read(workload.recorded) if workload.recorded else MadeUpSite(workload)
    lock = asyncio.Lock() if task.serialised else None
    recorder = Recorder()
    ports = []
    async with contextlib.AsyncExitStack() as open_until_the_end:
        for host in range(site.hosts):
            listening = await _listen(loop, host, site, recorder, lock)
            open_until_the_end.callback(listening.close)
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
    """Serve as the line on stdin says."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # what is measured shall wait for the server, not the other way round
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_main())


if __name__ == "__main__":
    main()
