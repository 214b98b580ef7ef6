"""Cells: the ways to run a crawl that are compared. Engines and interpreters are found at run time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

import gossamer
from gossamer.bench.workloads import Workload
from gossamer.engines.table import ENGINES, local_names
from gossamer.rules.policy import Policy

FEW: Final = 8
"""The smaller number of requests in flight that is measured."""

MANY: Final = 64
_VERSIONS: Final = tuple(f"python3.{minor}{kind}" for minor in range(11, 16) for kind in ("", "t"))
_PROBE: Final = (
    "import json, sys, sysconfig; import gossamer; "
    "print(json.dumps({'gossamer': gossamer.__version__, 'version': sys.version.split()[0], "
    "'free': bool(sysconfig.get_config_var('Py_GIL_DISABLED')), "
    "'gil': getattr(sys, '_is_gil_enabled', lambda: True)()}))"
)


class Interpreter(Struct, frozen=True):
    """A Python interpreter that was found."""

    path: str
    """The path of the executable."""

    name: str
    """The name by which it was looked for."""

    version: str = ""
    """Its version, such as `3.13.1`."""

    free: bool = False
    """Whether it is a free-threaded build."""

    gil: bool = True
    """Whether the global interpreter lock is on once gossamer is imported."""

    trouble: str = ""
    """Why it cannot be measured; "" if it can."""


class Cell(Struct, frozen=True):
    """One way to crawl one workload."""

    workload: str
    """The name of the workload."""

    engine: str
    """The name of the engine."""

    in_flight: int
    """The maximum number of requests in flight, which is the setting `concurrency`."""

    cpu_workers: int = 0
    """The number of processes that parse pages; 0: none."""

    workers: int = 0
    """The number of worker processes of the engine `processes`; 0 for the other engines."""

    python: str = ""
    """The path of the interpreter; "" for the one that gossamer bench itself runs on."""

    @property
    def label(self) -> str:
        """The name of the cell, unique within its workload."""
        parts = [f"{self.engine}, {self.in_flight} in flight"]
        if self.workers:
            parts.append(f"{self.workers} processes")
        if self.cpu_workers:
            parts.append(f"{self.cpu_workers} CPU worker{'s' * (self.cpu_workers > 1)}")
        if self.python:
            parts.append(Path(self.python).name)
        return ", ".join(parts)

    @property
    def plainness(self) -> tuple[int, int, int, int, int]:
        """A sort key: the fewer settings a cell needs and the simpler its engine, the smaller."""
        usual = self.in_flight == usual_level(self.engine, self.workers)
        extra = self.workers + self.cpu_workers
        return (bool(self.python), bool(self.cpu_workers), engines().index(self.engine), not usual, extra)


def engines() -> tuple[str, ...]:
    """Return the engines that this version of gossamer has, in order of preference where speed does not decide."""
    return local_names()


def has_cpu_workers() -> bool:
    """Whether this version of gossamer has the setting `cpu_workers`."""
    return "cpu_workers" in Policy.__struct_fields__


def usual_level(engine: str, workers: int = 0) -> int:
    """Return the default number of requests that an engine has in flight; each of its `workers` has as many."""
    return ENGINES[engine].slots * max(1, workers)


def levels(engine: str, wanted: Sequence[int], *, many: bool) -> tuple[int, ...]:
    """Return the numbers of requests in flight to measure an engine with.

    These are the `wanted` ones if there are any; else, with `many`, a small and a large one; else the default.
    """
    if ENGINES[engine].one_at_a_time:
        return (1,)
    if wanted:
        return tuple(wanted)
    return (FEW, MANY) if many else (usual_level(engine),)


# ---------------------------------------------------------------- interpreters


def interpreters(named: Sequence[str]) -> list[Interpreter]:
    """Return the interpreters on the PATH other than the running one, and the `named` ones, usable or not."""
    candidates = [(name, shutil.which(name)) for name in (*_VERSIONS, *named)]
    found: dict[Path, Interpreter] = {}
    here = Path(sys.executable).resolve()
    for name, path in candidates:
        if path is None:
            if name in named:
                found[Path(name)] = Interpreter(name, name, trouble="it is not there")
            continue
        resolved = Path(path).resolve()
        if resolved != here or name in named:
            found.setdefault(resolved if name not in named else Path(path), _probe(name, path))
    return list(found.values())


def _probe(name: str, path: str) -> Interpreter:
    """Run an interpreter to find out its version, its gossamer, and whether its global lock is on."""
    try:
        done = subprocess.run([path, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Interpreter(path, name, trouble=f"it cannot be started: {error}")
    if done.returncode:
        missing = "No module named 'gossamer'" in done.stderr
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Interpreter(path, name, trouble="gossamer is not installed for it" if missing else last)
    report = msgspec.json.decode(done.stdout)
    other = report["gossamer"] != gossamer.__version__
    trouble = f"it has gossamer {report['gossamer']}, this is {gossamer.__version__}" if other else ""
    return Interpreter(path, name, report["version"], report["free"], report["gil"], trouble)


def cells_of(
    workload: Workload, chosen: Sequence[str], wanted: Sequence[int], workers: Sequence[int], pythons: Sequence[str],
    *, many: bool,
) -> Iterator[Cell]:  # fmt: skip
    """Yield the cells of a workload: each engine with each number of requests in flight, on each interpreter.

    In a workload with work for each page, few requests in flight keep a core busy: without `many`, only 8 are measured.
    CPU workers are measured if there is more work than parsing links: with asyncio, and with `many` with threads too.
    """
    few = (FEW,) if workload.work and not many else ()
    wanted = wanted or few
    apart = has_cpu_workers() and bool(workload.work or workload.recorded)
    for python in ("", *pythons):
        for name in chosen:
            traits = ENGINES[name]
            if traits.worker_processes:
                for count in workers:
                    usual = (usual_level(name, count),)
                    yield from (Cell(workload.name, name, level, 0, count, python) for level in wanted or usual)
                continue
            yield from (Cell(workload.name, name, level, 0, 0, python) for level in levels(name, wanted, many=many))
            if apart and (traits.in_loop or (many and not traits.one_at_a_time)):
                level = levels(name, wanted, many=False)[0]
                yield from (Cell(workload.name, name, level, count, 0, python) for count in workers)
