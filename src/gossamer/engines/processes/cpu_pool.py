"""A pool of processes that parse pages and run handlers for any engine.

A page over its time limit is killed with the process that reads it. A process that dies is replaced, and a page that
was being read by two that died has failed. Small answers without a handler are read by the caller: sending them would
cost more than it saves.
"""

from __future__ import annotations

import asyncio
import pickle
import select
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import LifoQueue
from typing import Final

import msgspec

from gossamer.engines.processes.wire import BodyTransfer, Job, WorkerConfig, WorkerEvent
from gossamer.engines.processes.worker_process import DEATHS, WorkerProcess
from gossamer.values.model import Failure, Purpose, Request, Response
from gossamer.values.protocol import Visited
from gossamer.values.reasons import Reason
from gossamer.visit.handlers import Choice, lateness

SMALL: Final = 32 * 1024
"""Size of a body (bytes) below which the caller reads it.

At this size reading takes 0.9 ms, sending and receiving 0.25 ms of this process (benchmarks/more_cores.py threshold); a
page of 4 KiB costs the same both ways.
"""
LOOK_EVERY: Final = 0.2
"""Time (seconds) between two checks of a process that has not answered."""


class CpuPool:
    """A number of processes that read answers.

    `visit` may be called from several threads, `awaited` in an event loop; a failure of either costs one page only.
    """

    def __init__(self, config: WorkerConfig, processes: int) -> None:
        """Start the processes, without waiting until they are ready."""
        config = msgspec.structs.replace(config, fetches=False, answers=BodyTransfer.NONE, cpu_workers=0)
        self._config = pickle.dumps(config)
        self._visitor = config.work.visitor()
        self._choice, self._markdown = Choice(config.work.handlers), config.work.markdown
        self._limit = config.work.policy.handler_timeout
        self._workers = [WorkerProcess(self._config) for _ in range(processes)]
        self._free: LifoQueue[int] = LifoQueue()
        for number in range(processes):
            self._free.put(number)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="gossamer-cpu")
        # Guards _closed, and that no process is started after it is set. Reentrant, since a signal handler may `abort`
        # in a thread that holds it.
        self._closing = threading.RLock()
        self._closed = False

    async def awaited(self, request: Request, answer: Response | Failure) -> WorkerEvent:
        """Read an answer: here if it is small, else in a process, while the event loop goes on."""
        if self._is_small(request, answer):
            return self._visitor.visit(request, answer)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.visit, request, answer)

    def visit(self, request: Request, answer: Response | Failure) -> WorkerEvent:
        """Read an answer: here if it is small, else in a process, blocking the caller."""
        return self._visitor.visit(request, answer) if self._is_small(request, answer) else self.read(request, answer)

    def read(self, request: Request, answer: Response | Failure) -> WorkerEvent:
        """Read an answer in a process, as soon as one is free."""
        number = self._free.get()
        try:
            event = self._read(number, Job(request, answer))
        finally:
            self._free.put(number)
        return event.with_response(answer) if isinstance(event, Visited) and isinstance(answer, Response) else event

    def abort(self) -> None:
        """Kill the processes; the answers they are reading are lost."""
        with self._closing:
            self._closed = True
            for worker in self._workers:
                worker.kill()

    def close(self) -> None:
        """Kill the processes and release what belongs to them."""
        self.abort()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    # ------------------------------------------------------------ inside

    def _is_small(self, request: Request, answer: Response | Failure) -> bool:
        if request.purpose is Purpose.ROBOTS or isinstance(answer, Failure):
            return True
        if request.purpose is Purpose.PAGE and (self._markdown or self._choice.of(request.url) is not None):
            return False
        return len(answer.body) < SMALL

    def _read(self, number: int, job: Job) -> WorkerEvent:
        for _ in range(DEATHS):
            worker = self._workers[number]
            worker.send([job])
            outcome = self._outcome(worker)
            if not isinstance(outcome, Reason):
                return outcome
            if not self._replace(number):
                over = Failure(Reason.FAIL_LOCAL, "the crawl is over")
                return self._visitor.visit(job.request, over)  # nobody will see it
            if outcome is Reason.FAIL_HANDLER_TIMEOUT:
                late = Failure(outcome, lateness(self._limit))
                return worker.give_up(job.request, late, self._visitor)
        return worker.give_up(job.request, Failure(Reason.FAIL_WORKER_DIED, worker.ended_how), self._visitor)

    def _outcome(self, worker: WorkerProcess) -> WorkerEvent | Reason:
        """Wait for the event and return it, or the reason why none comes."""
        waiting = select.poll()
        waiting.register(worker.connection, select.POLLIN)
        while True:
            if not worker.flush():
                waiting.modify(worker.connection, select.POLLIN | select.POLLOUT)
            else:
                waiting.modify(worker.connection, select.POLLIN)
            waiting.poll(1000 * LOOK_EVERY)
            events = worker.receive()
            if events is None:
                return Reason.FAIL_WORKER_DIED
            if events:
                return events[0]
            if worker.overdue(self._limit) is not None:
                worker.kill()
                return Reason.FAIL_HANDLER_TIMEOUT

    def _replace(self, number: int) -> bool:
        """Replace a dead process, unless the crawl is over. Return whether the crawl goes on."""
        with self._closing:
            if not self._closed:
                self._workers[number].kill()
                self._workers[number].close()
                self._workers[number] = WorkerProcess(self._config)
            return self._goes_on(number)

    def _goes_on(self, number: int) -> bool:
        """Whether the crawl goes on; a signal may have ended it while a process was started."""
        if self._closed:
            self._workers[number].kill()
        return not self._closed
