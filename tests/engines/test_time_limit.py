"""A time limit is kept whatever is in flight: slow servers, endless bodies, handlers; nothing of it is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import gossamer
from gossamer.engines import session
from gossamer.engines.table import ENGINES, EngineName, local_names
from gossamer.values.reasons import FinishReason
from tests.support.scripted_server import Do, Script, Server, Step, answer

SOURCE = Path(gossamer.__file__).parent.parent
LIMIT = 0.5


def silent(_request: str) -> Iterator[Step]:
    yield Do.HANG


def endless(_request: str) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>"
    while True:
        yield b"more and more " * 100
        yield Do.TICK


@pytest.fixture
def server() -> Iterator[Server]:
    home = b"<a href=/silent>s</a><a href=/endless>e</a><a href=/fine>f</a>"
    html = "Content-Type: text/html"
    scripts: dict[str, Script | bytes] = {
        "/": answer(home, html),
        "/fine": answer(b"fine", html),
        "/silent": silent,
        "/endless": endless,
    }
    with Server({**scripts, "/robots.txt": answer(b"User-agent: *\n", "Content-Type: text/plain")}) as server:
        yield server


def crawl(server: Server, engine: EngineName, **fields: object) -> gossamer.Crawler:
    settings: dict[str, object] = {
        "engine": engine, "max_time": LIMIT, "allow_private": "127.0.0.1", "delay": 0, "host_concurrency": 4,
        "max_body": 1 << 30, "retries": 0, "sitemaps": False,
    }  # fmt: skip
    return gossamer.Crawler(f"{server.origin}/", **(settings | fields))  # type: ignore[arg-type]  # each is a setting


@pytest.mark.parametrize("engine", local_names())
def test_slow_servers_and_endless_bodies_are_given_up_and_stay_pending(
    server: Server, engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "TIME_GRACE", 0.5)
    limit = 6 * LIMIT if ENGINES[engine].worker_processes else LIMIT  # they take a while to start
    began = time.monotonic()
    report = crawl(server, engine, directory=tmp_path / "crawl", max_time=limit).run()
    assert time.monotonic() - began < limit + 0.5 + 4
    assert report.finish_reason is FinishReason.TIME_LIMIT
    left = report.snapshot.known - report.counts.ended
    assert left >= 2 - (engine == "inline"), "what is in flight has no outcome"
    recorded = [json.loads(line)["url"] for line in (tmp_path / "crawl/pages.jsonl").read_text().splitlines()]
    assert f"{server.origin}/" in recorded
    assert not [url for url in recorded if url.endswith(("/silent", "/endless"))]
    on = gossamer.Crawler.resume(tmp_path / "crawl", max_time=None, timeout=0.3)
    again = on.run()
    assert again.snapshot.known == again.counts.ended == 4
    assert again.counts.by_reason == {"fail.timeout": 2}


def test_what_lands_within_the_grace_is_recorded(tmp_path: Path) -> None:
    def late(_request: str) -> Iterator[Step]:
        yield from [Do.TICK] * 14
        yield answer(b"late", "Content-Type: text/html")

    with Server({"/": late, "/robots.txt": answer(b"User-agent: *\n", "Content-Type: text/plain")}) as server:
        report = crawl(server, "threads", directory=tmp_path / "crawl").run()
    assert (report.pages, report.finish_reason) == (1, FinishReason.TIME_LIMIT)


HANDLERS = """
import asyncio, time
from gossamer import on

@on("/sleeps")
def sleeps(page):
    time.sleep(60)

@on("/awaits")
async def awaits(page):
    await asyncio.sleep(60)
"""


@pytest.mark.parametrize(
    ("engine", "page", "code"),
    [
        ("inline", "sleeps", 4),
        pytest.param("threads", "sleeps", 4, marks=pytest.mark.slow),
        pytest.param("asyncio", "sleeps", 4, marks=pytest.mark.slow),
        ("asyncio", "awaits", 4),
        ("processes", "sleeps", 4),
    ],
)
def test_a_handler_keeps_no_crawl_from_its_time_limit(engine: str, page: str, code: int, tmp_path: Path) -> None:
    text = "Content-Type: text/html"
    scripts = {"/": answer(f"<a href=/{page}>x</a>".encode(), text), f"/{page}": answer(b"x", text)}
    lines = HANDLERS if page == "awaits" else HANDLERS.partition('\n@on("/awaits")')[0]
    (tmp_path / "mine.py").write_text(lines)
    words = ["--handlers", "mine.py", "-e", engine, "--max-time", "1", "-o", "crawl", "--no-sitemaps"]
    with Server({**scripts, "/robots.txt": answer(b"User-agent: *\n", "Content-Type: text/plain")}) as server:
        command = [sys.executable, "-m", "gossamer", "crawl", f"{server.origin}/", *words]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
        began = time.monotonic()
        done = subprocess.run(
            [*command, "--allow-private", "127.0.0.1", "--delay", "0"],
            check=False, capture_output=True, text=True, cwd=tmp_path, timeout=60, env=environment,
        )  # fmt: skip
        took = time.monotonic() - began
    assert (done.returncode, "time limit was reached" in done.stderr) == (code, True), done.stderr
    assert took < 1 + 5 + 2, f"it took {took:.1f} s, the start of Python included"
    assert "gossamer resume crawl --max-time T" in " ".join(done.stderr.split())
    records = (tmp_path / "crawl/pages.jsonl").read_text().splitlines()
    assert [json.loads(line)["url"] for line in records] == [f"{server.origin}/"]
