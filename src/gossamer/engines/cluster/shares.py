"""How many shards a worker may have: all workers have equally many, but for one; who comes first has one more."""

from __future__ import annotations

from collections.abc import Iterable


def share(shards: int, workers: int, rank: int) -> int:
    """Return the number of shards for the worker with a rank (from 0) among several."""
    assert rank >= 0, "ranks begin at 0"
    return shards // workers + (rank < shards % workers) if rank < workers else 0


def claim(*, mine: int, free: int, shards: int, workers: int, rank: int, expected: int, young: bool) -> int:
    """Return how many free shards a worker claims now, which has `mine` and is one of `workers`.

    Who has just joined leaves some to those that join a moment later: what is beyond its share of the `expected`
    workers, or half of what is free if it is not known how many there will be (0). Else it would have to give most of
    them back, and every host would be asked for its robots.txt again.
    """
    wanted = share(shards, workers, rank) - mine
    if young:
        wanted = min(wanted, share(shards, max(workers, expected), rank) - mine if expected else (free + 1) // 2)
    return max(0, min(wanted, free))


def surplus(mine: Iterable[int], allowed: int) -> tuple[int, ...]:
    """Return the shards that are too many: those with the highest numbers, so that it is the same ones every time."""
    return tuple(sorted(mine)[allowed:])
