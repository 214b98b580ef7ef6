"""Figures: medians, bootstrap intervals, ratios; and what one run came to within the window that counts."""

from __future__ import annotations

import bisect
import itertools
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from gossamer.bench.cells import Cell
from gossamer.bench.crawling import Watched
from gossamer.bench.probes import Late, Sample
from gossamer.bench.server import Log

WARM_UP: Final = 0.2
"""This share of a run, from its first page on, is left out: connections open, caches fill, the frontier grows."""
APART: Final = 0.001
"""Seconds between two pages that were not handed over together."""
MOMENT: Final = 0.02
"""Seconds within which pages landed at once, where a busy engine hands over all that it has read meanwhile."""
RESAMPLES: Final = 2_000
CONFIDENCE: Final = 0.95


class Interval(Struct, frozen=True):
    """A median, and the interval that a bootstrap finds for it (95 %)."""

    median: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Tell how wide it is, relative to the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


class Run(Struct, frozen=True):
    """What one process measured in its window. Rates are a second, times seconds, `memory` bytes.

    `rate` are pages a second, `cpu` processor seconds of the crawler and its children, `server_cpu` the server's.
    Little's law: `held` is the mean number of requests that the server had at a time, `expected` what throughput and
    latency make of it: those that came, each for the time it was to take (`latency` in the mean), as far as it falls
    into the window. `flying` is the mean number in flight as the crawler saw it, `residence` the time a page stayed.
    `halves` are the rates of the two halves, `burst` the most pages that landed at once.
    `pages` and `bytes` count the whole run, `served_pages` and `served_bytes` what the server says of it.
    `loop_lag` and `thread_delay` are 99th percentiles, None where there is no event loop. `busiest` is the share of
    its time that the busiest core worked, `others` how many cores the rest of the machine used. `broken` holds the
    sentences of the self-checks that it does not pass.
    """

    cell: Cell
    round: int
    seconds: float
    counted: int
    rate: float
    cpu: float
    server_cpu: float
    held: float
    expected: float
    latency: float
    flying: float
    residence: float
    halves: tuple[float, float]
    burst: int
    pages: int
    bytes: int
    served_pages: int
    served_bytes: int
    failed: int
    first_failure: str
    loop_lag: float | None
    thread_delay: float
    memory: int
    sockets: int
    busiest: float | None
    others: float | None
    broken: tuple[str, ...] = ()

    @property
    def cpu_a_page(self) -> float:
        """Tell the processor seconds that one page took."""
        return self.cpu / self.counted if self.counted else 0.0


def run_of(cell: Cell, number: int, watched: Watched, log: Log) -> Run:
    """Work out what a run came to, from what the crawler and the server saw of it."""
    begin, end = window(watched)
    seconds = end - begin
    counted = [index for index, moment in enumerate(watched.landed) if begin < moment <= end]
    middle = (begin + end) / 2
    early = sum(watched.landed[index] < middle for index in counted)
    served = [index for index, moment in enumerate(log.answered) if begin < moment <= end]
    asked = zip(log.arrived, log.delays, strict=True)
    stays = zip(watched.landed, watched.residence, strict=True)
    cpu = cpu_between(watched.samples, begin, end)
    share = seconds / max(watched.samples[-1].at - watched.samples[0].at, 1e-9)
    inside = [sample for sample in watched.samples if begin <= sample.at <= end]
    busiest, busy = _cores(inside if len(inside) > 1 else watched.samples)
    return Run(
        cell=cell,
        round=number,
        seconds=seconds,
        counted=len(counted),
        rate=len(counted) / seconds,
        cpu=cpu,
        server_cpu=log.cpu * share,
        held=_at_once(zip(log.arrived, log.answered, strict=True), begin, end),
        expected=_at_once(((since, since + delay) for since, delay in asked), begin, end),
        latency=statistics.fmean(log.delays[index] for index in served) if served else 0.0,
        flying=_at_once(((landed - stay, landed) for landed, stay in stays), begin, end),
        residence=statistics.fmean(watched.residence[index] for index in counted) if counted else 0.0,
        halves=(early / (seconds / 2), (len(counted) - early) / (seconds / 2)),
        burst=burst(sorted(watched.landed[index] for index in counted)),
        pages=len(watched.landed),
        bytes=sum(watched.sizes),
        served_pages=len(log.arrived),
        served_bytes=sum(log.sizes),
        failed=watched.failed,
        first_failure=watched.first_failure,
        loop_lag=_late(watched.loop_late, begin, end) if watched.loop_late else None,
        thread_delay=_late(watched.thread_late, begin, end),
        memory=max(sample.memory for sample in watched.samples),
        sockets=max(sample.sockets for sample in watched.samples),
        busiest=busiest,
        others=None if busy is None else max(0.0, busy - cpu / seconds - log.cpu * share / seconds),
    )


def window(watched: Watched) -> tuple[float, float]:
    """Choose what counts: from a fifth of the way to the start of the last fetch, while all slots were in use.

    Both ends are moments at which pages landed, the first of which do not count: so few pages give a fair rate too. An
    engine that is busy hands over many at once; such a heap is never cut in two.
    """
    landed = sorted(watched.landed)
    if len(landed) < 2:
        return watched.samples[0].at, max(watched.samples[-1].at, watched.samples[0].at + 1e-9)
    last_start = max(watched.started[-1], landed[1])
    mark = landed[0] + WARM_UP * (last_start - landed[0])
    half = (last_start - mark) / 2
    whole = heaps(landed)
    inside = [moment for moment in whole if mark <= moment <= last_start]
    if inside and inside[-1] - inside[0] > half:
        return inside[0], inside[-1]
    if whole[-1] - whole[0] > half:  # few and large heaps: the whole run is short enough
        return whole[0], whole[-1]
    steady = [moment for moment in landed if mark <= moment <= last_start] or landed
    return steady[0], max(steady[-1], steady[0] + 1e-9)


def heaps(landed: Sequence[float]) -> list[float]:
    """Give the moment at which each heap of pages was complete: those that the driver took at once."""
    return [one for one, other in itertools.pairwise(landed) if other - one > APART] + list(landed[-1:])


def burst(landed: Sequence[float]) -> int:
    """Count the most pages that landed within a moment."""
    return max((at + 1 - bisect.bisect_left(landed, moment - MOMENT) for at, moment in enumerate(landed)), default=0)


def cpu_between(samples: Sequence[Sample], begin: float, end: float) -> float:
    """Tell the processor seconds used between two moments, drawing straight lines between the samples."""
    return _cpu_at(samples, end) - _cpu_at(samples, begin)


def _cpu_at(samples: Sequence[Sample], moment: float) -> float:
    after = bisect.bisect_left(samples, moment, key=lambda sample: sample.at)
    if after in (0, len(samples)):
        return samples[min(after, len(samples) - 1)].cpu
    one, two = samples[after - 1], samples[after]
    return one.cpu + (two.cpu - one.cpu) * (moment - one.at) / (two.at - one.at)


def _at_once(spans: Iterable[tuple[float, float]], begin: float, end: float) -> float:
    """Tell how many of the spans there are at a time, in the mean between two moments."""
    return sum(max(0.0, min(end, to) - max(begin, since)) for since, to in spans) / (end - begin)


def _late(late: Sequence[Late], begin: float, end: float) -> float:
    return percentile([tick.by for tick in late if begin <= tick.at <= end], 0.99)


def _cores(samples: Sequence[Sample]) -> tuple[float | None, float | None]:
    """Tell the share of its time that the busiest core worked, and how many cores worked in all."""
    first, last = samples[0].cores, samples[-1].cores
    busy = [two[0] - one[0] for one, two in zip(first, last, strict=True)]
    idle = [two[1] - one[1] for one, two in zip(first, last, strict=True)]
    shares = [used / (used + free) for used, free in zip(busy, idle, strict=True) if used + free > 0]
    return (max(shares), sum(shares)) if shares else (None, None)


# ---------------------------------------------------------------- statistics


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which that share of the values is; 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval:
    """Find the interval of a median by drawing from the values again and again; always the same for the same values."""
    return _interval(statistics.median(values), [values], lambda drawn: statistics.median(drawn[0]), seed)


def ratio(values: Sequence[float], others: Sequence[float], seed: int = 0) -> Interval:
    """Find the interval of the ratio of two medians."""
    middle = statistics.median(values) / statistics.median(others)
    return _interval(
        middle, [values, others], lambda drawn: statistics.median(drawn[0]) / statistics.median(drawn[1]), seed
    )


def _interval(
    middle: float, groups: list[Sequence[float]], figure: Callable[[list[list[float]]], float], seed: int
) -> Interval:
    draw = random.Random(seed)  # noqa: S311  # chance, not secrecy
    found = sorted(figure([draw.choices(group, k=len(group)) for group in groups]) for _ in range(RESAMPLES))
    edge = (1 - CONFIDENCE) / 2
    return Interval(middle, found[int(edge * RESAMPLES)], found[min(RESAMPLES - 1, int((1 - edge) * RESAMPLES))])
