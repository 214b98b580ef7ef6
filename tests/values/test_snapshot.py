"""What two moments of a crawl say together."""

from __future__ import annotations

import pytest

from gossamer.values.reasons import Waiting
from gossamer.values.snapshot import Counts, Snapshot


def moment(elapsed: float, ended: int, **seconds: float) -> Snapshot:
    spent = {Waiting(f"wait.{name}"): value for name, value in seconds.items()}
    return Snapshot(elapsed=elapsed, counts=Counts(done=ended - 1, failed=1), seconds=spent)


def test_the_speed_is_that_of_the_time_between() -> None:
    then, now = moment(10.0, 100), moment(12.0, 130)
    assert now.rate_since(then) == 15.0
    assert now.rate_since(now) == 0.0
    assert now.pages_per_second == pytest.approx(130 / 12)


def test_what_it_waits_for_is_what_took_most_of_the_time_between() -> None:
    then, now = moment(1.0, 1, server=9.0, cpu=1.0), moment(2.0, 1, server=9.5, cpu=3.0, disk=0.1)
    assert now.waiting_since(then) is Waiting.CPU
    assert now.waiting_since(now) is now.limiting_factor is Waiting.SERVER, "no time has passed"
