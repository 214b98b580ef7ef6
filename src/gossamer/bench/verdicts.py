"""Verdicts: for each workload the advised cell, the sentence that explains it, and the settings that follow."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gossamer.bench.cells import Cell, usual_level
from gossamer.bench.figures import Interval, Run, bootstrap, ratio
from gossamer.bench.measuring import Results
from gossamer.bench.workloads import Workload

MEANINGFUL: Final = 1.1
"""A cell is faster than another if the lower end of the interval of their ratio is above this."""

FEWEST_SOUND: Final = 2
"""Minimum number of runs that pass the self-checks, for a cell to be judged."""

_TOO_SHORT: Final = "Nothing can be concluded: the time was up before every cell had run twice."


class Standing(Struct, frozen=True):
    """The result of one cell."""

    cell: Cell
    """The cell."""

    runs: tuple[Run, ...]
    """All its runs, also those that fail a self-check."""

    rate: Interval | None
    """Pages a second; None if too few runs pass the self-checks."""

    cpu: float = 0.0
    """Median CPU seconds a page."""

    tied: bool = False
    """Whether it is the fastest cell, or not meaningfully slower."""

    complaint: str = ""
    """Why `rate` is None; else ""."""


class BenchVerdict(Struct, frozen=True):
    """The verdict on one workload."""

    workload: Workload
    """The workload."""

    ceiling: float
    """The maximum rate of its server, in pages a second."""

    standings: tuple[Standing, ...]
    """The results of its cells; the fastest first if there is an advised cell."""

    advised: Cell | None
    """The advised cell; None if nothing can be concluded."""

    sentence: str
    """The advice, or why there is none."""

    @property
    def tied(self) -> tuple[Cell, ...]:
        """The fastest cells, between which there is no meaningful difference."""
        return tuple(standing.cell for standing in self.standings if standing.tied)


def judge(results: Results) -> list[BenchVerdict]:
    """Return the verdict on each workload."""
    return [_judge_workload(results, served.workload, served.ceiling) for served in results.served]


def _judge_workload(results: Results, workload: Workload, ceiling: float) -> BenchVerdict:
    standings = [_standing(results.runs_of(cell)) for cell in results.cells_of(workload.name)]
    sound = [standing for standing in standings if standing.rate is not None]
    if any(len(standing.runs) < FEWEST_SOUND for standing in standings):
        return BenchVerdict(workload, ceiling, tuple(standings), None, _TOO_SHORT)
    if not sound:
        return BenchVerdict(workload, ceiling, tuple(standings), None, _inconclusive(standings))
    best = max(sound, key=_median)
    doubtful = max((one for one in standings if one.rate is None), key=_raw, default=None)
    if doubtful is not None and _raw(doubtful) > MEANINGFUL * _median(best):
        return BenchVerdict(workload, ceiling, tuple(standings), None, _doubt(doubtful))
    if len(sound) == 1 and len(standings) > 1:  # there is nothing to compare it with
        return BenchVerdict(workload, ceiling, tuple(standings), None, _inconclusive(standings))
    rates = _rates(best.runs)
    tied = [one for one in sound if one is best or ratio(rates, _rates(one.runs)).low <= MEANINGFUL]
    advised = min(tied, key=lambda standing: standing.cell.plainness)
    ranked = [_with_tie(standing, tied=any(standing is one for one in tied)) for standing in standings]
    ranked.sort(key=_median, reverse=True)
    return BenchVerdict(workload, ceiling, tuple(ranked), advised.cell, _sentence(advised, tied, sound))


def _standing(runs: Sequence[Run]) -> Standing:
    sound = [run for run in runs if not run.broken]
    cell = runs[0].cell
    if len(sound) < FEWEST_SOUND or len(sound) < len(runs) / 2:
        broken = [run.broken[0] for run in runs if run.broken]
        complaint = (
            f"{len(broken)} of {len(runs)} runs break a self-check: {broken[0]}" if broken else "it ran only once."
        )
        return Standing(cell, tuple(runs), None, complaint=complaint)
    cpu = statistics.median(run.cpu_a_page for run in sound)
    return Standing(cell, tuple(runs), bootstrap(_rates(runs)), cpu)


def _with_tie(standing: Standing, *, tied: bool) -> Standing:
    return Standing(standing.cell, standing.runs, standing.rate, standing.cpu, tied, standing.complaint)


def _rates(runs: Sequence[Run]) -> list[float]:
    return [run.rate for run in runs if not run.broken]


def _raw(standing: Standing) -> float:
    return statistics.median(run.rate for run in standing.runs)


def _median(standing: Standing) -> float:
    return standing.rate.median if standing.rate else -1.0


# ---------------------------------------------------------------- in words


def _sentence(advised: Standing, tied: Sequence[Standing], sound: Sequence[Standing]) -> str:
    others = [one for one in tied if one is not advised]
    slower = [one for one in sound if not any(one is other for other in tied)]
    speed = f"{number(_median(advised))} pages a second"
    if not slower and len(sound) > 1:
        return (
            f"There is no meaningful difference between these {len(sound)}: all make about {speed}. "
            f"Take the plainest, {advised.cell.label}."
        )
    sentence = f"Take {advised.cell.label}: {speed}"
    if others:
        names = " and ".join(one.cell.label for one in others[:2]) + (" and others" if len(others) > 2 else "")
        sentence += f", with no meaningful difference to {names}"
    if slower:
        next_best = max(slower, key=_median)
        slowest = min(slower, key=_median)
        sentence += f"; {times(_median(advised) / _median(next_best))} the speed of {next_best.cell.label}"
        if slowest is not next_best:
            sentence += f", {times(_median(advised) / _median(slowest))} that of {slowest.cell.label}"
    return sentence + "."


def _inconclusive(standings: Sequence[Standing]) -> str:
    complaints = [f"{one.cell.label}: {one.complaint}" for one in standings if one.complaint]
    return "Nothing can be concluded: " + (complaints[0] if complaints else "nothing was measured.")


def _doubt(doubtful: Standing) -> str:
    return (
        f"Nothing can be concluded: {doubtful.cell.label} may well be the fastest, but cannot be trusted. "
        f"{doubtful.complaint[:1].upper()}{doubtful.complaint[1:]}"
    )


def number(value: float) -> str:
    """Format a figure with two or more significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def times(value: float) -> str:
    """Format a ratio, such as `2.5 times`."""
    return f"{value:.0f} times" if value >= 10 else f"{value:.1f} times"


def settings(cell: Cell) -> str:
    """Return the settings of a cell as the text of a gossamer.toml, without those that are the default."""
    lines = [f'engine = "{cell.engine}"']
    if cell.in_flight != usual_level(cell.engine, cell.workers):
        lines.append(f"concurrency = {cell.in_flight}")
    if cell.workers:
        lines.append(f"workers = {cell.workers}")
    if cell.cpu_workers:
        lines.append(f"cpu_workers = {cell.cpu_workers}")
    return "\n".join(lines) + "\n"
