"""Names to addresses, looked up by threads so that one dead name holds up nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from msgspec import Struct


class Resolution(Struct, frozen=True):
    """What looking up a name gave: its addresses in the order to try them, or none and the `problem` in plain words."""

    addresses: tuple[str, ...] = ()
    problem: str = ""


class _Entry(Struct):
    """A name being looked up or looked up already; `expires` is infinite until the answer is there."""

    answer: Future[Resolution]
    expires: float = float("inf")


def system_lookup(host: str) -> Resolution:
    """Ask this system's resolver (hosts file, DNS …), blocking."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Resolution(problem=f"{host}: {getattr(error, 'strerror', None) or error}")
    return Resolution(tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)))


class DnsResolver:
    """Looks names up on threads of its own, and remembers the answers for a short while.

    libcurl's own threaded resolver let 60 dead names hold up 100 good ones for 12 s; here a name occupies at most one
    thread however many fetches wait for it, there are many threads, and every fetch has its own deadline.
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
        """Keep answers `ttl` seconds, and failures a quarter of that; start at most `threads` threads, when needed."""
        self._lookup, self._clock = lookup, clock
        self._threads, self._ttl, self._capacity = threads, ttl, capacity
        self._entries: dict[str, _Entry] = {}
        self._queue: SimpleQueue[tuple[str, _Entry] | None] = SimpleQueue()
        self._started = 0
        self._unanswered = 0
        self._closed = False
        # Guards everything above but the queue; never held while a name is looked up.
        self._lock = threading.Lock()

    def ask(self, host: str) -> Future[Resolution]:
        """Promise the answer for a host name; already there when the name was asked for lately."""
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
            self._unanswered += 1
            if self._unanswered > self._started and self._started < self._threads:
                self._start_thread()
        self._queue.put((host, entry))
        return entry.answer

    def close(self) -> None:
        """Let the threads end; names still being looked up are answered, but nobody need wait for them."""
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
        # Nothing expired: forget the older half. A name still being looked up is then asked for twice, at worst.
        surplus = len(kept) - self._capacity // 2 if len(kept) >= self._capacity else 0
        for host in list(kept)[:surplus]:
            del kept[host]
        self._entries = kept

    def _start_thread(self) -> None:
        self._started += 1
        # Daemons: a dead name may take half a minute, and the program must be able to end meanwhile.
        threading.Thread(target=self._work, name=f"gossamer-resolver-{self._started}", daemon=True).start()

    def _work(self) -> None:
        while (asked := self._queue.get()) is not None:
            host, entry = asked
            try:
                answer = self._lookup(host)
            except Exception as error:  # noqa: BLE001  # a look-up given by the user may raise anything; the fetch must end
                answer = Resolution(problem=f"{host}: {error!r}")
            with self._lock:
                self._unanswered -= 1
                entry.expires = self._clock() + (self._ttl if answer.addresses else self._ttl / 4)
            entry.answer.set_result(answer)
