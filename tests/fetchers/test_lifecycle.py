"""Fetchers under way: many at once, called off, cancelled, closed, interrupted, out of descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import gossamer
from gossamer.fetchers import AwaitingFetcher, BlockingFetcher, FetchOptions
from gossamer.fetchers.dns import DnsResolver, Resolution, system_lookup
from gossamer.fetchers.multi import EpollMulti, PortableMulti, best_multi
from gossamer.values.model import Failure, Link, Request, Response
from gossamer.values.reasons import Reason
from tests.support.scripted_server import Do, Server, Step
from tests.support.server_scripts import PAGE, SCRIPTS

OPTIONS = FetchOptions(allow_private=("127.0.0.0/8",), timeout=20)
MULTIS: list[Callable[[int], Any]] = [EpollMulti, PortableMulti]


def asked(url: str) -> Request:
    return Request(Link(1, url))


class HangingServer(Server):
    """A server whose /hang tells when a request has arrived."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        super().__init__({**SCRIPTS, "/hang": self._hang})

    def _hang(self, _request: str) -> Iterator[Step]:
        self.arrived.release()
        yield Do.HANG


@pytest.fixture
def server() -> Iterator[HangingServer]:
    running = HangingServer()
    with running:
        yield running


def in_threads(count: int, work: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


# ---------------------------------------------------------------- blocking


def test_many_threads_share_one_blocking_fetcher(server: HangingServer) -> None:
    fetcher = BlockingFetcher(OPTIONS)
    bodies: list[bytes] = []

    def work() -> None:
        for path in ("/", "/gzip", "/chunked"):
            answer = fetcher.fetch(asked(f"{server.origin}{path}"))
            assert isinstance(answer, Response)
            bodies.append(answer.body)

    for thread in in_threads(8, work):
        thread.join()
    fetcher.close()
    assert bodies == [PAGE] * 24
    assert server.connections <= 8


def test_a_connection_is_used_again_whichever_thread_asks(server: HangingServer) -> None:
    fetcher = BlockingFetcher(OPTIONS)
    for _ in range(4):
        for thread in in_threads(1, lambda: fetcher.fetch(asked(f"{server.origin}/"))):
            thread.join()
    fetcher.close()
    assert server.connections == 1


def test_abort_ends_fetches_that_wait_in_silence_and_later_ones_at_once(server: HangingServer) -> None:
    fetcher = BlockingFetcher(OPTIONS)
    answers: list[Response | Failure] = []
    threads = in_threads(4, lambda: answers.append(fetcher.fetch(asked(f"{server.origin}/hang"))))
    for _ in threads:
        server.arrived.acquire()
    started = time.monotonic()
    fetcher.abort()
    for thread in threads:
        thread.join()
    answers.append(fetcher.fetch(asked(f"{server.origin}/")))
    assert time.monotonic() - started < 5
    assert [answer.reason for answer in answers if isinstance(answer, Failure)] == [Reason.FAIL_LOCAL] * 5
    fetcher.close()


def test_abort_opens_nothing_that_stays_open(server: HangingServer, tmp_path: Path) -> None:
    fetcher = BlockingFetcher(OPTIONS)
    [thread] = in_threads(1, lambda: fetcher.fetch(asked(f"{server.origin}/hang")))
    server.arrived.acquire()
    with (tmp_path / "lock").open("w") as file:
        fetcher.abort()
        there = [each for each in Path("/dev/fd").iterdir() if os.path.realpath(each) == file.name]
        assert len(there) == 1, "a duplicate of a lock file would go on holding the lock"
    thread.join()
    fetcher.close()


def test_a_signal_may_abort_a_fetcher_whose_lock_its_own_thread_holds() -> None:
    fetcher, aborted = BlockingFetcher(OPTIONS), threading.Event()

    def abort() -> None:
        with fetcher._lock:  # where a signal handler may find its thread
            fetcher.abort()
        aborted.set()

    threading.Thread(target=abort, daemon=True).start()
    assert aborted.wait(5)
    fetcher.close()


def test_abort_ends_a_fetch_that_waits_for_a_name_server() -> None:
    asking, never = threading.Event(), threading.Event()

    def lookup(_host: str) -> Resolution:
        asking.set()
        never.wait(10)
        return Resolution()

    fetcher = BlockingFetcher(FetchOptions(), DnsResolver(lookup))
    answers: list[Response | Failure] = []
    [thread] = in_threads(1, lambda: answers.append(fetcher.fetch(asked("http://slow.test/"))))
    asking.wait()
    fetcher.abort()
    thread.join(5)
    never.set()
    assert [getattr(answer, "reason", None) for answer in answers] == [Reason.FAIL_LOCAL]
    fetcher.close()


def test_closing_while_fetches_are_under_way_ends_them(server: HangingServer) -> None:
    fetcher = BlockingFetcher(OPTIONS)
    answers: list[Response | Failure] = []
    [thread] = in_threads(1, lambda: answers.append(fetcher.fetch(asked(f"{server.origin}/hang"))))
    server.arrived.acquire()
    fetcher.close()
    thread.join(5)
    assert [getattr(answer, "reason", None) for answer in answers] == [Reason.FAIL_LOCAL]
    fetcher.close()


def test_ctrl_c_interrupts_a_fetch_in_the_main_thread_and_the_fetcher_stays_usable() -> None:
    def interrupt(_request: str) -> Iterator[Step]:
        os.kill(os.getpid(), signal.SIGINT)
        yield Do.HANG

    fetcher = BlockingFetcher(OPTIONS)
    with Server({**SCRIPTS, "/interrupt": interrupt}) as server:
        with pytest.raises(KeyboardInterrupt):
            fetcher.fetch(asked(f"{server.origin}/interrupt"))
        answer = fetcher.fetch(asked(f"{server.origin}/"))
    fetcher.close()
    assert isinstance(answer, Response)


@contextlib.contextmanager
def no_descriptors() -> Iterator[list[int]]:
    """Let this process open nothing more; yield what is held, which the test may close."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path("/dev/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    held: list[int] = []
    try:
        with contextlib.suppress(OSError):  # until every gap below the limit is taken
            while True:
                held.append(os.dup(0))
        yield held
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in held:
            os.close(descriptor)


FEW = FetchOptions(allow_private=("127.0.0.0/8",), connect_timeout=0.5)


def blocking_answer(before: list[str], then: str) -> Response | Failure:
    fetcher = BlockingFetcher(FEW)
    for url in before:
        fetcher.fetch(asked(url))
    with no_descriptors():
        answer = fetcher.fetch(asked(then))
    fetcher.close()
    return answer


def awaited_answer(before: list[str], then: str) -> Response | Failure:
    async def main() -> Response | Failure:
        fetcher = AwaitingFetcher(FEW)
        for url in before:
            await fetcher.fetch(asked(url))
        with no_descriptors():
            answer = await fetcher.fetch(asked(then))
        await fetcher.aclose()
        return answer

    return asyncio.run(main())


@pytest.mark.parametrize("fetched", [blocking_answer, awaited_answer])
def test_connections_that_are_kept_make_room_for_another(fetched: Any, server: HangingServer) -> None:
    with Server(SCRIPTS) as one, Server(SCRIPTS) as two:
        answer = fetched([f"{one.origin}/", f"{two.origin}/"], f"{server.origin}/")
    assert isinstance(answer, Response), answer


@pytest.mark.parametrize("fetched", [blocking_answer, awaited_answer])
def test_running_out_of_descriptors_is_not_the_servers_fault(fetched: Any, server: HangingServer) -> None:
    failure = fetched([], f"{server.origin}/")
    assert isinstance(failure, Failure)
    assert failure.reason is Reason.FAIL_LOCAL, failure


def test_running_out_of_descriptors_while_names_are_looked_up_is_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "getaddrinfo", full)  # other threads of the tests may free a descriptor meanwhile
    assert system_lookup("localhost") == Resolution(problem="localhost: Too many open files", local=True)
    fetcher = BlockingFetcher(FetchOptions(), DnsResolver(lambda _: Resolution(problem="full", local=True)))
    failure = fetcher.fetch(asked("http://a.test/"))
    fetcher.close()
    assert isinstance(failure, Failure)
    assert failure.reason is Reason.FAIL_LOCAL


MANY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from gossamer import fetch_all
urls = [f"http://127.1.{n // 200}.{n % 200 + 1}:{sys.argv[2]}/" for n in range(300)]
pages = fetch_all(urls, engine=sys.argv[1], concurrency=90, allow_private="127.0.0.0/8", retries=0)
print([(page.reason, page.detail) for page in pages if not page.ok])
"""


@pytest.mark.parametrize("engine", ["asyncio", "threads"])
def test_many_hosts_are_fetched_from_with_few_descriptors(engine: str) -> None:
    with Server(SCRIPTS, host="0.0.0.0") as server:
        command = [sys.executable, "-c", MANY, engine, str(server.port)]
        environment = os.environ | {"PYTHONPATH": str(Path(gossamer.__file__).parents[1])}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=False)
    assert done.stdout == "[]\n", done.stdout + done.stderr


# ---------------------------------------------------------------- awaiting


@pytest.mark.parametrize("multi", MULTIS)
def test_many_fetches_are_under_way_at_once_on_one_loop(server: HangingServer, multi: Callable[[int], Any]) -> None:
    async def main() -> list[Any]:
        fetcher = AwaitingFetcher(OPTIONS, multi=multi)
        paths = ["/", "/gzip", "/chunked", "/short", "/thinker"] * 12
        answers = await asyncio.gather(*(fetcher.fetch(asked(f"{server.origin}{path}")) for path in paths))
        await fetcher.aclose()
        return answers

    started = time.monotonic()
    answers = asyncio.run(main())
    assert [getattr(answer, "body", None) for answer in answers] == [PAGE, PAGE, PAGE, None, PAGE] * 12
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("multi", MULTIS)
def test_cancelling_a_fetch_leaves_the_others_alone(server: HangingServer, multi: Callable[[int], Any]) -> None:
    async def main() -> Response | Failure:
        fetcher = AwaitingFetcher(OPTIONS, multi=multi)
        for _ in range(3):
            hanging = asyncio.create_task(fetcher.fetch(asked(f"{server.origin}/hang")))
            await asyncio.to_thread(server.arrived.acquire)
            other = asyncio.create_task(fetcher.fetch(asked(f"{server.origin}/thinker")))
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
            answer = await other
        await fetcher.aclose()
        return answer

    answer = asyncio.run(main())
    assert isinstance(answer, Response)
    assert answer.body == PAGE


@pytest.mark.parametrize("multi", MULTIS)
def test_closing_ends_the_fetches_under_way_as_failures(server: HangingServer, multi: Callable[[int], Any]) -> None:
    async def main() -> list[Any]:
        fetcher = AwaitingFetcher(OPTIONS, multi=multi)
        tasks = [asyncio.create_task(fetcher.fetch(asked(f"{server.origin}/hang"))) for _ in range(8)]
        for _ in tasks:
            await asyncio.to_thread(server.arrived.acquire)
        await fetcher.aclose()
        answers = await asyncio.gather(*tasks, fetcher.fetch(asked(f"{server.origin}/")))
        await fetcher.aclose()
        return answers

    assert [answer.reason for answer in asyncio.run(main())] == [Reason.FAIL_LOCAL] * 9


@pytest.mark.parametrize("multi", MULTIS)
def test_a_loop_that_ends_with_fetches_under_way_ends_quietly(
    server: HangingServer, multi: Callable[[int], Any]
) -> None:
    async def main() -> None:
        fetcher = AwaitingFetcher(OPTIONS, multi=multi)
        tasks = [asyncio.create_task(fetcher.fetch(asked(f"{server.origin}/hang"))) for _ in range(3)]
        for _ in tasks:
            await asyncio.to_thread(server.arrived.acquire)

    asyncio.run(main())


@pytest.mark.parametrize("multi", MULTIS)
def test_a_body_that_stops_altogether_is_left_before_the_deadline(
    server: HangingServer, multi: Callable[[int], Any]
) -> None:
    async def main() -> Any:
        options = FetchOptions(timeout=20, low_speed_time=0.2, allow_private=("127.0.0.1",))
        fetcher = AwaitingFetcher(options, multi=multi)
        failure = await fetcher.fetch(asked(f"{server.origin}/hang-in-body"))
        await fetcher.aclose()
        return failure

    failure = asyncio.run(main())
    assert failure.reason == Reason.FAIL_TIMEOUT
    assert failure.elapsed < 5


def test_cancelling_one_of_two_that_wait_for_a_name_leaves_the_other_its_answer(server: HangingServer) -> None:
    asking, go = threading.Event(), threading.Event()

    def lookup(_host: str) -> Resolution:
        asking.set()
        go.wait(10)
        return Resolution(("127.0.0.1",))

    async def main() -> Any:
        fetcher = AwaitingFetcher(OPTIONS, DnsResolver(lookup))
        url = f"http://slow.test:{server.port}/"
        first, second = (asyncio.create_task(fetcher.fetch(asked(url))) for _ in range(2))
        await asyncio.to_thread(asking.wait)
        first.cancel()
        await asyncio.wait([first])
        go.set()
        answer = await second
        await fetcher.aclose()
        return answer

    answer = asyncio.run(main())
    assert answer.body == PAGE
    assert answer.timings.dns > 0


def test_this_system_uses_the_faster_way() -> None:
    async def main() -> str:
        multi = best_multi(10)
        await multi.aclose()
        return type(multi).__name__

    assert asyncio.run(main()) == ("EpollMulti" if os.uname().sysname == "Linux" else "PortableMulti")


def test_each_origin_keeps_its_connection_while_threads_take_turns(server: HangingServer) -> None:
    fetcher = BlockingFetcher(OPTIONS)
    with Server(SCRIPTS) as other:
        for _ in range(3):
            for origin in (server.origin, other.origin):
                for thread in in_threads(1, partial(fetcher.fetch, asked(f"{origin}/"))):
                    thread.join()
        fetcher.close()
        assert (server.connections, other.connections) == (1, 1)
