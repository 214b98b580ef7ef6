"""One reusable libcurl handle: its options for each fetch, its callbacks and the data they collect.

The callbacks run for every header line and every piece of body, so they are short. They never raise, because libcurl
would only report a write error. Instead they set a `verdict` and stop the transfer.
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
from gossamer.rules import robots
from gossamer.values.reasons import Reason

# Return values of HEADERFUNCTION and WRITEFUNCTION: a number below the size of the piece stops the transfer.
_STOP, _GO_ON = 0, None
LOCAL_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Error numbers that mean a shortage on this machine, not a fault of the server."""


class _DuplicatedSocket(socket.socket):
    """A socket that pycurl duplicates and then drops, so it closes itself without a ResourceWarning."""

    __slots__ = ()

    def __del__(self) -> None:
        if self.fileno() >= 0:  # negative if the constructor failed
            self.close()


class Transfer:
    """A libcurl handle and its buffers, reused for many fetches.

    For each fetch call `prepare`, let libcurl run `curl`, call `curl_results.answer_of`, and then `release`.
    """

    __slots__ = (
        "_budget",
        "_conditional",
        "_guard",
        "_login",
        "_max_body",
        "_opened",
        "_options",
        "_plain",
        "_private",
        "_proxy",
        "_resolve",
        "_sent",
        "chunks",
        "curl",
        "dns",
        "fetched_at",
        "header",
        "header_size",
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
        self._sent, self._login = self._plain, ""
        self.start_only = False
        self._max_body = options.max_body
        self._conditional = False
        self.route = Route(origin="", host="")
        self.curl = pycurl.Curl()
        self._set_up()
        self._reset("", 0.0)

    def _set_up(self) -> None:
        curl = self.curl
        configure(curl, self._options)
        curl.setopt(pycurl.HTTPHEADER, self._plain)
        curl.setopt(pycurl.HEADERFUNCTION, self._on_header)
        curl.setopt(pycurl.WRITEFUNCTION, self._on_body)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._on_open)
        curl.setopt(pycurl.PREREQFUNCTION, self._on_connected)

    def _reset(self, url: str, dns: float) -> None:
        self.url, self.dns, self.fetched_at = url, dns, 0.0
        # New lists each time: the old ones may live on in a response.
        self.header: list[bytes] = []
        self.chunks: list[bytes] = []
        self.header_size = self.size = self.own_port = 0
        self.pace_at, self.pace_size = 0.0, 0
        self.verdict: tuple[Reason, str] | None = None
        self._opened = False  # whether a connection was opened for the next request of this fetch

    def prepare(
        self,
        url: str,
        route: Route,
        dns: float,
        conditions: Sequence[tuple[str, str]] = (),
        *,
        start_only: bool = False,
    ) -> None:
        """Set the options for one fetch.

        `dns` is how many seconds finding the route took; they count towards the time limit. `conditions` are the
        headers that make this request conditional. With `start_only` a longer body is cut at the maximum size of a
        robots.txt, and the fetch does not fail.
        """
        self._reset(url, dns)
        self.fetched_at = time.time() - dns
        self.route = route
        curl = self.curl
        curl.setopt(pycurl.URL, url)
        if start_only is not self.start_only:
            self.start_only = start_only
            self._max_body = robots.MAX_BODY if start_only else self._options.max_body
            curl.setopt(pycurl.MAXFILESIZE_LARGE, 0 if start_only else self._max_body)
        if route.resolve != self._resolve:
            self._resolve = route.resolve
            curl.setopt(pycurl.RESOLVE, [route.resolve] if route.resolve else [])
        if route.proxy != self._proxy:
            self._proxy = route.proxy
            curl.setopt(pycurl.PROXY, route.proxy)
        sends = self._private if route.credentials else self._plain
        login = self._options.logins.get(route.origin, "")
        if sends is not self._sent or login != self._login or conditions or self._conditional:
            self._sent, self._login, self._conditional = sends, login, bool(conditions)
            lines = [*sends, *[f"{name}: {value}" for name, value in conditions]]
            if login:
                lines = [line for line in lines if not line.lower().startswith("authorization:")]
                lines.append(f"Authorization: {login}")
            curl.setopt(pycurl.HTTPHEADER, lines)
        budget = milliseconds(self._options.timeout - dns) if dns > 0.01 else milliseconds(self._options.timeout)
        if budget != self._budget:
            self._budget = budget
            curl.setopt(pycurl.TIMEOUT_MS, budget)

    @property
    def cut(self) -> bool:
        """Whether the body was cut because only its start is wanted."""
        return self.start_only and self.size > self._max_body

    def release(self) -> None:
        """Drop the data of the last fetch, to free memory."""
        self._reset("", 0.0)

    def refuse(self, reason: Reason, detail: str) -> None:
        """Record why this transfer must stop, for the callbacks to act on; the first reason is kept."""
        if self.verdict is None:
            self.verdict = (reason, detail)

    def crawls(self, now: float) -> bool:
        """Whether a body that has begun arrives too slowly; if so, record that as the verdict.

        `now` is in monotonic seconds. The rate is measured over periods of at least `low_speed_time`.
        """
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

    # ------------------------------------------------------------ called by libcurl

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
        if self.size > self._max_body:
            if not self.start_only:
                self.refuse(Reason.FAIL_TOO_LARGE, f"the body is larger than {self._max_body:,} bytes")
            return _STOP
        return _GO_ON

    def _on_open(self, _purpose: int, address: Any) -> socket.socket | int:
        if self.verdict is not None or not (self.route.proxy or self._is_permitted(str(address.addr[0]))):
            return int(pycurl.SOCKET_BAD)
        self._opened = True
        try:
            return _DuplicatedSocket(address.family, address.socktype, address.protocol)
        except OSError as error:
            if error.errno in LOCAL_SHORTAGES:
                self.refuse(Reason.FAIL_LOCAL, f"no socket could be opened: {error.strerror}")
            return int(pycurl.SOCKET_BAD)

    def _on_connected(self, ip: str, _own_ip: str, _port: int, own_port: int) -> int:
        if self.own_port and not self._opened:
            # libcurl repeats a request by itself if a reused connection ends without a response. One repetition on a
            # new connection is what RFC 9110 section 9.2.2 allows, and HTTP/2 may need it; but libcurl would first
            # try all idle connections.
            self.refuse(Reason.FAIL_RESET, "the connection ended before the answer began")
        self.own_port, self._opened = own_port, False
        if self.verdict is not None:
            return int(pycurl.PREREQFUNC_ABORT)
        # A second check: libcurl calls this for reused connections too, but _on_open for new ones only.
        if ip in self.route.addresses or self.route.proxy or self._guard.permits(self.route.host, ip):
            return int(pycurl.PREREQFUNC_OK)
        self._refuse_address(ip)
        return int(pycurl.PREREQFUNC_ABORT)

    def _is_permitted(self, ip: str) -> bool:
        if ip in self.route.addresses or self._guard.permits(self.route.host, ip):
            return True
        self._refuse_address(ip)
        return False

    def _refuse_address(self, ip: str) -> None:
        self.refuse(Reason.FAIL_ADDRESS_REFUSED, f"{self.route.host} led to {ip}, which is not on the public internet")


def shut_down(own_ports: set[int]) -> None:
    """Shut down this process's connections with these local ports, so that transfers waiting for them wake up.

    libcurl does not expose its descriptors, and offers no other way to wake a handle that runs in another thread.
    """
    if not own_ports:
        return
    for entry in Path("/dev/fd").iterdir():
        with contextlib.suppress(OSError):
            duplicate = os.dup(int(entry.name))
            try:
                _shut_down(duplicate, own_ports)
            finally:
                os.close(duplicate)  # always: a duplicate of a lock file's descriptor would keep the file locked


def _shut_down(descriptor: int, own_ports: set[int]) -> None:
    connection = socket.socket(fileno=descriptor)  # raises if the descriptor is not a socket
    try:
        if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.getsockname()[1] in own_ports:
            connection.getpeername()  # raises for a listening socket
            connection.shutdown(socket.SHUT_RDWR)
    finally:
        connection.detach()
