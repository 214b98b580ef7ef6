"""What a placement tells the workers that it starts, and how it tells them to leave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct


class LeaveNotice:
    """Tells a worker to hand its shards over and end; it may be given from any thread, before the worker has begun."""

    def __init__(self) -> None:
        self._given = threading.Event()
        self._hears: Callable[[], None] | None = None

    def give(self) -> None:
        """Record that the worker is to leave, and let it know."""
        self._given.set()
        if self._hears is not None:
            self._hears()

    def heard_by(self, hears: Callable[[], None]) -> None:
        """Have a function called when notice is given, at once if it was."""
        self._hears = hears
        if self._given.is_set():
            hears()


class WorkerOrder(Struct, frozen=True):
    """What a worker has to know to begin: where the crawl is, and where its output may go."""

    journal: str
    """The URL of the crawl's journal, with its schema."""
    log_directory: Path
    """The directory for the workers' logs, on this machine."""
    work: Callable[[str, LeaveNotice], None]
    """Works on the crawl at such a URL until it is over, or until notice is given."""
