"""Figures of a run within its measurement window; medians, ratios and their bootstrap intervals."""

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
"""Share of a run, from its first page on, that is not measured: connections open, caches fill, the frontier grows."""

APART: Final = 0.001
"""Minimum gap (seconds) between two pages that the engine did not return together."""

MOMENT: Final = 0.02
"""Length (seconds) of the interval whose pages count as a burst: a busy engine returns many pages together."""

RESAMPLES: Final = 2_000
"""Number of bootstrap resamples."""

CONFIDENCE: Final = 0.95
"""Confidence level of the bootstrap intervals."""


class Interval(Struct, frozen=True):
    """A median or ratio of medians, with its bootstrap interval."""

    median: float
    """The point estimate."""

    low: float
    """The lower end of the interval."""

    high: float
    """The upper end of the interval."""

    @property
    def width(self) -> float:
        """The width of the interval, relative to the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


class Run(Struct, frozen=True):
    """The figures of one process, within its measurement window unless said otherwise."""

    cell: Cell
    """How it crawled what."""

    round: int
    """The number of the round, from 0."""

    seconds: float
    """The length of the window."""

    counted: int
    """The number of pages in the window."""

    rate: float
    """Pages a second."""

    cpu: float
    """CPU seconds of the crawler and its children."""

    server_cpu: float
    """CPU seconds of the server."""

    held: float
    """The mean number of requests that the server had at a time."""

    expected: float
    """The same number by Little's law, from the requests that arrived and their planned latency."""

    latency: float
    """The mean planned latency (seconds) of the server's responses."""

    flying: float
    """The mean number of requests in flight, as the crawler observed it."""

    residence: float
    """Mean seconds from the start of a fetch to its return to the driver."""

    halves: tuple[float, float]
    """The rates (pages a second) of the first and the second half."""

    burst: int
    """The maximum number of pages that landed together."""

    pages: int
    """The number of pages of the whole run, as the crawler counted them."""

    bytes: int
    """The size of these pages together."""

    served_pages: int
    """The number of pages of the whole run, as the server counted them."""

    served_bytes: int
    """The size of these pages together."""

    failed: int
    """The number of pages of the whole run whose outcome is not `done`."""

    first_failure: str
    """Reason and URL of the first such page; "" if there is none."""

    loop_lag: float | None
    """The 99th percentile of the event-loop lag in seconds; None if there is no event loop."""

    thread_delay: float
    """The 99th percentile of the thread switch delay in seconds."""

    memory: int
    """The maximum resident memory in bytes, of the whole run."""

    sockets: int
    """The maximum number of open sockets, of the whole run."""

    busiest: float | None
    """The share of the time that the busiest core was in use; None if it cannot be measured."""

    others: float | None
    """The number of cores that other programs used; None if it cannot be measured."""

    broken: tuple[str, ...] = ()
    """The self-checks that the run fails, as sentences."""

    @property
    def cpu_a_page(self) -> float:
        """CPU seconds for each page."""
        return self.cpu / self.counted if self.counted else 0.0


def run_of(cell: Cell, number: int, watched: Watched, log: Log) -> Run:
    """Return the figures of a run, from the measurements of the crawler and the log of the server."""
    begin, end = window(watched)
    seconds = end - begin
    counted = [index for index, moment in enumerate(watched.landed) if begin < moment <= end]
    middle = (begin + end) / 2
    early = sum(watched.landed[index] < middle for index in counted)
    served = [index for index, moment in enumerate(log.answered) if begin < moment <= end]
    planned = zip(log.arrived, log.delays, strict=True)
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
        held=_mean_concurrency(zip(log.arrived, log.answered, strict=True), begin, end),
        expected=_mean_concurrency(((since, since + delay) for since, delay in planned), begin, end),
        latency=statistics.fmean(log.delays[index] for index in served) if served else 0.0,
        flying=_mean_concurrency(((landed - stay, landed) for landed, stay in stays), begin, end),
        residence=statistics.fmean(watched.residence[index] for index in counted) if counted else 0.0,
        halves=(early / (seconds / 2), (len(counted) - early) / (seconds / 2)),
        burst=burst(sorted(watched.landed[index] for index in counted)),
        pages=len(watched.landed),
        bytes=sum(watched.sizes),
        served_pages=len(log.arrived),
        served_bytes=sum(log.sizes),
        failed=watched.failed,
        first_failure=watched.first_failure,
        loop_lag=_delay_percentile(watched.loop_late, begin, end) if watched.loop_late else None,
        thread_delay=_delay_percentile(watched.thread_late, begin, end),
        memory=max(sample.memory for sample in watched.samples),
        sockets=max(sample.sockets for sample in watched.samples),
        busiest=busiest,
        others=None if busy is None else max(0.0, busy - cpu / seconds - log.cpu * share / seconds),
    )


def window(watched: Watched) -> tuple[float, float]:
    """Return begin and end of the measurement window, in monotonic seconds.

    It lasts from the end of the warm-up to the start of the last fetch, since all slots are in use until then. Pages
    landed at both ends, and those at the beginning do not count, so that the rate is unbiased for few pages too. A busy
    engine returns many pages together; the window never divides such a heap.
    """
    landed = sorted(watched.landed)
    if len(landed) < 2:
        return watched.samples[0].at, max(watched.samples[-1].at, watched.samples[0].at + 1e-9)
    last_start = max(watched.started[-1], landed[1])
    warm = landed[0] + WARM_UP * (last_start - landed[0])
    half = (last_start - warm) / 2
    whole = heaps(landed)
    inside = [moment for moment in whole if warm <= moment <= last_start]
    if inside and inside[-1] - inside[0] > half:
        return inside[0], inside[-1]
    if whole[-1] - whole[0] > half:  # few and large heaps: use all of them
        return whole[0], whole[-1]
    steady = [moment for moment in landed if warm <= moment <= last_start] or landed
    return steady[0], max(steady[-1], steady[0] + 1e-9)


def heaps(landed: Sequence[float]) -> list[float]:
    """Return the moment of the last page of each heap, which is a group of pages that the engine returned together."""
    return [one for one, other in itertools.pairwise(landed) if other - one > APART] + list(landed[-1:])


def burst(landed: Sequence[float]) -> int:
    """Return the maximum number of pages that landed within `MOMENT`; `landed` is in ascending order."""
    return max((at + 1 - bisect.bisect_left(landed, moment - MOMENT) for at, moment in enumerate(landed)), default=0)


def cpu_between(samples: Sequence[Sample], begin: float, end: float) -> float:
    """Return the CPU seconds used between two moments, by linear interpolation between the samples."""
    return _cpu_at(samples, end) - _cpu_at(samples, begin)


def _cpu_at(samples: Sequence[Sample], moment: float) -> float:
    after = bisect.bisect_left(samples, moment, key=lambda sample: sample.at)
    if after in (0, len(samples)):
        return samples[min(after, len(samples) - 1)].cpu
    one, two = samples[after - 1], samples[after]
    return one.cpu + (two.cpu - one.cpu) * (moment - one.at) / (two.at - one.at)


def _mean_concurrency(spans: Iterable[tuple[float, float]], begin: float, end: float) -> float:
    """Return the mean number of simultaneous spans between two moments."""
    return sum(max(0.0, min(end, to) - max(begin, since)) for since, to in spans) / (end - begin)


def _delay_percentile(delays: Sequence[Late], begin: float, end: float) -> float:
    return percentile([tick.by for tick in delays if begin <= tick.at <= end], 0.99)


def _cores(samples: Sequence[Sample]) -> tuple[float | None, float | None]:
    """Return the share of its time that the busiest core was in use, and the sum of these shares over all cores."""
    first, last = samples[0].cores, samples[-1].cores
    busy = [two[0] - one[0] for one, two in zip(first, last, strict=True)]
    idle = [two[1] - one[1] for one, two in zip(first, last, strict=True)]
    shares = [used / (used + free) for used, free in zip(busy, idle, strict=True) if used + free > 0]
    return (max(shares), sum(shares)) if shares else (None, None)


# ---------------------------------------------------------------- statistics


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share (0 to 1) of the values lies; 0.0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval:
    """Return the median of the values and its bootstrap interval; deterministic for the same values and seed."""
    return _interval(statistics.median(values), [values], lambda drawn: statistics.median(drawn[0]), seed)


def ratio(values: Sequence[float], others: Sequence[float], seed: int = 0) -> Interval:
    """Return the ratio of the medians of `values` and `others`, and its bootstrap interval."""
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
