"""Run crawlers as processes on a served site, and measure their costs.

CPU time is that of the process and of every child that it waited for (`wait4`), start-up included. Memory is that of
the process tree. Pages are counted in the log of the server, so that all crawlers are measured alike.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.sites import NginxSite

HOME = Path(__file__).parent.parent.resolve()
SHARED_MEMORY = Path("/dev/shm")
SAMPLE_EVERY = 0.1
"""Seconds between two samples of the memory of a process tree."""

PATIENCE = 3600
"""Seconds after which a crawler is killed."""


@dataclass(frozen=True)
class Contender:
    """A crawler to measure."""

    name: str
    """The name in the tables."""

    arguments: tuple[str, ...]
    """The command, in which {url} and {directory} are replaced."""

    pages: int | None = None
    """The number of pages after which the command stops; None: it crawls the whole site."""

    why: str = ""
    """The reason for the options."""


@dataclass(frozen=True)
class Measurement:
    """The costs of one run."""

    name: str
    """The name of the contender."""

    pages: int
    """The number of distinct HTML pages that the server sent with status 200."""

    wall: float
    """Wall time in seconds."""

    cpu: float
    """CPU seconds of the process and its children."""

    memory: float
    """The peak resident memory (MB) of the process tree, in which shared memory counts once."""

    status: int
    """The exit code; negative for a signal."""

    repeated: int = 0
    """The number of pages that were sent more than once."""

    missed: int = 0
    """The number of pages of the site that were not fetched, if the whole site was to be crawled."""

    others: int = 0
    """The number of requests for anything else, including dead links."""

    size: int = 0
    """The mean size of a page in bytes."""

    @property
    def cpu_ms_a_page(self) -> float:
        return 1000 * self.cpu / max(self.pages, 1)

    @property
    def pages_a_cpu_second(self) -> float:
        return self.pages / self.cpu

    @property
    def pages_a_second(self) -> float:
        return self.pages / self.wall


def environment(name: str, wanted: Path) -> Path:
    """Create the virtual environment `name` with the packages of the file `wanted` if needed; return its Python."""
    home = HOME / ".venvs" / name
    python, ready = home / "bin" / "python", home / "ready"
    lines = wanted.read_text()
    if not ready.exists() or ready.read_text() != lines:
        packages = ", ".join(line for line in lines.splitlines() if line and not line.startswith("#"))
        print(f"installing {packages} …", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", "--requirement", wanted], check=True)
        ready.write_text(lines)
    return python


def measure(contender: Contender, site: NginxSite, reachable: int) -> Measurement:
    """Run a contender once, with an empty log, in an empty directory that is in memory if possible."""
    site.forget()
    room = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="gossamer-bench-", dir=room) as directory:
        place = {"url": site.url, "directory": str(Path(directory) / "site.crawl")}
        command = [argument.format(**place) for argument in contender.arguments]
        said = Path(directory) / "stderr"
        with said.open("wb") as stderr:
            begun = time.perf_counter()
            child = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": str(HOME / "src")},
                cwd=directory,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
            watch = _Watch(child)
            watch.start()
            _, status, usage = os.wait4(child.pid, 0)  # its CPU time and that of the children it waited for
            wall = time.perf_counter() - begun
            child.returncode = os.waitstatus_to_exitcode(status)  # Popen must know that wait4 has reaped it
            watch.over.set()
            watch.join()
        last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    run = counted(contender, site, reachable, child.returncode)
    if not run.pages or (run.missed and child.returncode):
        print(f"{contender.name} ended with status {child.returncode}: {''.join(last)}", file=sys.stderr)
    return replace(run, wall=wall, cpu=usage.ru_utime + usage.ru_stime, memory=watch.peak)


def counted(contender: Contender, site: NginxSite, reachable: int, status: int) -> Measurement:
    """Return a measurement with the pages counted in the server's log."""
    visits = site.visits()
    pages = Counter(visit.path for visit in visits if visit.is_page)
    return Measurement(
        contender.name,
        pages=len(pages),
        wall=0.0,
        cpu=0.0,
        memory=0.0,
        status=status,
        repeated=sum(times > 1 for times in pages.values()),
        missed=max(0, reachable - len(pages)) if contender.pages is None else 0,
        others=len(visits) - pages.total(),
        size=sum(site.file_of(path).stat().st_size for path in pages) // max(len(pages), 1),
    )


class _Watch(threading.Thread):
    """A thread that records the peak memory of a process tree, and kills it if it takes too long."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._child = child
        self.over = threading.Event()
        self.peak = 0.0

    def run(self) -> None:
        given_up_at = time.monotonic() + PATIENCE
        while not self.over.wait(SAMPLE_EVERY):
            tree = descendants(self._child.pid)
            self.peak = max(self.peak, memory_of(tree))
            if time.monotonic() > given_up_at:
                for process in reversed(tree):
                    os.kill(process, signal.SIGKILL)
                return


def descendants(root: int) -> list[int]:
    """Return a process and all its descendants; without /proc, the process alone."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    tree = [root]
    for process in tree:
        tree += children.get(process, [])
    return tree


def memory_of(tree: Sequence[int]) -> float:
    """Return the memory of a process tree in MB: the peak if it is a single process, else the current value.

    The value of `wait4` would be wrong: a child inherits the peak of its parent before its own program runs.
    """
    if len(tree) == 1:
        return _kilobytes(Path(f"/proc/{tree[0]}/status"), "VmHWM:") * 1024 / 1e6
    return sum(_kilobytes(Path(f"/proc/{process}/smaps_rollup"), "Pss:") for process in tree) * 1024 / 1e6


def _kilobytes(file: Path, field: str) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:  # it ended meanwhile
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(field))


def race(contenders: Sequence[Contender], site: NginxSite, reachable: int, rounds: int) -> list[Measurement]:
    """Run all contenders in turn, `rounds` times, each round beginning with another one; return every run."""
    runs = []
    for number in range(rounds):
        first = number * len(contenders) // rounds
        for contender in (*contenders[first:], *contenders[:first]):
            runs.append(run := measure(contender, site, reachable))
            print(
                f"round {number + 1}: {run.name}: {run.pages:,} pages, {run.wall:.1f} s, {run.cpu:.1f} CPU-s",
                file=sys.stderr,
            )
    return runs


def medians(runs: Iterable[Measurement]) -> list[Measurement]:
    """Return for each contender the median of every figure, but the worst of every count; in the order of `runs`."""
    grouped: dict[str, list[Measurement]] = {}
    for run in runs:
        grouped.setdefault(run.name, []).append(run)
    return [_median(several) for several in grouped.values()]


def _median(runs: list[Measurement]) -> Measurement:
    return Measurement(
        runs[0].name,
        pages=min(run.pages for run in runs),
        wall=statistics.median(run.wall for run in runs),
        cpu=statistics.median(run.cpu for run in runs),
        memory=statistics.median(run.memory for run in runs),
        status=max((run.status for run in runs), key=abs),
        repeated=max(run.repeated for run in runs),
        missed=max(run.missed for run in runs),
        others=max(run.others for run in runs),
        size=runs[0].size,
    )
