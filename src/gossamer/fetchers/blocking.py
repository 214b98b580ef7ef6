"""`BlockingFetcher`: one fetch at a time for each calling thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import TimeoutError as LookupPending

import pycurl

from gossamer.fetchers.connections import Connection, descriptor_budget, shut_down
from gossamer.fetchers.curl_results import answer_of, is_starved
from gossamer.fetchers.dns import DnsResolver
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.routes import Route, Router
from gossamer.fetchers.slow_transfers import stopped
from gossamer.fetchers.transfer import Transfer
from gossamer.rules.recrawl import conditions
from gossamer.values.model import Failure, Request, Response
from gossamer.values.reasons import Reason

_CONNECTIONS_PER_HANDLE = 8
"""Maximum number of idle connections of one handle: libcurl cannot share them safely between threads."""

_MAX_HANDLES = 64
"""Number of handles from which idle ones serve any origin: after TLS, each has its own CA store of about 1 MB."""

_MAX_ORIGINS = 10_000
"""Maximum number of origins whose last handle is remembered."""

_WATCH = 1.0
"""Seconds between two looks at the fetches under way."""

_FULL_CHECK = 0.1
"""Seconds to wait for a descriptor before it is tried again."""

_ABORT_CHECK = 0.25
"""Seconds to wait for a name before `abort` is checked again."""

_STOPPED = "the fetcher was told to stop"


class BlockingFetcher:
    """An HTTP fetcher that blocks the calling thread; any number of threads may call `fetch` at once.

    Each libcurl handle has its own idle connections. So a fetch prefers the handle that last fetched from its origin,
    on whatever thread. There are up to 64 handles, or one for each running fetch if that is more; and fewer of both
    where this process may open few descriptors: a handle has one, and one for each of its connections.
    Create a new fetcher after a fork: a child process must not use inherited handles.
    """

    def __init__(self, options: FetchOptions | None = None, resolver: DnsResolver | None = None) -> None:
        """Create a fetcher; `resolver` replaces the default one, which asks the system."""
        self._options = options or FetchOptions()
        self._router = Router(self._options, resolver)
        self._aborted = threading.Event()
        self._closed = False
        # Guards the handles below and `_closed`. Reentrant, since a signal handler may call `abort` in a thread that
        # holds the lock. `_idle` is in order of use, the least recently used first; `_last` is by origin.
        self._lock = threading.RLock()
        self._busy: set[Transfer] = set()
        self._idle: dict[Transfer, None] = {}
        self._last: dict[str, Transfer] = {}
        budget = descriptor_budget()
        self._most_handles = max(1, min(_MAX_HANDLES, budget // 3))
        self._most_kept = max(
            1, min(self._options.connections, _CONNECTIONS_PER_HANDLE, budget // self._most_handles - 1)
        )
        self._most_busy = max(1, budget // 3)
        self._freed = threading.Condition(self._lock)
        self._waiting = 0
        self._watcher: threading.Thread | None = None

    def fetch(self, request: Request) -> Response | Failure:
        """Fetch one URL and return the whole response; an error is returned as a `Failure`, never raised."""
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
            transfer.prepare(
                url, route, dns, conditions(request.previous), purpose=request.purpose, method=request.method
            )
            error, message = self._run(transfer)
            return answer_of(transfer, error, message)
        finally:
            self._give_back(transfer, route.origin)

    def _run(self, transfer: Transfer) -> tuple[int, str]:
        patience = 0.0
        while True:
            if self._aborted.is_set():  # checked again: `prepare` clears a verdict that `abort` may just have set
                transfer.refuse(Reason.FAIL_LOCAL, _STOPPED)
            error, message = _perform(transfer)
            if not error:
                return error, message
            if transfer.repeats(error):
                continue
            now = time.monotonic()
            patience = patience or now + self._options.connect_timeout
            if not is_starved(transfer, error) or now > patience or self._aborted.is_set():
                return error, message
            self._close_idle()
            self._aborted.wait(_FULL_CHECK)
            transfer.restart()

    def _close_idle(self) -> None:
        """Close the handles that nobody uses, and with them the connections that they kept."""
        with self._lock:
            idle, self._idle, self._last = self._idle, {}, {}
        for transfer in idle:
            transfer.curl.close()

    def abort(self) -> None:
        """Make running fetches return a `Failure` soon, and later ones at once.

        A fetch that is still connecting may take until its connection times out.
        """
        self._aborted.set()
        with self._lock:
            busy = tuple(self._busy)
        for transfer in busy:
            transfer.refuse(Reason.FAIL_LOCAL, _STOPPED)
        # The callbacks stop each transfer that receives data; one that waits for data gets no callback: wake it.
        shut_down(_connections(busy))

    def close(self) -> None:
        """Abort running fetches and close the idle handles; a busy handle is closed when its fetch ends."""
        self.abort()
        with self._lock:
            self._closed = True
        self._close_idle()
        self._router.close()

    def _find(self, url: str, deadline: float) -> Route | Failure:
        lookup = self._router.ask(url)
        if isinstance(lookup, Route | Failure):
            return lookup
        while not self._aborted.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return Failure(Reason.FAIL_DNS, "no name server answered in time")
            try:
                return self._router.found(url, lookup.result(min(left, _ABORT_CHECK)))
            except LookupPending:
                continue
        return Failure(Reason.FAIL_LOCAL, _STOPPED)

    def _take(self, origin: str) -> Transfer:
        with self._lock:
            while len(self._busy) >= self._most_busy:
                self._waiting += 1
                self._freed.wait()
                self._waiting -= 1
            transfer = self._last.get(origin)
            if transfer not in self._idle:
                # While there are few handles, a new one is better than losing another origin's idle connections.
                scarce = len(self._idle) + len(self._busy) >= self._most_handles
                transfer = next(iter(self._idle), None) if scarce else None
            if transfer is not None:
                del self._idle[transfer]
                self._busy.add(transfer)
                return transfer
        transfer = self._new_transfer()
        with self._lock:
            self._busy.add(transfer)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="gossamer-watcher", daemon=True)
                self._watcher.start()
        return transfer

    def _watch(self) -> None:
        """Stop transfers that get no callback which could stop them: bodies that hang, and bytes that are no body."""
        while not self._aborted.wait(_WATCH):
            with self._lock:  # held throughout, so that none of them ends and begins another fetch meanwhile
                shut_down(_connections(stopped(self._busy, time.monotonic())))

    def _give_back(self, transfer: Transfer, origin: str) -> None:
        with self._lock:
            transfer.release()
            self._busy.discard(transfer)
            if self._waiting:
                self._freed.notify()
            if not self._closed:
                self._idle[transfer] = None
                if len(self._last) >= _MAX_ORIGINS:
                    self._last.clear()
                self._last[origin] = transfer
                return
        transfer.curl.close()

    def _new_transfer(self) -> Transfer:
        transfer = Transfer(self._options, self._router.guard)

        def on_progress(*_: int) -> bool:
            return transfer.verdict is not None or transfer.crawls(time.monotonic())

        transfer.curl.setopt(pycurl.MAXCONNECTS, self._most_kept)
        transfer.curl.setopt(pycurl.XFERINFOFUNCTION, on_progress)
        return transfer


def _connections(transfers: Iterable[Transfer]) -> set[Connection]:
    return {transfer.connection for transfer in transfers if transfer.connection is not None}


def _perform(transfer: Transfer) -> tuple[int, str]:
    # libcurl calls the progress function at least once a second, which lets Python handle Ctrl-C. Signals reach the
    # main thread only. In other threads each call contends for the GIL: with 4 threads this tripled the CPU time.
    is_main = threading.current_thread() is threading.main_thread()
    transfer.curl.setopt(pycurl.NOPROGRESS, 0 if is_main else 1)
    try:
        transfer.curl.perform()
    except pycurl.error as error:
        return int(error.args[0]), str(error.args[-1])
    return 0, ""
