"""Measuring: start and calibrate the servers, then run the cells in rounds, each round in a random order."""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec import Struct

import gossamer
from gossamer.bench.cells import Cell, Interpreter
from gossamer.bench.checks import complaints
from gossamer.bench.crawling import Order, Watched
from gossamer.bench.figures import Run, bootstrap, run_of
from gossamer.bench.server import Log, Opened, Task
from gossamer.bench.workloads import WORKLOADS, Workload
from gossamer.values.errors import GossamerError

NARROW: Final = 0.05
"""Relative width of a cell's interval from which on it needs no further runs."""

FEWEST_ROUNDS: Final = 2
"""Number of rounds that are begun even if the time may not suffice for a whole one."""

ENOUGH_ROUNDS: Final = 9
"""Maximum number of rounds."""

IDLE_SECONDS: Final = 3.6
"""Minimum length (seconds) of a run of an idle workload, in which few pages arrive."""

WORK_SECONDS: Final = 2.0
"""Minimum length (seconds) of a run of a workload with work for each page, whose pages arrive in heaps."""

WORK_FACTOR: Final = 3
"""Factor by which such a run is longer than others unless `quick`, because more requests are in flight."""

_START: Final = 1.0
"""Estimated time (seconds) to start and end a run."""


class Plan(Struct, frozen=True):
    """What to measure, and for how long."""

    workloads: tuple[Workload, ...]
    """The workloads, each with a server of its own."""

    cells: tuple[Cell, ...]
    """The cells of all workloads."""

    seconds: float
    """The length of one run; some workloads need longer runs."""

    limit: float | None
    """Maximum duration (seconds) of the whole measurement; None: no limit."""

    seed: int = 1
    """The seed of the random order of runs."""

    quick: bool = False
    """Whether to shorten calibration and runs, at the cost of precision."""


class Machine(Struct, frozen=True):
    """The machine and the interpreter of a measurement."""

    system: str
    """The name and release of the operating system."""

    processor: str
    """The model of the processor."""

    cores: int
    """The number of cores that this process may use."""

    python: str
    """The implementation and version of Python."""

    gossamer: str
    """The version of gossamer."""

    gil: bool
    """Whether the global interpreter lock is on."""


class Served(Struct, frozen=True):
    """A workload with its calibrated server."""

    workload: Workload
    """The workload."""

    ceiling: float
    """The maximum rate of its server, in pages a second."""


class Results(Struct, frozen=True):
    """A whole measurement: the content of `--json`."""

    machine: Machine
    """Where it was measured."""

    began: float
    """When it began, in Unix time."""

    seconds: float
    """How long it took."""

    seed: int
    """The seed of the random order of runs."""

    quick: bool
    """Whether calibration and runs were shortened."""

    served: tuple[Served, ...]
    """The workloads."""

    runs: tuple[Run, ...]
    """All runs, also those that fail a self-check."""

    interpreters: tuple[Interpreter, ...] = ()
    """The other interpreters that were found, also those that cannot be measured."""

    def runs_of(self, cell: Cell) -> list[Run]:
        """Return the runs of one cell."""
        return [run for run in self.runs if run.cell == cell]

    def cells_of(self, workload: str) -> list[Cell]:
        """Return the cells of a workload, ordered by label."""
        return sorted({run.cell for run in self.runs if run.cell.workload == workload}, key=lambda cell: cell.label)


class BenchServer:
    """The bundled server of one workload, in a process of its own; a context manager that ends the process."""

    def __init__(self, workload: Workload, *, serialised: bool = False) -> None:
        self.workload = workload
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gossamer.bench.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            opened = msgspec.json.decode(self._ask(msgspec.json.encode(Task(workload, serialised))), type=Opened)
        except BaseException:
            self.__exit__()
            raise
        self.seeds = opened.seeds
        self._port = opened.port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def log(self) -> Log:
        """Return the server's log since the last call."""
        return msgspec.json.decode(self._ask(b"log"), type=Log)

    def ceiling(self, seconds: float) -> float:
        """Return the rate (pages a second) that a raw client reaches in the given time. Raises BenchError."""
        command = [sys.executable, "-m", "gossamer.bench.ceiling", str(self._port), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise BenchError(f"The server could not be calibrated: {_last_line(done.stderr)}")
        self.log()  # discarded, so that the next run does not include the calibration
        return float(done.stdout)

    def _ask(self, line: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            raise BenchError("The bundled server ended before its time; what it said is above.")
        return answer


class BenchError(GossamerError):
    """The benchmark itself failed."""


Tell = Callable[[str], None]
"""A function that shows the user what runs now."""


def measure(plan: Plan, tell: Tell) -> Results:
    """Run the plan and return its results; call `tell` with a short description of each step.

    Raises BenchError if a server or a run fails.
    """
    began, wall = time.monotonic(), time.time()
    with ExitStack() as servers:
        running = {workload.name: servers.enter_context(BenchServer(workload)) for workload in plan.workloads}
        served = []
        for name, server in running.items():
            tell(f"how fast the server is ({name})")
            served.append(Served(server.workload, server.ceiling(0.4 if plan.quick else 1.5)))
        ceilings = {one.workload.name: one.ceiling for one in served}
        runs: list[Run] = []
        for turn in _turns(plan, runs, began):
            runs += _run_and_check(turn, running, ceilings, tell)
    return Results(
        machine=_machine(),
        began=wall,
        seconds=time.monotonic() - began,
        seed=plan.seed,
        quick=plan.quick,
        served=tuple(served),
        runs=tuple(runs),
    )


class Turn(Struct, frozen=True):
    """Cells that run at the same time: a single one, or all of an idle workload."""

    number: int
    """The number of the round, from 0."""

    cells: tuple[Cell, ...]
    """The cells, all of the same workload."""

    seconds: float
    """The length of the run."""


def _turns(plan: Plan, runs: list[Run], began: float) -> Iterator[Turn]:
    """Yield the turns of each round until every interval is narrow or the time is up.

    The caller appends the results of each turn to `runs` before it takes the next one.
    """
    draw = random.Random(plan.seed)  # noqa: S311  # an order, not a secret
    idle = {workload.name for workload in plan.workloads if workload.idle}
    least = {workload.name: _seconds(plan, workload) for workload in plan.workloads}
    for number in range(ENOUGH_ROUNDS):
        wanted = [cell for cell in plan.cells if not _is_narrow(cell, runs, 2 if cell.workload in idle else 3)]
        turns = [Turn(number, (cell,), least[cell.workload]) for cell in wanted if cell.workload not in idle]
        groups = (tuple(cell for cell in wanted if cell.workload == name) for name in sorted(idle))
        turns += [Turn(number, group, least[group[0].workload]) for group in groups if group]
        draw.shuffle(turns)
        if not turns or (number >= FEWEST_ROUNDS and _exceeds_limit(plan, began, turns)):
            return
        for turn in turns:
            if number and _exceeds_limit(plan, began, [turn]):
                return
            yield turn


def _seconds(plan: Plan, workload: Workload) -> float:
    if workload.idle:
        return max(plan.seconds, IDLE_SECONDS)
    if workload.work:
        return max(plan.seconds * (1 if plan.quick else WORK_FACTOR), WORK_SECONDS)
    return plan.seconds


def _exceeds_limit(plan: Plan, began: float, turns: Sequence[Turn]) -> bool:
    """Whether the turns would take longer than the time that is left."""
    needed = sum(turn.seconds + _START for turn in turns)
    return plan.limit is not None and time.monotonic() - began + needed > plan.limit


def _is_narrow(cell: Cell, runs: Iterable[Run], fewest: int) -> bool:
    rates = [run.rate for run in runs if run.cell == cell and not run.broken]
    return len(rates) >= fewest and bootstrap(rates).width <= NARROW


def _run_and_check(turn: Turn, running: dict[str, BenchServer], ceilings: dict[str, float], tell: Tell) -> list[Run]:
    label = turn.cells[0].label if len(turn.cells) == 1 else f"{len(turn.cells)} cells side by side"
    tell(f"round {turn.number + 1}: {turn.cells[0].workload}, {label}")
    if not running[turn.cells[0].workload].workload.idle:
        measured = [run_cell(turn.cells[0], turn.number, running[turn.cells[0].workload], turn.seconds)]
    else:
        measured = _run_simultaneously(turn)
    return [
        msgspec.structs.replace(run, broken=tuple(complaints(run, ceiling=ceilings[run.cell.workload], cores=cores())))
        for run in measured
    ]


def _run_simultaneously(turn: Turn) -> list[Run]:
    """Run all cells of an idle workload at the same time, each against a server of its own."""

    def alone(cell: Cell) -> Run:
        with BenchServer(WORKLOADS[cell.workload]) as server:
            return run_cell(cell, turn.number, server, turn.seconds)

    with ThreadPoolExecutor(len(turn.cells)) as pool:
        return list(pool.map(alone, turn.cells))


def run_cell(cell: Cell, number: int, server: BenchServer, seconds: float) -> Run:
    """Run one cell once, in a new process. Raises BenchError if the process fails."""
    order = Order(cell, server.workload, server.seeds, seconds)
    server.log()
    done = subprocess.run(
        [cell.python or sys.executable, "-m", "gossamer.bench.crawling"],
        input=msgspec.json.encode(order), capture_output=True, check=False, timeout=60 + 10 * seconds,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The run of {cell.label} ({cell.workload}) failed: {_last_line(done.stderr.decode())}")
    return run_of(cell, number, msgspec.json.decode(done.stdout, type=Watched), server.log())


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _machine() -> Machine:
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=cores(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        gossamer=gossamer.__version__,
        gil=getattr(sys, "_is_gil_enabled", lambda: True)(),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _last_line(stderr: str) -> str:
    return (stderr.strip().splitlines() or ["it said nothing"])[-1]
