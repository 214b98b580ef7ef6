"""One reusable libcurl handle: what is set for each fetch, what its callbacks watch, and what came of it.

The callbacks run for every header line and every piece of body, so they are short; they never raise, because libcurl
would only see "write error": they note a `verdict` and stop the transfer.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pycurl

from gossamer.fetchers.address_guard import AddressGuard
from gossamer.fetchers.options import (
    MAX_HEADER_BYTES,
    MAX_HEADER_LINES,
    FetchOptions,
    configure,
    header_lines,
    milliseconds,
)
from gossamer.fetchers.routes import Route
from gossamer.parse import sitemap
from gossamer.rules import robots
from gossamer.values.model import Purpose
from gossamer.values.reasons import Reason

# What HEADERFUNCTION and WRITEFUNCTION return: to stop a transfer, fewer bytes than they were given.
_STOP, _GO_ON = 0, None
LOCAL_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})


class _HandedOver(socket.socket):
    """A socket that pycurl duplicates and then drops: closing the original there is no leak to warn of."""

    __slots__ = ()

    def __del__(self) -> None:
        if self.fileno() >= 0:  # not where the constructor failed
            self.close()


class Transfer:
    """A handle and its buffers, used again and again: `prepare`, let libcurl run it, then `answers.answer_of`."""

    __slots__ = (
        "_budget",
        "_conditional",
        "_credentials",
        "_guard",
        "_most",
        "_opened",
        "_options",
        "_plain",
        "_private",
        "_proxy",
        "_purpose",
        "_resolve",
        "_sent_credentials",
        "chunks",
        "curl",
        "dns",
        "fetched_at",
        "header",
        "header_size",
        "max_body",
        "own_port",
        "pace_at",
        "pace_size",
        "route",
        "size",
        "start_only",
        "url",
        "verdict",
    )

    def __init__(self, options: FetchOptions, guard: AddressGuard) -> None:
        self._options, self._guard = options, guard
        self._plain = header_lines(options, credentials=False)
        self._private = header_lines(options, credentials=True) if options.has_credentials else self._plain
        if options.origins is None:
            self._plain = self._private = header_lines(options, credentials=True)
        self._budget = milliseconds(options.timeout)
        self._proxy = self._resolve = ""
        self._sent_credentials = False
        self.start_only = False
        self._purpose = Purpose.PAGE
        self._most = self.max_body = options.max_body
        self._conditional = False
        self.route = Route(origin="", host="")
        self.curl = pycurl.Curl()
        self._set_up()
        self._forget("", 0.0)

    def _set_up(self) -> None:
        curl = self.curl
        configure(curl, self._options)
        curl.setopt(pycurl.HTTPHEADER, self._plain)
        curl.setopt(pycurl.HEADERFUNCTION, self._on_header)
        curl.setopt(pycurl.WRITEFUNCTION, self._on_body)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._on_open)
        curl.setopt(pycurl.PREREQFUNCTION, self._on_connected)

    def _forget(self, url: str, dns: float) -> None:
        self.url, self.dns, self.fetched_at = url, dns, 0.0
        # New lists each time: the old ones may live on in a response.
        self.header: list[bytes] = []
        self.chunks: list[bytes] = []
        self.header_size = self.size = self.own_port = 0
        self.pace_at, self.pace_size = 0.0, 0
        self.verdict: tuple[Reason, str] | None = None
        self._opened = False  # a connection, for what is asked next

    def prepare(
        self,
        url: str,
        route: Route,
        dns: float,
        asked: Sequence[tuple[str, str]] = (),
        *,
        purpose: Purpose = Purpose.PAGE,
    ) -> None:
        """Get ready for one fetch; `dns` is how many seconds finding the route took, and comes off the time limit.

        `asked` are the conditions of this request alone, as headers. The body of a robots.txt that is longer than it is
        read is cut there, and is no failure. A sitemap may be as large as sitemaps.org permits.
        """
        self._forget(url, dns)
        self.fetched_at = time.time() - dns
        self.route = route
        curl = self.curl
        curl.setopt(pycurl.URL, url)
        if purpose is not self._purpose:
            self._purpose = purpose
            self.start_only = purpose is Purpose.ROBOTS
            self.max_body = self._options.max_body
            if purpose is Purpose.SITEMAP:
                self.max_body = max(self.max_body, sitemap.MAX_BYTES)
            self._most = robots.MAX_BODY if self.start_only else self.max_body
            curl.setopt(pycurl.MAXFILESIZE_LARGE, 0 if self.start_only else self._most)
        if route.resolve != self._resolve:
            self._resolve = route.resolve
            curl.setopt(pycurl.RESOLVE, [route.resolve] if route.resolve else [])
        if route.proxy != self._proxy:
            self._proxy = route.proxy
            curl.setopt(pycurl.PROXY, route.proxy)
        changes_credentials = self._plain is not self._private and route.credentials != self._sent_credentials
        if changes_credentials or asked or self._conditional:
            self._sent_credentials, self._conditional = route.credentials, bool(asked)
            lines = self._private if route.credentials else self._plain
            curl.setopt(pycurl.HTTPHEADER, [*lines, *[f"{name}: {value}" for name, value in asked]])
        budget = milliseconds(self._options.timeout - dns) if dns > 0.01 else milliseconds(self._options.timeout)
        if budget != self._budget:
            self._budget = budget
            curl.setopt(pycurl.TIMEOUT_MS, budget)

    @property
    def cut(self) -> bool:
        """Tell whether the body was cut because its start is all that was asked for."""
        return self.start_only and self.size > self._most

    def release(self) -> None:
        """Drop what the last fetch left in memory."""
        self._forget("", 0.0)

    def refuse(self, reason: Reason, detail: str) -> None:
        """Note why this transfer is to be stopped; the first reason stays."""
        if self.verdict is None:
            self.verdict = (reason, detail)

    def crawls(self, now: float) -> bool:
        """Tell (and note) whether a body that has begun comes in too slowly to wait for; `now` is monotonic seconds."""
        if not self.size:
            return False
        if not self.pace_at:
            self.pace_at, self.pace_size = now, self.size
            return False
        seconds = now - self.pace_at
        if seconds < self._options.low_speed_time:
            return False
        if self.size - self.pace_size < self._options.low_speed_limit * seconds:
            limit = self._options.low_speed_limit
            self.refuse(Reason.FAIL_TIMEOUT, f"the body came at under {limit} bytes a second for {seconds:.0f} s")
            return True
        self.pace_at, self.pace_size = now, self.size
        return False

    # ------------------------------------------------------------ what libcurl calls

    def _on_header(self, line: bytes) -> int | None:
        self.header.append(line)
        self.header_size += len(line)
        if self.header_size > MAX_HEADER_BYTES or len(self.header) > MAX_HEADER_LINES:
            self.refuse(Reason.FAIL_PROTOCOL, "the header (or trailer) of the answer is absurdly long")
            return _STOP
        return _GO_ON

    def _on_body(self, piece: bytes) -> int | None:
        self.chunks.append(piece)
        self.size += len(piece)
        if self.verdict is not None or self.crawls(time.monotonic()):
            return _STOP
        if self.size > self._most:
            if not self.start_only:
                self.refuse(Reason.FAIL_TOO_LARGE, f"the body is larger than {self._most:,} bytes")
            return _STOP
        return _GO_ON

    def _on_open(self, _purpose: int, address: Any) -> socket.socket | int:
        if self.verdict is not None or not (self.route.proxy or self._vetted(str(address.addr[0]))):
            return int(pycurl.SOCKET_BAD)
        self._opened = True
        try:
            return _HandedOver(address.family, address.socktype, address.protocol)
        except OSError as error:
            if error.errno in LOCAL_SHORTAGES:
                self.refuse(Reason.FAIL_LOCAL, f"no socket could be opened: {error.strerror}")
            return int(pycurl.SOCKET_BAD)

    def _on_connected(self, ip: str, _own_ip: str, _port: int, own_port: int) -> int:
        if self.own_port and not self._opened:
            # It asks again by itself where a used connection ends without an answer: once, on a new one, is what
            # RFC 9110 (9.2.2) allows, and HTTP/2 may need; but it would try all the used ones before.
            self.refuse(Reason.FAIL_RESET, "the connection ended before the answer began")
        self.own_port, self._opened = own_port, False
        if self.verdict is not None:
            return int(pycurl.PREREQFUNC_ABORT)
        # The second line: also asked when a connection is used again, where _on_open is not.
        if ip in self.route.addresses or self.route.proxy or self._guard.permits(self.route.host, ip):
            return int(pycurl.PREREQFUNC_OK)
        self._note_refused(ip)
        return int(pycurl.PREREQFUNC_ABORT)

    def _vetted(self, ip: str) -> bool:
        if ip in self.route.addresses or self._guard.permits(self.route.host, ip):
            return True
        self._note_refused(ip)
        return False

    def _note_refused(self, ip: str) -> None:
        self.refuse(Reason.FAIL_ADDRESS_REFUSED, f"{self.route.host} led to {ip}, which is not on the public internet")


def shut_down(own_ports: set[int]) -> None:
    """Shut down this process's connections with these local ports: whoever waits for them in libcurl wakes up.

    libcurl keeps its descriptors to itself, and gives no other way to wake a handle that runs in another thread.
    """
    if not own_ports:
        return
    for entry in Path("/dev/fd").iterdir():
        with contextlib.suppress(OSError):
            duplicate = os.dup(int(entry.name))
            try:
                _shut_down(duplicate, own_ports)
            finally:
                os.close(duplicate)  # whatever it is of: left open, that of a lock file would go on holding the lock


def _shut_down(descriptor: int, own_ports: set[int]) -> None:
    connection = socket.socket(fileno=descriptor)  # raises for what is no socket
    try:
        if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.getsockname()[1] in own_ports:
            connection.getpeername()  # raises for a listening socket
            connection.shutdown(socket.SHUT_RDWR)
    finally:
        connection.detach()
