"""A simulated disk that loses unsynced data, on a machine that fails at a chosen step."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct


class End(StrEnum):
    """How a life ends; a life is one process of the simulated crawl."""

    KILL = "kill -9"  # the process ends; what it has written stays
    POWER = "power loss"  # the machine stops; what was not synced is lost
    DISK_ERROR = "disk error"  # a write fails; the crawl ends with an error
    STOP = "stop"  # Ctrl-C: wait for running fetches and commit
    ABANDON = "abandon"  # Ctrl-C twice: end at once, consistently
    LIMIT = "page limit"  # the crawl reaches `max_pages`; the next life has no limit


class Crash(BaseException):
    """The process died here; only the simulator catches it."""


class Blow(Struct, frozen=True):
    """A fault that ends a life. `step` (from 1) counts storage steps, `collect` calls or pages: `end` decides."""

    end: End
    step: int


class Fate:
    """A counter of storage steps that applies the blow at its step; after a crash nothing more is written."""

    def __init__(self, chance: random.Random, note: Callable[[str], None], blow: Blow | None) -> None:
        self.chance = chance
        self.steps = 0
        self._note = note
        self._blow = blow
        self._dead = False

    @property
    def deadly(self) -> bool:
        """Whether the blow ends the process at once."""
        return self._blow is not None and self._blow.end in (End.KILL, End.POWER)

    def step(self, what: str, do: Callable[[float], None], lose: Callable[[], None]) -> None:
        """Do one storage step. `do` executes a portion of it (0 to 1); `lose` drops unsynced data at a power loss."""
        if self._dead:
            raise Crash(what)
        self.steps += 1
        strikes = self._blow is not None and self.steps == self._blow.step
        if not strikes or self._blow is None or self._blow.end not in (End.KILL, End.POWER, End.DISK_ERROR):
            self._note(what)
            do(1.0)
            return
        portion = self.chance.choice([0.0, self.chance.random(), 1.0])
        self._note(f"{what}: {self._blow.end} after {portion:.0%} of it")
        do(portion)
        if self._blow.end is End.DISK_ERROR:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._dead = True
        if self._blow.end is End.POWER:
            lose()
        raise Crash(what)


class File:
    """An append-only file: its content as processes see it, its content on the disk, and the operations between."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.name = name
        self._disk = disk
        self._seen = bytearray()
        self._on_disk = b""
        self._unsynced: list[bytes | int] = []  # appended bytes, or the size to which the file was truncated

    @property
    def size(self) -> int:
        return len(self._seen)

    def read(self) -> bytes:
        return bytes(self._seen)

    def append(self, data: bytes) -> None:
        def do(portion: float) -> None:
            part = data[: round(portion * len(data))]
            self._seen += part
            self._unsynced.append(part)

        self._disk.step(f"append {len(data)} B to {self.name} at {self.size}", do)

    def cut(self, size: int) -> None:
        def do(portion: float) -> None:
            if portion == 1.0:
                self._seen = self._seen[:size] + bytes(max(0, size - len(self._seen)))  # can grow, as by ftruncate
                self._unsynced.append(size)

        self._disk.step(f"cut {self.name} from {self.size} to {size}", do)

    def sync(self) -> None:
        def do(portion: float) -> None:
            if portion == 1.0:
                self._on_disk = bytes(self._seen)
                self._unsynced.clear()

        self._disk.step(f"sync {self.name}", do)

    def lose_unsynced(self, chance: random.Random) -> None:
        """Keep the synced content and a random part of the rest: some complete operations, and then a torn one."""
        kept = bytearray(self._on_disk)
        whole = chance.randint(0, len(self._unsynced))
        for step in self._unsynced[:whole]:
            kept = kept + step if isinstance(step, bytes) else kept[:step] + bytes(max(0, step - len(kept)))
        torn = self._unsynced[whole] if whole < len(self._unsynced) else b""
        if isinstance(torn, bytes):
            kept += _torn(torn, chance)
        self._seen, self._on_disk, self._unsynced = kept, bytes(kept), []


def _torn(data: bytes, chance: random.Random) -> bytes:
    """Return a random prefix of the data, perhaps with a block of zeros that was never written."""
    part = data[: chance.randint(0, len(data))]
    if chance.random() < 0.5:
        return part
    start, end = sorted((chance.randint(0, len(part)), chance.randint(0, len(part))))
    return part[:start] + bytes(end - start) + part[end:]


class Disk:
    """Files by name. They persist across processes, each of which has a `Fate` of its own."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._fate: Fate | None = None

    def begin_life(self, fate: Fate) -> None:
        self._fate = fate

    def file(self, name: str) -> File:
        return self._files.setdefault(name, File(name, self))

    def step(self, what: str, do: Callable[[float], None]) -> None:
        assert self._fate is not None, "nobody lives who could write"
        self._fate.step(what, do, self._lose_unsynced)

    def _lose_unsynced(self) -> None:
        assert self._fate is not None
        for file in self._files.values():
            file.lose_unsynced(self._fate.chance)
