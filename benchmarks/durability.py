"""What durability costs: CPU a page with the journal on disk, and with one in memory only.

    python -m benchmarks.durability [--rounds 3] [--engine asyncio] [--pages N]

The Java documentation on nginx, each crawl in a process of its own, the two kinds in turn. Both fetch, parse, resolve
and follow links alike; the one on disk also writes the journal and pages.jsonl.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.sites import JavadocSite

KINDS = ("memory", "journal", "durable")
ALLOWED = 1.25


def crawl(url: str, kind: str, engine: str, pages: int | None) -> None:
    """Crawl once in this process, and print the figures as JSON."""
    import gossamer

    with tempfile.TemporaryDirectory() as directory:
        crawler = gossamer.Crawler(
            url,
            directory=None if kind == "memory" else Path(directory) / "crawl",
            durable=kind == "durable",
            engine=engine,  # type: ignore[arg-type]
            allow_private="127.0.0.1",
            delay=0,
            host_concurrency=64,
            max_pages=pages,
        )
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
        report = crawler.run()
        after = resource.getrusage(resource.RUSAGE_SELF)
        size = sum(path.stat().st_size for path in Path(directory).rglob("*") if path.is_file())
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        written = (after.ru_oublock - before.ru_oublock) * 512
        figures = {
            "pages": report.counts.ended, "us": 1e6 * cpu / report.counts.ended, "seconds": time.monotonic() - began,
            "bytes": size / report.counts.ended, "written": written / report.counts.ended,
        }  # fmt: skip
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", default="asyncio")
    parser.add_argument("--pages", type=int, default=None)
    parser.add_argument("--one", nargs=2, metavar=("URL", "KIND"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        url, kind = chosen.one
        crawl(url, kind, chosen.engine, chosen.pages)
        return
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    with JavadocSite() as site:
        for _ in range(chosen.rounds):
            for kind in KINDS:
                words = [
                    sys.executable,
                    "-m",
                    "benchmarks.durability",
                    "--one",
                    site.url,
                    kind,
                    "--engine",
                    chosen.engine,
                ]
                words += ["--pages", str(chosen.pages)] if chosen.pages else []
                found[kind].append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    print(f"{'journal':<10}{'pages':>8}{'CPU us/page':>14}{'ratio':>8}{'pages/s':>10}{'B/page':>12}{'B written':>14}")
    base = median(one["us"] for one in found["memory"])
    for kind, several in found.items():
        us = median(one["us"] for one in several)
        speed = median(one["pages"] / one["seconds"] for one in several)
        last = several[-1]
        print(
            f"{kind:<10}{last['pages']:>8,.0f}{us:>14.0f}{us / base:>8.2f}{speed:>10.0f}"
            f"{last['bytes']:>12.0f}{last['written']:>14.0f}"
        )
    ratio = median(one["us"] for one in found["journal"]) / base
    print(f"allowed: {ALLOWED:.2f}; {'kept' if ratio <= ALLOWED else 'BROKEN'}")


if __name__ == "__main__":
    main()
