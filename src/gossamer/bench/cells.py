"""Cells: the ways to run a crawl that are compared, found at run time: engines, requests in flight, workers."""

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
from gossamer.engines.table import ENGINES
from gossamer.rules.policy import Policy

FEW: Final = 8
MANY: Final = 64
_VERSIONS: Final = tuple(f"python3.{minor}{kind}" for minor in range(11, 16) for kind in ("", "t"))
_ASK: Final = (
    "import json, sys, sysconfig; import gossamer; "
    "print(json.dumps({'gossamer': gossamer.__version__, 'version': sys.version.split()[0], "
    "'free': bool(sysconfig.get_config_var('Py_GIL_DISABLED')), "
    "'gil': getattr(sys, '_is_gil_enabled', lambda: True)()}))"
)


class Interpreter(Struct, frozen=True):
    """A Python that was found. `trouble` says why it takes no part, "" where it does; `gil` tells what it runs with."""

    path: str
    name: str
    version: str = ""
    free: bool = False
    gil: bool = True
    trouble: str = ""


class Cell(Struct, frozen=True):
    """One way to crawl one workload. `python` is "" for the interpreter that gossamer bench itself runs on."""

    workload: str
    engine: str
    in_flight: int
    cpu_workers: int = 0
    workers: int = 0
    python: str = ""

    @property
    def label(self) -> str:
        """Name the cell within its workload."""
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
        """Return what orders cells by how much there is to understand and set: smaller is plainer.

        Where the speed does not decide, the plainest is advised.
        """
        usual = self.in_flight == usual_level(self.engine, self.workers)
        extra = self.workers + self.cpu_workers
        return (bool(self.python), bool(self.cpu_workers), engines().index(self.engine), not usual, extra)


def engines() -> tuple[str, ...]:
    """Return the engines that this gossamer has, the plainest first."""
    return tuple(ENGINES)


def has_cpu_workers() -> bool:
    """Tell whether this gossamer can read pages in processes apart from its engine."""
    return "cpu_workers" in Policy.__struct_fields__


def usual_level(engine: str, workers: int = 0) -> int:
    """Return the default number of requests that an engine has in flight; each of its `workers` has as many."""
    return ENGINES[engine].slots * max(1, workers)


def levels(engine: str, wanted: Sequence[int], *, many: bool) -> tuple[int, ...]:
    """Choose how many requests in flight to try an engine with: those that are wanted, its default alone, or many."""
    if ENGINES[engine].one_at_a_time:
        return (1,)
    if wanted:
        return tuple(wanted)
    return (FEW, MANY) if many else (usual_level(engine),)


# ---------------------------------------------------------------- interpreters


def interpreters(named: Sequence[str]) -> list[Interpreter]:
    """Find the Pythons on the PATH beside the running one, and those named; tell of each whether it can take part."""
    candidates = [(name, shutil.which(name)) for name in (*_VERSIONS, *named)]
    found: dict[Path, Interpreter] = {}
    here = Path(sys.executable).resolve()
    for name, path in candidates:
        if path is None:
            if name in named:
                found[Path(name)] = Interpreter(name, name, trouble="it is not there")
            continue
        real = Path(path).resolve()
        if real != here or name in named:
            found.setdefault(real if name not in named else Path(path), _asked(name, path))
    return list(found.values())


def _asked(name: str, path: str) -> Interpreter:
    """Ask an interpreter whether it has this gossamer, and whether it keeps a global lock once gossamer is loaded."""
    try:
        done = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Interpreter(path, name, trouble=f"it cannot be started: {error}")
    if done.returncode:
        missing = "No module named 'gossamer'" in done.stderr
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Interpreter(path, name, trouble="gossamer is not installed for it" if missing else last)
    said = msgspec.json.decode(done.stdout)
    other = said["gossamer"] != gossamer.__version__
    trouble = f"it has gossamer {said['gossamer']}, this is {gossamer.__version__}" if other else ""
    return Interpreter(path, name, said["version"], said["free"], said["gil"], trouble)


def cells_of(
    workload: Workload, chosen: Sequence[str], wanted: Sequence[int], workers: Sequence[int], pythons: Sequence[str],
    *, many: bool,
) -> Iterator[Cell]:  # fmt: skip
    """List the cells of a workload: each engine at each level, on each interpreter.

    Where pages are worked on, few requests in flight keep a processor busy: without `many`, only 8 are tried there. CPU
    workers are tried where there is work for them beyond reading links, with `many` beside threads too.
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
