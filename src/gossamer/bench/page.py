"""The report as one HTML page of plots, tables and sentences, without scripts or external resources."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from gossamer.bench.figures import Run, bootstrap
from gossamer.bench.measuring import Results
from gossamer.bench.plots import Dots, Panel, Row, strip_plot
from gossamer.bench.style import STYLE
from gossamer.bench.verdicts import BenchVerdict, Standing, number, settings

_METHOD: Final = """\
<p>Every run is a process of its own that crawls as <code>gossamer crawl</code> does, with robots.txt, journal and JSON
lines, a server on this machine whose own limit was measured first. The order of runs is drawn anew each round. The
first fifth of a run is not counted. Bars are 95 % intervals of the median, by bootstrap; every run is a dot, and those
that break a self-check are hollow and count for nothing.</p>
<p>A cell is called faster only where even the low end of the interval of the ratio is above 1.1; anything less is "no
meaningful difference", and then the plainest cell is advised.</p>
<p><b>Event-loop lag</b> is how late a task wakes that wanted to wake every 5 ms: others ran and did not let go
(cooperative switching). <b>Thread switch delay</b> is the same for a thread: how long it waits for the one that holds
the interpreter (preemption). Both are 99th percentiles, in the driver's process and not in its workers.</p>
<p><b>Little's law</b> says that requests in flight = throughput × latency. The server's queue is compared with what the
pages that came and the latency they were given make; more than 5 % apart (and the millisecond that a timer may be off),
something other than the crawler set the speed.</p>
"""
HEADS: Final = ("", "pages/s", "95 % interval", "CPU ms a page", "runs")
USE_HEADS: Final = ("", "busiest core", "loop lag", "thread delay", "memory", "sockets", "failures")


def html(results: Results, verdicts: Sequence[BenchVerdict]) -> str:
    """Return the report as HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<title>gossamer bench</title>\n'
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "".join((*_head(results), _summary(verdicts), *map(_section, verdicts), _method(results)))
        + "</main>\n</body>\n</html>\n"
    )


def _head(results: Results) -> Iterator[str]:
    machine = results.machine
    when = datetime.fromtimestamp(results.began, UTC).strftime("%-d %B %Y, %H:%M UTC")
    lock = "with the global lock" if machine.gil else "without the global lock"
    yield "<header>\n<h1>Which concurrency model for your work?</h1>\n"
    yield (
        f"<p class=soft>{escape(machine.processor)}, {machine.cores} cores · {escape(machine.system)} · "
        f"{escape(machine.python)} ({lock}) · gossamer {escape(machine.gossamer)}<br>{when} · "
        f"{len(results.runs)} runs in {results.seconds:.0f} s{' (quick)' if results.quick else ''} · "
        f"seed {results.seed}</p>\n</header>\n"
    )
    if warning := noise(results):
        yield f"<p class=warning>{escape(warning)}</p>\n"


def noise(results: Results) -> str:
    """Return a warning if other programs used much of the machine; "" if they did not, or if that is unknown."""
    others = [run.others for run in results.runs if run.others is not None]
    if not others or statistics.fmean(others) < 0.15 * results.machine.cores:
        return ""
    return (
        f"Other programs used {statistics.fmean(others):.1f} of {results.machine.cores} cores meanwhile. Pages a "
        "second are lower than they could be, and scatter; CPU a page holds better. Measure again when it is quiet."
    )


def _summary(verdicts: Sequence[BenchVerdict]) -> str:
    items = "".join(_advice(verdict) for verdict in verdicts)
    return f'<section class="short">\n<h2>In short</h2>\n<dl>\n{items}</dl>\n</section>\n'


def _advice(verdict: BenchVerdict) -> str:
    name = escape(verdict.workload.name)
    toml = f"<pre>{escape(settings(verdict.advised))}</pre>" if verdict.advised else ""
    return f'<div><dt><a href="#{name}">{name}</a></dt>\n<dd><p>{escape(verdict.sentence)}</p>{toml}</dd></div>\n'


def _section(verdict: BenchVerdict) -> str:
    workload = verdict.workload
    return (
        f'<section id="{escape(workload.name)}">\n<h2>{escape(workload.name)}</h2>\n'
        f"<p class=soft>{escape(workload.about[:1].upper() + workload.about[1:])}. The server can answer "
        f"{verdict.ceiling:,.0f} such pages a second.</p>\n<p>{escape(verdict.sentence)}</p>\n"
        f"<figure>{_plot(verdict)}</figure>\n{_figures(verdict)}{_resources(verdict)}{_broken(verdict)}</section>\n"
    )


# ---------------------------------------------------------------- one workload


def _plot(verdict: BenchVerdict) -> str:
    rows = [
        Row(
            standing.cell.label,
            standing.cell.engine,
            (_dots([run.rate for run in standing.runs], standing), _dots(_cpu(standing.runs), standing)),
            grey=standing.rate is None,
        )
        for standing in verdict.standings
    ]
    panels = (Panel("pages a second (more is better)", 1.7), Panel("CPU ms a page (less is better)"))
    return strip_plot(f"{verdict.workload.name}: pages a second and CPU a page of every run", panels, rows)


def _cpu(runs: Sequence[Run]) -> list[float]:
    return [1000 * run.cpu_a_page for run in runs]


def _dots(values: Sequence[float], standing: Standing) -> Dots:
    broken = tuple(bool(run.broken) for run in standing.runs)
    if standing.rate is None:
        return Dots(tuple(values), broken)
    found = bootstrap([value for value, out in zip(values, broken, strict=True) if not out])
    return Dots(tuple(values), broken, found.low, found.median, found.high)


def _figures(verdict: BenchVerdict) -> str:
    rows = []
    for standing in verdict.standings:
        rate, sound = standing.rate, sum(not run.broken for run in standing.runs)
        cells = (
            (number(rate.median), f"{number(rate.low)} – {number(rate.high)}", f"{1000 * standing.cpu:.2f}")
            if rate
            else ("–", "–", "–")
        )
        rows.append((standing, (*cells, f"{sound} of {len(standing.runs)}")))
    return _table("What was measured", HEADS, rows, verdict)


def _resources(verdict: BenchVerdict) -> str:
    rows = [(standing, use(standing.runs)) for standing in verdict.standings]
    return _table("Where it was tight", USE_HEADS, rows, verdict)


def use(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the median resource use and delays of the runs, as text for the columns `USE_HEADS`."""
    busiest = [run.busiest for run in runs if run.busiest is not None]
    lag = [run.loop_lag for run in runs if run.loop_lag is not None]
    return (
        f"{statistics.median(busiest):.0%}" if busiest else "–",
        f"{1000 * statistics.median(lag):.1f} ms" if lag else "–",
        f"{1000 * statistics.median(run.thread_delay for run in runs):.1f} ms",
        f"{statistics.median(run.memory for run in runs) / 1e6:.0f} MB",
        f"{statistics.median(run.sockets for run in runs):.0f}",
        f"{sum(run.failed for run in runs)}",
    )


def _table(
    title: str, heads: Sequence[str], rows: Sequence[tuple[Standing, tuple[str, ...]]], verdict: BenchVerdict
) -> str:
    head = "".join(f"<th scope=col>{escape(text)}</th>" for text in heads)
    body = []
    for standing, cells in rows:
        kind = " class=grey" if standing.rate is None else " class=advised" if standing.cell == verdict.advised else ""
        label = f"<th scope=row>{escape(standing.cell.label)}</th>"
        body.append(f"<tr{kind}>{label}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>\n")
    return (
        f"<div class=wide><table>\n<caption>{escape(title)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{''.join(body)}</tbody>\n</table></div>\n"
    )


def _broken(verdict: BenchVerdict) -> str:
    items = [
        f"<li><b>{escape(standing.cell.label)}</b>, run {run.round + 1}: {escape(sentence)}</li>\n"
        for standing in verdict.standings
        for run in standing.runs
        for sentence in run.broken
    ]
    if not items:
        return "<p class=soft>Every run passes every self-check.</p>\n"
    summary = f"<summary>Self-checks that runs do not pass: {len(items)}</summary>"
    return f"<details open>{summary}\n<ul>\n{''.join(items)}</ul></details>\n"


def _method(results: Results) -> str:
    others = [
        f"<li>{escape(one.name)} ({escape(one.path)}): "
        + (
            escape(one.trouble)
            if one.trouble
            else f"{escape(one.version)}, {'with' if one.gil else 'without'} the lock"
        )
        + "</li>\n"
        for one in results.interpreters
    ]
    pythons = f"<h3>Other Pythons here</h3>\n<ul>{''.join(others)}</ul>\n" if others else ""
    return "<section>\n<h2>How it was measured</h2>\n" + _METHOD + pythons + "</section>\n"
