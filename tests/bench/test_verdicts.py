"""Verdicts say what the runs say, and no more."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gossamer.bench import compare
from gossamer.bench.cells import Cell
from gossamer.bench.figures import bootstrap, percentile, ratio
from gossamer.bench.verdicts import judge, settings
from gossamer.values.errors import UserError
from tests.support.bench_runs import ASYNCIO, INLINE, THREADS, results, run

FAST = [run(ASYNCIO, rate, number) for number, rate in enumerate((500.0, 510.0, 490.0))]
SLOW = [run(THREADS, rate, number) for number, rate in enumerate((100.0, 101.0, 99.0))]


def test_the_fastest_is_advised_with_its_lead() -> None:
    [verdict] = judge(results(*FAST, *SLOW))
    assert verdict.advised == ASYNCIO
    assert verdict.sentence == (
        "Take asyncio, 64 in flight: 500 pages a second; 5.0 times the speed of threads, 8 in flight."
    )


def test_no_meaningful_difference_is_a_verdict_and_the_plainest_is_advised() -> None:
    near = [run(THREADS, rate, number) for number, rate in enumerate((505.0, 540.0, 480.0))]
    [verdict] = judge(results(*FAST, *near))
    assert verdict.advised == ASYNCIO
    assert verdict.sentence.startswith("There is no meaningful difference between these 2")


def test_runs_that_break_a_check_count_for_nothing() -> None:
    lucky = run(THREADS, 9000.0, 3, broken=("it was not steady.",))
    [verdict] = judge(results(*FAST, *SLOW, lucky))
    assert verdict.advised == ASYNCIO


def test_a_faster_cell_that_cannot_be_trusted_leaves_nothing_to_conclude() -> None:
    broken = [run(Cell("web", "threads", 64), 900.0, number, broken=("it was not steady.",)) for number in range(3)]
    [verdict] = judge(results(*FAST, *broken))
    assert verdict.advised is None
    assert verdict.sentence.startswith("Nothing can be concluded: threads, 64 in flight may well be the fastest")


def test_a_cell_that_nothing_sound_can_be_compared_with_is_not_advised() -> None:
    broken = [run(THREADS, 90.0, number, broken=("it was not steady.",)) for number in range(3)]
    [verdict] = judge(results(*FAST, *broken))
    assert verdict.advised is None
    assert verdict.sentence.startswith("Nothing can be concluded: threads, 8 in flight: 3 of 3 runs break")


def test_one_run_alone_proves_nothing() -> None:
    [verdict] = judge(results(*SLOW, FAST[0]))
    assert verdict.advised is None
    assert "before every cell had run twice" in verdict.sentence


@pytest.mark.parametrize(
    ("cell", "toml"),
    [
        (ASYNCIO, 'engine = "asyncio"\n'),
        (Cell("web", "threads", 32), 'engine = "threads"\nconcurrency = 32\n'),
        (INLINE, 'engine = "inline"\n'),
        (Cell("web", "asyncio", 64, cpu_workers=2), 'engine = "asyncio"\ncpu_workers = 2\n'),
    ],
)
def test_the_settings_say_what_is_not_so_anyway(cell: Cell, toml: str) -> None:
    assert settings(cell) == toml


def test_a_bootstrap_interval_holds_the_median_and_is_always_the_same() -> None:
    found = bootstrap([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (found.low, found.median, found.high) == (1.0, 3.0, 100.0)
    assert bootstrap([1.0, 2.0, 3.0, 4.0, 100.0]) == found
    assert bootstrap([7.0]).width == 0


def test_a_ratio_of_equals_is_one_and_of_doubles_two() -> None:
    assert ratio([5.0, 5.0], [5.0, 5.0]).median == 1.0
    assert ratio([10.0, 10.2], [5.0, 5.1]).low > 1.9


def test_percentiles() -> None:
    assert percentile([], 0.99) == 0.0
    assert percentile(list(map(float, range(100))), 0.99) == 99.0


# ---------------------------------------------------------------- comparing two measurements


def test_measurements_that_advise_the_same_agree() -> None:
    [one] = compare.agreements(results(*FAST, *SLOW), results(*FAST, *SLOW))
    assert one.agrees
    assert one.sentence == "both advise asyncio, 64 in flight"


def test_measurements_that_contradict_each_other_do_not_agree() -> None:
    turned = [run(ASYNCIO if one.cell == THREADS else THREADS, one.rate, one.round) for one in (*FAST, *SLOW)]
    [one] = compare.agreements(results(*FAST, *SLOW), results(*turned))
    assert not one.agrees
    assert "they disagree" in one.sentence


def test_a_change_is_named_only_where_it_is_more_than_chance() -> None:
    slower = [run(ASYNCIO, one.rate / 2, one.round) for one in FAST]
    assert [change.word for change in compare.changes(results(*FAST), results(*slower))] == ["slower"]
    assert [change.word for change in compare.changes(results(*slower), results(*FAST))] == ["faster"]
    assert [change.word for change in compare.changes(results(*FAST), results(*FAST))] == ["no meaningful difference"]


def test_results_survive_a_file_and_other_files_are_refused(tmp_path: Path) -> None:
    there = results(*FAST)
    (tmp_path / "a.json").write_bytes(msgspec.json.encode(there))
    assert compare.read(tmp_path / "a.json") == there
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(UserError, match="is not what"):
        compare.read(tmp_path / "b.json")
    with pytest.raises(UserError, match="cannot be read"):
        compare.read(tmp_path / "c.json")
