"""BlockingFetcher: one fetch at a time for each thread that asks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import TimeoutError as NotYet

import pycurl

from gossamer.fetchers.curl_results import answer_of
from gossamer.fetchers.dns import DnsResolver
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.routes import Route, Router
from gossamer.fetchers.transfer import Transfer, shut_down
from gossamer.rules.recrawl import conditions
from gossamer.values.model import Failure, Request, Response
from gossamer.values.reasons import Reason

# Each handle keeps its own idle connections (libcurl cannot share them safely between threads).
_CONNECTIONS_PER_HANDLE = 8
# A handle that has spoken TLS holds its own copy of the CA store, about a megabyte.
_HANDLES = 64
_REMEMBERED_ORIGINS = 10_000
_SLICE = 0.25
_STOPPED = "the fetcher was told to stop"


class BlockingFetcher:
    """Fetch over HTTP, blocking the calling thread; any number of threads may call `fetch` at once.

    Each libcurl handle has its own idle connections, so a fetch prefers the handle that last talked to its origin,
    whichever thread that was; there are up to 64 handles, or as many as fetches are under way at once if that is more.
    Build a new fetcher after a fork: handles must not be inherited.
    """

    def __init__(self, options: FetchOptions | None = None, resolver: DnsResolver | None = None) -> None:
        """Take the options, and a resolver where the system's is not wanted."""
        self._options = options or FetchOptions()
        self._router = Router(self._options, resolver)
        self._aborted = threading.Event()
        self._closed = False
        # Guards the handles: those idle (least recently used first), those busy, who last served an origin; and closed.
        # Reentrant, since a signal handler may call `abort` in a thread that holds it.
        self._lock = threading.RLock()
        self._busy: set[Transfer] = set()
        self._idle: dict[Transfer, None] = {}
        self._last: dict[str, Transfer] = {}

    def fetch(self, request: Request) -> Response | Failure:
        """Fetch one URL and wait for the whole answer; what goes wrong is a `Failure`, never an exception."""
        url = request.link.url
        if self._aborted.is_set():
            return Failure(Reason.FAIL_LOCAL, _STOPPED)
        route, dns = self._router.known(url), 0.0
        if route is None:
            started = time.monotonic()
            found = self._find(url, started + min(self._options.connect_timeout, self._options.timeout))
            spent = time.monotonic() - started
            if isinstance(found, Failure):
                return Failure(found.reason, found.detail, spent)
            route, dns = found, spent if found.resolve else 0.0
        transfer = self._take(route.origin)
        try:
            transfer.prepare(url, route, dns, conditions(request.previous), purpose=request.purpose)
            if self._aborted.is_set():  # meanwhile; `prepare` forgets what an abort may just have noted
                transfer.refuse(Reason.FAIL_LOCAL, _STOPPED)
            error, message = _performed(transfer)
            return answer_of(transfer, error, message)
        finally:
            self._give_back(transfer, route.origin)

    def abort(self) -> None:
        """Make running fetches return soon, as failures, and later ones at once.

        A fetch that is still connecting may take until its connect time-out.
        """
        self._aborted.set()
        with self._lock:
            busy = tuple(self._busy)
        for transfer in busy:
            transfer.refuse(Reason.FAIL_LOCAL, _STOPPED)
        # The callbacks now stop whatever moves; a transfer that waits in silence must be woken.
        shut_down({transfer.own_port for transfer in busy} - {0})

    def close(self) -> None:
        """Close the idle connections and handles; those still in use are closed as their fetches end."""
        self.abort()
        with self._lock:
            self._closed = True
            idle, self._idle, self._last = self._idle, {}, {}
        for transfer in idle:
            transfer.curl.close()
        self._router.close()

    def _find(self, url: str, deadline: float) -> Route | Failure:
        asked = self._router.ask(url)
        if isinstance(asked, Route | Failure):
            return asked
        while not self._aborted.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return Failure(Reason.FAIL_DNS, "no name server answered in time")
            try:
                return self._router.found(url, asked.result(min(left, _SLICE)))
            except NotYet:
                continue
        return Failure(Reason.FAIL_LOCAL, _STOPPED)

    def _take(self, origin: str) -> Transfer:
        with self._lock:
            transfer = self._last.get(origin)
            if transfer not in self._idle:
                # Rather a new handle than one that keeps other origins' connections, as long as there are few.
                scarce = len(self._idle) + len(self._busy) >= _HANDLES
                transfer = next(iter(self._idle), None) if scarce else None
            if transfer is not None:
                del self._idle[transfer]
                self._busy.add(transfer)
                return transfer
        transfer = self._new_transfer()
        with self._lock:
            self._busy.add(transfer)
        return transfer

    def _give_back(self, transfer: Transfer, origin: str) -> None:
        transfer.release()
        with self._lock:
            self._busy.discard(transfer)
            if not self._closed:
                self._idle[transfer] = None
                if len(self._last) >= _REMEMBERED_ORIGINS:
                    self._last.clear()
                self._last[origin] = transfer
                return
        transfer.curl.close()

    def _new_transfer(self) -> Transfer:
        transfer = Transfer(self._options, self._router.guard)

        def on_progress(*_: int) -> bool:
            return transfer.verdict is not None or transfer.crawls(time.monotonic())

        transfer.curl.setopt(pycurl.MAXCONNECTS, min(self._options.connections, _CONNECTIONS_PER_HANDLE))
        transfer.curl.setopt(pycurl.XFERINFOFUNCTION, on_progress)
        return transfer


def _performed(transfer: Transfer) -> tuple[int, str]:
    # libcurl asks for progress at least once a second, which is when Ctrl-C gets its turn; signals only ever reach the
    # main thread. Elsewhere each such call is one more fight for the GIL: with 4 threads they tripled the CPU time.
    is_main = threading.current_thread() is threading.main_thread()
    transfer.curl.setopt(pycurl.NOPROGRESS, 0 if is_main else 1)
    try:
        transfer.curl.perform()
    except pycurl.error as error:
        return int(error.args[0]), str(error.args[-1])
    return 0, ""
