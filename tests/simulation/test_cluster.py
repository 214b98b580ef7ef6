"""Workers of a cluster are killed and frozen at random, and nothing is ever lost or recorded twice."""

from __future__ import annotations

import pytest

from tests.simulation.cluster import BrokenCluster, ClusterStory, simulate_cluster
from tests.simulation.cluster_bugs import CLUSTER_BUGS, Bug

SEEDS, PARTS = 32, 4


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_to_workers_nothing_is_lost_or_recorded_twice(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        simulate_cluster(seed)


@pytest.mark.parametrize("bug", CLUSTER_BUGS, ids=lambda bug: bug.__name__)
def test_a_deliberate_bug_of_a_cluster_is_found_within_200_seeds(bug: Bug) -> None:
    assert first_broken(bug, 200) is not None


def first_broken(bug: Bug, seeds: int) -> int | None:
    """Return the first seed that reveals the bug; None if none does."""
    for seed in range(seeds):
        try:
            with bug():
                simulate_cluster(seed)
        except BrokenCluster:
            return seed
    return None


def test_a_seed_decides_everything_that_happens_to_a_cluster() -> None:
    assert simulate_cluster(7) == simulate_cluster(7)


def test_the_seeds_reach_every_fault() -> None:
    stories: list[ClusterStory] = [simulate_cluster(seed) for seed in range(24)]
    for fault in ("kills", "freezes", "handed_over", "lost", "fenced", "asked_again"):
        assert sum(getattr(story, fault) for story in stories) > 0, fault
