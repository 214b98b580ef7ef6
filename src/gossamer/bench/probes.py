"""Probes: what a crawl does to its process while it runs: CPU, memory, sockets, and how long others wait their turn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Final

from msgspec import Struct

TICK: Final = 0.005
IDLE_TICK: Final = 0.05
"""Seconds that both clocks sleep; how late they wake is the delay that is measured. Where little happens, waking often
would be most of what happens."""
_SAMPLE_EVERY: Final = 0.1
_PROC: Final = Path("/proc")
_HERTZ: Final = os.sysconf("SC_CLK_TCK")


class Sample(Struct, frozen=True):
    """One moment: `cpu` are seconds used so far by the process and its children, `memory` their resident bytes.

    `cores` are the busy and idle seconds of each core of the machine since it started, whoever used them.
    """

    at: float
    cpu: float
    memory: int
    sockets: int
    processes: int
    cores: list[tuple[float, float]]


class Late(Struct, frozen=True):
    """When a clock woke, and how many seconds late."""

    at: float
    by: float


class Sampler(threading.Thread):
    """A thread that wants to wake every 5 ms.

    How late it does is the *thread switch delay*: the time any other thread waits until the one that runs gives the
    interpreter up, or has it taken away (preemption). Every 100 ms it takes a sample; what that costs is not counted.
    """

    def __init__(self, tick: float) -> None:
        super().__init__(name="gossamer-sampler", daemon=True)
        self._tick = tick
        self.samples: list[Sample] = []
        self.late: list[Late] = []
        self._over = threading.Event()
        self._own = 0.0

    def run(self) -> None:
        """Sample until told to end."""
        while not self._over.is_set():
            if not self.samples or time.monotonic() - self.samples[-1].at >= _SAMPLE_EVERY:
                self.samples.append(sample(time.thread_time()))
            before = time.monotonic()
            time.sleep(self._tick)
            now = time.monotonic()
            self.late.append(Late(now, now - before - self._tick))
        self._own = time.thread_time()

    def end(self) -> None:
        """Take a last sample and end."""
        self._over.set()
        self.join()
        self.samples.append(sample(self._own))


class LoopClock:
    """A task that wants to wake every 5 ms: how late it does is the *event-loop lag* (cooperative switching)."""

    def __init__(self, tick: float) -> None:
        self.late: list[Late] = []
        self._tick = tick

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(self._tick)
            now = time.monotonic()
            self.late.append(Late(now, now - before - self._tick))


def sample(own: float = 0.0) -> Sample:
    """Look at this process, its children and the machine; `own` seconds of CPU are the sampler's, and left out.

    Where there is no /proc, children are not seen.
    """
    family = _family()
    if not family:
        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB elsewhere
        used = resource.getrusage(resource.RUSAGE_SELF)
        return Sample(time.monotonic(), time.process_time() - own, used.ru_maxrss * unit, 0, 1, [])
    now, cpu, memory, sockets = time.monotonic(), time.process_time() - own, 0, 0
    for process in family:
        with contextlib.suppress(OSError, ValueError):  # it may end any moment
            cpu += 0.0 if process == os.getpid() else _cpu_of(process)
            memory += int((_PROC / str(process) / "statm").read_text().split()[1]) * resource.getpagesize()
            sockets += _sockets_of(process)
    return Sample(now, cpu, memory, sockets, len(family), _cores())


def _family() -> list[int]:
    """List this process and all that descend from it; nothing where /proc is not there."""
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
