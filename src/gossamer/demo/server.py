"""Serve the demo site on this machine over real sockets, and keep a log that tests of politeness can read.

One asyncio loop in one thread. A connection answers one request at a time, in order; a request that arrives early
(pipelined) waits in the buffer.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from itertools import count
from types import TracebackType
from typing import NamedTuple, Self

from gossamer.demo.site import DemoSite, SiteResponse
from gossamer.values.errors import UserError

_MAX_HEAD = 32 * 1024
_SLICE = 256 * 1024
_CHUNK = 1800
_BUSY = SiteResponse(429, {"Retry-After": "1", "Content-Type": "text/plain"}, b"One moment, the weaver is busy.\n")
_PHRASES = {
    200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 307: "Temporary Redirect",
    308: "Permanent Redirect", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 410: "Gone",
    429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
}  # fmt: skip


class Access(NamedTuple):
    """One request as the server saw it: when it arrived, and when the last of its answer went out or the client left.

    Both by `time.monotonic`. It is noted just before the last bytes are sent, so whoever has read an answer finds it.
    """

    arrived: float
    ended: float
    method: str
    path: str
    status: int
    agent: str
    connection: int


class LoggedRequest(NamedTuple):
    """The head of one request; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    keeps_alive: bool
    takes_chunks: bool


class DemoServer:
    """Serve a site on loopback in a thread of its own; use it as a context manager, then crawl `url`.

    `port=0` takes a free one. `log` holds one `Access` per answered request, in the order of their ends; it stays
    readable after the end. Raises `UserError` when the address cannot be had.
    """

    def __init__(self, port: int = 0, *, site: DemoSite | None = None, host: str = "127.0.0.1") -> None:
        self.site = site or DemoSite()
        self.log: list[Access] = []
        self._listening = _listen(host, port)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="gossamer-demo", daemon=True)
        self._ready = threading.Event()  # set once the loop runs: a stop before that would break its start
        self._connections: set[_Connection] = set()
        self._been_busy: set[str] = set()
        self._numbers = count(1)

    def __enter__(self) -> Self:
        """Start serving; connections are accepted from here on."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving: open connections are cut, the thread has ended when this returns. Closing twice is fine."""
        if self._thread.ident is None:
            self._listening.close()
            self._loop.close()
        elif self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def answer(self, asked: LoggedRequest) -> SiteResponse:
        """Answer like the site, but 405 for what is not GET or HEAD, and 429 once where the site wants it."""
        if asked.method not in ("GET", "HEAD"):
            return SiteResponse(
                405, {"Allow": "GET, HEAD", "Content-Type": "text/plain"}, b"The museum is for looking.\n"
            )
        answer = self.site.answer(asked.path, asked.headers)
        if answer.busy_first and asked.path not in self._been_busy:
            self._been_busy.add(asked.path)
            return _BUSY
        return answer

    def _run(self) -> None:
        """Run the loop until `__exit__` stops it, then leave no socket and no task behind."""
        try:
            server = self._loop.run_until_complete(self._loop.create_server(self._connect, sock=self._listening))
            self._loop.call_soon(self._ready.set)
            self._loop.run_forever()
            self._loop.run_until_complete(self._hang_up(server))
        finally:
            self._ready.set()
            self._listening.close()
            self._loop.close()

    def _connect(self) -> _Connection:
        return _Connection(self, next(self._numbers), self._connections)

    async def _hang_up(self, server: asyncio.Server) -> None:
        for _ in range(4):  # Python 3.13 complains on stderr about whom a server is just letting in when it is closed
            await asyncio.sleep(0)
        server.close()
        for connection in tuple(self._connections):
            connection.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close their sockets one turn after abort


class _Connection(asyncio.Protocol):
    """One client: collects bytes, answers each whole request in turn."""

    def __init__(self, server: DemoServer, number: int, connections: set[_Connection]) -> None:
        self._server = server
        self._number = number
        self._connections = connections
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def abort(self) -> None:
        """Cut the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._answer_waiting()

    def _answer_waiting(self) -> None:
        """Answer the requests that are whole, until one takes longer than a moment."""
        while self._task is None and self._transport is not None and not self._transport.is_closing():
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                if len(self._received) > _MAX_HEAD:
                    self._refuse(431)
                return
            head = bytes(self._received[:end])
            del self._received[: end + 4]
            asked = read_head(head)
            if asked is None:
                self._refuse(400)
                return
            self._serve(asked, self._transport)

    def _serve(self, asked: LoggedRequest, transport: asyncio.Transport) -> None:
        arrived = time.monotonic()
        answer = self._server.answer(asked)
        if answer.delay_seconds or answer.cut_after is not None or len(answer.body) > _SLICE:
            self._task = asyncio.get_running_loop().create_task(self._serve_slowly(asked, answer, transport, arrived))
            self._task.add_done_callback(self._served_slowly)
            return
        self._note(asked, answer, arrived)
        transport.write(b"".join(frame(asked, answer)))
        if not asked.keeps_alive:
            transport.close()

    async def _serve_slowly(
        self, asked: LoggedRequest, answer: SiteResponse, transport: asyncio.Transport, arrived: float
    ) -> None:
        """Send in slices, each when the client has taken the one before."""
        whole = b"".join(frame(asked, answer))
        last = (len(whole) - 1) // _SLICE * _SLICE
        try:
            await asyncio.sleep(answer.delay_seconds)
            for start in range(0, last, _SLICE):
                transport.write(whole[start : start + _SLICE])
                await self._writable.wait()
                if transport.is_closing():
                    return
        finally:  # a client that leaves early (the task is cancelled, or sees it above) is noted too
            self._note(asked, answer, arrived)
        transport.write(whole[last:])
        if not asked.keeps_alive or (answer.cut_after is not None and asked.method != "HEAD"):
            transport.close()

    def _served_slowly(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and task.exception() is None:
            self._answer_waiting()

    def _note(self, asked: LoggedRequest, answer: SiteResponse, arrived: float) -> None:
        agent = asked.headers.get("user-agent", "")
        entry = Access(arrived, time.monotonic(), asked.method, asked.path, answer.status, agent, self._number)
        self._server.log.append(entry)

    def _refuse(self, status: int) -> None:
        assert self._transport is not None
        asked = LoggedRequest("GET", "", {}, keeps_alive=False, takes_chunks=False)
        self._transport.write(b"".join(frame(asked, SiteResponse(status, {}, b""))))
        self._transport.close()


def read_head(head: bytes) -> LoggedRequest | None:
    """Read a request's head (without its empty line); None if it is not HTTP/1.

    A request that announces a body is not kept alive: the body is never read.
    """
    first, *lines = head.decode("latin-1").lstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    modern = words[2] != "HTTP/1.0"
    wish = headers.get("connection", "").lower()
    keeps_alive = "close" not in wish and (modern or "keep-alive" in wish)
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return LoggedRequest(words[0], words[1].partition("#")[0], headers, keeps_alive and not has_body, modern)


def frame(asked: LoggedRequest, answer: SiteResponse) -> Iterator[bytes]:
    """Write the answer as it goes over the wire: the head, then the body plain, cut, or in chunks (RFC 9112)."""
    chunked = answer.chunked and asked.takes_chunks and bool(answer.body)
    lines = [f"HTTP/1.1 {answer.status} {_PHRASES[answer.status]}", f"Date: {_http_date(int(time.time()))}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status != 304:
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(answer.body)}")
    if not asked.keeps_alive:
        lines.append("Connection: close")
    elif not asked.takes_chunks:
        lines.append("Connection: keep-alive")
    yield "\r\n".join([*lines, "", ""]).encode("latin-1")
    if asked.method == "HEAD":
        return
    if chunked:
        yield from _chunks(answer.body)
    else:
        yield answer.body if answer.cut_after is None else answer.body[: answer.cut_after]


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _CHUNK):
        piece = body[start : start + _CHUNK]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


_DATES: dict[int, str] = {}


def _http_date(second: int) -> str:
    """Format a Unix second as an HTTP date; only the last one asked for is kept."""
    if second not in _DATES:
        _DATES.clear()
        _DATES[second] = formatdate(second, usegmt=True)
    return _DATES[second]


def _listen(host: str, port: int) -> socket.socket:
    """Bind a listening socket, or say in a sentence why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(512)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UserError(_why_not(host, port, error)) from error
    return listening


def _why_not(host: str, port: int, error: OSError | OverflowError) -> str:
    match error:
        case OSError(errno=errno.EADDRINUSE):
            return f"Port {port} is already in use on {host}; choose another one with --port, or 0 for any free port."
        case OSError(errno=errno.EACCES):
            return f"Port {port} needs special rights; choose one above 1023, or 0 for any free port."
        case _:
            return f"The demo site cannot be served on {host}, port {port}: {error}."


def serve(port: int = 8000, host: str = "127.0.0.1", *, site: DemoSite | None = None) -> None:
    """Serve the demo site until Ctrl-C; the talk goes to stderr. Raises `UserError` when the port cannot be had."""
    with DemoServer(port, site=site, host=host) as server:
        with contextlib.suppress(KeyboardInterrupt):
            sys.stderr.write(f"The Museum of Silk is open at {server.url} (Ctrl-C closes it).\n")
            sys.stderr.flush()
            threading.Event().wait()
        sys.stderr.write(f"Closed after {len(server.log)} requests. Thank you for your visit.\n")
