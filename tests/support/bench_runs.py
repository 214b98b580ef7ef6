"""Generated runs, for tests of verdicts."""

from __future__ import annotations

import msgspec

from gossamer.bench.cells import Cell
from gossamer.bench.figures import Run
from gossamer.bench.measuring import Machine, Results, Served
from gossamer.bench.workloads import WORKLOADS

ASYNCIO = Cell("web", "asyncio", 64)
THREADS = Cell("web", "threads", 8)
INLINE = Cell("web", "inline", 1)
SOUND = Run(
    cell=ASYNCIO, round=0, seconds=2.0, counted=1000, rate=500.0, cpu=1.0, server_cpu=0.2, held=40.0, expected=40.0,
    latency=0.08, flying=45.0, residence=0.09, halves=(500.0, 500.0), burst=4,
    pages=1300, bytes=1300, served_pages=1300,
    served_bytes=1300, failed=0, first_failure="", loop_lag=0.002, thread_delay=0.005, memory=70_000_000, sockets=65,
    busiest=0.7, others=0.1,
)  # fmt: skip


def run(cell: Cell, rate: float, number: int = 0, **fields: object) -> Run:
    """Return a run of a cell that passes all self-checks; `rate` is in pages a second, `fields` are changed."""
    return msgspec.structs.replace(SOUND, cell=cell, rate=rate, round=number, **fields)


def results(*runs: Run, ceiling: float = 10_000.0) -> Results:
    """Return a measurement with these runs."""
    machine = Machine("Linux 6", "a processor", 2, "CPython 3.11", "0.1.0", gil=True)
    served = tuple(Served(WORKLOADS[name], ceiling) for name in dict.fromkeys(one.cell.workload for one in runs))
    return Results(machine, 1_700_000_000.0, 60.0, 1, quick=True, served=served, runs=runs)
