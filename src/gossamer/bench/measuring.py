"""Measuring: servers are opened and calibrated, then the cells run round after round, each time in another order."""

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
"""A cell whose interval is no wider than this part of its median needs no further runs."""
FEWEST_ROUNDS: Final = 2
ENOUGH_ROUNDS: Final = 9
IDLE_SECONDS: Final = 3.6
WORK_SECONDS: Final = 2.0
WORK_FACTOR: Final = 3
"""What a run needs at least where little happens, and where pages take long and come in heaps: with the many requests
in flight that a long measurement tries, some times as long as other runs."""
_START: Final = 1.0


class Plan(Struct, frozen=True):
    """What is measured, for how long. `seconds` is one run's length, `limit` that of everything, None for no limit."""

    workloads: tuple[Workload, ...]
    cells: tuple[Cell, ...]
    seconds: float
    limit: float | None
    seed: int = 1
    quick: bool = False


class Machine(Struct, frozen=True):
    """Where it was measured."""

    system: str
    processor: str
    cores: int
    python: str
    gossamer: str
    gil: bool


class Served(Struct, frozen=True):
    """A workload, and how many pages a second its server can answer."""

    workload: Workload
    ceiling: float


class Results(Struct, frozen=True):
    """Everything that was measured: this is the content of `--json`. `began` is Unix time."""

    machine: Machine
    began: float
    seconds: float
    seed: int
    quick: bool
    served: tuple[Served, ...]
    runs: tuple[Run, ...]
    interpreters: tuple[Interpreter, ...] = ()

    def runs_of(self, cell: Cell) -> list[Run]:
        """List the runs of one cell."""
        return [run for run in self.runs if run.cell == cell]

    def cells_of(self, workload: str) -> list[Cell]:
        """List the cells of a workload."""
        return sorted({run.cell for run in self.runs if run.cell.workload == workload}, key=lambda cell: cell.label)


class BenchServer:
    """The bundled server of one workload, in its own process. Leave the `with` block to end it."""

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
        """Take what the server noted since the last time."""
        return msgspec.json.decode(self._ask(b"log"), type=Log)

    def ceiling(self, seconds: float) -> float:
        """Measure how many pages a second the server gives to a raw client."""
        words = [sys.executable, "-m", "gossamer.bench.ceiling", str(self._port), str(seconds)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise BenchError(f"The server could not be calibrated: {_last_line(done.stderr)}")
        self.log()  # what it cost belongs to nobody
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
    """The benchmark itself could not go on."""


Tell = Callable[[str], None]


def measure(plan: Plan, tell: Tell) -> Results:
    """Measure as planned. `tell` is told, in a few words, what is under way."""
    began, wall = time.monotonic(), time.time()
    with ExitStack() as servers:
        opened = {workload.name: servers.enter_context(BenchServer(workload)) for workload in plan.workloads}
        served = []
        for name, server in opened.items():
            tell(f"how fast the server is ({name})")
            served.append(Served(server.workload, server.ceiling(0.4 if plan.quick else 1.5)))
        ceilings = {one.workload.name: one.ceiling for one in served}
        runs: list[Run] = []
        for turn in _turns(plan, runs, began):
            runs += _checked(turn, opened, ceilings, tell)
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
    """What runs at the same time: one cell, or all cells of an idle workload."""

    number: int
    cells: tuple[Cell, ...]
    seconds: float


def _turns(plan: Plan, runs: list[Run], began: float) -> Iterator[Turn]:
    """Give the turns, round after round, until every interval is narrow or the time is up. `runs` grows meanwhile."""
    draw = random.Random(plan.seed)  # noqa: S311  # an order, not a secret
    idle = {workload.name for workload in plan.workloads if workload.idle}
    least = {workload.name: _seconds(plan, workload) for workload in plan.workloads}
    for number in range(ENOUGH_ROUNDS):
        wanted = [cell for cell in plan.cells if not _is_narrow(cell, runs, 2 if cell.workload in idle else 3)]
        turns = [Turn(number, (cell,), least[cell.workload]) for cell in wanted if cell.workload not in idle]
        groups = (tuple(cell for cell in wanted if cell.workload == name) for name in sorted(idle))
        turns += [Turn(number, group, least[group[0].workload]) for group in groups if group]
        draw.shuffle(turns)
        if not turns or (number >= FEWEST_ROUNDS and _late(plan, began, turns)):
            return
        for turn in turns:
            if number and _late(plan, began, [turn]):
                return
            yield turn


def _seconds(plan: Plan, workload: Workload) -> float:
    if workload.idle:
        return max(plan.seconds, IDLE_SECONDS)
    if workload.work:
        return max(plan.seconds * (1 if plan.quick else WORK_FACTOR), WORK_SECONDS)
    return plan.seconds


def _late(plan: Plan, began: float, turns: Sequence[Turn]) -> bool:
    """Tell whether the time does not suffice. Past the second, a round that would be cut short is not begun."""
    needed = sum(turn.seconds + _START for turn in turns)
    return plan.limit is not None and time.monotonic() - began + needed > plan.limit


def _is_narrow(cell: Cell, runs: Iterable[Run], fewest: int) -> bool:
    rates = [run.rate for run in runs if run.cell == cell and not run.broken]
    return len(rates) >= fewest and bootstrap(rates).width <= NARROW


def _checked(turn: Turn, opened: dict[str, BenchServer], ceilings: dict[str, float], tell: Tell) -> list[Run]:
    label = turn.cells[0].label if len(turn.cells) == 1 else f"{len(turn.cells)} cells side by side"
    tell(f"round {turn.number + 1}: {turn.cells[0].workload}, {label}")
    if not opened[turn.cells[0].workload].workload.idle:
        measured = [run_cell(turn.cells[0], turn.number, opened[turn.cells[0].workload], turn.seconds)]
    else:
        measured = _side_by_side(turn)
    return [
        msgspec.structs.replace(run, broken=tuple(complaints(run, ceiling=ceilings[run.cell.workload], cores=cores())))
        for run in measured
    ]


def _side_by_side(turn: Turn) -> list[Run]:
    """Run cells that hardly use the processor at the same time, each against a server of its own."""

    def alone(cell: Cell) -> Run:
        with BenchServer(WORKLOADS[cell.workload]) as server:
            return run_cell(cell, turn.number, server, turn.seconds)

    with ThreadPoolExecutor(len(turn.cells)) as pool:
        return list(pool.map(alone, turn.cells))


def run_cell(cell: Cell, number: int, server: BenchServer, seconds: float) -> Run:
    """Run one cell once, in a fresh process. Raises BenchError where that ends badly."""
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
    """Count the cores that may be used."""
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


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["it said nothing"])[-1]
