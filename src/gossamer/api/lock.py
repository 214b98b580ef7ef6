"""The lock of a crawl directory: one process at a time works there, and others can find out which."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.values.errors import UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_TRIES: Final = 20
"""Number of attempts to take the lock: `holder` has it for a moment, too."""
_PAUSE: Final = 0.01
"""Time (seconds) between two attempts."""
_BEYOND: Final = 1 << 30
"""Offset of the byte that Windows locks: beyond the text, which stays readable for others."""


class Holder(Struct, frozen=True):
    """The process at work in a directory; `started` is Unix time.

    `command` is the name of its program, without the words after it: they may hold secrets.
    """

    pid: int
    host: str
    started: float
    command: str = ""


class Lock:
    """A lock on a file. The system releases it when the process ends, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Acquire the lock and write who holds it. Raise UserError, naming the holder, if another process has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        for _ in range(_TRIES):
            if _locked(descriptor):
                break
            time.sleep(_PAUSE)
        else:
            os.close(descriptor)
            raise UserError(f"{self._path.parent} is in use: {_named(_read(self._path))}.")
        self._descriptor = descriptor
        signed = Holder(
            os.getpid(), socket.gethostname(), time.time(), Path(sys.argv[0] if sys.argv else sys.executable).name
        )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(signed) + b"\n", 0)

    def release(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def holder(path: Path) -> Holder | None:
    """Return the process that holds the lock; None if there is none."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _locked(descriptor) else _read(path) or Holder(0, "", 0.0)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Try to lock the file; closing it unlocks. Return whether it is locked now."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            os.lseek(descriptor, _BEYOND, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _read(path: Path) -> Holder | None:
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=Holder)
    return None


def _named(held: Holder | None) -> str:
    if held is None:
        return "another process is at work there"
    since = datetime.fromtimestamp(held.started).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"process {held.pid} on {held.host} is at work there since {since} ({held.command})"
