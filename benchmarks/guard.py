"""Guard the hot path: fail if a stage has become 25 % slower, relative to a reference loop in the same process.

    python -m benchmarks.guard                        # measure, compare with guard.json, exit 1 if a stage is slower
    python -m benchmarks.guard --renew                # record today's ratios
    python -m benchmarks.guard --slow reading=1.4     # simulate that a stage became slower, to test the guard

A small generated site is crawled once in this process, without sockets. Then its stages are repeated:
`reading` (decode, parse, judge the links), `core` (the recorded commands and events through a new crawl) and `commit`
(the recorded batches into a journal and pages.jsonl). Each turn of a stage has a turn of a reference loop, which
does similar work without gossamer. Both are measured in CPU time of this thread; a stage's
ratio is the median of its turns. A busy machine slows both. If a ratio is too high all the same, it is measured
again, up to three times, and the lowest counts, since noise varies but a real slow-down does not.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sqlite3
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import NamedTuple

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines.clock import FakeClock
from gossamer.engines.driver import Driver, run
from gossamer.engines.inline import InlineEngine
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.journals.memory import MemoryJournal
from gossamer.journals.sqlite import SqliteJournal
from gossamer.outputs.jsonl import JsonLines
from gossamer.parse.links.quick import native_links
from gossamer.rules.policy import Policy
from gossamer.values.model import Request, Response
from gossamer.values.protocol import Batch, Commit, Failed, RobotsRead, Visited
from gossamer.visit.visitor import Visitor
from tests.support.player import Step, replay

RATIOS = Path(__file__).parent / "guard.json"
TOLERANCE = 1.25
TURNS, ATTEMPTS = 11, 3
ORIGIN = "https://guard.example"
PAGES, LINKS, PARAGRAPHS = 150, 40, 30
TEXT = (
    "<p>A paragraph of a page that says <b>nothing</b> at all, but says it in the <i>usual</i> number of words.</p>\n"
)


def path_of(number: int) -> str:
    return f"/section{number % 7}/page-{number}.html"


def page_of(number: int) -> str:
    """Return a page of 5 KB with 40 links: to its children in a tree, to the site's sections, and to other pages."""
    targets = [number * 3 + 1, number * 3 + 2, number * 3 + 3, *(number * step % PAGES for step in range(1, LINKS - 2))]
    links = "".join(
        f'<li><a class="link" href="..{path_of(target)}">page {target}</a></li>\n'
        for target in targets
        if target < PAGES
    )
    head = f'<meta charset="utf-8"><title>Page {number}</title><link rel="stylesheet" href="/style.css">'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head><body><ul>{links}</ul>{TEXT * PARAGRAPHS}</body></html>'
    )


class Recording(NamedTuple):
    """One crawl of the site: the responses, the commands and events, and the batches that were committed."""

    policy: Policy
    answers: list[tuple[Request, Response]]
    trace: list[Step]
    batches: list[Batch]


def record() -> Recording:
    """Crawl the site once, with the inline engine and the jumping clock."""
    headers = {"content-type": "text/html; charset=utf-8"}
    web = RecordedFetcher.of_site(
        {path_of(number): RecordedPage(200, headers, page_of(number), 0.01) for number in range(PAGES)}, ORIGIN
    )
    policy = Policy(
        seeds=(ORIGIN + path_of(0),),
        delay=0.0,
        concurrency=16,
        host_concurrency=16,
        sitemaps=False,
        contact="x@y.example",
    )
    trace: list[Step] = []
    answers: list[tuple[Request, Response]] = []
    visitor = Visitor(policy, key=1)

    def visit(request: Request, answer: object) -> Visited | Failed | RobotsRead:
        if isinstance(answer, Response) and answer.status == 200:
            answers.append((request, answer))
        return visitor.visit(request, answer)  # type: ignore[arg-type]

    driver = Driver(new_crawl(policy), MemoryJournal(), FakeClock(), trace=lambda now, said: trace.append((now, said)))
    for _ in run(driver, InlineEngine(web, visit)):
        pass
    batches = [said.batch for _, said in trace if isinstance(said, Commit)]
    assert len(answers) == PAGES, f"{len(answers)} pages were read"
    return Recording(policy, answers, trace, batches)


def new_crawl(policy: Policy) -> Crawl:
    return Crawl(policy, Frontier(host_concurrency=16), key=1)


# ---------------------------------------------------------------- stages, each with its reference


Work = Callable[[], object]
Ready = Callable[[], Work]
JOURNALS = 4
"""Number of journals that a turn commits to; the time of a single one is too short to measure."""


class Stage(NamedTuple):
    """A part of the hot path and its reference loop. Only what follows the preparation is measured."""

    name: str
    ready: Ready
    reference: Ready


def stages(recording: Recording, directory: Path) -> list[Stage]:
    bodies = [response.body for _, response in recording.answers]
    texts = [zlib.compress(body[:2000], 1) for body in bodies]
    numbers = count()

    def reading() -> Work:
        visitor = Visitor(recording.policy, key=1)
        return lambda: [visitor.visit(request, response) for request, response in recording.answers]

    def core() -> Work:
        return partial(replay, new_crawl(recording.policy), recording.trace)

    def commit() -> Work:
        names = [f"{next(numbers)}" for _ in range(JOURNALS)]
        journals = [SqliteJournal(directory / f"{name}.db", key=1) for name in names]
        for journal in journals:
            journal.open()
        outputs = [JsonLines(directory / f"{name}.jsonl") for name in names]

        def work() -> None:
            for journal, output in zip(journals, outputs, strict=True):
                store(journal, output, recording.batches)

        return work

    def plain_store() -> Work:
        return partial(store_plainly, directory / f"{next(numbers)}-plain.db", texts)

    return [
        Stage("reading", reading, lambda: partial(read_plainly, bodies)),
        Stage("core", core, lambda: queue_plainly),
        Stage("commit", commit, plain_store),
    ]


def store(journal: SqliteJournal, output: JsonLines, batches: list[Batch]) -> None:
    """Commit the batches, as the driver does."""
    for batch in batches:
        output.write(batch)
        journal.commit(batch, {"jsonl": output.flush()})
    output.close()
    journal.close()


_HREF = re.compile(r'href="([^"]*)"')


def read_plainly(bodies: list[bytes]) -> int:
    """Return the number of links of the pages, found as a simple script would."""
    seen: dict[str, int] = {}
    for body in bodies:
        for href in _HREF.findall(body.decode()):
            path = "/".join(part for part in href.split("/") if part != "..")
            seen[path] = seen.get(path, 0) + 1
    return len(seen)


class _Link(NamedTuple):
    number: int
    url: str
    depth: int


def queue_plainly() -> int:
    """Maintain a set of known URLs and a heap of due ones, as a simple script would."""
    known: set[int] = {0}
    due = [(0, _Link(0, ORIGIN + path_of(0), 0))]
    while due:
        _, link = heappop(due)
        for target in (link.number * step % 1999 for step in range(1, LINKS)):
            if target not in known and len(known) < 10 * PAGES:
                known.add(target)
                heappush(due, (target, _Link(target, f"{ORIGIN}/{target}", link.depth + 1)))
        if link.number < 1900 and link.number + 1 not in known and len(known) < 10 * PAGES:
            known.add(link.number + 1)
            heappush(due, (link.number + 1, _Link(link.number + 1, f"{ORIGIN}/{link.number + 1}", link.depth + 1)))
    return len(known)


def store_plainly(path: Path, texts: list[bytes]) -> None:
    """Write packed rows as a simple script would."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text BLOB, said TEXT)")
    for first in range(0, len(texts), 10):
        connection.execute("BEGIN")
        for text in texts[first : first + 10]:
            said = json.dumps({"url": ORIGIN, "size": len(text), "text": zlib.decompress(text)[:200].decode()})
            connection.execute("INSERT INTO row (text, said) VALUES (?, ?)", (zlib.compress(said.encode(), 1), said))
        connection.execute("COMMIT")
    connection.close()


# ---------------------------------------------------------------- measuring


def spent_by(ready: Ready) -> float:
    """Return the CPU seconds of this thread for the work, without its preparation."""
    work = ready()
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def slowed(ready: Ready, factor: float) -> Ready:
    """Return the work, made to take `factor` times as much CPU time."""

    def slow_ready() -> Work:
        work = ready()

        def slow() -> None:
            begun = time.thread_time()
            work()
            took = time.thread_time() - begun
            while time.thread_time() < begun + factor * took:
                pass

        return slow

    return slow_ready


def ratio_of(stage: Stage) -> float:
    """Measure stage and reference in turn, and return the median of their ratios."""
    gc.collect()
    gc.disable()  # a collection would fall into a random turn
    try:
        return statistics.median(_turn(stage) for _ in range(TURNS))
    finally:
        gc.enable()


def _turn(stage: Stage) -> float:
    """Return the ratio of one turn: the stage runs between two halves of its reference, in case the speed changes."""
    before = spent_by(stage.reference)
    spent = spent_by(stage.ready)
    return 2 * spent / (before + spent_by(stage.reference))


def ratio_to_record(stage: Stage) -> float:
    """Return the median of several ratios."""
    return statistics.median(ratio_of(stage) for _ in range(ATTEMPTS))


def ratio_to_judge(stage: Stage, enough: float, attempts: int) -> float:
    """Measure up to `attempts` times, until the ratio is low enough; return the lowest."""
    lowest = float("inf")
    for _ in range(attempts):
        lowest = min(lowest, ratio_of(stage))
        if lowest <= enough:
            break
    return lowest


def measured(slow: dict[str, float], known: dict[str, float] | None, attempts: int) -> Iterator[tuple[str, float]]:
    """Yield the ratio of every stage, to compare with the `known` ones or, if there are none, to record."""
    recording = record()
    with tempfile.TemporaryDirectory(prefix="gossamer-guard-") as directory:
        for stage in stages(recording, Path(directory)):
            tried = stage._replace(ready=slowed(stage.ready, slow[stage.name])) if stage.name in slow else stage
            _turn(tried)  # warms up
            if known is None:
                yield stage.name, ratio_to_record(tried)
            else:
                yield stage.name, ratio_to_judge(tried, known.get(stage.name, float("inf")) * TOLERANCE, attempts)


def pair(text: str) -> tuple[str, float]:
    name, _, factor = text.partition("=")
    return name, float(factor)


def build() -> str:
    """Return what ratios depend on: the version of Python, and whether links are parsed natively."""
    native = "Python" if native_links is None else "native"
    return f"Python {sys.version_info.major}.{sys.version_info.minor}, {native} reader"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="record today's ratios")
    parser.add_argument("--slow", action="append", type=pair, default=[], metavar="STAGE=FACTOR", help="bark at this")
    parser.add_argument("--attempts", type=int, default=ATTEMPTS, help="how often a stage may be measured again")
    parser.add_argument("--ratios", type=Path, help="compare with these ratios instead (and --renew writes them)")
    asked = parser.parse_args()
    ratios = asked.ratios or RATIOS
    version = build()
    stored: dict[str, dict[str, float]] = json.loads(ratios.read_text())
    known = {} if asked.renew else stored.get(version, {})
    dearer = False
    for name, ratio in measured(dict(asked.slow), None if asked.renew else known, asked.attempts):
        if asked.renew:
            stored.setdefault(version, {})[name] = round(ratio, 3)
            print(f"{name:<8} {ratio:6.2f} recorded for {version}")
        elif name not in known:
            print(f"{name:<8} {ratio:6.2f} nothing recorded for {version}: python -m benchmarks.guard --renew")
        else:
            change = ratio / known[name]
            dearer |= change > TOLERANCE
            said = f"{change:.2f} times that, {'TOO DEAR' if change > TOLERANCE else 'fine'}"
            print(f"{name:<8} {ratio:6.2f} times its reference, recorded {known[name]:.2f}: {said}")
    if asked.renew:
        ratios.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
    return 1 if dearer else 0


if __name__ == "__main__":
    sys.exit(main())
