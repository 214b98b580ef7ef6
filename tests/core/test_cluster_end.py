"""Why a crawl in shards ended follows from what they all counted."""

from __future__ import annotations

from gossamer.core.cluster_end import end_of
from gossamer.rules.policy import Policy
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats


def test_at_rest_a_crawl_is_complete_or_at_a_limit_or_waits() -> None:
    done, complete = SavedStats(kinds={"done": 4}, bytes=100), FinishReason.COMPLETE
    assert end_of(complete, done, 0, Policy()) is FinishReason.COMPLETE
    assert end_of(complete, done, 3, Policy(max_pages=4)) is FinishReason.PAGE_LIMIT
    assert end_of(complete, done, 3, Policy(max_pages=9, max_bytes=100)) is FinishReason.BYTE_LIMIT
    assert end_of(complete, done, 3, Policy(max_pages=9)) is FinishReason.WAITING
    assert end_of(complete, SavedStats(), 0, Policy()) is FinishReason.NOTHING_FETCHED
    assert end_of(FinishReason.TIME_LIMIT, done, 3, Policy()) is FinishReason.TIME_LIMIT
