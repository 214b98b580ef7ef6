"""Uploading a part: its files, one after the other, and again while that may help."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Final

from gossamer.outputs.parts.growing import Part
from gossamer.outputs.remote import StoreRefusedError
from gossamer.values.errors import OutputError

PATIENCE: Final = 60.0
"""Maximum time (seconds) for which an upload is tried again while the store cannot be reached."""
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between the attempts; the last one again and again."""


class Uploader:
    """Uploads parts to a store, in whatever thread it is called.

    `put` writes a file of the store, as `RemoteStore.put` does. `wait` pauses between two attempts; it returns True
    when nothing is to be tried any more. `patience` and `now` are in seconds.
    """

    def __init__(
        self,
        put: Callable[[Path, str], None],
        *,
        patience: float | None = None,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._put = put
        self._patience = PATIENCE if patience is None else patience
        self._now = now
        self._given_up = Event()
        self._wait = wait or self._given_up.wait

    def upload(self, part: Part) -> Mapping[str, int]:
        """Complete the files of a part and upload them; return the size of each (bytes), by its name in the store.

        Raises OutputError where the store refuses, or could not be reached for `patience`.
        """
        sizes = {}
        for path in part.finish():
            name = part.name.file(path.name)
            self._patiently(path, name)
            sizes[name] = path.stat().st_size
        return sizes

    def give_up(self) -> None:
        """Let attempts that fail from now on be the last. Safe from any thread."""
        self._given_up.set()

    def _patiently(self, path: Path, name: str) -> None:
        until, attempt = self._now() + self._patience, 0
        while True:
            try:
                self._put(path, name)
                return
            except StoreRefusedError:
                raise
            except OutputError:
                if self._now() > until or self._wait(_PAUSES[min(attempt, len(_PAUSES) - 1)]):
                    raise
                attempt += 1
