"""Simulate many seeds: `make simulate SEEDS=5000 FIRST=0`, with ARGS="--journal sqlite" on real files, or postgres.

ARGS=--cluster simulates the workers of a cluster instead.

Ends with status 1 at the first seed that fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from tests.simulation.cluster import BrokenCluster, simulate_cluster
from tests.simulation.plan import Plan
from tests.simulation.real_database import DatabaseStore
from tests.simulation.real_files import FileStore
from tests.simulation.simulator import Broken, Store, simulate
from tests.simulation.storage import DiskStore

STORES: dict[str, Callable[[], AbstractContextManager[Callable[[Plan], Store]]]] = {
    "simulated": lambda: nullcontext(DiskStore),
    "sqlite": lambda: nullcontext(FileStore),
    "postgres": DatabaseStore.running,
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--journal", choices=STORES, default="simulated")
    parser.add_argument("--cluster", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.cluster:
        return of_clusters(range(asked.first, asked.first + asked.seeds))
    began, lives, fetches, refetched = time.monotonic(), 0, 0, 0
    with STORES[asked.journal]() as store:
        for seed in range(asked.first, asked.first + asked.seeds):
            try:
                story = simulate(seed, store)
            except Broken as broken:
                sys.stdout.write(f"{broken}\n")
                return 1
            lives += len(story.lives)
            fetches += story.fetches
            refetched += story.refetched
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{asked.seeds} seeds from {asked.first}: all promises kept over {lives} ends of lives, "
        f"{fetches} fetches ({refetched} of them again), {seconds:.0f} s\n"
    )
    return 0


def of_clusters(seeds: range) -> int:
    """Simulate the workers of a cluster for some seeds; return the exit status."""
    began, total = time.monotonic(), Counter[str]()
    for seed in seeds:
        try:
            total.update(vars(simulate_cluster(seed)))
        except BrokenCluster as broken:
            sys.stdout.write(f"{broken}\n")
            return 1
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in total.items())
    sys.stdout.write(f"{len(seeds)} clusters from {seeds.start}: all promises kept, {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(f"{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
