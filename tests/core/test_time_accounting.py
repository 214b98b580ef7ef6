"""Where a slot's time went."""

from __future__ import annotations

import pytest

from gossamer.core.time_accounting import SlotTimes
from gossamer.values.reasons import Waiting


@pytest.mark.parametrize(("computed", "disk"), [(0.0, 4.0), (1.5, 2.5), (9.0, 0.0)])
def test_time_that_a_commit_computes_is_no_wait_for_the_disk(computed: float, disk: float) -> None:
    times = SlotTimes(1)
    times.advance(0.0)
    times.idle = Waiting.DISK
    times.advance(4.0)
    times.computed(computed)
    times.idle = Waiting.NO_WORK
    times.advance(5.0)
    assert times.seconds[Waiting.DISK] == disk
    assert times.seconds[Waiting.CPU] == 4.0 - disk
    assert sum(times.seconds.values()) == 5.0, "the sum stays wall time x slots"


def test_a_later_commit_is_not_charged_for_an_earlier_one() -> None:
    times = SlotTimes(2)
    times.advance(0.0)
    for start, computed in ((0.0, 0.0), (1.0, 9.0)):
        times.idle = Waiting.DISK
        times.advance(start + 1.0)
        times.computed(computed)
    assert (times.seconds[Waiting.DISK], times.seconds[Waiting.CPU]) == (2.0, 2.0)
