"""A loopback web server with deliberate faults: each path has a script of bytes to send and actions."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from enum import Enum


class Do(Enum):
    """An action of a script other than sending bytes."""

    CLOSE = "close the connection"
    RESET = "reset the connection (RST)"
    HANG = "send nothing more until the server stops"
    TICK = "let a twentieth of a second pass"


Step = bytes | Do
Script = Callable[[str], Iterator[Step]]


def answer(body: bytes = b"", *lines: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """Return the bytes of a response; `length` is a false Content-Length to send (negative: no such header)."""
    claimed = len(body) if length is None else length
    header = [f"HTTP/1.1 {status}", *([f"Content-Length: {claimed}"] if claimed >= 0 else []), *lines, "", ""]
    return "\r\n".join(header).encode("latin-1") + body


class Server:
    """A server of scripts on a loopback address, with a thread for each connection; records connections and requests.

    A path without a script is a 404. A connection stays open until a script closes it.
    """

    def __init__(
        self, scripts: Mapping[str, Script | bytes], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._scripts, self._tls = scripts, tls
        self._listener = socket.create_server((host, 0), family=family, backlog=256)
        self.port = int(self._listener.getsockname()[1])
        self.origin = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"
        self.connections = 0
        self.requests: list[str] = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection.settimeout(2)
                connection = self._tls.wrap_socket(connection, server_side=True)
                connection.settimeout(0.1)
            while (request := self._request(connection)) and self._play(connection, request):
                pass
        connection.close()

    def _request(self, connection: socket.socket) -> str:
        received = b""
        while not received.endswith(b"\r\n\r\n"):
            if self._stopping.is_set():
                return ""
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                continue
            if not piece or piece.startswith(b"\x16\x03"):  # the end, or a TLS handshake on a port without TLS
                return ""
            received += piece
        request = received.decode("latin-1")
        self.requests.append(request)
        return request

    def _play(self, connection: socket.socket, request: str) -> bool:
        path = request.split(" ")[1].partition("?")[0]
        script = self._scripts.get(path, answer(b"nothing here", status="404 Not Found"))
        for step in [script] if isinstance(script, bytes) else script(request):
            match step:
                case bytes():
                    connection.settimeout(5)
                    connection.sendall(step)
                    connection.settimeout(0.1)
                case Do.CLOSE:
                    return False
                case Do.RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return False
                case Do.HANG:
                    self._stopping.wait()
                    return False
                case Do.TICK:
                    if self._stopping.wait(0.05):
                        return False
        return True


class ClosingServer(Server):
    """A server that answers one request on each connection, and closes it without a word when the next one comes."""

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        with contextlib.suppress(OSError):
            if (request := self._request(connection)) and self._play(connection, request):
                self._request(connection)
        connection.close()
