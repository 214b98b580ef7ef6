"""One reusable libcurl handle: its options for each fetch, its callbacks and the data they collect.

The callbacks run for every header line and every piece of body, so they are short. They never raise, because libcurl
would only report a write error. Instead they set a `verdict` and stop the transfer.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any, Final

import pycurl

from gossamer.fetchers.address_guard import AddressGuard
from gossamer.fetchers.body_limits import limits_of
from gossamer.fetchers.connections import SHORTAGES, Connection, DuplicatedSocket
from gossamer.fetchers.options import (
    MAX_HEADER_BYTES,
    MAX_HEADER_LINES,
    FetchOptions,
    configure,
    header_lines,
    milliseconds,
)
from gossamer.fetchers.routes import Route
from gossamer.rules import headers
from gossamer.rules.framing import hidden_framing
from gossamer.values.model import Method, Purpose
from gossamer.values.reasons import Reason

# Return values of HEADERFUNCTION and WRITEFUNCTION: a number below the size of the piece stops the transfer.
_STOP, _GO_ON = 0, None

MAX_SIDE_BODY: Final = 1024 * 1024
"""Maximum size (bytes) of the body of a redirect or an error that is waited for; its header says what matters."""

SIDE_BODY_TIME: Final = 5.0
"""Maximum time (seconds) that the body of a redirect or an error is waited for."""

WATCHED_AFTER: Final = 2.0
"""Time (seconds) after which a fetch is watched for bytes that are no part of its body or header."""

_BLANK: Final = (b"\r\n", b"\n")
_REPEATABLE: Final = frozenset((52, 55, 56))  # GOT_NOTHING, SEND_ERROR, RECV_ERROR


class Transfer:
    """A libcurl handle and its buffers, reused for many fetches.

    For each fetch call `prepare`, let libcurl run `curl`, call `curl_results.answer_of`, and then `release`.
    """

    __slots__ = (
        "_base",
        "_block",
        "_budget",
        "_conditional",
        "_fresh",
        "_guard",
        "_limit",
        "_login",
        "_method",
        "_opened",
        "_options",
        "_plain",
        "_private",
        "_proxy",
        "_purpose",
        "_resolve",
        "_reused",
        "_sent",
        "_settled_at",
        "_stale",
        "_started",
        "_whole_budget",
        "chunks",
        "connection",
        "curl",
        "dns",
        "ended",
        "fetched_at",
        "header",
        "header_size",
        "length",
        "limits",
        "lost",
        "pace_at",
        "pace_size",
        "route",
        "settled",
        "size",
        "starved",
        "truncated",
        "url",
        "verdict",
    )

    def __init__(self, options: FetchOptions, guard: AddressGuard) -> None:
        self._options, self._guard = options, guard
        self._plain = header_lines(options, credentials=False)
        self._private = header_lines(options, credentials=True) if options.has_credentials else self._plain
        if options.origins is None:
            self._plain = self._private = header_lines(options, credentials=True)
        self._budget = self._whole_budget = milliseconds(options.timeout)
        self._proxy = self._resolve = ""
        self._sent, self._login = self._plain, ""
        self._purpose = Purpose.PAGE
        self._method: Method = "GET"
        self.limits = limits_of(self._purpose, options.max_body)
        self._conditional = self._fresh = False
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
        self.lost = self._started = 0.0
        self._begin()

    def _begin(self) -> None:
        """Forget what came, before the request is made for the first time or once more."""
        # New lists each time: the old ones may live on in a response.
        self.header: list[bytes] = []
        self.chunks: list[bytes] = []
        self.header_size = self.size = self.pace_size = self._block = self.settled = 0
        self.pace_at = self._settled_at = 0.0
        self.truncated = ""
        self.verdict: tuple[Reason, str] | None = None
        self.connection: Connection | None = None
        self.length: int | None = None  # of the body, where libcurl does not see it
        self.ended = False  # whether the body was ended there
        self._limit = self.limits.received
        self._base: int | None = None  # bytes that came over the connection before this fetch
        # `_opened`: whether a connection was opened for the next request of this fetch.
        self._opened = self._reused = self._stale = self.starved = False

    def prepare(
        self,
        url: str,
        route: Route,
        dns: float,
        conditions: Sequence[tuple[str, str]] = (),
        *,
        purpose: Purpose = Purpose.PAGE,
        method: Method = "GET",
    ) -> None:
        """Set the options for one fetch.

        `dns` is how many seconds finding the route took; they count towards the time limit. `conditions` are the
        headers that make this request conditional. A longer body than the maximum size of a robots.txt is cut there if
        that is the `purpose`, and the fetch does not fail. A sitemap may be as large as sitemaps.org permits. Of an
        external URL only the header is needed, and what comes of the start of its body.
        """
        self._reset(url, dns)
        self.fetched_at = time.time() - dns
        self._started = time.monotonic()
        self.route = route
        curl = self.curl
        curl.setopt(pycurl.URL, url)
        if purpose is not self._purpose or method != self._method:
            self._ask_for(purpose, method)
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
        if self._fresh:
            self._fresh = False
            curl.setopt(pycurl.FRESH_CONNECT, 0)
        if dns > 0.01 or self._budget != self._whole_budget:
            self._spend(dns if dns > 0.01 else 0.0)

    def _ask_for(self, purpose: Purpose, method: Method) -> None:
        """Set what is asked for, which mostly is the same as in the fetch before."""
        self._purpose = purpose
        self.limits = limits = limits_of(purpose, self._options.max_body)
        self._limit = limits.received
        no_body = method == "HEAD"
        self.curl.setopt(pycurl.MAXFILESIZE_LARGE, 0 if limits.start_only or no_body else limits.received)
        if method != self._method:
            self._method = method
            self.curl.setopt(pycurl.NOBODY if no_body else pycurl.HTTPGET, 1)

    def _spend(self, seconds: float) -> None:
        """Shorten the time limit of this fetch by what it took so far."""
        budget = milliseconds(self._options.timeout - seconds)
        if budget != self._budget:
            self._budget = budget
            self.curl.setopt(pycurl.TIMEOUT_MS, budget)

    def repeats(self, error: int) -> bool:
        """Whether the request must be made once more, and prepare for that; `error` is libcurl's error number.

        A server may close a kept connection at the very moment when the next request goes out. One repetition is what
        RFC 9110 section 9.2.2 allows, and it needs a new connection: others that were kept may be closed too.
        """
        dropped = self._reused and not self.header and self.verdict is None and error in _REPEATABLE
        if self._fresh or not (self._stale or dropped):
            return False
        self.lost = time.monotonic() - self._started
        self._fresh = True
        self.curl.setopt(pycurl.FRESH_CONNECT, 1)
        self._spend(self.dns + self.lost)
        self._begin()
        return True

    def restart(self) -> None:
        """Prepare to make the same request anew, after something was missing on this machine; the time starts anew."""
        self._started, self.lost = time.monotonic(), 0.0
        self._begin()

    @property
    def cut(self) -> bool:
        """Whether the body was cut because only its start is wanted."""
        return self.limits.start_only and self.size > self.limits.received

    def release(self) -> None:
        """Drop the data of the last fetch, to free memory."""
        self.header, self.chunks, self.size, self.connection = [], [], 0, None

    def refuse(self, reason: Reason, detail: str) -> None:
        """Record why this transfer must stop, for the callbacks to act on; the first reason is kept."""
        if self.verdict is None:
            self.verdict = (reason, detail)

    def crawls(self, now: float) -> bool:
        """Whether a body that has begun arrives too slowly; if so, record that as the verdict.

        `now` is in monotonic seconds. The rate is measured over periods of at least `low_speed_time`. The body of a
        redirect or an error is not waited for longer than `SIDE_BODY_TIME`.
        """
        if self.settled and now - self._settled_at > SIDE_BODY_TIME:
            self.truncated = self.truncated or "time"
            return True
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

    def is_watched(self, now: float) -> bool:
        """Whether the fetch takes so long that it must be known how much came over its connection.

        Over HTTP/2 a connection is shared, and there are no chunks.
        """
        return (
            self.connection is not None
            and now - self._started > WATCHED_AFTER
            and (not self.header or self.header[0].startswith(b"HTTP/1"))
        )

    def hides(self, received: int) -> bool:
        """Whether too much came over the connection that is neither body nor header; if so, record it as the verdict.

        `received` is how many bytes came over it in all. An endless chunk extension is nowhere else to be seen.
        """
        seen = self.size + self.header_size
        if self._base is None:
            self._base = received - seen if self._reused else 0
        if received - self._base - seen <= self._options.max_body:
            return False
        self.refuse(Reason.FAIL_TOO_LARGE, f"over {self._options.max_body:,} bytes came that are no part of the body")
        return True

    # ------------------------------------------------------------ called by libcurl

    def _on_header(self, line: bytes) -> int | None:
        self.header.append(line)
        self.header_size += len(line)
        if line in _BLANK:
            return self._on_header_end()
        if self.header_size > MAX_HEADER_BYTES or len(self.header) > MAX_HEADER_LINES:
            self.refuse(Reason.FAIL_PROTOCOL, "the header (or trailer) of the answer is absurdly long")
            return _STOP
        return _GO_ON

    def _on_header_end(self) -> int | None:
        """Settle what the header tells: what a redirect or an error is, and where a body ends that would not."""
        begin, self._block = self._block, len(self.header)
        block = b"".join(self.header[begin:])
        if (framing := hidden_framing(block)) is not None and self._method != "HEAD":
            self.length, self.ended = framing.length, framing.length == 0
            if framing.fault:
                self.refuse(Reason.FAIL_PROTOCOL, framing.fault)
        if block[:10] != b"HTTP/1.1 2" or self.limits.header_is_enough:  # nearly every answer does not
            self._settle(block)
        return _STOP if self.verdict is not None or self.truncated or self.ended else _GO_ON

    def _settle(self, block: bytes) -> None:
        """Note that an answer is a redirect or an error, and stays that, whatever becomes of its body.

        So does every answer of which the header is enough.
        """
        settles, status = self.limits.header_is_enough, headers.status_of(block)
        if status < (200 if settles else 300):
            return
        fields = headers.parse(block)
        is_redirect = headers.is_redirect(status, fields)
        if status < 400 and not is_redirect and not settles:
            return
        self.settled, self._settled_at = status, time.monotonic()
        self._limit = min(self._limit, MAX_SIDE_BODY)
        if self._method != "HEAD" and is_redirect and headers.ends_with_the_connection(block, fields):
            self.truncated = "unspecified"  # it would end with a connection that the server keeps open

    def _on_body(self, piece: bytes) -> int | None:
        self.chunks.append(piece)
        self.size += len(piece)
        if self.length is not None and self.size >= self.length:
            self._end_body(self.length)
        if self.verdict is not None or self.crawls(time.monotonic()):
            return _STOP
        if self.size > self._limit:
            if self.settled:
                self.truncated = "length"
            elif not self.limits.start_only:
                self.refuse(Reason.FAIL_TOO_LARGE, f"the body is larger than {self.limits.received:,} bytes")
            return _STOP
        return _STOP if self.ended else _GO_ON

    def _end_body(self, length: int) -> None:
        """End the body where libcurl does not; what follows is no part of it."""
        whole = len(self.chunks[-1]) - (self.size - length)
        self.chunks[-1], self.size, self.ended = self.chunks[-1][:whole], length, True

    def _on_open(self, _purpose: int, address: Any) -> socket.socket | int:
        if self.verdict is not None or not (self.route.proxy or self._is_permitted(str(address.addr[0]))):
            return int(pycurl.SOCKET_BAD)
        self._opened = True
        try:
            return DuplicatedSocket(address.family, address.socktype, address.protocol)
        except OSError as error:
            if error.errno in SHORTAGES:
                self.starved = True
                self.refuse(Reason.FAIL_LOCAL, f"no socket could be opened: {error.strerror}")
            return int(pycurl.SOCKET_BAD)

    def _on_connected(self, ip: str, _own_ip: str, port: int, own_port: int) -> int:
        # libcurl repeats a request by itself if a reused connection ends without a response, but it would first try all
        # connections that it kept. The first repetition goes out on a new connection: see `repeats`.
        if self.connection is None:
            self._reused = not self._opened
        elif self._opened:
            self._reused = False
        elif self._reused:
            self._stale = True
        else:
            self.refuse(Reason.FAIL_RESET, "the connection ended before the answer began")
        self.connection, self._opened = (ip, port, own_port), False
        if self.verdict is not None or self._stale:
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
