"""Measure what each stage of a crawl costs a page on a real site, compared to wget2 as a whole in the same run.

    python benchmarks/stages.py [--site javadoc|cppreference|tiny] [--rounds 3]

One crawl is recorded in this process; then each of its stages is repeated by itself: `fetch` (libcurl in the
event loop, 64 at once), `read` (decode, find links, judge them), `core` (the recorded commands and events through a new
crawl) and `write` (the recorded batches into a journal and pages.jsonl). Figures are medians of CPU time, without
the start-up.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HOME = Path(__file__).parent.parent.resolve()
sys.path[:0] = [str(HOME), str(HOME / "src")]

from benchmarks.guard import store  # noqa: E402 (the path above makes them importable)
from benchmarks.measuring import measure  # noqa: E402 (likewise)
from benchmarks.peers.contenders import CONNECTIONS, programs  # noqa: E402 (likewise)
from benchmarks.sites import CppreferenceSite, JavadocSite, NginxSite, SiteUnavailable, TinySite  # noqa: E402 (likewise)
from gossamer import Crawler  # noqa: E402 (likewise)
from gossamer.core.crawl import Crawl  # noqa: E402 (likewise)
from gossamer.core.frontier import Frontier  # noqa: E402 (likewise)
from gossamer.engines.bridges import new_event_loop  # noqa: E402 (likewise)
from gossamer.engines.session import Session  # noqa: E402 (likewise)
from gossamer.fetchers import AwaitingFetcher, FetchOptions  # noqa: E402 (likewise)
from gossamer.journals.sqlite import SqliteJournal  # noqa: E402 (likewise)
from gossamer.outputs.jsonl import JsonLines  # noqa: E402 (likewise)
from gossamer.rules.policy import Policy  # noqa: E402 (likewise)
from gossamer.values.model import Response  # noqa: E402 (likewise)
from gossamer.values.protocol import Commit, Visited  # noqa: E402 (likewise)
from gossamer.visit.visitor import Visitor  # noqa: E402 (likewise)
from tests.support.player import Step, replay  # noqa: E402 (likewise)

SITES = {"javadoc": JavadocSite, "cppreference": CppreferenceSite, "tiny": TinySite}


class Recorded:
    """A recorded crawl of a site, whose stages can be repeated."""

    def __init__(self, site: NginxSite) -> None:
        self._trace: list[Step] = []
        crawler = Crawler(
            site.url,
            allow_private="127.0.0.0/8",
            delay=0,
            host_concurrency=CONNECTIONS,
            trace=lambda now, said: self._trace.append((now, said)),
        )
        crawler.run()
        self._policy: Policy = crawler.policy
        session = crawler._session  # noqa: SLF001  # the key of its fingerprints is no business of users …
        assert isinstance(session, Session)
        self._key = session.work.key  # … but with another key no link would be known
        self._visits = [said for _, said in self._trace if isinstance(said, Visited)]
        self.pages = crawler.report.counts.ended

    def stages(self) -> Iterator[tuple[str, float]]:
        """Yield each stage and its CPU seconds."""
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            yield "fetch", _seconds(lambda: runner.run(self._fetch()))
        visitor = Visitor(self._policy, key=self._key)
        came = [(one.request, one.outcome.response) for one in self._visits]
        answers = [(request, response) for request, response in came if response is not None]
        yield "read", _seconds(lambda: [visitor.visit(*one) for one in answers])
        crawl = Crawl(self._policy, Frontier(host_concurrency=CONNECTIONS), key=self._key)
        yield "core", _seconds(lambda: replay(crawl, self._trace))
        batches = [said.batch for _, said in self._trace if isinstance(said, Commit)]
        with tempfile.TemporaryDirectory() as directory:
            journal, output = SqliteJournal(Path(directory) / "j.db"), JsonLines(Path(directory) / "pages.jsonl")
            journal.open()
            yield "write", _seconds(lambda: store(journal, output, batches))

    async def _fetch(self) -> None:
        fetcher, waiting = AwaitingFetcher(FetchOptions.of(self._policy)), iter(self._visits)

        async def one_after_the_other() -> None:
            for visit in waiting:
                answer = await fetcher.fetch(visit.request)
                assert isinstance(answer, Response), answer

        await asyncio.gather(*(one_after_the_other() for _ in range(CONNECTIONS)))
        await fetcher.aclose()


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", choices=SITES, default="javadoc")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    costs: dict[str, list[float]] = {}
    try:
        with SITES[asked.site]() as site:
            wget2 = next(one for one in programs() if one.name == "wget2")
            recorded = Recorded(site)
            for _ in range(asked.rounds):
                for stage, seconds in recorded.stages():
                    costs.setdefault(stage, []).append(1e6 * seconds / recorded.pages)
                costs.setdefault("wget2", []).append(1000 * measure(wget2, site, site.reachable).cpu_ms_a_page)
    except SiteUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    medians = {stage: statistics.median(each) for stage, each in costs.items()}
    whole = medians.pop("wget2")
    for stage, cost in medians.items():
        print(f"{stage:8} {cost:6.1f} us a page  {cost / whole:5.2f}x")
    print(f"{'all four':8} {sum(medians.values()):6.1f} us a page  {sum(medians.values()) / whole:5.2f}x")
    print(f"{'wget2':8} {whole:6.1f} us a page, start-up included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
