"""Self-checks: conditions that a run must meet in order to count. Each complaint is a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from gossamer.bench.figures import Run

LITTLE: Final = 0.05
"""Maximum relative error of Little's law."""

TIMER: Final = 0.001
"""Maximum error (seconds) of a timer of the server."""

CEILING: Final = 0.7
"""Maximum rate of a run, as a share of the rate that a raw client reaches."""

DRIFT: Final = 0.1
"""Maximum relative difference between the rates of the two halves, beyond what chance explains."""

FEWEST: Final = 3
"""Minimum number of pages in the window; with fewer, the run is not judged further."""


def complaints(run: Run, *, ceiling: float, cores: int) -> Iterator[str]:
    """Yield the self-checks that a run fails.

    `ceiling` is the rate (pages a second) that a raw client reaches; `cores` the number of usable cores.
    """
    if run.counted < FEWEST:
        yield f"only {run.counted} pages landed while it was measured."
        return
    checks = (_same(run), _little(run), _in_flight(run), _below(run, ceiling), _drift(run), _possible(run, cores))
    yield from (complaint for complaint in checks if complaint)


def _same(run: Run) -> str:
    if run.failed:
        return f"{run.failed} of its {run.pages} pages failed ({run.first_failure})."
    if (run.pages, run.bytes) != (run.served_pages, run.served_bytes):
        return (
            f"it recorded {run.pages:,} pages and {run.bytes:,} bytes, but the server gave out "
            f"{run.served_pages:,} and {run.served_bytes:,}."
        )
    return ""


def _little(run: Run) -> str:
    """Compare the server's queue with throughput times latency: they differ if responses took longer than planned."""
    if run.expected and abs(run.held - run.expected) > LITTLE * run.expected + TIMER * run.rate:
        return (
            f"Little's law is broken: the server held {run.held:.3g} requests at a time, but {run.rate:,.3g} pages a "
            f"second that take {1000 * run.latency:.0f} ms each make {run.expected:.3g}. The server, or the machine, "
            "was too busy to answer in time."
        )
    return ""


def _in_flight(run: Run) -> str:
    """Compare the two counts: a request that the server holds is in flight for the crawler too."""
    if run.flying < (1 - LITTLE) * run.held:
        return f"the crawler counted {run.flying:.1f} requests in flight, the server held {run.held:.1f} at a time."
    return ""


def _below(run: Run, ceiling: float) -> str:
    if run.rate > CEILING * ceiling:
        return (
            f"the server answered {run.rate:,.0f} pages a second of the {ceiling:,.0f} it can: it was the limit, not "
            "the crawler."
        )
    return ""


def _drift(run: Run) -> str:
    first, second = run.halves
    # The count of a half varies by chance by about its square root, and a burst of pages falls into one half only.
    allowed = DRIFT + 3 * math.sqrt(4 / run.counted) + 4 * run.burst / run.counted
    mean = (first + second) / 2
    if abs(first - second) > allowed * mean:
        return (
            f"it was not steady: {first:,.0f} pages a second in the first half, {second:,.0f} in the second "
            f"({allowed:.0%} could be chance)."
        )
    return ""


def _possible(run: Run, cores: int) -> str:
    if run.cpu > 1.02 * cores * run.seconds + 0.02:
        return f"it used {run.cpu:.2f} processor seconds in {run.seconds:.2f} s, more than {cores} cores have."
    return ""
