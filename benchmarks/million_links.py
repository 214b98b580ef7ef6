"""Crawl until a million synthetic URLs are known, with the core alone: what a page, a link and a URL cost.

No network, no parsing: a page's outlinks are computed, and the crawl gets each event as from a worker. What is
measured is `poll`, `handle`, the frontier and the memory journal. Each page brings 4 new links and 36 known ones, so a
quarter of a million pages are visited, and ten million links judged.

    python -m benchmarks.million_links [--links 1000000] [--hosts 1000] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.journals.memory import MemoryJournal
from gossamer.rules.policy import Policy
from gossamer.rules.urls import fingerprint
from gossamer.values.model import Link, OutcomeKind, Outlink, Outlinks, Request
from gossamer.values.protocol import Batch, Outcome, Visited
from tests.support.player import play

LINKS_A_PAGE = 40
ANSWERS_AT_ONCE = 16
CORE_BUDGET = 60.0
"""Maximum CPU time (µs) a page, at 40 links a page."""

MEMORY_BUDGET = 40.0
"""Maximum memory (bytes) a known URL."""


class Web:
    """A web of `links` pages on `hosts` hosts; each page has 40 links.

    Page n links to 4n + 1 .. 4n + 4 (a tree that reaches every page) and to 36 pages that are known by then.
    """

    def __init__(self, links: int, hosts: int) -> None:
        self.links = links
        self.hosts = [f"https://host{number}.example" for number in range(hosts)]

    def url(self, number: int) -> str:
        return f"{self.hosts[number % len(self.hosts)]}/section{number % 97}/page-{number}.html"

    def outlink(self, number: int) -> Outlink:
        url = self.url(number)
        return Outlink(fingerprint(url, 0), url)

    def outlinks(self, number: int) -> Outlinks:
        return Outlinks.of([self.outlink(target) for target in dict.fromkeys(self._targets(number))])

    def _targets(self, number: int) -> Iterator[int]:
        for step in range(1, 5):
            if 4 * number + step < self.links:
                yield 4 * number + step
        for step in range(LINKS_A_PAGE - 4):
            yield number * (step + 1) // LINKS_A_PAGE


def answer(request: Request, web: Web) -> Visited:
    """Return the event that a worker would send for the page."""
    number = int(request.url[request.url.rindex("-") + 1 : -5])
    return Visited(request, Outcome(b"", OutcomeKind.DONE), 0.01, 0, outlinks=web.outlinks(number))


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux: use the peak
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class TimedJournal(MemoryJournal):
    """A journal that measures its own CPU time."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.commits = self.recalls = 0

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        self.commits += 1
        began = time.thread_time()
        super().commit(batch, offsets)
        self.seconds += time.thread_time() - began

    def recall(self, ids: Sequence[int]) -> list[Link]:
        self.recalls += 1
        began = time.thread_time()
        links = super().recall(ids)
        self.seconds += time.thread_time() - began
        return links


class Measured:
    """A crawl of the web that measures the time of the core and the journal, without that of making events.

    CPU time is this crawl's clock, so that other programs have no influence.
    """

    def __init__(self, web: Web, slots: int, profile: cProfile.Profile | None) -> None:
        self.web = web
        policy = Policy(
            seeds=(web.url(0),), scope="any", robots=False, sitemaps=False, delay=0.0, concurrency=slots,
            host_concurrency=slots, max_pages=web.links // 4,
        )  # fmt: skip
        self.frontier = Frontier(host_concurrency=slots)
        self.journal = TimedJournal()
        self.in_core = 0.0
        self.pages = self.links = 0
        self._crawl = Crawl(policy, self.frontier)
        self._profile = profile
        self._flying: list[Request] = []
        self._answering = 0.0

    def run(self) -> None:
        began = time.thread_time()
        if self._profile:
            self._profile.enable()
        for _ in play(self._crawl, self.journal, self, began):
            pass
        if self._profile:
            self._profile.disable()
        self.in_core = time.thread_time() - began - self.journal.seconds - self._answering

    def send(self, requests: Sequence[Request], now: float) -> None:
        self._flying.extend(requests)

    def receive(self, now: float, until: float) -> tuple[float, list[Visited]]:
        """Answer some of the requests; neither the time that takes nor its functions belong to the core."""
        if self._profile:
            self._profile.disable()
        began = time.thread_time()
        events = [answer(request, self.web) for request in self._flying[:ANSWERS_AT_ONCE]]
        del self._flying[:ANSWERS_AT_ONCE]
        self.pages += len(events)
        self.links += sum(len(event.outlinks) for event in events)
        moment = time.thread_time()
        self._answering += moment - began
        if self._profile:
            self._profile.enable()
        return moment, events


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--profile", action="store_true", help="show where the time of the core goes (slower)")
    options = parser.parse_args()
    gc.collect()
    base = resident()
    profile = cProfile.Profile() if options.profile else None
    measured = Measured(Web(options.links, options.hosts), options.slots, profile)
    measured.run()
    gc.collect()
    grown = resident() - base
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(22)
    return report(measured, base, grown)


def report(measured: Measured, base: int, grown: int) -> int:
    """Print the figures and their budgets; return the exit code, 1 if a budget is exceeded."""
    pages, links, known = measured.pages, measured.links, measured.frontier.known
    assert pages == measured.web.links // 4
    assert 0.9 * measured.web.links <= known <= measured.web.links, "what was found is known, and once"
    core, journal = 1e6 * measured.in_core / pages, 1e6 * measured.journal.seconds / pages
    a_url = grown / known
    text = sum(map(len, measured.journal._chunks))  # noqa: SLF001  # only of interest here
    print(f"{pages:,} pages, {links:,} links, {links / pages:.1f} a page, {len(measured.web.hosts):,} hosts")
    print(
        f"core:      {core:6.1f} us a page, {core * pages / links:.2f} us a link (budget: {CORE_BUDGET:.0f} us a page)"
    )
    commits, recalls = measured.journal.commits, measured.journal.recalls
    print(f"journal:   {journal:6.1f} us a page, {commits:,} commits, {recalls:,} recalls")
    print(f"memory:    {a_url:6.1f} B a known URL beyond {base / 1e6:.0f} MB ({MEMORY_BUDGET:.0f} B beyond 150 MB)")
    print(f"of which:  {measured.frontier.nbytes / known:6.1f} B fingerprints, {text / known:.1f} B text")
    within = core <= CORE_BUDGET and base + grown <= 150e6 + MEMORY_BUDGET * known
    print("within budget" if within else "OVER BUDGET")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
