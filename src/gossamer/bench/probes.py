"""Probes of a running crawl: CPU, memory, sockets, and how long other threads and tasks wait."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import sys
import threading
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

TICK: Final = 0.005
"""Seconds for which the sampler and the loop clock sleep; how late they wake is the delay that is measured."""

IDLE_TICK: Final = 0.05
"""The same for an idle workload, in which waking often would dominate the CPU time."""

_SAMPLE_EVERY: Final = 0.1
"""Seconds between two samples."""

_PROC: Final = Path("/proc")
_PAGE_SIZE: Final = mmap.PAGESIZE
_HERTZ: Final = os.sysconf("SC_CLK_TCK")


class Sample(Struct, frozen=True):
    """The resource use of the process and its descendants at one moment."""

    at: float
    """The moment, in monotonic seconds."""

    cpu: float
    """CPU seconds used so far."""

    memory: int
    """Resident memory in bytes."""

    sockets: int
    """The number of open sockets."""

    processes: int
    """The number of processes."""

    cores: list[tuple[float, float]]
    """For each core of the machine, the busy and idle seconds since it started, of all programs together."""


class Late(Struct, frozen=True):
    """One late wake-up."""

    at: float
    """When it was, in monotonic seconds."""

    by: float
    """How late it was, in seconds."""


class Sampler(threading.Thread):
    """A thread that wakes after every tick and samples the resource use every 100 ms.

    How late it wakes is the *thread switch delay*: how long a thread waits until the running one releases the global
    interpreter lock or is preempted. The CPU time of the sampler itself is not counted.
    """

    def __init__(self, tick: float) -> None:
        super().__init__(name="gossamer-sampler", daemon=True)
        self._tick = tick
        self.samples: list[Sample] = []
        self.late: list[Late] = []
        self._over = threading.Event()
        self._own = 0.0

    def run(self) -> None:
        """Sample until `end` is called."""
        while not self._over.is_set():
            if not self.samples or time.monotonic() - self.samples[-1].at >= _SAMPLE_EVERY:
                self.samples.append(sample(time.thread_time()))
            before = time.monotonic()
            time.sleep(self._tick)
            now = time.monotonic()
            self.late.append(Late(now, now - before - self._tick))
        self._own = time.thread_time()

    def end(self) -> None:
        """End the thread, and take a last sample."""
        self._over.set()
        self.join()
        self.samples.append(sample(self._own))


class LoopClock:
    """A task that wakes after every tick; how late it wakes is the *event-loop lag* (cooperative switching)."""

    def __init__(self, tick: float) -> None:
        self.late: list[Late] = []
        self._tick = tick

    async def run(self) -> None:
        """Record delays until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(self._tick)
            now = time.monotonic()
            self.late.append(Late(now, now - before - self._tick))


def sample(own: float = 0.0) -> Sample:
    """Sample this process, its descendants and the machine.

    `own` are the CPU seconds of the sampler, which are subtracted. Without /proc, descendants are not included.
    """
    family = _family()
    if not family:
        return Sample(time.monotonic(), time.process_time() - own, _peak_memory(), 0, 1, [])
    now, cpu, memory, sockets = time.monotonic(), time.process_time() - own, 0, 0
    for process in family:
        with contextlib.suppress(OSError, ValueError):  # the process may end at any moment
            cpu += 0.0 if process == os.getpid() else _cpu_of(process)
            memory += int((_PROC / str(process) / "statm").read_text().split()[1]) * _PAGE_SIZE
            sockets += _sockets_of(process)
    return Sample(now, cpu, memory, sockets, len(family), _cores())


def _peak_memory() -> int:
    """Return the most memory this process had so far, in bytes; 0 on Windows, which does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _family() -> list[int]:
    """Return the ids of this process and its descendants; an empty list without /proc."""
    if not (_PROC / "self" / "task").exists():
        return []
    family, at = [os.getpid()], 0
    while at < len(family):
        for task in (_PROC / str(family[at]) / "task").glob("*/children"):
            with contextlib.suppress(OSError):
                family += map(int, task.read_text().split())
        at += 1
    return family


def _cpu_of(process: int) -> float:
    with contextlib.suppress(OSError):
        return sum(
            int(task.read_text().split()[0]) / 1e9 for task in (_PROC / str(process) / "task").glob("*/schedstat")
        )
    fields = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HERTZ


def _sockets_of(process: int) -> int:
    count = 0
    for descriptor in (_PROC / str(process) / "fd").iterdir():
        with contextlib.suppress(OSError):
            count += str(descriptor.readlink()).startswith("socket:")
    return count


def _cores() -> list[tuple[float, float]]:
    cores = []
    for line in (_PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name != "cpu":
            ticks = [int(field) / _HERTZ for field in fields[:8]]
            idle = ticks[3] + ticks[4]
            cores.append((sum(ticks) - idle, idle))
    return cores
