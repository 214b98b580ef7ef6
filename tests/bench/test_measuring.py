"""Sites are pure functions, servers do as they are told, and a whole small measurement comes out whole."""

from __future__ import annotations

import statistics
from pathlib import Path

import msgspec
import pytest

from gossamer.api.crawler import Crawler
from gossamer.bench import measuring
from gossamer.bench.cells import Cell, cells_of, engines, interpreters
from gossamer.bench.measuring import BenchServer, Plan, measure, run_cell
from gossamer.bench.replay import RecordedSite, workload_of
from gossamer.bench.work import WORK
from gossamer.bench.workloads import OVERHEAD, PARSE, WEB, WORKLOADS, MadeUpSite, number_of, path_of
from gossamer.cli import main
from gossamer.demo.server import DemoServer
from gossamer.parse.html import parse
from gossamer.values.errors import UserError
from gossamer.visit.page import Page


@pytest.mark.parametrize("name", WORKLOADS)
def test_pages_have_the_size_and_links_they_should_and_lead_on_for_ever(name: str) -> None:
    workload = WORKLOADS[name]
    answer = MadeUpSite(workload).answer(0, path_of(5000))
    assert len(answer.body) == workload.size
    links = [link.url for link in parse(answer.body, "http://h/", {"content-type": answer.kind}).links]
    assert len(links) == workload.links
    assert f"http://h{path_of(50_001)}" in links


def test_paths_name_pages_and_nothing_else_does() -> None:
    assert [number_of(path_of(number)) for number in range(2000)] == list(range(2000))
    assert MadeUpSite(WEB).answer(0, "/no-such").status == 404
    assert MadeUpSite(WEB).answer(0, "/robots.txt").noted is False


def test_latency_is_log_normal_and_always_the_same() -> None:
    site = MadeUpSite(WEB)
    delays = [site.delay(3, number) for number in range(4000)]
    assert statistics.median(delays) == pytest.approx(WEB.latency, rel=0.05)
    assert delays == [site.delay(3, number) for number in range(4000)]
    assert MadeUpSite(OVERHEAD).delay(0, 1) == 0.0


def test_cells_are_engines_at_levels() -> None:
    found = list(cells_of(WEB, ("inline", "asyncio"), (), (2,), (), many=True))
    assert {(cell.engine, cell.in_flight) for cell in found} == {("inline", 1), ("asyncio", 8), ("asyncio", 64)}
    assert {cell.in_flight for cell in cells_of(WEB, ("threads",), (5,), (2,), (), many=True)} == {5}
    assert {cell.in_flight for cell in cells_of(PARSE, ("asyncio",), (), (2,), (), many=False)} == {8}


def test_a_crawl_whose_pages_are_worked_on_is_measured_too() -> None:
    with BenchServer(msgspec.structs.replace(WEB, work="bytecode")) as server:
        run = run_cell(Cell("web", "asyncio", 4), 0, server, 1.0)
    assert run.failed == 0
    assert run.pages > 0


@pytest.mark.parametrize("name", WORK)
def test_every_kind_of_work_yields_an_item(name: str) -> None:
    assert len(list(WORK[name](Page.of("<p>Silk and thread.", url="https://example.org/")))) == 1


def test_processes_and_cpu_workers_are_tried_where_they_may_help() -> None:
    found = {cell.label for cell in cells_of(PARSE, ("asyncio", "threads", "processes"), (), (3,), (), many=False)}
    assert found == {
        "asyncio, 8 in flight", "asyncio, 8 in flight, 3 CPU workers", "threads, 8 in flight",
        "processes, 8 in flight, 3 processes",
    }  # fmt: skip
    assert not any(cell.cpu_workers for cell in cells_of(WEB, engines(), (), (3,), (), many=True))


def test_a_python_that_cannot_take_part_is_told_with_the_reason(tmp_path: Path) -> None:
    without = tmp_path / "python"
    without.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'gossamer'\" >&2\nexit 1\n")
    without.chmod(0o755)
    found = {one.name: one.trouble for one in interpreters([str(without), "python-of-mine"])}
    assert found[str(without)] == "gossamer is not installed for it"
    assert found["python-of-mine"] == "it is not there"


@pytest.mark.parametrize("engine", engines())
def test_every_engine_gets_the_pages_that_the_server_gave(engine: str) -> None:
    with BenchServer(WEB) as server:
        run = run_cell(Cell("web", engine, 4), 0, server, 0.7)
    assert run.failed == 0
    assert run.pages > 0
    assert (run.pages, run.bytes) == (run.served_pages, run.served_bytes)
    assert (run.loop_lag is not None) == (engine == "asyncio")


@pytest.mark.slow
def test_a_small_measurement_runs_every_cell_round_after_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "ENOUGH_ROUNDS", 2)
    cells = (Cell("overhead", "asyncio", 8), Cell("overhead", "inline", 1))
    told: list[str] = []
    found = measure(Plan((OVERHEAD,), cells, seconds=0.4, limit=None, seed=3), told.append)
    assert {run.cell for run in found.runs} == set(cells)
    assert {run.round for run in found.runs} == {0, 1}
    assert found.served[0].ceiling > 100
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found
    assert told[0] == "how fast the server is (overhead)"


# ---------------------------------------------------------------- the user's own crawl


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("own") / "museum.crawl"
    with DemoServer() as museum:
        crawler = Crawler(
            museum.url, directory=directory, delay=0, host_concurrency=4, allow_private="127.0.0.1", max_pages=40,
            formats=["jsonl", "warc"],
        )  # fmt: skip
        crawler.run()
    return directory


def test_a_replay_has_the_pages_bodies_and_manners_of_the_crawl(crawled: Path) -> None:
    site = RecordedSite.read(str(crawled))
    start = site.answer(0, "/")
    assert b"Museum of Silk" in start.body
    assert start.noted
    assert start.delay > 0
    assert site.answer(0, "/robots.txt").noted is False
    assert site.answer(0, "/nowhere").status == 404
    assert workload_of(crawled).settings["host_concurrency"] == 4


def test_a_replay_fetches_each_page_once_and_from_nobody_else(crawled: Path) -> None:
    with BenchServer(workload_of(crawled)) as server:
        run = run_cell(Cell("yours", "asyncio", 4), 0, server, 5.0)
    assert run.failed == 0
    assert run.pages == run.served_pages == len(RecordedSite.read(str(crawled)).seeds())


def test_a_directory_without_a_crawl_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no crawl"):
        workload_of(tmp_path)


# ---------------------------------------------------------------- the command


def test_the_command_measures_writes_and_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = "bench -w overhead -e asyncio -c 8 --run 0.4 --limit 0.1 --json a.json -q"
    assert main(words.split()) == 0
    assert "overhead: 1 KB pages" in capsys.readouterr().out
    assert (tmp_path / "gossamer-bench.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["bench", "compare", "a.json", "a.json"]) == 0
    assert "overhead: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("bench compare a.json", "compare A B"),
        ("bench contrast a b", "compare A B"),
        ("bench compare no.json no.json", "cannot be read"),
        ("bench --from nowhere", "no crawl"),
        ("bench --python python-of-mine", "python-of-mine cannot take part: it is not there"),
        ("bench -o /nowhere/x.html", "cannot be written"),
        ("bench --json /nowhere/x.json", "cannot be written"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    assert said in capsys.readouterr().err
