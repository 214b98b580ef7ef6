"""Five hosts on loopback, 127.0.0.1 to 127.0.0.5, with faults that depend on a seed and a log of every request.

They run on one asyncio loop in a thread of its own, without an HTTP library: the log has the requests as received.
"""

from __future__ import annotations

import asyncio
import math
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import formatdate
from itertools import count
from typing import Final, NamedTuple, Self

ADDRESSES: Final = tuple(f"127.0.0.{number}" for number in range(1, 6))
QUICK, SLOWED, FAILING, BUSY, BREAKING = ADDRESSES
CRAWL_DELAY: Final = 1.0
PAGES: Final = {QUICK: 10, SLOWED: 4, FAILING: 6, BUSY: 6, BREAKING: 6}
# The possible faults of the first request for a page, by host; a quarter of the pages or more have one.
FAULTS: Final = {
    QUICK: ("", ""),
    SLOWED: ("", ""),
    FAILING: ("500", "503", ""),
    BUSY: ("429 seconds", "503 date", ""),
    BREAKING: ("reset", "cut", "slow", ""),
}
RESET: Final = 0
"""The status in the log of a request that got no byte of a response."""

CUT: Final = -1
"""The status in the log of a request whose response was truncated."""


class Access(NamedTuple):
    """One request in the log."""

    arrived: float
    """When the request arrived, in monotonic seconds."""

    ended: float
    """When the response was sent, in monotonic seconds."""

    host: str
    """The address of the host."""

    path: str
    """The path of the URL."""

    status: int
    """The HTTP status, or `RESET` or `CUT`."""

    connection: int
    """The number of the connection, over all hosts."""

    pause: float = 0.0
    """The Retry-After of the response, in seconds; 0: none."""

    run: int = 0
    """How often the crawl had been resumed."""


class Hosts:
    """A context manager that serves the five hosts, or those that get pages.

    `log` has an entry for each request, in the order of their ends.
    """

    def __init__(self, seed: int, pages: Mapping[str, int] = PAGES) -> None:
        self.log: list[Access] = []
        self.run = 0
        self.paths = {host: [f"/{number}" for number in range(count)] for host, count in pages.items()}
        self.faults = _faults(seed, self.paths)
        self._asked: Counter[tuple[str, str]] = Counter()
        self._numbers = count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._sockets = _listen_alike(tuple(pages))
        self.port: int = self._sockets[0].getsockname()[1]

    @property
    def seeds(self) -> list[str]:
        """The URL of the start page of every host."""
        return [f"http://{address}:{self.port}/" for address in self.paths]

    @property
    def pages(self) -> set[tuple[str, str]]:
        """Every page that may be fetched, as (host, path)."""
        return {(host, path) for host, paths in self.paths.items() for path in ("/", *paths)}

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(5)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        self._servers = [await asyncio.start_server(self._serve, sock=listening) for listening in self._sockets]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # ------------------------------------------------------------ one connection

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, number = writer.get_extra_info("sockname")[0], next(self._numbers)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._exchange(reader, writer, host, number):
                    await writer.drain()
        except asyncio.CancelledError:  # the end of the test; the stream's own callback would complain
            return
        finally:
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, number: int
    ) -> bool:
        """Answer one request; return whether the connection stays open."""
        head = await reader.readuntil(b"\r\n\r\n")
        arrived, path = time.monotonic(), head.split(b" ", 2)[1].decode("ascii")
        self._asked[host, path] += 1
        fault = self.faults.get((host, path), "") if self._asked[host, path] == 1 else ""
        if fault == "slow":
            await asyncio.sleep(0.3)
        status, pause, answer = _answer(host, path, fault, self.paths[host])
        self.log.append(Access(arrived, time.monotonic(), host, path, status, number, pause, self.run))
        writer.write(answer)
        if status == RESET:
            _reset_at_close(writer)
        return status not in (RESET, CUT)


def _faults(seed: int, paths: Mapping[str, list[str]]) -> dict[tuple[str, str], str]:
    chosen = random.Random(seed)
    faults = {(host, path): chosen.choice(FAULTS[host]) for host in paths for path in paths[host]}
    # Each fault occurs at least once, and the robots.txt of one host fails at first.
    faults |= {(host, f"/{place}"): kind for host in paths for place, kind in enumerate(FAULTS[host]) if kind}
    return faults | {(BUSY, "/robots.txt"): "503 date"}


def _answer(host: str, path: str, fault: str, paths: list[str]) -> tuple[int, float, bytes]:
    """Return the status of a response, its Retry-After in seconds, and its bytes."""
    match fault.split():
        case ["429", _]:
            return 429, 2.0, _framed(429, b"", "Retry-After: 2")
        case ["503", "date"]:
            moment = math.ceil(time.time()) + 1  # HTTP dates have whole seconds
            pause = moment - time.time()
            return 503, pause, _framed(503, b"", f"Retry-After: {formatdate(moment, usegmt=True)}")
        case ["500" | "503" as status]:
            return int(status), 0.0, _framed(int(status), b"sorry")
        case ["reset"]:
            return RESET, 0.0, b""
        case ["cut"]:
            return CUT, 0.0, _framed(200, b"x" * 100)[:-50]
    if path == "/robots.txt":
        return 200, 0.0, _framed(200, _rules(host), "Content-Type: text/plain")
    if path != "/" and path not in paths:
        return 404, 0.0, _framed(404, b"none")
    links = "".join(f"<a href={other}>{other}</a>" for other in (*paths, "/secret/page"))
    return 200, 0.0, _framed(200, f"<!doctype html><title>{path}</title>{links}".encode(), "Content-Type: text/html")


def _rules(host: str) -> bytes:
    delay = f"Crawl-delay: {CRAWL_DELAY:g}\n" if host == SLOWED else ""
    return f"User-agent: *\nDisallow: /secret/\n{delay}".encode()


def _framed(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Thus", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _reset_at_close(writer: asyncio.StreamWriter) -> None:
    """Make the connection end with a reset (RST) when it closes: SO_LINGER with a timeout of 0."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _listen_alike(addresses: Sequence[str]) -> list[socket.socket]:
    """Return a listening socket for each address, all with the same free port."""
    for _ in range(20):
        sockets: list[socket.socket] = []
        try:
            for address in addresses:
                sockets.append(socket.socket())
                sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sockets[-1].bind((address, sockets[0].getsockname()[1] if sockets[1:] else 0))
                sockets[-1].listen(64)
        except OSError:
            for opened in sockets:
                opened.close()
        else:
            return sockets
    raise AssertionError("no port is free on all addresses")
