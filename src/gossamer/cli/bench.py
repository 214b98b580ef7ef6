"""gossamer bench: measure on this machine which concurrency model suits a workload."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from gossamer.bench import compare
from gossamer.bench.cells import MANY, Interpreter, cells_of, engines, interpreters
from gossamer.bench.measuring import Plan, Results, cores, measure
from gossamer.bench.page import HEADS, USE_HEADS, html, noise, use
from gossamer.bench.replay import workload_of
from gossamer.bench.verdicts import BenchVerdict, Standing, judge, number, settings
from gossamer.bench.workloads import WEB, WORKLOADS, Workload
from gossamer.cli.stdout import put
from gossamer.cli.terminal import console, is_live, line, say
from gossamer.engines.table import names
from gossamer.values.errors import UserError

QUICK_RUN, QUICK_LIMIT = 0.8, 84.0
FULL_RUN: Final = 3.0
REPORT: Final = "gossamer-bench.html"
DISAGREE: Final = 1


def run(chosen: Namespace) -> int:
    """Measure or compare as chosen, and return the exit code."""
    if chosen.what:
        return _compare(chosen.what)
    for path in filter(None, (chosen.report, chosen.json)):
        _write(Path(path), b"", "ab")  # what cannot be written is refused before minutes were spent on it
    pythons = interpreters(chosen.pythons)
    results = measure(_plan(chosen, pythons), _teller(quiet=chosen.quiet))
    results = msgspec.structs.replace(results, interpreters=tuple(pythons))
    verdicts = judge(results)
    _write(Path(chosen.report), html(results, verdicts).encode())
    if chosen.json:
        _write(Path(chosen.json), msgspec.json.format(msgspec.json.encode(results), indent=1))
    put("\n".join(_told(results, verdicts)) + "\n")
    if not chosen.quiet:
        say(console(), line("Plots and every run: ", (chosen.report, "cyan")))
    return 0


def _plan(chosen: Namespace, found: Sequence[Interpreter]) -> Plan:
    workloads = _workloads(chosen)
    pythons = [one.path for one in found if not one.trouble and _wanted(one.path, chosen)]
    for one in found:
        if one.name in chosen.pythons and one.trouble:
            raise UserError(f"{one.name} cannot take part: {one.trouble}.")
    workers = chosen.workers or [min(cores(), 8)]
    cells = [
        cell
        for workload in workloads
        for cell in cells_of(
            workload, _engines(workload, chosen), chosen.levels or _levels(workload, chosen), workers, pythons,
            many=not chosen.quick,
        )
    ]  # fmt: skip
    return Plan(
        workloads=tuple(workloads),
        cells=tuple(dict.fromkeys(cells)),
        seconds=chosen.seconds or (QUICK_RUN if chosen.quick else FULL_RUN),
        limit=chosen.limit or (QUICK_LIMIT if chosen.quick else None),
        seed=chosen.seed,
        quick=chosen.quick,
    )


def _engines(workload: Workload, chosen: Namespace) -> Sequence[str]:
    """Return the engines to measure; with --quick, inline only where one request at a time may suffice."""
    if chosen.quick and not chosen.engines and not workload.idle:
        return names(lambda traits: not traits.one_at_a_time)
    return chosen.engines or engines()


def _levels(workload: Workload, chosen: Namespace) -> Sequence[int]:
    """Return the numbers of requests at once to measure; with --quick, one number where all engines share it."""
    return (MANY,) if chosen.quick and workload is WEB else ()


def _wanted(path: str, chosen: Namespace) -> bool:
    return not chosen.quick or path in chosen.pythons


def _workloads(chosen: Namespace) -> list[Workload]:
    if chosen.recorded:
        return [workload_of(Path(chosen.recorded))]
    return [WORKLOADS[name] for name in chosen.workloads or WORKLOADS]


def _write(path: Path, content: bytes, mode: Literal["ab", "wb"] = "wb") -> None:
    try:
        with path.open(mode) as file:
            file.write(content)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None


def _teller(*, quiet: bool) -> Callable[[str], None]:
    """Return a function that shows progress: on a terminal in one line that changes, elsewhere in a line every 30 s."""
    if quiet:
        return lambda _: None
    screen, began, last = console(), time.monotonic(), -30.0

    def tell(what: str) -> None:
        nonlocal last
        passed = time.monotonic() - began
        if is_live(screen):
            screen.control()
            sys.stderr.write(f"\r\x1b[2K{passed:4.0f} s  {what}"[: screen.width])
            sys.stderr.flush()
        elif passed >= last + 30:
            last = passed
            screen.print(line(f"{passed:4.0f} s  {what}"), soft_wrap=True)

    return tell


# ---------------------------------------------------------------- in words


def _told(results: Results, verdicts: Sequence[BenchVerdict]) -> Iterator[str]:
    if warning := noise(results):
        yield warning
        yield ""
    for verdict in verdicts:
        yield f"{verdict.workload.name}: {verdict.workload.about}"
        yield from _table(verdict)
        yield f"  {verdict.sentence}"
        if verdict.advised is not None:
            yield "  gossamer.toml: " + "; ".join(settings(verdict.advised).splitlines())
        yield ""


def _table(verdict: BenchVerdict) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("", *HEADS[1:], *USE_HEADS[1:4])]
    rows += [(standing.cell.label, *_figures(standing), *use(standing.runs)[:3]) for standing in verdict.standings]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for label, *cells in rows:
        figures = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"  {label.ljust(widths[0])}  {figures}".rstrip()


def _figures(standing: Standing) -> tuple[str, ...]:
    sound = f"{sum(not run.broken for run in standing.runs)} of {len(standing.runs)}"
    rate = standing.rate
    if rate is None:
        return ("–", "–", "–", sound)
    return (number(rate.median), f"{number(rate.low)} – {number(rate.high)}", f"{1000 * standing.cpu:.2f}", sound)


def _compare(what: Sequence[str]) -> int:
    if len(what) != 3 or what[0] != "compare":
        raise UserError("There is nothing to name but `compare A B`, two files of `gossamer bench --json`.")
    before, after = (compare.read(Path(name)) for name in what[1:])
    for change in compare.changes(before, after):
        put(
            f"{change.cell.workload}: {change.cell.label}: {change.rate.median:.2f} x the pages a second "
            f"({change.rate.low:.2f} – {change.rate.high:.2f}), {change.cpu.median:.2f} x the CPU a page: "
            f"{change.word}\n"
        )
    found = list(compare.agreements(before, after))
    if not found:
        raise UserError("The two measurements have no workload in common.")
    for one in found:
        put(f"{one.workload}: {one.sentence}\n")
    return 0 if all(one.agrees for one in found) else DISAGREE
