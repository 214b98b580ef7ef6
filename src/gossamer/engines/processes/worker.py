"""The inside of a worker process: an event loop that fetches, parses, runs handlers, and reports in batches.

Results wait until half of what is under way has landed, or a few milliseconds: the driver's costs are per batch. Which
answer is being read is noted in memory that outlives the worker, so that an answer that kills it is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import pickle
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Coroutine, Generator, Iterator
from typing import TYPE_CHECKING, Any, Final

from gossamer.engines import async_handlers
from gossamer.engines.bridges import new_event_loop
from gossamer.engines.processes.wire import (
    CRASH,
    EVENTS,
    HEAD,
    NUMBER,
    READ,
    READY,
    BodyTransfer,
    Inlet,
    Job,
    Outlet,
    WorkerConfig,
    WorkerCrash,
    WorkerEvent,
    encode,
    frame,
    jobs_of,
)
from gossamer.engines.processes.worker_process import HEARTBEAT
from gossamer.fetchers import AwaitingFetcher, FetchOptions
from gossamer.outputs.warc.records import archived
from gossamer.values.errors import UserError
from gossamer.values.model import Failure, OutcomeKind, Purpose, Request, Response
from gossamer.values.protocol import Visited
from gossamer.visit.handlers import Due, Handled
from gossamer.visit.visitor import event_of

if TYPE_CHECKING:
    from gossamer.engines.processes.cpu_pool import CpuPool

REPORT_AFTER: Final = 0.01
"""Maximum time (seconds) that results wait in a worker whose loop is free: each report wakes the driver."""


class Heartbeat:
    """Shared memory in which a worker notes which answer it reads; the driver sees it even if the worker is dead."""

    def __init__(self, descriptor: int) -> None:
        self._shared = mmap.mmap(descriptor, HEARTBEAT.size)

    def begin(self, request: Request) -> None:
        """Record that the answer to a request is being read from now on."""
        HEARTBEAT.pack_into(self._shared, 0, request.link.id, time.monotonic())

    def end(self) -> None:
        """Record that nothing is being read."""
        HEARTBEAT.pack_into(self._shared, 0, 0, 0.0)


class _Noted:
    """Awaits the work on a page, and records in the heartbeat whenever it runs."""

    def __init__(self, heartbeat: Heartbeat, request: Request, work: Coroutine[Any, Any, WorkerEvent]) -> None:
        self._heartbeat = heartbeat
        self._request = request
        self._work = work

    def __await__(self) -> Generator[Any, Any, WorkerEvent]:
        step, given = self._work.send, None
        while True:
            self._heartbeat.begin(self._request)
            try:
                waited_for = step(given)
            except StopIteration as done:
                event: WorkerEvent = done.value
                return event
            finally:
                self._heartbeat.end()
            try:
                step, given = self._work.send, (yield waited_for)
            except BaseException as error:  # noqa: BLE001  # what it waited for failed or was cancelled: its own affair
                step, given = self._work.throw, error


class Worker:
    """Makes the visits of the jobs it receives, and sends back their results."""

    def __init__(self, connection: socket.socket, heartbeat: Heartbeat, config: WorkerConfig) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._inlet, self._outlet = Inlet(connection), Outlet(connection)
        self._heartbeat = heartbeat
        self._visitor = config.work.visitor()
        self._answers = config.answers
        self._fetcher = AwaitingFetcher(FetchOptions.of(config.work.policy)) if config.fetches else None
        self._pool = _pool(config)
        self._under_way = self._enough = 0
        self._results: list[WorkerEvent] = []
        self._reported_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        connection.setblocking(False)
        self._loop.add_reader(connection.fileno(), self._take)
        self._send(READY, b"")

    def _take(self) -> None:
        with _ending_with_the_driver():
            frames = self._inlet.receive()
        if frames is None:
            os._exit(0)
        for _, packed in frames:
            for job in jobs_of(packed):
                self._begin(job)
        self._enough = (self._under_way + 1) // 2

    def _begin(self, job: Job) -> None:
        self._under_way += 1
        task = self._loop.create_task(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, job: Job) -> None:
        try:
            answer = job.answer
            if answer is None:
                assert self._fetcher is not None, "a job without an answer"
                answer = await self._fetcher.fetch(job.request)
            self._finish(await self._read(job.request, answer))
        except asyncio.CancelledError:
            raise
        except BaseException:  # noqa: BLE001  # a bug must end the crawl loudly, not hang it
            self._send(CRASH, encode(WorkerCrash(traceback.format_exc())))

    def _sent_back(self, event: Visited) -> Response | None:
        """Return what the driver gets of an answer: nothing, or its WARC record if it will be in an archive."""
        outcome = event.outcome
        if self._answers is BodyTransfer.NONE or outcome.response is None:
            return None
        if outcome.kind is OutcomeKind.RETRY or event.request.purpose is not Purpose.PAGE:
            return None
        return archived(outcome.response)

    def _made(self, event: WorkerEvent) -> WorkerEvent:
        """Return an event with what is sent back of its answer."""
        if self._answers is BodyTransfer.WHOLE or not isinstance(event, Visited):
            return event
        try:
            return event.with_response(self._sent_back(event))
        except MemoryError:
            return self._visitor.out_of_memory(event.request)

    async def _read(self, request: Request, answer: Response | Failure) -> WorkerEvent:
        if self._pool is not None:
            return self._made(await self._pool.awaited(request, answer))
        self._heartbeat.begin(request)
        reading = self._visitor.read(request, answer)
        self._heartbeat.end()
        sent = self._made(event_of(reading))
        if not isinstance(sent, Visited) or not self._visitor.has_work(reading):
            return sent
        self._report()  # nobody knows how long the rest takes
        self._send(READ, NUMBER.pack(request.link.id) + encode(sent))
        event = await _Noted(self._heartbeat, request, async_handlers.finish(self._visitor, reading, _handle))
        return event.with_response(sent.outcome.response) if isinstance(event, Visited) else event

    # ------------------------------------------------------------ reporting

    def _finish(self, event: WorkerEvent) -> None:
        self._under_way -= 1
        self._results.append(event)
        waited = time.monotonic() - self._reported_at
        if len(self._results) >= self._enough or not self._under_way or waited >= REPORT_AFTER:
            self._report()
        elif self._timer is None:
            self._timer = self._loop.call_later(REPORT_AFTER, self._report)

    def _report(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._reported_at = time.monotonic()
        results, self._results = self._results, []
        if results:
            self._send(EVENTS, encode(results))

    def _send(self, kind: int, content: bytes) -> None:
        with _ending_with_the_driver():
            sent = self._outlet.send(kind, content)
        if not sent:
            self._loop.add_writer(self._connection.fileno(), self._flush)

    def _flush(self) -> None:
        with _ending_with_the_driver():
            sent = self._outlet.flush()
        if sent:
            self._loop.remove_writer(self._connection.fileno())


@contextlib.contextmanager
def _ending_with_the_driver() -> Iterator[None]:
    """End the process silently where the connection broke: the driver is gone."""
    try:
        yield
    except OSError:
        os._exit(0)


async def _handle(due: Due) -> Handled:
    try:
        return await async_handlers.handle(due)
    except KeyboardInterrupt as error:  # no signal brings one here: the handler raised it itself
        return due.failed(error)


# ---------------------------------------------------------------- the process


def _pool(config: WorkerConfig) -> CpuPool | None:
    if not config.cpu_workers:
        return None
    from gossamer.engines.processes.cpu_pool import CpuPool  # few workers have one, and all shall start soon

    return CpuPool(config, config.cpu_workers)


def main() -> None:
    """Run a worker on the socket and the heartbeat whose descriptors the command line names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection, heartbeat = socket.socket(fileno=int(sys.argv[1])), Heartbeat(int(sys.argv[2]))
    os.close(int(sys.argv[2]))
    sys.argv[:] = sys.argv[:1]
    threading.Thread(target=_watch, args=(connection.fileno(),), name="gossamer-watch", daemon=True).start()
    try:
        config = _config(connection)
        _limit_memory(config.work.policy.worker_memory)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(connection, heartbeat, config))
    except UserError as error:
        _complain(connection, WorkerCrash(str(error), users=True))
    except BaseException:  # noqa: BLE001  # told to the driver, which raises it
        _complain(connection, WorkerCrash(traceback.format_exc()))


async def _serve(connection: socket.socket, heartbeat: Heartbeat, config: WorkerConfig) -> None:
    working = Worker(connection, heartbeat, config)
    await asyncio.Event().wait()  # for ever: the process ends when its driver lets go of it
    del working


def _watch(descriptor: int) -> None:
    """End the process when the driver is gone, even where the loop is busy with an endless page."""
    watched = select.poll()
    watched.register(descriptor, 0)
    while not any(happened & (select.POLLHUP | select.POLLERR) for _, happened in watched.poll()):
        pass
    os._exit(0)


def _config(connection: socket.socket) -> WorkerConfig:
    """Return the configuration, reading no byte more."""
    length, _ = HEAD.unpack(_exactly(connection, HEAD.size))
    config: WorkerConfig = pickle.loads(_exactly(connection, length))  # noqa: S301  # of the driver, which started us
    return config


def _exactly(connection: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        piece = connection.recv(count - len(content))
        if not piece:
            os._exit(0)
        content += piece
    return content


def _limit_memory(limit: int) -> None:
    """Limit the memory of the process (bytes; 0: no limit): beyond it, allocations raise MemoryError."""
    if limit and sys.platform != "win32":  # where processes have no such limits
        import resource

        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def _complain(connection: socket.socket, broken: WorkerCrash) -> None:
    connection.setblocking(True)
    with contextlib.suppress(OSError):
        connection.sendall(frame(CRASH, encode(broken)))
    os._exit(1)
