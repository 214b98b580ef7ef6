"""Self-checks find what is wrong with a run, and nothing in one where nothing is."""

from __future__ import annotations

import msgspec
import pytest

from gossamer.bench.cells import Cell
from gossamer.bench.checks import complaints
from gossamer.bench.measuring import BenchServer, run_cell
from gossamer.bench.workloads import WORKLOADS
from tests.support.bench_runs import SOUND


def test_a_sound_run_passes() -> None:
    assert list(complaints(SOUND, ceiling=10_000, cores=2)) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"counted": 2}, "only 2 pages"),
        ({"failed": 3, "first_failure": "fail.reset: http://x/"}, "3 of its 1300 pages failed (fail.reset"),
        ({"pages": 1299}, "the server gave out"),
        ({"bytes": 1299}, "the server gave out"),
        ({"held": 44.0}, "Little's law is broken: the server held 44 "),
        ({"held": 37.0}, "Little's law is broken"),
        ({"flying": 30.0}, "counted 30.0 requests in flight"),
        ({"rate": 7100.0}, "it was the limit"),
        ({"halves": (700.0, 300.0)}, "not steady"),
        ({"cpu": 4.3}, "more than 2 cores have"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, object], said: str) -> None:
    found = list(complaints(msgspec.structs.replace(SOUND, **fields), ceiling=10_000, cores=2))
    assert any(said in complaint for complaint in found), found


@pytest.mark.parametrize(
    "fields",
    [
        {"held": 41.5, "expected": 40.0},
        {"halves": (540.0, 480.0)},
        {"halves": (800.0, 200.0), "burst": 260},
        {"cpu": 3.9},
        {"rate": 6900.0},
    ],
)
def test_what_chance_and_timers_can_do_passes(fields: dict[str, object]) -> None:
    assert list(complaints(msgspec.structs.replace(SOUND, **fields), ceiling=10_000, cores=2)) == []


def test_a_server_whose_delays_wait_behind_one_lock_is_caught() -> None:
    cell = Cell("web", "asyncio", 16)
    with BenchServer(WORKLOADS["web"], serialised=True) as server:
        broken = run_cell(cell, 0, server, 1.5)
    found = list(complaints(broken, ceiling=10_000, cores=2))
    assert any("Little's law is broken" in complaint for complaint in found), found
    assert broken.held > 5 * broken.expected
