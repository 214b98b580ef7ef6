"""Worker processes: what goes wrong with a page costs that page, and nobody is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gossamer.api import crawler as module
from gossamer.api.crawler import Crawler
from gossamer.api.report import Report
from gossamer.engines.processes import worker
from gossamer.engines.processes.wire import EVENTS, BodyTransfer, WorkerConfig
from gossamer.engines.processes.worker_process import HEARTBEAT
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.outputs.warc.answers import kept_answers
from gossamer.rules.policy import Policy
from gossamer.testing import FakeClock
from gossamer.values.errors import UserError
from gossamer.values.model import Link, OutcomeKind, Request, Response, record_of
from gossamer.values.protocol import Failed
from gossamer.values.reasons import FinishReason, Reason
from gossamer.visit.page import Page
from gossamer.visit.visitor import Work
from tests.support.deadly_work import ORIGIN, DeadlyWork, awaited, handler, site, waiting

EVERYWHERE = [
    pytest.param("processes", {"workers": 2}, id="processes"),
    pytest.param("processes", {"workers": 2, "cpu_workers": 2}, id="processes with CPU workers"),
    pytest.param("asyncio", {"cpu_workers": 2}, id="asyncio"),
    pytest.param("threads", {"cpu_workers": 2}, id="threads"),
    pytest.param("inline", {"cpu_workers": 1}, id="inline"),
]


@pytest.fixture(autouse=True)
def deadly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Work", DeadlyWork)


def crawler(*names: str, engine: str = "processes", **fields: object) -> Crawler:
    fields = {"workers": 2, "delay": 0, "host_concurrency": 4, "handler_timeout": 1.0} | fields
    if engine != "processes":
        del fields["workers"]
    fetcher = site(*names)
    return Crawler(ORIGIN, engine=engine, fetcher=fetcher, clock=FakeClock(), sitemaps=False, **fields)  # type: ignore[arg-type]


def reasons(pages: list[Page]) -> dict[str, Reason | None]:
    found = {page.url.rpartition("/")[2]: page.reason for page in pages}
    assert len(found) == len(pages), "every page ends once"
    assert len(found) >= 21, "the crawl goes on"
    return {name: reason for name, reason in found.items() if reason is not None}


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_text_that_takes_a_tree_is_never_made_in_the_process_of_the_crawl(engine: str, tmp_path: Path) -> None:
    pytest.importorskip("resiliparse")
    crawl = crawler("crash", engine=engine, text="fast", formats=("markdown",), directory=tmp_path / "crawl")
    assert reasons(list(crawl)) == {"crash": Reason.FAIL_WORKER_DIED}


@pytest.mark.parametrize(("engine", "fields"), EVERYWHERE)
def test_a_page_that_crashes_loops_or_takes_all_memory_costs_itself_only(
    engine: str, fields: dict[str, object]
) -> None:
    crawl = crawler("crash", "loop", "hungry", "raising", engine=engine, **fields)
    assert reasons(list(crawl)) == {
        "crash": Reason.FAIL_WORKER_DIED,
        "loop": Reason.FAIL_HANDLER_TIMEOUT,
        "hungry": Reason.FAIL_HANDLER_MEMORY,
        "raising": Reason.FAIL_BUG,
    }
    assert crawl.report.finish_reason is FinishReason.COMPLETE
    spent = crawl.report.snapshot
    assert sum(spent.seconds.values()) == pytest.approx(spent.elapsed * spent.slots)


@pytest.mark.parametrize("names", [("crash",), ("loop",), ("hungry",)])
def test_what_ends_a_worker_counts_as_an_error_of_a_handler(names: tuple[str, ...]) -> None:
    crawl = crawler(*names, max_handler_errors=1, host_concurrency=1)
    pages = list(crawl)
    assert crawl.report.finish_reason is FinishReason.HANDLER_ERRORS
    assert len(pages) < 22


@pytest.mark.parametrize(("engine", "fields"), EVERYWHERE)
def test_a_page_whose_worker_died_once_is_read_by_the_next(
    engine: str, fields: dict[str, object], tmp_path: Path
) -> None:
    name = f"once={tmp_path}/mark"
    crawl = crawler(name, engine=engine, **fields)
    assert reasons(list(crawl)) == {}
    assert (tmp_path / "mark").exists(), "it did die"


HANDLERS = [
    ("processes", {"workers": 1}, handler),
    ("processes", {"workers": 1}, awaited),
    ("processes", {"workers": 1, "cpu_workers": 1}, handler),
    ("asyncio", {"cpu_workers": 1}, handler),
    ("threads", {"cpu_workers": 1}, handler),
]
DEATHS = [
    *[("crash", Reason.FAIL_WORKER_DIED, *where) for where in HANDLERS],
    *[("loop", Reason.FAIL_HANDLER_TIMEOUT, *where) for where in HANDLERS[::3]],
    *[pytest.param("loop", Reason.FAIL_HANDLER_TIMEOUT, *HANDLERS[at], marks=pytest.mark.slow) for at in (1, 2, 4)],
]
"""A worker that loops is killed, and then has died like any other: one of each kind of worker is enough by default."""


@pytest.mark.parametrize(("name", "reason", "engine", "fields", "function"), DEATHS)
def test_a_page_came_and_its_links_count_although_its_handler_ended_the_worker(
    name: str,
    reason: Reason,
    engine: Any,
    fields: dict[str, Any],
    function: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "Work", Work)
    web = RecordedFetcher.of_site(
        {"/": f"<a href={name}>it</a>", f"/{name}": "<title>It</title><a href=below>x</a>", "/below": "here"}, ORIGIN
    )
    crawl = Crawler(
        f"{ORIGIN}/", engine=engine, fetcher=web, directory=tmp_path / "crawl", formats=("jsonl", "warc"),
        clock=FakeClock(1000.0), handler_timeout=1.0, **fields,
    )  # fmt: skip
    crawl.on()(function)
    assert crawl.run().finish_reason is FinishReason.COMPLETE
    lines = (tmp_path / "crawl" / "pages.jsonl").read_bytes().splitlines()
    records = {record.url.removeprefix(ORIGIN): record for record in map(record_of, lines)}
    assert set(records) == {"/", f"/{name}", "/below"}
    it = records[f"/{name}"]
    assert (it.outcome, it.reason, it.status, it.title, it.outlinks) == (OutcomeKind.FAILED, reason, 200, "It", 1)
    assert it.size == len("<title>It</title><a href=below>x</a>")
    assert f"{ORIGIN}/{name}" in {kept.url for kept in kept_answers(tmp_path / "crawl")}


@pytest.mark.parametrize(
    ("engine", "fields"),
    [("processes", {"workers": 2}), ("processes", {"workers": 1, "cpu_workers": 1}), ("asyncio", {}),
     ("asyncio", {"cpu_workers": 1})],
)  # fmt: skip
def test_a_handler_that_waits_for_ever_is_called_off(
    engine: Any, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Work", Work)
    crawl = crawler("wait", engine=engine, handler_timeout=0.5, **fields)
    crawl.on()(waiting)
    assert reasons(list(crawl)) == {"wait": Reason.FAIL_HANDLER_TIMEOUT}
    assert crawl.report.finish_reason is FinishReason.COMPLETE


def test_the_sitemaps_of_a_host_are_read_although_its_first_page_ended_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "Work", Work)
    web = RecordedFetcher.of_site({"/crash": "x", "/sitemap.xml": f"{ORIGIN}/hidden", "/hidden": "y"}, ORIGIN)
    crawl = Crawler(f"{ORIGIN}/crash", engine="processes", workers=1, fetcher=web, clock=FakeClock(1000.0))
    crawl.on()(handler)
    assert {page.url: page.reason for page in crawl} == {
        f"{ORIGIN}/crash": Reason.FAIL_WORKER_DIED, f"{ORIGIN}/hidden": None
    }  # fmt: skip


@pytest.mark.parametrize(("engine", "fields"), [("processes", {"workers": 1}), ("asyncio", {"cpu_workers": 1})])
def test_a_page_came_although_making_it_a_document_ended_the_worker(
    engine: Any, fields: dict[str, Any], tmp_path: Path
) -> None:
    web = RecordedFetcher.of_site({"/": "<a href=torn>x</a>", "/torn": "<a href=below>x</a>", "/below": "x"}, ORIGIN)
    crawl = Crawler(
        f"{ORIGIN}/", engine=engine, fetcher=web, directory=tmp_path / "crawl", formats=("jsonl", "markdown"),
        clock=FakeClock(1000.0), **fields,
    )  # fmt: skip
    crawl.run()
    records = map(record_of, (tmp_path / "crawl" / "pages.jsonl").read_bytes().splitlines())
    assert {record.url.removeprefix(ORIGIN): (record.status, record.reason) for record in records} == {
        "/": (200, None), "/torn": (200, Reason.FAIL_WORKER_DIED), "/below": (200, None)
    }  # fmt: skip


def test_workers_killed_by_others_cost_nothing() -> None:
    crawl = crawler(host_concurrency=1, workers=1)
    killed, pages = 0, []
    for page in crawl:
        pages.append(page)
        if len(pages) in (1, 5, 9):
            killed += kill_children()
    assert killed
    assert reasons(pages) == {}


def test_a_page_that_ended_its_worker_is_asked_for_again_as_politely_as_at_first(tmp_path: Path) -> None:
    name = f"once={tmp_path}/mark"
    crawl = crawler(name, "crash", host_concurrency=1, delay=2.0)
    attempts = {page.url.rpartition("/")[2]: page.record.attempts for page in crawl}
    assert {attempts.pop("mark"), attempts.pop("crash")} == {2}
    assert set(attempts.values()) == {1}
    assert crawl.report.audit.violations == 0
    assert crawl.report.audit.fetches == 1 + 23 + 2
    assert crawl.report.audit.smallest_gap == pytest.approx(2.0)


def kill_children() -> int:
    ours = [int(pid) for pid in children_of(os.getpid())]
    for pid in ours:
        os.kill(pid, signal.SIGKILL)
    return len(ours)


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_the_pages_have_their_bodies_with_for_and_with_async_for() -> None:
    async def collected() -> list[Page]:
        return [page async for page in crawler()]

    for pages in (list(crawler()), asyncio.run(collected())):
        assert {page.url.rpartition("/")[2]: "calm" in page.html for page in pages if page.url != f"{ORIGIN}/"} == {
            f"calm{number}": True for number in range(20)
        }


def test_bodies_stay_with_the_workers_where_nobody_wants_them() -> None:
    crawl = crawler()
    crawl.spare_bodies()
    pages = list(crawl)
    assert len(pages) == 21
    assert not any(page.html for page in pages)
    assert all(page.record.size > 70_000 for page in pages)


def test_a_warc_file_is_the_same_whoever_made_its_records(tmp_path: Path) -> None:
    for engine in ("inline", "processes"):
        crawler("raising", engine=engine, formats=("warc",), directory=tmp_path / engine).run()
    inline, processes = (sorted(kept_answers(tmp_path / engine), key=str) for engine in ("inline", "processes"))
    assert len(inline) >= 20
    assert processes == inline


def test_a_record_that_takes_too_much_memory_fails_its_page_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def starve(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(worker, "archived", starve)
    one = object.__new__(worker.Worker)
    one._answers, one._visitor = BodyTransfer.ARCHIVED, Work(Policy()).visitor()
    request = Request(Link(1, ORIGIN))
    event = one._made(one._visitor.visit(request, Response(ORIGIN, 200, {"content-type": "text/html"}, b"x")))
    assert isinstance(event, Failed)
    assert event.outcome.record.reason is Reason.FAIL_HANDLER_MEMORY


def test_leaving_the_loop_ends_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = crawler("loop", handler_timeout=0)
    for _ in crawl:
        break
    assert crawl.report.finish_reason is FinishReason.STOPPED
    assert children_of(os.getpid()) == []


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio", "processes"])
def test_a_crawl_told_to_end_at_once_does_not_wait_for_an_endless_page(engine: str) -> None:
    fields: dict[str, object] = {"workers": 1} if engine == "processes" else {"cpu_workers": 1}
    crawl = crawler("loop", engine=engine, handler_timeout=0, **fields)
    began = time.monotonic()
    for _ in crawl:
        crawl.abandon()
    assert time.monotonic() - began < 20
    assert children_of(os.getpid()) == []


def test_a_crawl_begun_on_another_engine_goes_on_with_processes(tmp_path: Path) -> None:
    begun = crawler(engine="asyncio", directory=tmp_path / "c", max_pages=5).run()
    assert begun.pages == 5
    resumed = Crawler.resume(
        tmp_path / "c", engine="processes", workers=2, max_pages=None, fetcher=site(), clock=FakeClock()
    )
    assert resumed.policy.concurrency == 128, "derived anew for the engine"
    report: Report = resumed.run()
    assert report.finish_reason is FinishReason.COMPLETE
    records = [json.loads(line) for line in (tmp_path / "c" / "pages.jsonl").read_text().splitlines()]
    assert len({record["url"] for record in records}) == len(records) == 21


DRIVER = """
import gossamer, sys
from gossamer.api.crawler import Crawler
from gossamer.api import crawler as module
from tests.support.deadly_work import DeadlyWork, site, ORIGIN
module.Work = DeadlyWork
crawl = Crawler(ORIGIN, engine="processes", workers=2, fetcher=site("loop"), delay=0, host_concurrency=4,
                handler_timeout=0, sitemaps=False)
for page in crawl:
    print("begun", flush=True)
"""


def test_workers_end_by_themselves_when_their_driver_is_killed() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    driver = subprocess.Popen([sys.executable, "-c", DRIVER], env=environment, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    for _ in range(20):
        assert driver.stdout.readline() == "begun\n"
    workers = children_of(driver.pid)
    assert workers
    driver.kill()
    driver.communicate()
    patience = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() and not is_zombie(pid) for pid in workers):
        assert time.monotonic() < patience, "workers live on without a driver, one of them in an endless page"
        time.sleep(0.05)


def test_a_worker_whose_driver_is_gone_ends_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(status: int) -> NoReturn:
        raise SystemExit(status)

    async def outlive() -> None:
        driver, ours = socket.socketpair()
        with ours, tempfile.TemporaryFile() as shared:
            shared.truncate(HEARTBEAT.size)
            config = WorkerConfig(Work(Policy()), fetches=False)
            working = worker.Worker(ours, worker.Heartbeat(shared.fileno()), config)
            driver.close()  # with something unread, which breaks the connection
            steps = (working._take, partial(working._send, EVENTS, b"much " * 200_000), working._flush)
            for step in steps:
                with pytest.raises(SystemExit):
                    step()
            asyncio.get_running_loop().remove_reader(ours.fileno())

    monkeypatch.setattr("gossamer.engines.processes.worker.os._exit", leave)
    asyncio.run(outlive())


def is_zombie(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_script_without_a_guard_is_no_trouble(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from gossamer import Crawler\nfrom gossamer.fetchers import RecordedFetcher\n"
        "print('run', flush=True)\n"
        "print(Crawler('https://a.example/', engine='processes', workers=2, "
        "fetcher=RecordedFetcher({'https://a.example/': '<p>x'})).run().pages)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "run\n1\n", done.stderr


class StillbornWork(DeadlyWork, frozen=True):
    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (7,)


class RefusingWork(DeadlyWork, frozen=True):
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return _refuse, ("these handlers are no good",)


def _refuse(what: str) -> None:
    raise UserError(what)


@pytest.mark.parametrize(("engine", "fields"), [("processes", {}), ("asyncio", {"cpu_workers": 1})])
def test_a_handler_that_no_process_finds_is_refused_before_anything_is_made(
    engine: str, fields: dict[str, object], tmp_path: Path
) -> None:
    crawl = crawler(engine=engine, directory=tmp_path / "crawl", **fields)
    crawl.on()(lambda page: None)
    with pytest.raises(UserError, match="A lambda cannot be found by other processes"):
        crawl.run()
    assert not (tmp_path / "crawl").exists()


def test_workers_that_cannot_even_begin_end_the_crawl_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Work", StillbornWork)
    with pytest.raises(RuntimeError, match=r"end before they begin .*status 7"):
        crawler().run()
    monkeypatch.setattr(module, "Work", RefusingWork)
    with pytest.raises(UserError, match="these handlers are no good"):
        crawler().run()
    assert children_of(os.getpid()) == []
