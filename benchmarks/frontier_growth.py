"""Whether a crawl stays the same while it grows: memory, cost a page and time to reopen, up to ten million known links.

    python -m benchmarks.frontier_growth [--links 10000000] [--hosts 1000]

A synthetic web through the core and the journal on disk, as a driver uses them: every page offers 40 links, half of
them new; the rest are known from a page before. Nothing is fetched. Each million, a window of pages is timed.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gossamer.crawl import Crawl
from gossamer.frontier import Frontier
from gossamer.journals.sqlite import SqliteJournal
from gossamer.model import OutcomeKind, Outlink, Outlinks, PageRecord, Request, line_of
from gossamer.policy import Policy
from gossamer.protocol import Commit, Committed, Fetch, Recall, Recalled, Stop, Visited, Wait
from gossamer.urls import fingerprint

LINKS, NEW = 40, 20
WINDOW = 2_000
MOST_MEMORY = 600
MOST_RATIO = 1.5


def url_of(number: int, hosts: int) -> str:
    return f"https://host{number % hosts}.example/section/{number // 1000}/a-page-with-a-name-{number}.html"


class Web:
    """Answers page n with links to pages not offered before, and to some offered before."""

    def __init__(self, hosts: int, offered: int = 1) -> None:
        self.hosts = hosts
        self.offered = offered

    def visited(self, request: Request) -> Visited:
        new = range(self.offered, self.offered + NEW)
        self.offered += NEW
        old = ((request.link.id * 7919 + step * 104_729) % self.offered for step in range(LINKS - NEW))
        outlinks = Outlinks.of([self.outlink(number) for number in dict.fromkeys([*new, *old])])
        link = request.link
        record = PageRecord(link.url, OutcomeKind.DONE, 200, depth=link.depth, via=link.via, title="A page", size=9000)
        return Visited(request, line_of(record), OutcomeKind.DONE, None, 0.01, 9000, None, outlinks)

    def outlink(self, number: int) -> Outlink:
        url = url_of(number, self.hosts)
        return Outlink(fingerprint(url, 1), url)


def pages(crawl: Crawl, journal: SqliteJournal, web: Web) -> Iterator[float]:
    """Drive the crawl, giving after each page the CPU seconds spent outside the synthetic web."""
    now, spent, flying = 0.0, 0.0, list[Request]()
    while True:
        began = time.process_time()
        match crawl.poll(now):
            case Fetch(request):
                flying.append(request)
            case Recall(ids):
                crawl.handle(Recalled(tuple(journal.recall(ids))), now)
            case Commit(batch):
                journal.commit(batch, {})
                crawl.handle(Committed(), now)
            case Wait(until) if not flying:
                assert not math.isinf(until)
                now = until
            case Wait():
                spent += time.process_time() - began
                for request in flying:
                    visited = web.visited(request)
                    began = time.process_time()
                    crawl.handle(visited, now)
                    spent += time.process_time() - began
                    now += 0.001
                    yield spent
                flying.clear()
                continue
            case Stop(reason):
                raise AssertionError(f"the synthetic web has no end, but the crawl ended: {reason}")
        spent += time.process_time() - began


def memory() -> float:
    """Tell the resident memory of this process in MB."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def opened(path: Path, hosts: int) -> tuple[Crawl, SqliteJournal, Frontier, int]:
    journal, frontier = SqliteJournal(path, key=1), Frontier(host_concurrency=1)
    saved = journal.open()
    frontier.restore(saved)
    policy = Policy(seeds=(url_of(0, hosts),), robots=False, delay=0.0, concurrency=64, scope="any")
    return Crawl(policy, frontier, key=saved.key), journal, frontier, saved.known


def grow(path: Path, links: int, hosts: int) -> float:
    """Grow a crawl to so many links, print the table, and tell the ratio of the last cost to the first."""
    crawl, journal, frontier, _ = opened(path, hosts)
    marks = [mark for mark in (100_000, *range(1_000_000, links, 1_000_000), links) if mark <= links]
    before, at, costs = 0.0, 0, list[float]()
    print(f"{'known links':>12}{'us/page':>10}{'memory MB':>11}{'tables MB':>11}{'journal MB':>12}", flush=True)
    for count, spent in enumerate(pages(crawl, journal, Web(hosts)), 1):
        if count == at:
            costs.append(1e6 * (spent - before) / WINDOW)
            size = path.stat().st_size / 1e6
            print(
                f"{marks.pop(0):>12,}{costs[-1]:>10.0f}{memory():>11.0f}{frontier.nbytes / 1e6:>11.0f}{size:>12.0f}",
                flush=True,
            )
            if not marks:
                break
        if count % 256 == 0 and count > at and frontier.known >= marks[0] - WINDOW * NEW:
            before, at = spent, count + WINDOW
    journal.close()
    return costs[-1] / costs[0]


def reopen(path: Path, hosts: int) -> None:
    """Reopen the journal in this fresh process, crawl a little, and print what it took."""
    began, base = time.monotonic(), memory()
    crawl, journal, _, known = opened(path, hosts)
    took = time.monotonic() - began
    spent = next(spent for count, spent in enumerate(pages(crawl, journal, Web(hosts, known)), 1) if count == WINDOW)
    journal.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"reopened {known:,} links in {took:.1f} s; then {1e6 * spent / WINDOW:.0f} us/page")
    print(f"memory {base:.0f} MB before, {memory():.0f} MB after, peak {peak:.0f} MB (allowed: {MOST_MEMORY})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--links", type=int, default=10_000_000)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--reopen", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.reopen:
        reopen(chosen.reopen, chosen.hosts)
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.db"
        ratio = grow(path, chosen.links, chosen.hosts)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        print(f"cost a page, last to first: {ratio:.2f} (allowed: {MOST_RATIO})")
        print(f"peak memory {peak:.0f} MB (allowed: {MOST_MEMORY})")
        words = [
            sys.executable,
            "-m",
            "benchmarks.frontier_growth",
            "--hosts",
            str(chosen.hosts),
            "--reopen",
            str(path),
        ]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    main()
