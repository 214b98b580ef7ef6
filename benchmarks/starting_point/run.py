"""Measure gossamer and the two crawlers of the starting point, on the same site, in turn, in one run.

    python benchmarks/starting_point/run.py --rounds 3
    python benchmarks/starting_point/run.py --pages 1000     # the two scripts stop early, because they take minutes

Each contender is a process: its CPU time is that of itself and its children, start-up included. The pages are
counted by the server: distinct HTML pages with status 200. Only ratios within one run are meaningful.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).parent.resolve()
sys.path.insert(0, str(HERE.parent.parent))

from benchmarks.measuring import Contender, Measurement, environment, medians, race  # noqa: E402 (the path above)
from benchmarks.sites import JavadocSite, SiteUnavailable  # noqa: E402 (the path above makes it importable)

PEERS = ("threads_requests_bs4", "asyncio_aiohttp_bs4")
ENGINES = ("threads", "asyncio")
GOSSAMER = "-m gossamer crawl {url} --allow-private 127.0.0.0/8 --delay 0 --host-concurrency 32 --no-progress -q"


def scripts(pages: int | None) -> Iterator[Contender]:
    """Yield the two scripts, which stop after `pages` pages."""
    python = str(environment("starting_point", HERE / "requirements.txt"))
    limit = () if pages is None else (str(pages),)
    for script in PEERS:
        yield Contender(script, (python, str(HERE / f"{script}.py"), "{url}", *limit), pages=pages)


def contenders(pages: int | None, engines: list[str], only_gossamer: bool) -> Iterator[Contender]:
    """Yield the contenders, the scripts first."""
    if not only_gossamer:
        yield from scripts(pages)
    for engine in engines:
        command = (sys.executable, *GOSSAMER.split(), "--engine", engine, "-o", "{directory}")
        yield Contender(f"gossamer --engine {engine}", command)


def table(results: list[Measurement]) -> str:
    """Return the medians as a Markdown table; the last column is pages a CPU second relative to the first row."""
    lines = [
        "| crawler | pages | pages/s | CPU-ms a page | pages per CPU second | peak MB | ratio |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    first = results[0].pages_a_cpu_second or 1.0
    lines += [
        f"| {run.name} | {run.pages:,} | {run.pages_a_second:,.0f} | {run.cpu_ms_a_page:.2f} "
        f"| {run.pages_a_cpu_second:,.0f} | {run.memory:,.0f} | {run.pages_a_cpu_second / first:.1f} |"
        for run in results
    ]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs, in turn; medians are shown")
    parser.add_argument("--pages", type=int, help="let the two scripts stop after so many pages")
    parser.add_argument("--engine", action="append", choices=(*ENGINES, "inline", "processes"), help="default: both")
    parser.add_argument("--only-gossamer", action="store_true", help="leave the two scripts out")
    parser.add_argument("--json", type=Path, help="write every single measurement there")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    crawlers = list(contenders(asked.pages, asked.engine or list(ENGINES), asked.only_gossamer))
    try:
        with JavadocSite() as site:
            runs = race(crawlers, site, JavadocSite.reachable, asked.rounds)
    except SiteUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    order = [crawler.name for crawler in crawlers]
    results = sorted(medians(runs), key=lambda run: order.index(run.name))
    print(table(results))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(run) for run in runs], indent=1))
    short = [run.name for run in results if run.missed]
    if short:
        print(f"not the whole site ({JavadocSite.reachable:,} pages): {', '.join(short)}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
