"""A TCP proxy on loopback that can lose answers, fall silent, or refuse: what a network does to a database."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TcpProxy:
    """Forwards connections to a port. `loses_answers`: what the server answers is dropped, and the connection ends."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.loses_answers = False
        self.silent = threading.Event()
        """While set, nothing is forwarded either way."""
        self.stops_after: int | None = None
        """The number of bytes of questions after which it falls silent; None for never."""
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End all connections and accept no more."""
        for each in (self._server, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                for source, sink, answers in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._forward, args=(source, sink, answers), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:  # a thread's argument
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                while self.silent.is_set():
                    threading.Event().wait(0.01)
                if answers and self.loses_answers:
                    break
                if not answers and self.stops_after is not None:
                    data = self._stopped(data, sink)
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _stopped(self, data: bytes, sink: socket.socket) -> bytes:
        """Forward what may still pass; return the rest, once the proxy is not silent any more."""
        assert self.stops_after is not None
        passing, rest = data[: self.stops_after], data[self.stops_after :]
        sink.sendall(passing)
        self.stops_after -= len(passing)
        if rest:
            self.stops_after = None
            self.silent.set()
            while self.silent.is_set():
                threading.Event().wait(0.01)
        return rest


@contextmanager
def proxied(port: int) -> Iterator[TcpProxy]:
    """Yield a proxy of a port."""
    proxy = TcpProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
