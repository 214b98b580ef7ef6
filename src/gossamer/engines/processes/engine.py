"""The processes engine: workers, each a process with an event loop of its own, fed in batches by one driver.

    crawl > Fetch > the worker of the host (or the least busy of its workers) > one frame a worker and round
    worker > fetch, decode, parse, judge the links > a frame of packed events > crawl, outputs, journal

The driver writes and reads whole batches and never decodes a record or a known link. No more is under way than the
crawl has slots, so no queue grows where one side is slow. A worker that dies is replaced, and its visits are reported
as lost. A worker that reads a page for too long is killed. A page that was being read when its worker died, twice, has
failed.
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

from msgspec.structs import replace

from gossamer.engines.driver import FetchEvent
from gossamer.engines.processes.wire import Job, WorkerConfig, WorkerEvent
from gossamer.engines.processes.worker_process import DEATHS, WorkerError, WorkerProcess
from gossamer.rules.politeness import Manners
from gossamer.rules.urls import host_key
from gossamer.values.model import Failure, Request
from gossamer.values.ports import Fetcher
from gossamer.values.protocol import Lost
from gossamer.values.reasons import Reason
from gossamer.visit.handlers import lateness

LOOK_EVERY: Final = 0.25
"""Time (seconds) between two checks of what the workers are reading, and the longest wait of a `collect`."""
LOSSES: Final = 10
"""Maximum number of times a request may be lost with a worker, beyond its retries, before it fails."""
MAX_FAILED_STARTS: Final = 3
"""Number of workers in a row that die before they are ready, after which the crawl ends."""


class ProcessesEngine:
    """Run visits in worker processes.

    The connections of a host stay with one worker, or with as many as it may have fetches at once. A `recorded` web is
    asked in the driver, since its answers come in order; they travel with the jobs.
    """

    def __init__(self, config: WorkerConfig, workers: int, recorded: Fetcher | None = None) -> None:
        self._config = pickle.dumps(config)
        self._recorded = recorded
        policy = config.work.policy
        self._limit = policy.handler_timeout
        self._most = policy.retries + LOSSES
        self._manners = Manners(policy)
        self._anywhere = not policy.hosts and policy.host_concurrency >= workers
        self._visitor = config.work.visitor()
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
        self._aborted = False

    # ------------------------------------------------------------ what a driver calls

    def start(self, request: Request) -> None:
        """Queue the request for a worker; the next `collect` sends it."""
        answer = None if self._recorded is None else self._recorded.fetch(request)
        slot = self._post_of(request)
        job = Job(request, answer)
        if slot.worker is None or not slot.worker.ready:
            slot.early[request.link.id] = time.monotonic()
        slot.under_way[request.link.id] = job
        slot.outbox.append(job)

    def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Send what was started, wait for the first events, and return all that have come."""
        for slot in self._slots:
            if slot.outbox:
                self._send(slot)
        patience = LOOK_EVERY if patience is None else min(patience, LOOK_EVERY)
        events: list[FetchEvent] = []
        for key, happened in self._selector.select(0.0 if self._orphaned else patience):
            slot = key.data
            if slot is None:
                self._drain()
                continue
            if happened & selectors.EVENT_WRITE and slot.worker.flush():
                self._selector.modify(slot.worker.connection, selectors.EVENT_READ, slot)
            if happened & selectors.EVENT_READ:
                self._receive(slot, slot.worker, events)
        self._look()
        if self._orphaned:
            events += self._orphaned
            self._orphaned = []
        return events

    def wake(self) -> None:
        """End a waiting `collect`; safe in signal handlers and from other threads."""
        with suppress(OSError):  # full: it is awake; closed: nobody waits any more
            self._waker.send(b"\0")

    def abort(self) -> None:
        """Wake `collect`; `close` then kills the workers, whatever they do."""
        self._aborted = True
        self.wake()

    def close(self) -> None:
        """End the workers, and with them the visits under way."""
        self._selector.close()
        workers = [slot.worker for slot in self._slots if slot.worker is not None]
        for worker in workers:
            worker.connection.close()  # all at once: each sees it and ends
            if self._aborted:
                worker.kill()
        for worker in workers:
            worker.close()
        self._woken.close()
        self._waker.close()

    # ------------------------------------------------------------ batches

    def _post_of(self, request: Request) -> _WorkerSlot:
        """Return the least busy of the workers that may have connections to the host."""
        if self._anywhere:
            return min(self._slots, key=_busy)
        host, count = host_key(request.url), len(self._slots)
        share = min(self._manners.host_concurrency(host), count)
        first = zlib.crc32(host.encode())
        return min([self._slots[(first + step) % count] for step in range(share)], key=_busy)

    def _send(self, slot: _WorkerSlot) -> None:
        worker = slot.worker or self._fill(slot)
        outbox, slot.outbox = slot.outbox, []
        if not worker.send(outbox):
            self._selector.modify(worker.connection, selectors.EVENT_READ | selectors.EVENT_WRITE, slot)

    def _fill(self, slot: _WorkerSlot) -> WorkerProcess:
        """Start a worker without waiting until it is ready."""
        slot.worker, slot.overdue = WorkerProcess(self._config), None
        self._selector.register(slot.worker.connection, selectors.EVENT_READ, slot)
        return slot.worker

    def _receive(self, slot: _WorkerSlot, worker: WorkerProcess, events: list[FetchEvent]) -> None:
        was_ready, came = worker.ready, worker.receive()
        if came is None:
            self._replace(slot, worker)
            return
        if worker.ready and not was_ready:
            now = time.monotonic()
            slot.early = {number: now - since for number, since in slot.early.items()}
        if slot.early:
            came = [slot.started_late(event) for event in came]
        for event in came:
            del slot.under_way[event.request.link.id]
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
        for slot in self._slots:
            if slot.worker is None or slot.overdue is not None:
                continue
            slot.overdue = slot.worker.overdue(self._limit)
            if slot.overdue is not None:
                slot.worker.kill()

    def _replace(self, slot: _WorkerSlot, dead: WorkerProcess) -> None:
        """Empty the slot of a dead worker, and record what becomes of each visit that was under way."""
        self._selector.unregister(dead.connection)
        suspect_id = dead.reading[0] if dead.reading else None
        dead.close()
        self._failed_starts = 0 if dead.ready else self._failed_starts + 1
        if self._failed_starts >= MAX_FAILED_STARTS:
            raise WorkerError(f"worker processes end before they begin ({dead.ended_how})")
        for number, job in slot.under_way.items():
            failure = self._blame(job.request, dead, slot.overdue) if number == suspect_id else None
            if failure is None and job.request.attempt >= self._most:
                failure = Failure(Reason.FAIL_WORKER_DIED, dead.ended_how)
            if failure is None:
                self._orphaned.append(Lost(job.request))
            else:
                self._orphaned.append(dead.give_up(job.request, failure, self._visitor))
        slot.worker, slot.outbox, slot.under_way, slot.early = None, [], {}, {}

    def _blame(self, request: Request, dead: WorkerProcess, overdue: int | None) -> Failure | None:
        """Return the failure of the page that a worker was reading when it died; None if it may be tried again."""
        number = request.link.id
        deaths = self._deaths.pop(number, 0) + 1
        if number == overdue:
            return Failure(Reason.FAIL_HANDLER_TIMEOUT, lateness(self._limit))
        if deaths >= DEATHS:
            return Failure(Reason.FAIL_WORKER_DIED, dead.ended_how)
        self._deaths[number] = deaths
        return None


class _WorkerSlot:
    """A place for one worker: its process, the jobs it has, and those that wait to be sent."""

    __slots__ = ("early", "outbox", "overdue", "under_way", "worker")

    def __init__(self) -> None:
        self.worker: WorkerProcess | None = None
        self.under_way: dict[int, Job] = {}
        self.outbox: list[Job] = []
        self.overdue: int | None = None
        self.early: dict[int, float] = {}
        """When the jobs came that the worker was not ready for; once it is, how long they waited for that."""

    def started_late(self, event: WorkerEvent) -> WorkerEvent:
        """Return an event with the time that its request waited for the worker to start."""
        waited = self.early.pop(event.request.link.id, 0.0)
        return replace(event, unstarted=waited) if waited else event


def _busy(slot: _WorkerSlot) -> int:
    return len(slot.under_way)
