"""The race that matters: many hosts, TLS, HTTP/2, compressed pages as large and as full as those of the live web.

    python benchmarks/real_web/run.py                          # narrow (100 hosts x 30 pages) and broad (1,000 x 3)
    python benchmarks/real_web/run.py --pages ~/saved-pages    # bodies from a folder instead of made-up ones
    python benchmarks/real_web/run.py --race broad --only gossamer --only floor --rounds 1 --dry
    python benchmarks/real_web/run.py --figures --pages ~/saved-pages    # how made-up pages compare with saved ones

Every contender makes one request at a time to a host, without a rest, and 64 at once in all. Pages, connections and
resumed sessions are counted in the server's log. Results are kept in results.json, beside this file.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

HERE = Path(__file__).parent.resolve()
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent.parent / "src")]

from benchmarks.measuring import Contender, Measurement, environment, measure, medians  # noqa: E402 (the path above)
from benchmarks.peers.contenders import PAGES_ONLY  # noqa: E402 (likewise)
from benchmarks.peers.run import chosen, machine  # noqa: E402 (likewise)
from benchmarks.real_web.bodies import Figures, figures_of, made_up, saved  # noqa: E402 (likewise)
from benchmarks.real_web.site import Connections, RealWeb  # noqa: E402 (likewise)
from benchmarks.sites import SiteUnavailable  # noqa: E402 (likewise)

RESULTS = HERE / "results.json"
RACES = {"narrow": (100, 30), "broad": (1_000, 3)}
"""Hosts, and pages of each."""
BODIES = 300
"""Number of made-up pages, used in turn."""
SLOTS = 64
DOLLARS_A_CPU_HOUR = 0.0947
"""What the published crawl of a billion pages paid for a vCPU-hour: 0.46 dollars / 4.87 vCPU-hours a million pages."""
PUBLISHED = (4.87, 0.46, 57.0)
"""Its vCPU-hours and dollars a million pages, and pages a second and vCPU, with waits and network cards included."""


class Row(Struct, frozen=True):
    """The medians of one contender in one race."""

    name: str
    pages: int
    missed: int
    cpu_ms: float
    """CPU milliseconds a page, of the whole process tree."""
    pages_a_second: float
    memory: float
    """Peak memory of the process tree in MB."""
    connections: int
    resumed: int
    """TLS sessions that were resumed."""

    @property
    def cpu_hours(self) -> float:
        """CPU-hours a million pages."""
        return self.cpu_ms * 1e6 / 1000 / 3600


class Race(Struct, frozen=True):
    """One race: its web, and what each contender took."""

    hosts: int
    pages: int
    rounds: int
    rows: list[Row]


class Results(Struct, frozen=True):
    """The results of the races, as stored in results.json."""

    measured: str = ""
    machine: str = ""
    bodies: str = ""
    made_up: Figures | None = None
    saved: Figures | None = None
    races: dict[str, Race] = {}


def contenders(web: RealWeb) -> Iterator[Contender]:
    """Yield everyone who races."""
    seeds, ca_file = str(web.seeds), str(web.ca_file)
    gossamer = (
        *(
            sys.executable,
            "-m",
            "gossamer",
            "crawl",
            "-i",
            seeds,
            "--ca-file",
            ca_file,
            "--allow-private",
            "127.0.0.0/8",
        ),
        *("--delay", "0", "--concurrency", str(SLOTS), "--no-progress", "-q", "-o", "{directory}"),
    )
    python = str(environment("real_web", HERE / "requirements-aiohttp.txt"))
    scrapy = str(environment("scrapy", HERE.parent / "peers" / "requirements-scrapy.txt"))
    yield Contender("floor: libcurl and decoders", (sys.executable, str(HERE / "floor.py"), str(web.urls), ca_file))
    yield Contender("gossamer, asyncio", (*gossamer, "--engine", "asyncio"))
    yield Contender("gossamer, asyncio, WARC", (*gossamer, "--engine", "asyncio", "-f", "jsonl", "-f", "warc"))
    yield Contender("gossamer, processes", (*gossamer, "--engine", "processes"))
    if shutil.which("wget2"):
        yield Contender(
            "wget2",
            (
                *("wget2", "--recursive", "--level=inf", f"--max-threads={SLOTS}", "--quiet", "--tries=1", "--no-hsts"),
                *("--no-config", f"--ignore-tags={PAGES_ONLY}", "--delete-after", f"--ca-certificate={ca_file}"),
                *("--input-file", seeds),
            ),
        )
    yield Contender("aiohttp, selectolax", (python, str(HERE / "aiohttp_selectolax.py"), seeds, ca_file, "pages.jsonl"))
    yield Contender("Scrapy, hand-tuned", (scrapy, str(HERE / "scrapy_tuned.py"), seeds, "pages.jsonl"))


def run_race(name: str, bodies: Sequence[bytes], asked: argparse.Namespace) -> Race:
    """Run all contenders in turn, as often as asked, each round beginning with another one."""
    hosts, pages = RACES[name]
    runs: list[tuple[Measurement, Connections]] = []
    with RealWeb(bodies, hosts=hosts, pages=pages) as web:
        racing = [one for one in contenders(web) if chosen(one.name, asked.only)]
        for number in range(asked.rounds):
            first = number * len(racing) // asked.rounds
            for contender in (*racing[first:], *racing[:first]):
                run = measure(contender, web, web.reachable)
                made = web.connections()
                runs.append((run, made))
                print(
                    f"{name}, round {number + 1}: {run.name}: {run.pages:,} pages, "
                    f"{run.cpu_ms_a_page:.2f} CPU-ms a page, {made.connections:,} connections",
                    file=sys.stderr,
                )
    order = [one.name for one in racing]
    middle = {run.name: run for run in medians(run for run, _ in runs)}
    return Race(hosts, pages, asked.rounds, [_row(middle[each], runs) for each in order])


def _row(run: Measurement, runs: Sequence[tuple[Measurement, Connections]]) -> Row:
    made = [connections for one, connections in runs if one.name == run.name]
    return Row(
        run.name,
        run.pages,
        run.missed,
        run.cpu_ms_a_page,
        run.pages_a_second,
        run.memory,
        int(statistics.median(one.connections for one in made)),
        int(statistics.median(one.resumed for one in made)),
    )


def table(race: Race) -> str:
    """Return a race as a table in Markdown, with the ratios to the floor and the costs of a million pages."""
    floor = next((row.cpu_ms for row in race.rows if row.name.startswith("floor")), None)
    lines = [
        f"{race.hosts:,} hosts of {race.pages:,} pages, medians of {race.rounds} rounds:",
        "",
        "| crawler | CPU-ms a page | x the floor | pages/s | MB | connections | resumed | CPU-h/million | $/million |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in race.rows:
        ratio = f"{row.cpu_ms / floor:.2f}" if floor else "-"
        missed = f" ({row.missed:,} pages missed)" if row.missed else ""
        lines.append(
            f"| {row.name}{missed} | {row.cpu_ms:.2f} | {ratio} | {row.pages_a_second:,.0f} | {row.memory:,.0f} | "
            f"{row.connections:,} | {row.resumed:,} | {row.cpu_hours:.2f} | {row.cpu_hours * DOLLARS_A_CPU_HOUR:.3f} |"
        )
    return "\n".join(lines)


def figures_table(made: Figures, live: Figures | None) -> str:
    """Return the mean figures of made-up pages beside those of saved ones as a table in Markdown."""
    columns = msgspec.structs.asdict(made), msgspec.structs.asdict(live) if live else {}
    lines = ["| of a page, on average | made up | saved |", "|---|---:|---:|"]
    for name, value in columns[0].items():
        beside = f"{columns[1][name]:,.0f}" if name in columns[1] else "-"
        lines.append(f"| {name.replace('_', ' ')} | {value:,.0f} | {beside} |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--race", action="append", choices=RACES, help="default: both")
    parser.add_argument("--pages", type=Path, metavar="DIR", help="take the bodies from the saved pages of a folder")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs, in turn; medians are shown")
    parser.add_argument("--only", action="append", help="contenders whose name begins so; may be given several times")
    parser.add_argument("--figures", action="store_true", help="only compare made-up pages with saved ones")
    parser.add_argument("--dry", action="store_true", help="print the tables only, keep nothing")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    invented = made_up(BODIES)
    bodies = saved(asked.pages) if asked.pages else invented
    known = msgspec.json.decode(RESULTS.read_bytes(), type=Results) if RESULTS.exists() else Results()
    made, live = figures_of(invented), figures_of(bodies) if asked.pages else known.saved
    print(figures_table(made, live), flush=True)
    races = dict(known.races)
    try:
        for name in () if asked.figures else asked.race or RACES:
            races[name] = run_race(name, bodies, asked)
            print(f"\n{name}: {table(races[name])}", flush=True)
    except SiteUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    if not asked.dry:
        source = f"{len(bodies)} saved pages" if asked.pages else f"{BODIES} made-up pages"
        results = Results(datetime.now(UTC).date().isoformat(), machine(), source, made, live, races)
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    return (
        1 if any(row.missed for race in races.values() for row in race.rows if row.name.startswith("gossamer")) else 0
    )


if __name__ == "__main__":
    sys.exit(main())
