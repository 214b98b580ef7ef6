"""How long a crawl will take still."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.rules.policy import Policy
from gossamer.rules.time_left import time_left
from gossamer.values.snapshot import Counts, Snapshot


def moment(elapsed: float, done: int, known: int) -> Snapshot:
    return Snapshot(elapsed=elapsed, counts=Counts(done=done), known=known, queued=known - done, fetches=2 * done)


@pytest.mark.parametrize(
    ("known", "policy", "left"),
    [
        (100, {}, 8.0),  # 80 of 100 to go, ten a second
        (104, {}, 14.0),  # four are found where ten are visited
        (200, {}, None),  # more are found than visited: nobody knows
        (200, {"max_pages": 50}, 3.0),
        (200, {"max_requests": 60}, 1.0),
        (200, {"max_time": 7.0}, 5.0),
        (100, {"max_pages": 30, "max_time": 60.0}, 1.0),
        (100, {"max_pages": 15}, 0.0),
    ],
)
def test_the_time_left_is_told_where_it_can_be(known: int, policy: dict[str, Any], left: float | None) -> None:
    told = time_left(moment(1.0, 10, 100), moment(2.0, 20, known), Policy(**policy))
    assert told == (None if left is None else pytest.approx(left))
