"""A server of the demo site on this machine, with a log of requests for tests of politeness.

It is one asyncio event loop in one thread. A connection answers one request at a time, in order; a pipelined request
waits in the buffer.
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
"""Maximum size (bytes) of a request header."""

_SLICE = 256 * 1024
"""Number of bytes that are sent before the client must have read them."""

_CHUNK = 1800
"""Size (bytes) of a chunk in chunked transfer coding."""

_BUSY = SiteResponse(429, {"Retry-After": "1", "Content-Type": "text/plain"}, b"One moment, the weaver is busy.\n")
_PHRASES = {
    200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 307: "Temporary Redirect",
    308: "Permanent Redirect", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 410: "Gone",
    429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
}  # fmt: skip


class Access(NamedTuple):
    """One request in the server's log.

    It is recorded just before the last bytes are sent, so that a client that has read the response finds it.
    """

    arrived: float
    """When the request arrived, in monotonic seconds."""

    ended: float
    """When the last bytes were sent or the client disconnected, in monotonic seconds."""

    method: str
    """The HTTP method."""

    path: str
    """Path and query."""

    status: int
    """The HTTP status of the response."""

    agent: str
    """The User-Agent header; "": none."""

    connection: int
    """The number of the connection, from 1."""


class LoggedRequest(NamedTuple):
    """The parsed header of one request."""

    method: str
    """The HTTP method."""

    path: str
    """Path and query."""

    headers: Mapping[str, str]
    """The header values by lower-case name."""

    keeps_alive: bool
    """Whether the connection stays open after the response."""

    takes_chunks: bool
    """Whether the client accepts chunked transfer coding, as every HTTP/1.1 client does."""


class DemoServer:
    """A server of a site on a thread of its own: a context manager, within which `url` can be crawled.

    Port 0 takes a free one. `log` has one `Access` for each answered request, in the order of their ends; it can still
    be read after the server has closed. Raises `UserError` if the server cannot listen on the address.
    """

    def __init__(self, port: int = 0, *, site: DemoSite | None = None, host: str = "127.0.0.1") -> None:
        self.site = site or DemoSite()
        self.log: list[Access] = []
        self._listening = _listen(host, port)
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="gossamer-demo", daemon=True)
        self._ready = threading.Event()  # set once the loop runs, since it must not be stopped before
        self._connections: set[_Connection] = set()
        self._was_busy: set[str] = set()
        self._numbers = count(1)

    def __enter__(self) -> Self:
        """Start the thread, and wait until connections are accepted."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving, close all connections, and wait for the end of the thread; a second call does nothing."""
        if self._thread.ident is None:
            self._listening.close()
            self._loop.close()
        elif self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def answer(self, request: LoggedRequest) -> SiteResponse:
        """Return the site's response; but 405 for methods other than GET and HEAD, and 429 once for a busy page."""
        if request.method not in ("GET", "HEAD"):
            return SiteResponse(
                405, {"Allow": "GET, HEAD", "Content-Type": "text/plain"}, b"The museum is for looking.\n"
            )
        answer = self.site.answer(request.path, request.headers)
        if answer.busy_first and request.path not in self._was_busy:
            self._was_busy.add(request.path)
            return _BUSY
        return answer

    def _run(self) -> None:
        """Run the loop until `close` stops it, then close all sockets and cancel all tasks."""
        try:
            server = self._loop.run_until_complete(self._loop.create_server(self._connect, sock=self._listening))
            self._loop.call_soon(self._ready.set)
            self._loop.run_forever()
            self._loop.run_until_complete(self._shut_down(server))
        finally:
            self._ready.set()
            self._listening.close()
            self._loop.close()

    def _connect(self) -> _Connection:
        return _Connection(self, next(self._numbers), self._connections)

    async def _shut_down(self, server: asyncio.Server) -> None:
        for _ in range(4):  # Python 3.13 complains on stderr about a connection that is accepted during `close`
            await asyncio.sleep(0)
        server.close()
        for connection in tuple(self._connections):
            connection.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # a transport closes its socket one iteration of the loop after `abort`


class _Connection(asyncio.Protocol):
    """One connection of a client; its complete requests are answered one after the other."""

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
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._answer_waiting()

    def _answer_waiting(self) -> None:
        """Answer the complete requests in the buffer, up to one that needs a task."""
        while self._task is None and self._transport is not None and not self._transport.is_closing():
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                if len(self._received) > _MAX_HEAD:
                    self._refuse(431)
                return
            head = bytes(self._received[:end])
            del self._received[: end + 4]
            request = read_head(head)
            if request is None:
                self._refuse(400)
                return
            self._serve(request, self._transport)

    def _serve(self, request: LoggedRequest, transport: asyncio.Transport) -> None:
        arrived = time.monotonic()
        answer = self._server.answer(request)
        if answer.delay_seconds or answer.cut_after is not None or len(answer.body) > _SLICE:
            self._task = asyncio.get_running_loop().create_task(self._serve_slowly(request, answer, transport, arrived))
            self._task.add_done_callback(self._served_slowly)
            return
        self._record(request, answer, arrived)
        transport.write(b"".join(frame(request, answer)))
        if not request.keeps_alive:
            transport.close()

    async def _serve_slowly(
        self, request: LoggedRequest, answer: SiteResponse, transport: asyncio.Transport, arrived: float
    ) -> None:
        """Send the response after its delay, in slices; each waits until the client has read the previous one."""
        message = b"".join(frame(request, answer))
        last = (len(message) - 1) // _SLICE * _SLICE
        try:
            await asyncio.sleep(answer.delay_seconds)
            for start in range(0, last, _SLICE):
                transport.write(message[start : start + _SLICE])
                await self._writable.wait()
                if transport.is_closing():
                    return
        finally:  # recorded too if the client disconnects early, which cancels the task or closes the transport
            self._record(request, answer, arrived)
        transport.write(message[last:])
        if not request.keeps_alive or (answer.cut_after is not None and request.method != "HEAD"):
            transport.close()

    def _served_slowly(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and task.exception() is None:
            self._answer_waiting()

    def _record(self, request: LoggedRequest, answer: SiteResponse, arrived: float) -> None:
        agent = request.headers.get("user-agent", "")
        entry = Access(arrived, time.monotonic(), request.method, request.path, answer.status, agent, self._number)
        self._server.log.append(entry)

    def _refuse(self, status: int) -> None:
        assert self._transport is not None
        request = LoggedRequest("GET", "", {}, keeps_alive=False, takes_chunks=False)
        self._transport.write(b"".join(frame(request, SiteResponse(status, {}, b""))))
        self._transport.close()


def read_head(head: bytes) -> LoggedRequest | None:
    """Parse a request header (without its blank line); return None if it is not HTTP/1.

    The connection of a request with a body is closed after the response, because the body is never read.
    """
    first, *lines = head.decode("latin-1").lstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    is_http11 = words[2] != "HTTP/1.0"
    connection_options = headers.get("connection", "").lower()
    keeps_alive = "close" not in connection_options and (is_http11 or "keep-alive" in connection_options)
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return LoggedRequest(words[0], words[1].partition("#")[0], headers, keeps_alive and not has_body, is_http11)


def frame(request: LoggedRequest, answer: SiteResponse) -> Iterator[bytes]:
    """Yield the response as sent (RFC 9112): the header, then the body, whole, truncated or in chunks."""
    chunked = answer.chunked and request.takes_chunks and bool(answer.body)
    lines = [f"HTTP/1.1 {answer.status} {_PHRASES[answer.status]}", f"Date: {_http_date(int(time.time()))}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status != 304:
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(answer.body)}")
    if not request.keeps_alive:
        lines.append("Connection: close")
    elif not request.takes_chunks:
        lines.append("Connection: keep-alive")
    yield "\r\n".join([*lines, "", ""]).encode("latin-1")
    if request.method == "HEAD":
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
    """Return Unix time as an HTTP date; the last result is cached."""
    if second not in _DATES:
        _DATES.clear()
        _DATES[second] = formatdate(second, usegmt=True)
    return _DATES[second]


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises `UserError` if the address cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(512)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UserError(_listen_problem(host, port, error)) from error
    return listening


def _listen_problem(host: str, port: int, error: OSError | OverflowError) -> str:
    match error:
        case OSError(errno=errno.EADDRINUSE):
            return f"Port {port} is already in use on {host}; choose another one with --port, or 0 for any free port."
        case OSError(errno=errno.EACCES):
            return f"Port {port} needs special rights; choose one above 1023, or 0 for any free port."
        case _:
            return f"The demo site cannot be served on {host}, port {port}: {error}."


def serve(port: int = 8000, host: str = "127.0.0.1", *, site: DemoSite | None = None) -> None:
    """Serve the demo site until Ctrl-C, with messages on stderr. Raises `UserError` if the port cannot be bound."""
    with DemoServer(port, site=site, host=host) as server:
        with contextlib.suppress(KeyboardInterrupt):
            sys.stderr.write(f"The Museum of Silk is open at {server.url} (Ctrl-C closes it).\n")
            sys.stderr.flush()
            threading.Event().wait()
        sys.stderr.write(f"Closed after {len(server.log)} requests. Thank you for your visit.\n")
