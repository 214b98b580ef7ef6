"""Measure the gain of more cores: processes and CPU workers compared to asyncio, and the cost of the driver.

    python benchmarks/more_cores.py handler      20 ms of pure Python a page: pages/s on each engine, lag of the loop
    python benchmarks/more_cores.py driver       links only, the Java documentation: the driver's own CPU a page
    python benchmarks/more_cores.py threshold    the size of body from which a CPU worker parses a page sooner

Only ratios within one run are meaningful, on a machine that is otherwise idle. `calibration` is the CPU time that ten
million turns of an empty loop took during the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.sites import JavadocSite, NginxSite
from gossamer.api.crawler import Crawler
from gossamer.engines.processes.cpu_pool import CpuPool
from gossamer.engines.processes.wire import WorkerConfig
from gossamer.engines.table import EngineName
from gossamer.rules.policy import Policy
from gossamer.values.model import Link, Request, Response
from gossamer.visit.page import Page
from gossamer.visit.visitor import Work

BUSY = 0.020
PAGES = 600


def busy(_: Page) -> None:
    """Handle a page with 20 ms of pure Python."""
    spend(BUSY)


def spend(seconds: float) -> None:
    """Loop until this thread has used so much CPU time; that of other threads does not count."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(200))


def calibration() -> float:
    """Return the CPU seconds of ten million turns of an empty loop: 0.2 to 0.4 on a current machine that is idle."""
    began = time.process_time()
    for _ in range(10_000_000):
        pass
    return time.process_time() - began


class Lag:
    """A probe of an event loop that measures how late a timer of one millisecond fires."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def watch(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            self.late.append(time.perf_counter() - began - 0.001)

    def p99(self) -> float:
        return sorted(self.late)[int(len(self.late) * 0.99)] if self.late else 0.0


def crawl(
    site: NginxSite,
    engine: EngineName,
    lag: Lag | None = None,
    handler: Callable[[Page], None] | None = None,
    **fields: Any,
) -> Crawler:
    """Crawl the site; with `lag`, inside an event loop that the probe measures."""
    with tempfile.TemporaryDirectory() as place:
        crawler = Crawler(
            site.url, engine=engine, directory=Path(place) / "crawl", allow_private=("127.0.0.1",), delay=0,
            host_concurrency=128, sitemaps=False, **fields,
        )  # fmt: skip
        if handler is not None:
            crawler.on()(handler)
        if lag is None:
            crawler.run()
        else:
            asyncio.run(_watched(crawler, lag))
    return crawler


async def _watched(crawler: Crawler, lag: Lag) -> None:
    began: list[asyncio.Task[None]] = []
    async for _ in crawler:
        if not began:  # the lag while the processes and the crawl start does not count
            began.append(asyncio.create_task(lag.watch()))
    for task in began:
        task.cancel()


@contextmanager
def busy_site() -> Iterator[NginxSite]:
    """Serve small pages."""
    with tempfile.TemporaryDirectory() as place:
        for number in range(PAGES):
            links = "".join(f"<a href=p{(2 * number + step) % PAGES}.html>x</a>" for step in (1, 2))
            Path(place, f"p{number}.html").write_text(links)
        with NginxSite(Path(place), start="/p0.html") as site:
            yield site


def handler(rounds: int) -> None:
    """Compare pages a second with 20 ms of pure Python for each."""
    cells: list[tuple[str, EngineName, dict[str, Any], bool]] = [
        ("asyncio", "asyncio", {}, True),
        ("asyncio, 2 CPU workers", "asyncio", {"cpu_workers": 2}, True),
        ("processes, 2 workers", "processes", {"workers": 2}, False),
    ]
    with busy_site() as site:
        for number in range(rounds):
            speeds, busiest = list[float](), list[float]()
            for name, engine, fields, watched in cells:
                lag = Lag() if watched else None
                own, others = time.process_time(), _workers()
                report = crawl(site, engine, lag, busy, **fields).report
                busiest.append(max(time.process_time() - own, (_workers() - others) / 2))
                assert report.pages == PAGES, f"{report.pages} pages"
                speeds.append(report.pages / report.seconds)
                late = f"  p99 of the lag {1000 * lag.p99():.1f} ms" if lag else ""
                say(
                    f"{number + 1}  {name:<24}{speeds[-1]:7.1f} pages/s  {speeds[-1] / speeds[0]:5.2f}x; "
                    f"its busiest process could do {PAGES / busiest[-1]:6.1f}  {busiest[0] / busiest[-1]:5.2f}x{late}"
                )
    say(f"calibration {calibration():.2f} s")


def driver(rounds: int, **fields: Any) -> None:
    """Measure the driver's CPU time for each page, without start-up, and that of the workers."""
    with JavadocSite() as site:
        for number in range(rounds):
            start = _driver_cpu(site, max_pages=1, **fields)[0]
            site.forget()
            own, workers, ended = _driver_cpu(site, **fields)
            assert len(site.pages()) == site.reachable, f"{len(site.pages())} pages"
            visited = [visit.path for visit in site.visits()]
            assert len(set(visited)) == len(visited), "something was fetched twice"
            assert sum(visit.status == 404 and visit.path != "/robots.txt" for visit in site.visits()) == site.dead
            a_page = 1e6 * (own - start) / ended
            say(
                f"{number + 1}  driver {a_page:6.1f} us a page, workers {1e6 * workers / ended:7.1f}, "
                f"{a_page * ended / 1e6 / workers:.1%} of theirs; calibration {calibration():.2f} s"
            )


def _driver_cpu(site: NginxSite, **fields: Any) -> tuple[float, float, int]:
    began, before = time.process_time(), _workers()
    crawler = crawl(site, "processes", workers=2, **fields)
    return time.process_time() - began, _workers() - before, crawler.report.counts.ended


def _workers() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def threshold(rounds: int) -> None:
    """Parse pages of growing size in this process and in a CPU worker."""
    work = Work(Policy(seeds=("https://a.example/",)))
    here, there = work.visitor().visit, CpuPool(WorkerConfig(work), 1)
    with closing(there):
        for size in (4, 16, 32, 64, 128, 256, 1024):
            page = _page(size * 1024)
            own, sending = _seconds(here, page, rounds), _seconds(there.read, page, rounds)
            say(f"{size:5} KiB  reading it here {1e3 * own:7.2f} ms of CPU, having it read {1e3 * sending:7.2f} ms")
    say(f"calibration {calibration():.2f} s")


def _page(size: int) -> bytes:
    paragraph = "<p>Some words of a page, and <a href='/{0}'>a link</a>, then more words of the same kind.</p>\n"
    text = "".join(paragraph.format(number) for number in range(size // len(paragraph)))
    return text.encode()


def _seconds(visit: Callable[[Request, Response], object], body: bytes, rounds: int) -> float:
    """Return the CPU seconds of this process for one page, the minimum of several rounds."""
    best = float("inf")
    for number in range(10 * rounds + 1):
        url = f"https://a.example/{number}/"
        answer = Response(url, 200, {"content-type": "text/html; charset=utf-8"}, body, raw_body=body)
        began = time.process_time()
        visit(Request(Link(number, url)), answer)
        if number:
            best = min(best, time.process_time() - began)
    return best


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("handler", "driver", "threshold"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    {"handler": handler, "driver": driver, "threshold": threshold}[options.what](options.rounds)


if __name__ == "__main__":
    main()
