"""Compare threads, asyncio and processes for pages that wait and for pages that need the CPU: table and plots.

    python benchmarks/concurrency.py --rounds 3 --json concurrency.json
    python benchmarks/concurrency.py --from concurrency.json --images docs/images     # draw and print again

The same crawl with four kinds of work for each page, about ten milliseconds each, on every engine, with and without CPU
workers, measured as by `gossamer bench`: each run is a process of its own, against a server of its own. Runs that do
not pass the self-checks are drawn hollow and left out of the medians.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from gossamer.bench.cells import Cell, engines, has_cpu_workers, usual_level
from gossamer.bench.checks import complaints
from gossamer.bench.figures import Run, bootstrap
from gossamer.bench.measuring import BenchServer, cores, run_cell
from gossamer.bench.plots import Dots, Panel, Row, strip_plot
from gossamer.bench.workloads import Workload

KINDS = {
    "waiting": ("", "a: only waiting"),
    "native-free": ("native_free", "b: native code that frees the lock"),
    "native-locked": ("native_locked", "c: native code that keeps the lock"),
    "bytecode": ("bytecode", "d: Python bytecode"),
}
FIGURES: tuple[tuple[str, Callable[[Run], float | None]], ...] = (
    ("pages/s", lambda run: run.rate),
    ("CPU ms a page", lambda run: 1000 * run.cpu_a_page),
    ("loop lag, ms", lambda run: None if run.loop_lag is None else 1000 * run.loop_lag),
    ("thread delay, ms", lambda run: 1000 * run.thread_delay),
)


def workload(kind: str) -> Workload:
    return Workload(
        kind, KINDS[kind][1], hosts=8, size=8 * 1024, latency=0.05, spread=0.3, links=30, work=KINDS[kind][0],
        settings={"delay": 0.0, "host_concurrency": 100},
    )  # fmt: skip


def cells(kind: str) -> Iterator[Cell]:
    for engine in engines():
        level = usual_level(engine)
        if engine == "processes":
            yield Cell(kind, engine, usual_level(engine, cores()), workers=cores())
            continue
        yield Cell(kind, engine, level)
        if has_cpu_workers() and KINDS[kind][0] and engine in ("asyncio", "threads"):
            yield Cell(kind, engine, level, cpu_workers=cores())


def measure(rounds: int, seconds: float, seed: int) -> list[Run]:
    runs = []
    draw = random.Random(seed)
    for kind in KINDS:
        with BenchServer(workload(kind)) as server:
            ceiling = server.ceiling(0.5)
            turns = [(number, cell) for number in range(rounds) for cell in cells(kind)]
            draw.shuffle(turns)
            for number, cell in turns:
                run = run_cell(cell, number, server, seconds)
                run = msgspec.structs.replace(run, broken=tuple(complaints(run, ceiling=ceiling, cores=cores())))
                print(f"{kind}: {cell.label}: {run.rate:.0f}/s {run.broken}", file=sys.stderr)
                runs.append(run)
    return runs


# ---------------------------------------------------------------- showing


def by_cell(runs: list[Run], kind: str) -> dict[Cell, list[Run]]:
    found: dict[Cell, list[Run]] = {}
    for run in runs:
        if run.cell.workload == kind:
            found.setdefault(run.cell, []).append(run)
    return dict(sorted(found.items(), key=lambda item: -statistics.median(run.rate for run in item[1])))


def dots(runs: list[Run], figure: Callable[[Run], float | None]) -> Dots:
    values = [value for run in runs if (value := figure(run)) is not None]
    sound = [value for run in runs if not run.broken and (value := figure(run)) is not None]
    if not sound:
        return Dots(tuple(values), tuple(True for _ in values))
    interval = bootstrap(sound)
    return Dots(tuple(values), tuple(bool(run.broken) for run in runs), interval.low, interval.median, interval.high)


def plot(runs: list[Run], kind: str) -> str:
    rows = [
        Row(cell.label, cell.engine, tuple(dots(own, figure) for _, figure in FIGURES))
        for cell, own in by_cell(runs, kind).items()
    ]
    panels = [Panel(title, 1.3 if title == "pages/s" else 1.0) for title, _ in FIGURES]
    return strip_plot(KINDS[kind][1], panels, rows, standalone=True)


def table(runs: list[Run]) -> Iterator[str]:
    yield "| work a page | engine | " + " | ".join(title for title, _ in FIGURES) + " | sound runs |"
    yield "|---|---|" + "---:|" * (len(FIGURES) + 1)
    for kind in KINDS:
        for cell, own in by_cell(runs, kind).items():
            sound = [run for run in own if not run.broken]
            figures = [shown([figure(run) for run in sound or own]) for _, figure in FIGURES]
            yield f"| {KINDS[kind][1]} | {cell.label} | {' | '.join(figures)} | {len(sound)} of {len(own)} |"


def shown(values: list[float | None]) -> str:
    there = [value for value in values if value is not None]
    if not there:
        return "-"
    middle = statistics.median(there)
    return f"{middle:,.0f}" if middle >= 100 else f"{middle:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs (default: 3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a run (default: 3)")
    parser.add_argument("--seed", type=int, default=1, help="for the order of the runs")
    parser.add_argument("--json", type=Path, help="write every run there")
    parser.add_argument("--from", dest="before", type=Path, help="measure nothing; take the runs from such a file")
    parser.add_argument("--images", type=Path, help="draw concurrency-KIND.svg there")
    chosen = parser.parse_args()
    if chosen.before:
        runs = msgspec.json.decode(chosen.before.read_bytes(), type=list[Run])
    else:
        runs = measure(chosen.rounds, chosen.seconds, chosen.seed)
    if chosen.json:
        chosen.json.write_bytes(msgspec.json.encode(runs))
    if chosen.images:
        for kind in KINDS:
            (chosen.images / f"concurrency-{kind}.svg").write_text(plot(runs, kind), encoding="utf-8")
    print("\n".join(table(runs)))


if __name__ == "__main__":
    main()
