"""How the costs of a crawl grow: memory, CPU a page and time to reopen, up to ten million known links.

    python -m benchmarks.frontier_growth [--links 10000000] [--hosts 1000]

The core and the journal on disk crawl a synthetic web, as a driver would: every page has 40 links, of which half are
new and half were on previous pages. Nothing is fetched. A window of pages is timed at 10,000 links and at each million.
The first window is short, so its figure is the median of several young crawls.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.journals.sqlite import SqliteJournal
from gossamer.rules.policy import Policy
from gossamer.rules.urls import fingerprint
from gossamer.values.model import OutcomeKind, Outlink, Outlinks, PageRecord, Request
from gossamer.values.protocol import Outcome, Visited, Wait
from tests.support.player import play

LINKS, NEW = 40, 20
WINDOW, SMALL_WINDOW = 2_048, 256
YOUNG, YOUNG_CRAWLS = 10_000, 7
MILLION = 1_000_000
BASE_MEMORY, BYTES_A_LINK = 150, 40
MOST_RATIO = 1.5


@dataclass(frozen=True)
class Growth:
    """The figures of a growing crawl."""

    costs: dict[int, float]
    """CPU time (µs) a page, by the number of known links."""

    memory: float
    """The peak memory (MB) at the last of these numbers."""

    @property
    def links(self) -> int:
        return max(self.costs)

    @property
    def ratio(self) -> float:
        """The cost of a page relative to a young crawl: at one million links or at the end, the higher one."""
        return max(self.costs[min(MILLION, self.links)], self.costs[self.links]) / self.costs[YOUNG]

    @property
    def dearest(self) -> float:
        """The maximum cost of a page relative to a young crawl, in a window in which the fingerprint table grows."""
        return max(self.costs.values()) / self.costs[YOUNG]

    @property
    def most_memory(self) -> float:
        return allowed_memory(self.links)


def allowed_memory(links: int) -> float:
    return BASE_MEMORY + BYTES_A_LINK * links / 1e6


def url_of(number: int, hosts: int) -> str:
    return f"https://host{number % hosts}.example/section/{number // 1000}/a-page-with-a-name-{number}.html"


class Web:
    """A web in which every page links to pages that were not offered before, and to some that were."""

    def __init__(self, hosts: int, offered: int = 1) -> None:
        self.hosts = hosts
        self.offered = offered
        self.answered = 0
        self.seconds = 0.0
        self._flying: list[Request] = []

    def send(self, requests: Sequence[Request], now: float) -> None:
        self._flying.extend(requests)

    def receive(self, now: float, until: float) -> tuple[float, list[Visited]]:
        """Answer all that was asked, 500 pages a second: so every commit comes after 128 pages."""
        if not self._flying:
            return until, []
        began = time.process_time()
        landed = [self.visited(request) for request in self._flying]
        self._flying.clear()
        self.answered += len(landed)
        self.seconds += time.process_time() - began
        return now + 0.002 * len(landed), landed

    def visited(self, request: Request) -> Visited:
        new = range(self.offered, self.offered + NEW)
        self.offered += NEW
        old = ((request.link.id * 7919 + step * 104_729) % self.offered for step in range(LINKS - NEW))
        outlinks = Outlinks.of([self.outlink(number) for number in dict.fromkeys([*new, *old])])
        link = request.link
        record = PageRecord(link.url, OutcomeKind.DONE, 200, depth=link.depth, via=link.via, title="A page", size=9000)
        return Visited(request, Outcome.of(record), 0.01, 9000, outlinks=outlinks)

    def outlink(self, number: int) -> Outlink:
        url = url_of(number, self.hosts)
        return Outlink(fingerprint(url, 1), url)


def pages(crawl: Crawl, journal: SqliteJournal, web: Web) -> Iterator[tuple[int, float]]:
    """Drive the crawl; yield every few pages their number and the CPU seconds spent so far outside the web."""
    began = time.process_time()
    for _, command in play(crawl, journal, web, 0.0):
        if isinstance(command, Wait):
            yield web.answered, time.process_time() - began - web.seconds
    raise AssertionError("the synthetic web has no end, but the crawl ended")


def memory() -> float:
    """Return the resident memory of this process in MB."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def opened(path: Path, hosts: int) -> tuple[Crawl, SqliteJournal, Frontier, int]:
    journal, frontier = SqliteJournal(path, key=1), Frontier(host_concurrency=1)
    saved = journal.open()
    frontier.restore(saved)
    policy = Policy(seeds=(url_of(0, hosts),), robots=False, delay=0.0, concurrency=64, scope="any")
    return Crawl(policy, frontier, key=saved.key), journal, frontier, saved.known


def grow(path: Path, marks: list[int], hosts: int) -> Iterator[tuple[int, float, str]]:
    """Grow a crawl; yield at every mark the number of known links, microseconds a page, and other figures as text."""
    crawl, journal, frontier, _ = opened(path, hosts)
    waiting = list(marks)
    begun: tuple[int, float] | None = None
    for count, spent in pages(crawl, journal, Web(hosts)):
        window = WINDOW if waiting[0] >= 2 * WINDOW * NEW else SMALL_WINDOW
        if begun is None:
            if frontier.known >= waiting[0] - window * NEW:
                begun = count, spent
        elif count >= begun[0] + window:
            sizes = f"{memory():>11.0f}{frontier.nbytes / 1e6:>11.0f}{path.stat().st_size / 1e6:>12.0f}"
            yield waiting.pop(0), 1e6 * (spent - begun[1]) / (count - begun[0]), sizes
            if not waiting:
                break
            begun = None
    journal.close()


def young_cost(hosts: int) -> float:
    """Return the cost (µs) of a page in a crawl that knows few links: the median of several short windows."""
    with tempfile.TemporaryDirectory() as directory:
        crawls = (grow(Path(directory) / f"{number}.db", [YOUNG], hosts) for number in range(YOUNG_CRAWLS))
        return statistics.median(cost for crawl in crawls for _, cost, _ in crawl)


def measure_here(path: Path, links: int, hosts: int) -> Growth:
    """Grow a crawl in this process, print the table, and return the figures."""
    print(f"{'known links':>12}{'us/page':>10}{'memory MB':>11}{'tables MB':>11}{'journal MB':>12}", file=sys.stderr)
    costs = {YOUNG: young_cost(hosts)}
    print(f"{YOUNG:>12,}{costs[YOUNG]:>10.0f}", file=sys.stderr)
    marks = sorted({mark for mark in (100_000, *range(1_000_000, links, 1_000_000), links) if mark <= links})
    for known, cost, sizes in grow(path, marks, hosts):
        costs[known] = cost
        print(f"{known:>12,}{cost:>10.0f}{sizes}", file=sys.stderr)
    return Growth(costs, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


def measure(links: int = 10_000_000) -> Growth:
    """Grow a crawl in a process of its own, and return the figures."""
    words = [sys.executable, "-m", "benchmarks.frontier_growth", "--links", str(links), "--json"]
    home = Path(__file__).parent.parent
    done = subprocess.run(words, cwd=home, check=True, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "src"})
    found = json.loads(done.stdout)
    return Growth({int(known): cost for known, cost in found["costs"].items()}, found["memory"])


def reopen(path: Path, hosts: int) -> None:
    """Reopen the journal in this new process, crawl a few pages, and print time and memory."""
    began, base = time.monotonic(), memory()
    crawl, journal, _, known = opened(path, hosts)
    took = time.monotonic() - began
    count, spent = next(it for it in pages(crawl, journal, Web(hosts, known)) if it[0] >= WINDOW)
    journal.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(f"reopened {known:,} links in {took:.1f} s; then {1e6 * spent / count:.0f} us/page")
    allowed = allowed_memory(known)
    print(f"memory {base:.0f} MB before, {memory():.0f} MB after, peak {peak:.0f} MB (allowed: {allowed:.0f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--links", type=int, default=10_000_000)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, and do not reopen the crawl")
    parser.add_argument("--reopen", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.reopen:
        reopen(chosen.reopen, chosen.hosts)
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.db"
        found = measure_here(path, chosen.links, chosen.hosts)
        if chosen.json:
            print(json.dumps(asdict(found)))
            return
        print(f"cost a page, at one million and at the last to youngest: {found.ratio:.2f} (allowed: {MOST_RATIO})")
        print(f"in the dearest million, where the table of fingerprints grew: {found.dearest:.2f}")
        print(f"peak memory {found.memory:.0f} MB (allowed: {found.most_memory:.0f})")
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
