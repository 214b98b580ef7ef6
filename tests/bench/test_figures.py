"""What a run came to is worked out from what was seen of it, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from gossamer.bench.cells import Cell
from gossamer.bench.crawling import Watched
from gossamer.bench.figures import cpu_between, heaps, run_of, window
from gossamer.bench.probes import Late, Sample
from gossamer.bench.server import Log


def sample(at: float, cpu: float) -> Sample:
    return Sample(at, cpu, 50_000_000, 9, 1, [(at, 0.0), (0.25 * at, 0.75 * at)])


STEADY = Watched(
    started=[index / 100 for index in range(1000)],
    landed=[0.05 + index / 100 for index in range(1000)],
    residence=[0.05] * 1000,
    sizes=[10] * 1000,
    failed=0,
    first_failure="",
    samples=[sample(0.0, 0.0), sample(5.0, 1.0), sample(9.0, 2.6), sample(10.0, 3.0)],
    thread_late=[Late(5.0, 0.002), Late(0.01, 9.0)],
    loop_late=[],
)
SERVED = Log(
    arrived=STEADY.started,
    answered=[moment + 0.04 for moment in STEADY.started],
    delays=[0.04] * 1000,
    sizes=[10] * 1000,
    ports=[1] * 1000,
    cpu=1.0,
)


def test_a_steady_run_gives_what_was_put_in() -> None:
    run = run_of(Cell("web", "threads", 5), 0, STEADY, SERVED)
    assert run.rate == pytest.approx(100, rel=0.01)
    assert run.halves == pytest.approx((100, 100), rel=0.01)
    assert run.held == pytest.approx(4.0, rel=0.01)
    assert run.expected == pytest.approx(4.0, rel=0.01)
    assert run.flying == pytest.approx(5.0, rel=0.01)
    assert run.residence == pytest.approx(0.05)
    assert run.latency == pytest.approx(0.04)
    assert (run.pages, run.bytes, run.served_pages, run.served_bytes) == (1000, 10_000, 1000, 10_000)
    assert run.thread_delay == 0.002
    assert run.loop_lag is None
    assert run.busiest == 1.0


def test_the_warm_up_and_the_end_are_left_out() -> None:
    begin, end = window(STEADY)
    assert begin == pytest.approx(2.04, abs=0.02)
    assert end == pytest.approx(9.99, abs=0.02)


def test_a_heap_of_pages_is_never_cut_in_two() -> None:
    landed = [second + index * 1e-5 for second in range(1, 11) for index in range(50)]
    heaped = msgspec.structs.replace(
        STEADY, started=[moment - 1 for moment in landed], landed=landed, residence=[1.0] * 500, sizes=[1] * 500
    )
    assert len(heaps(landed)) == 10
    run = run_of(Cell("web", "asyncio", 50), 0, heaped, SERVED)
    assert run.rate == pytest.approx(50, rel=0.001)
    assert run.burst == 50


def test_two_heaps_alone_are_a_rate_too() -> None:
    landed = [second + index * 1e-5 for second in (1.0, 3.0) for index in range(60)]
    heaped = msgspec.structs.replace(
        STEADY, started=[moment - 1 for moment in landed], landed=landed, residence=[1.0] * 120, sizes=[1] * 120
    )
    assert run_of(Cell("web", "asyncio", 60), 0, heaped, SERVED).rate == pytest.approx(30, rel=0.001)


def test_processor_seconds_between_samples_lie_on_straight_lines() -> None:
    assert cpu_between(STEADY.samples, 2.5, 7.5) == pytest.approx(1.5)
    assert cpu_between(STEADY.samples, -1.0, 99.0) == 3.0


def test_a_run_without_pages_is_no_crash() -> None:
    nothing = msgspec.structs.replace(STEADY, started=[], landed=[], residence=[], sizes=[])
    assert run_of(Cell("web", "threads", 5), 0, nothing, Log([], [], [], [], [], 0.0)).rate == 0
