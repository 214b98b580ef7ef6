"""Host name resolution on a pool of threads, so that one name that does not resolve delays no other."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Final

from msgspec import Struct

from gossamer.fetchers.connections import SHORTAGES


class Resolution(Struct, frozen=True):
    """The result of a look-up: addresses, or a problem."""

    addresses: tuple[str, ...] = ()
    """The IP addresses, in the order in which to try them; empty if the look-up failed."""

    problem: str = ""
    """Why the look-up failed, in a sentence for the user."""

    local: bool = False
    """Whether it failed because this machine ran out of descriptors or memory."""


class _Entry(Struct):
    """A cached look-up, finished or still running."""

    answer: Future[Resolution]
    """The result, shared by all callers that ask for the name."""

    expires: float = float("inf")
    """When the result is out of date, in seconds of the resolver's clock; infinite while the look-up runs."""


_LOCAL: Final = SHORTAGES | {socket.EAI_MEMORY}


def system_lookup(host: str) -> Resolution:
    """Resolve a host name with the system's resolver (hosts file, DNS …), blocking."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        problem = f"{host}: {getattr(error, 'strerror', None) or error}"
        return Resolution(problem=problem, local=getattr(error, "errno", None) in _LOCAL)
    return Resolution(tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)))


class DnsResolver:
    """A resolver of host names with threads of its own and a short-lived cache.

    libcurl's threaded resolver let 60 names that did not resolve delay 100 good ones for 12 s. Here a name occupies at
    most one thread, however many fetches wait for it, and every fetch has its own deadline.
    Safe to use from several threads.
    """

    def __init__(
        self,
        lookup: Callable[[str], Resolution] = system_lookup,
        *,
        threads: int = 128,
        ttl: float = 60.0,
        capacity: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a resolver; its threads start when they are needed.

        `lookup` resolves one name, blocking. `threads` limits the number of threads. `ttl` is how many seconds
        addresses are cached; failures are cached for a quarter of that, and those of this machine not at
        all. `capacity` limits the number of cached names.
        """
        self._lookup, self._clock = lookup, clock
        self._threads, self._ttl, self._capacity = threads, ttl, capacity
        self._entries: dict[str, _Entry] = {}
        self._queue: SimpleQueue[tuple[str, _Entry] | None] = SimpleQueue()
        self._started = 0
        self._unresolved = 0
        self._closed = False
        # Guards all of the above but the queue; never held during a look-up.
        self._lock = threading.Lock()

    def ask(self, host: str) -> Future[Resolution]:
        """Return a future of the addresses of a host name; it is done already if the result is cached."""
        with self._lock:
            entry = self._entries.get(host)
            if entry is not None and entry.expires > self._clock():
                return entry.answer
            entry = _Entry(Future())
            if self._closed:
                entry.answer.set_result(Resolution(problem=f"{host}: the resolver is closed"))
                return entry.answer
            self._make_room()
            self._entries[host] = entry
            self._unresolved += 1
            if self._unresolved > self._started and self._started < self._threads:
                self._start_thread()
        self._queue.put((host, entry))
        return entry.answer

    def close(self) -> None:
        """End the threads once the queued look-ups are done, without waiting for that; new look-ups fail."""
        with self._lock:
            self._closed = True
            started = self._started
        for _ in range(started):
            self._queue.put(None)

    def _make_room(self) -> None:
        if len(self._entries) < self._capacity:
            return
        now = self._clock()
        kept = {host: entry for host, entry in self._entries.items() if entry.expires > now}
        # If too few have expired, drop the older half. At worst, a name whose look-up still runs is looked up twice.
        surplus = len(kept) - self._capacity // 2 if len(kept) >= self._capacity else 0
        for host in list(kept)[:surplus]:
            del kept[host]
        self._entries = kept

    def _start_thread(self) -> None:
        self._started += 1
        # Daemons: a name that does not resolve may take half a minute, and the program must be able to exit meanwhile.
        threading.Thread(target=self._work, name=f"gossamer-resolver-{self._started}", daemon=True).start()

    def _work(self) -> None:
        while (queued := self._queue.get()) is not None:
            host, entry = queued
            try:
                answer = self._lookup(host)
            except Exception as error:  # noqa: BLE001  # a user's look-up may raise anything; the fetch must end
                answer = Resolution(problem=f"{host}: {error!r}")
            with self._lock:
                self._unresolved -= 1
                kept = self._ttl if answer.addresses else 0.0 if answer.local else self._ttl / 4
                entry.expires = self._clock() + kept
            entry.answer.set_result(answer)
