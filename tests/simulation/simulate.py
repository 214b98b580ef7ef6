"""Simulate many seeds: `make simulate SEEDS=5000 FIRST=0`, with ARGS="--journal sqlite" on real files, or postgres.

Ends with status 1 at the first seed that fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

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
    asked = parser.parse_args(arguments)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
