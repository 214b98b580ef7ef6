"""Measure gossamer beside the two crawlers of the starting point, on the same site, in turn, in one run.

    python benchmarks/starting_point/run.py --rounds 3
    python benchmarks/starting_point/run.py --pages 1000     # the two scripts stop early: they need minutes otherwise

Each contender is a whole process: its CPU time is everything it and its children used, start-up included. The pages are
counted by the server: distinct HTML pages that left nginx with status 200. Only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent.resolve()
HOME = HERE.parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.sites import JavadocSite, NginxSite, SiteUnavailable  # noqa: E402 (the path above makes it importable)

PEERS = ("threads_requests_bs4", "asyncio_aiohttp_bs4")
ENGINES = ("threads", "asyncio")
GOSSAMER = "-m gossamer crawl {url} --allow-private 127.0.0.0/8 --delay 0 --host-concurrency 32 --no-progress -q"


@dataclass(frozen=True)
class Contender:
    """Something to measure. `arguments` may hold {url} and {directory}; `whole` tells that it crawls the whole site."""

    name: str
    arguments: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class Measurement:
    """What one run cost (seconds). `memory`: peak resident size of its largest process, MB; `status`: its exit."""

    name: str
    pages: int
    wall: float
    cpu: float
    memory: float
    status: int

    @property
    def cpu_ms_a_page(self) -> float:
        return 1000 * self.cpu / max(self.pages, 1)

    @property
    def pages_a_cpu_second(self) -> float:
        return self.pages / self.cpu

    @property
    def pages_a_second(self) -> float:
        return self.pages / self.wall


def peers_python() -> Path:
    """Make the virtual environment of the two scripts, unless it is there; give its Python."""
    home = HOME / ".venvs" / "starting_point"
    python = home / "bin" / "python"
    ready = home / "ready"
    wanted = HERE / "requirements.txt"
    if not ready.exists() or ready.stat().st_mtime < wanted.stat().st_mtime:
        print("installing requests, aiohttp and BeautifulSoup for the starting point …", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", wanted], check=True)
        ready.touch()
    return python


def contenders(pages: int | None, engines: list[str], only_gossamer: bool) -> Iterator[Contender]:
    """List who runs, the scripts first."""
    if not only_gossamer:
        python = str(peers_python())
        limit = () if pages is None else (str(pages),)
        for script in PEERS:
            yield Contender(script, (python, str(HERE / f"{script}.py"), "{url}", *limit), whole=pages is None)
    for engine in engines:
        command = (sys.executable, *GOSSAMER.split(), "--engine", engine, "-o", "{directory}")
        yield Contender(f"gossamer --engine {engine}", command, whole=True)


def measure(contender: Contender, site: NginxSite) -> Measurement:
    """Run a contender once, from a log begun anew."""
    site.forget()
    with tempfile.TemporaryDirectory(prefix="gossamer-bench-") as directory:
        place = {"url": site.url, "directory": str(Path(directory) / "javadoc.crawl")}
        command = [argument.format(**place) for argument in contender.arguments]
        environment = {**os.environ, "PYTHONPATH": str(HOME / "src")}
        said = Path(directory) / "stderr"
        with said.open("wb") as stderr:
            begun = time.perf_counter()
            child = subprocess.Popen(command, env=environment, cwd=directory, stdout=subprocess.DEVNULL, stderr=stderr)
            _, status, usage = os.wait4(child.pid, 0)  # its CPU time and that of the children it waited for
            wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)  # wait4 has reaped it: tell Popen
        pages = len(site.pages())
        if child.returncode not in (0, 1) or not pages:  # 1: done, with findings such as dead links
            last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            print(f"{contender.name} ended with status {child.returncode}: {''.join(last)}", file=sys.stderr)
    cpu = usage.ru_utime + usage.ru_stime
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB elsewhere
    memory = usage.ru_maxrss * unit / 1e6
    return Measurement(contender.name, pages, wall, cpu, memory, child.returncode)


def median(runs: list[Measurement]) -> Measurement:
    """Take the median of every figure on its own."""
    middle = {key: statistics.median(getattr(run, key) for run in runs) for key in ("wall", "cpu", "memory")}
    return Measurement(runs[0].name, min(run.pages for run in runs), **middle, status=max(run.status for run in runs))


def table(results: list[Measurement]) -> str:
    """Lay the medians out as Markdown; the last column compares pages per CPU second with the first row."""
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
    try:
        with JavadocSite() as site:
            crawlers = list(contenders(asked.pages, asked.engine or list(ENGINES), asked.only_gossamer))
            runs: dict[str, list[Measurement]] = {crawler.name: [] for crawler in crawlers}
            for number in range(asked.rounds):
                for crawler in crawlers:
                    runs[crawler.name].append(run := measure(crawler, site))
                    print(f"round {number + 1}: {run.name}: {run.pages:,} pages, {run.wall:.1f} s, {run.cpu:.1f} CPU-s",
                          file=sys.stderr)  # fmt: skip
    except SiteUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    print(table([median(measured) for measured in runs.values()]))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(run) for one in runs.values() for run in one], indent=1))
    short = [c.name for c in crawlers if c.whole and any(run.pages != JavadocSite.reachable for run in runs[c.name])]
    if short:
        print(f"not the whole site ({JavadocSite.reachable:,} pages): {', '.join(short)}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
