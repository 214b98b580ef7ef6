"""Attempts at a page are counted across the lives of a crawl, one that a kill cuts off among them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.journals.memory import MemoryJournal
from gossamer.journals.packing import is_empty
from gossamer.rules.policy import Policy
from gossamer.values.model import Response
from gossamer.values.protocol import Batch
from gossamer.values.snapshot import SavedStats
from tests.core.test_restore import saved_from
from tests.support.webs import Web, play

HOME, BUSY = "https://a.example/", "https://a.example/busy"
RETRIES = 3
POLICY = Policy(seeds=(HOME,), retries=RETRIES, sitemaps=False, robots=False, delay=0.0)


def busy_web() -> Web:
    web = Web()
    web.page(HOME, "/busy")
    web.put(BUSY, Response(BUSY, 500, {}))
    return web


def attempts(batches: list[Batch]) -> int:
    """Return what the record of the busy page says."""
    [record] = [one.outcome.record for batch in batches for one in batch.ended if one.link.url == BUSY]
    return record.attempts


def test_a_retry_that_a_kill_cuts_off_counts() -> None:
    web = busy_web()
    whole = play(POLICY, web, seed=1)
    assert attempts(whole.batches) == web.asked[BUSY] == RETRIES + 1
    stats = [batch.stats for batch in whole.batches]
    begun = [number for number, one in enumerate(stats, 1) if one.kinds["retry"] == 1 and 2 in one.attempts.values()]
    journal = MemoryJournal()
    killed = play(POLICY, busy_web(), seed=1, journal=journal, commits=begun[0])
    rest = play(POLICY, web, journal=journal, saved=saved_from(killed.batches))
    assert attempts(rest.batches) == RETRIES + 1, "of these the first, which failed, and the second, which was cut off"
    assert len([url for url, *_ in rest.fetches if url == BUSY]) == RETRIES - 1


@given(st.integers(0, 2**32), st.lists(st.integers(0, 6), max_size=4))
@settings(max_examples=40)
def test_a_kill_hides_at_most_one_attempt(seed: int, kills: list[int]) -> None:
    web, journal, batches = busy_web(), MemoryJournal(), list[Batch]()
    for commits in [*kills, None]:
        batches += play(POLICY, web, seed=seed, journal=journal, saved=saved_from(batches), commits=commits).batches
    asked = web.asked[BUSY]
    assert attempts(batches) <= asked <= attempts(batches) + len(kills)
    assert RETRIES + 1 <= attempts(batches) <= RETRIES + 1 + len(kills)


def test_attempts_are_worth_a_commit_of_their_own() -> None:
    assert not is_empty(Batch((), (), (), stats=SavedStats(attempts={3: 2})))
    assert is_empty(Batch((), (), ()))
