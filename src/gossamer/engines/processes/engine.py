"""The processes engine: workers, each a process with an event loop of its own, fed in batches by one driver.

    crawl > Fetch > the worker of the host (or the least busy of its workers) > one frame a worker and round
    worker > fetch, decode, parse, judge the links > a frame of packed events > crawl, outputs, journal

The driver writes and reads whole batches and never decodes a record or a link that is known. No more is under way than
the crawl has slots, so nothing grows where one side is slow. A worker that dies is replaced, and the crawl is told
which visits are lost; one that reads a page for too long is killed. A page that twice was being read when its worker
died has ended.
"""

from __future__ import annotations

import pickle
import selectors
import socket
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from gossamer.engines.driver import FetchEvent
from gossamer.engines.processes.wire import Job, WorkerConfig
from gossamer.engines.processes.worker_process import DEATHS, WorkerError, WorkerProcess
from gossamer.rules.politeness import Manners
from gossamer.rules.urls import host_key
from gossamer.values.model import Failure, Request
from gossamer.values.ports import Fetcher
from gossamer.values.protocol import Lost
from gossamer.values.reasons import Reason
from gossamer.visit.handlers import lateness

LOOK_EVERY: Final = 0.25
"""Seconds between two looks at what the workers are reading, and the longest a `collect` waits."""
LOSSES: Final = 10
"""How often a request may be lost with a worker, beyond all its other tries, before it is given up as well."""
MAX_FAILED_STARTS: Final = 3
"""So many workers in a row that die before they are ready end the crawl: no further one would fare better."""


class ProcessesEngine:
    """Run visits in worker processes.

    The connections of a host stay with one worker, or with as many as it may have fetches at once. `recorded` answers
    in the driver where the web is recorded: its answers come one after the other, so they travel with the errands.
    """

    def __init__(self, orders: WorkerConfig, workers: int, recorded: Fetcher | None = None) -> None:
        self._orders = pickle.dumps(orders)
        self._recorded = recorded
        policy = orders.work.policy
        self._limit = policy.handler_timeout
        self._most = policy.retries + LOSSES
        self._manners = Manners(policy)
        self._anywhere = not policy.hosts and policy.host_concurrency >= workers
        self._visitor = orders.work.visitor()
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._slots = [_WorkerSlot() for _ in range(workers)]
        self._orphaned: list[FetchEvent] = []
        self._deaths: dict[int, int] = {}
        self._failed_starts = 0
        self._looked_at = 0.0

    # ------------------------------------------------------------ what a driver calls

    def start(self, request: Request) -> None:
        """Hand the request to a worker; it goes out with the others of this round."""
        answer = None if self._recorded is None else self._recorded.fetch(request)
        post = self._post_of(request)
        errand = Job(request, answer)
        post.under_way[request.link.id] = errand
        post.outbox.append(errand)

    def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Send what was started, then wait for the first frames of events, and take all that are there."""
        for post in self._slots:
            if post.outbox:
                self._send(post)
        patience = LOOK_EVERY if patience is None else min(patience, LOOK_EVERY)
        events: list[FetchEvent] = []
        for key, happened in self._selector.select(0.0 if self._orphaned else patience):
            post = key.data
            if post is None:
                self._drain()
                continue
            if happened & selectors.EVENT_WRITE and post.child.flush():
                self._selector.modify(post.child.connection, selectors.EVENT_READ, post)
            if happened & selectors.EVENT_READ:
                self._receive(post, post.child, events)
        self._look()
        if self._orphaned:
            events += self._orphaned
            self._orphaned = []
        return events

    def wake(self) -> None:
        """Make a waiting `collect` return; safe in signal handlers and from other threads."""
        with suppress(OSError):  # full: it is awake; closed: nobody waits any more
            self._waker.send(b"\0")

    def close(self) -> None:
        """End the workers, and with them what is under way."""
        self._selector.close()
        children = [post.child for post in self._slots if post.child is not None]
        for child in children:
            child.connection.close()  # all at once: each sees it and ends
        for child in children:
            child.close()
        self._woken.close()
        self._waker.close()

    # ------------------------------------------------------------ batches

    def _post_of(self, request: Request) -> _WorkerSlot:
        """Choose the least busy of the workers that may have connections to the host."""
        if self._anywhere:
            return min(self._slots, key=_busy)
        host, count = host_key(request.url), len(self._slots)
        share = min(self._manners.host_concurrency(host), count)
        first = zlib.crc32(host.encode())
        return min([self._slots[(first + step) % count] for step in range(share)], key=_busy)

    def _send(self, post: _WorkerSlot) -> None:
        child = post.child or self._fill(post)
        outbox, post.outbox = post.outbox, []
        if not child.send(outbox):
            self._selector.modify(child.connection, selectors.EVENT_READ | selectors.EVENT_WRITE, post)

    def _fill(self, post: _WorkerSlot) -> WorkerProcess:
        """Start a worker, once there is work for it; nobody waits until it is ready."""
        post.child, post.overdue = WorkerProcess(self._orders), None
        self._selector.register(post.child.connection, selectors.EVENT_READ, post)
        return post.child

    def _receive(self, post: _WorkerSlot, child: WorkerProcess, events: list[FetchEvent]) -> None:
        came = child.receive()
        if came is None:
            self._replace(post, child)
            return
        for event in came:
            del post.under_way[event.request.link.id]
        events += came

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass

    # ------------------------------------------------------------ workers that die, or must

    def _look(self) -> None:
        """Kill workers that have read one page for too long."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        for post in self._slots:
            if post.child is None or post.overdue is not None:
                continue
            post.overdue = post.child.overdue(self._limit)
            if post.overdue is not None:
                post.child.kill()

    def _replace(self, post: _WorkerSlot, dead: WorkerProcess) -> None:
        """Vacate the place of a dead worker, and say what becomes of each visit that was under way."""
        self._selector.unregister(dead.connection)
        suspect_id = dead.reading[0] if dead.reading else None
        dead.close()
        self._failed_starts = 0 if dead.ready else self._failed_starts + 1
        if self._failed_starts >= MAX_FAILED_STARTS:
            raise WorkerError(f"worker processes end before they begin ({dead.ended_how})")
        for number, errand in post.under_way.items():
            failure = self._blame(errand.request, dead, post.overdue) if number == suspect_id else None
            if failure is None and errand.request.attempt >= self._most:
                failure = Failure(Reason.FAIL_WORKER_DIED, dead.ended_how)
            if failure is None:
                self._orphaned.append(Lost(errand.request))
            else:
                self._orphaned.append(dead.give_up(errand.request, failure, self._visitor))
        post.child, post.outbox, post.under_way = None, [], {}

    def _blame(self, request: Request, dead: WorkerProcess, overdue: int | None) -> Failure | None:
        """Say how the visit failed that a worker read when it died; None where that may have been an accident."""
        number = request.link.id
        deaths = self._deaths.pop(number, 0) + 1
        if number == overdue:
            return Failure(Reason.FAIL_HANDLER_TIMEOUT, lateness(self._limit))
        if deaths >= DEATHS:
            return Failure(Reason.FAIL_WORKER_DIED, dead.ended_how)
        self._deaths[number] = deaths
        return None


class _WorkerSlot:
    """A worker's place: whoever fills it now, what it has been given, and what waits to go out."""

    __slots__ = ("child", "outbox", "overdue", "under_way")

    def __init__(self) -> None:
        self.child: WorkerProcess | None = None
        self.under_way: dict[int, Job] = {}
        self.outbox: list[Job] = []
        self.overdue: int | None = None


def _busy(post: _WorkerSlot) -> int:
    return len(post.under_way)
