"""Where workers run. A placement starts and ends them; the crawl is right without it, since workers hold leases.

`local:N` are N processes of this machine, which outlive the command that started them. `ray:N` and `ray:ADDRESS:N` are
N actors of a Ray cluster (`ray_placement.py`). With `none` somebody else starts them, on any machine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol, Self

from msgspec import Struct

from gossamer.engines.cluster.worker_order import WorkerOrder
from gossamer.engines.table import cores
from gossamer.values.errors import UserError, needs_extra

MOST: Final = 10_000
"""Maximum number of workers that one command starts."""


class Placement(Protocol):
    """Starts and ends workers."""

    def place(self, count: int, order: WorkerOrder) -> None:
        """Start workers. Raises UserError where they cannot be started."""
        ...

    def placed(self) -> int:
        """Return the number of workers that were started here and run."""
        ...

    def withdraw(self) -> None:
        """Have the workers hand over in order and end; it does not wait for them."""
        ...


class Place(Struct, frozen=True):
    """A setting `place`, read: the kind of placement, how many workers, and the address of a Ray cluster."""

    kind: str
    count: int
    address: str = ""

    @classmethod
    def of(cls, text: str | None) -> Self:
        """Return what a text names. Raises UserError for one that names no place, and where a package is missing."""
        kind, _, rest = (text or "local").partition(":")
        address, _, number = rest.rpartition(":")
        if kind not in _PLACEMENTS or (kind != "ray" and address) or (kind == "none" and rest):
            raise UserError(
                f"{text!r} is no place for workers; write local:N, ray:N, ray:ADDRESS:N or none (place, --place)."
            )
        digits = number or (str(cores()) if kind == "local" else "1" if kind == "ray" else "0")
        if not (digits.isascii() and digits.isdigit()) or not (int(digits) or kind == "none") or int(digits) > MOST:
            raise UserError(f"{digits!r} is no number of workers; write such as {kind}:2 (place, --place).")
        if kind == "ray" and find_spec("ray") is None:
            raise UserError(f"Workers on a Ray cluster need {needs_extra('ray')}")
        return cls(kind, int(digits), address)

    def placement(self) -> Placement:
        """Return the placement that this place names."""
        return _PLACEMENTS[self.kind](self)


class NoPlacement:
    """Starts nothing: somebody else starts the workers."""

    def place(self, count: int, order: WorkerOrder) -> None:
        """Start nothing."""

    def placed(self) -> int:
        """Return 0."""
        return 0

    def withdraw(self) -> None:
        """End nothing."""


class LocalPlacement:
    """Starts workers as processes of this machine, each with a log in the crawl's directory.

    They are no children that end with the command: a crawl goes on without it.
    """

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def place(self, count: int, order: WorkerOrder) -> None:
        """Start workers."""
        for _ in range(count):
            self._processes.append(_started(order))

    def placed(self) -> int:
        """Return the number of workers that run."""
        return sum(process.poll() is None for process in self._processes)

    def withdraw(self) -> None:
        """Send SIGTERM to the workers."""
        for process in self._processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)


def _started(order: WorkerOrder) -> subprocess.Popen[bytes]:
    """Return a worker that was started, in a session of its own: Ctrl-C reaches the command alone."""
    with _free_log(order.log_directory).open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # this interpreter, and words of ours
            [sys.executable, "-m", "gossamer", "worker", order.journal],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=_environment(),
        )  # fmt: skip


def _environment() -> Mapping[str, str]:
    """Return the environment of a worker: it finds what this process has on its path."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _free_log(directory: Path) -> Path:
    """Return a log file that no worker has used."""
    number = 1
    while (path := directory / f"worker-{number}.log").exists():
        number += 1
    path.touch()
    return path


def _ray(place: Place) -> Placement:
    from gossamer.engines.cluster.ray_placement import RayPlacement

    return RayPlacement(place.address)


_PLACEMENTS: Final[Mapping[str, Callable[[Place], Placement]]] = {
    "local": lambda _: LocalPlacement(),
    "ray": _ray,
    "none": lambda _: NoPlacement(),
}
