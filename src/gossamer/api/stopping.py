"""Stopping a crawl from outside: what is under way is finished and saved, and nothing new begins."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import Final

from gossamer.api.status import Status, is_sharded, status
from gossamer.journals.address import PostgresAddress
from gossamer.values.errors import UserError

PATIENCE: Final = 120.0
"""Maximum time (seconds) to wait until a crawl has ended."""
_LOOK_EVERY: Final = 0.2


def ask_to_stop(directory: Path) -> None:
    """Ask the crawl in a directory to stop, on whatever machines it runs.

    A crawl on one machine gets SIGTERM, so it must be this machine. Raises UserError where no crawl runs, or elsewhere,
    and JournalError.
    """
    told = status(directory)
    if told.state != "running":
        raise UserError(f"The crawl in {directory} is not running.")
    if is_sharded(told.settings):
        from gossamer.journals.cluster_crawl import want

        want(PostgresAddress.of(told.settings.policy.journal), "stop")
        return
    _end_process(told)


def has_stopped(directory: Path) -> bool:
    """Wait until the crawl in a directory has ended, at most `PATIENCE`; return whether it has. Raises JournalError."""
    ends = time.monotonic() + PATIENCE
    while status(directory).state == "running":
        if time.monotonic() > ends:
            return False
        time.sleep(_LOOK_EVERY)
    return True


def _end_process(told: Status) -> None:
    holder = told.holder
    assert holder is not None, "a crawl on one machine runs while a process has its lock"
    if holder.host != socket.gethostname() or holder.pid <= 0:
        raise UserError(
            f"The crawl in {told.directory} runs on {holder.host or 'another machine'} as process {holder.pid}; "
            "stop it there, by Ctrl-C or SIGTERM."
        )
    try:
        os.kill(holder.pid, signal.SIGTERM)
    except PermissionError:
        raise UserError(
            f"Process {holder.pid}, which crawls into {told.directory}, belongs to somebody else."
        ) from None
    except ProcessLookupError:
        pass  # it has just ended
