"""A check that was killed goes on with its directory, and asks for what was pending, and for nothing else again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gossamer
from tests.support.scripted_server import Do, Script, Server, Step, answer

PAGES = 40
HTML = "Content-Type: text/html; charset=utf-8"


def slowly(body: bytes) -> Script:
    def script(_: str) -> Iterator[Step]:
        yield Do.TICK
        yield answer(body, HTML)

    return script


def numbered(other: str) -> dict[str, Script | bytes]:
    """Return a site whose pages come one after the other, each with a dead link, and a link to another site."""
    head = "<title>{0}</title><meta name=description content=x>"
    pages: dict[str, Script | bytes] = {}
    for n in range(PAGES):
        links = f"<a href=/{n + 1}>on</a><a href=/dead/{n}>dead</a><a href={other}/{n}>out</a>"
        pages["/" if not n else f"/{n}"] = slowly((head.format(n) + links).encode())
    pages[f"/{PAGES}"] = answer(b"<title>end</title><meta name=description content=x>", HTML)
    return pages


def start(*words: str) -> subprocess.Popen[str]:
    source = Path(gossamer.__file__).parent.parent
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(source), "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "gossamer", "check", *words, "-q", "-f", "json:report.json"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def killed_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Kill a process as soon as something is reached, which is before its end."""
    give_up = time.monotonic() + 60
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.01)
    process.kill()
    process.communicate()


def asked(server: Server) -> Counter[str]:
    return Counter(request.split(" ")[1] for request in server.requests)


@pytest.mark.slow
def test_a_check_that_was_killed_asks_only_for_what_was_pending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pages: dict[str, Script | bytes] = {}
    elsewhere = {f"/{n}": slowly(b"fine" if n % 2 else b"<title>Page not found</title>") for n in range(0, PAGES, 2)}
    with Server(elsewhere) as other, Server(pages) as server:
        pages |= numbered(other.origin)
        words = (server.origin, "-o", "c", "--allow-private", "127.0.0.1", "--delay", "0", "--retries", "0")
        killed_when(start(*words), lambda: asked(server)["/20"] > 0)
        crawled = asked(server)
        assert not crawled[f"/{PAGES}"]
        killed_when(start("c"), lambda: asked(other)["/10"] > 0)
        assert asked(server)[f"/{PAGES}"] == 1
        process = start("c")
        process.communicate(timeout=100)
        assert process.returncode == 1
        report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
        assert report["complete"]
        dead = {f"{server.origin}/dead/{n}" for n in range(PAGES)}
        lost = {f"{other.origin}/{n}" for n in range(1, PAGES, 2)}
        broken = [finding for finding in report["findings"] if finding["kind"] == "broken_link"]
        assert {finding["url"] for finding in broken} == dead | lost
        assert all(finding["referrer_count"] == 1 for finding in broken), "no place is told twice"
        twice = {path for path, number in asked(server).items() if number > 1} - {"/robots.txt", "/sitemap.xml"}
        assert len(twice) <= 5, "only what was under way"
        again = {path for path, number in asked(other).items() if number > 2} - {"/robots.txt"}
        assert len(again) <= 3, "HEAD, and GET where that says nothing"
