"""The state of the crawl in a directory, and where its next update goes."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from gossamer.api.directory_layout import JOURNAL, LOCK, SETTINGS_FILE, refuse_orphaned
from gossamer.api.lock import Holder, holder
from gossamer.api.settings_file import Settings, read_settings
from gossamer.journals.summary import Glance, glance
from gossamer.values.errors import UserError
from gossamer.values.reasons import FinishReason


class Status(Struct, frozen=True):
    """The state of a crawl in a directory. `state` is running, ended, or interrupted (stopped or killed).

    `holder` is the process at work there, if any; `finish_reason` is None while it runs and after it was killed.
    """

    directory: Path
    state: str
    settings: Settings
    holder: Holder | None
    finish_reason: FinishReason | None
    glance: Glance

    @property
    def resumable(self) -> bool:
        """Whether anything is left to do and no process is doing it."""
        return self.holder is None and (self.glance.pending > 0 or not self.glance.known)


def plan_update(path: Path) -> tuple[Path, Path, str]:
    """Return the directory that the next update starts from, its own directory, and the relative path back.

    Updates live in the directory itself, as `update-0001` and so on, each a crawl directory of its own: nothing that is
    there is ever touched. Raises UserError where the last of them is not over.
    """
    if read_settings(path).previous:  # it is an update itself
        path = path.parent
    found = [update for update in path.glob("update-*") if (update / SETTINGS_FILE).exists()]
    last = max(found, key=lambda update: update.name, default=path)
    told = status(last)
    if told.state == "running":
        raise UserError(f"The crawl in {last} is still running.")
    if told.state == "interrupted":
        raise UserError(f"The crawl in {last} is not over; go on with it first: gossamer resume {last}")
    number = int(last.name.removeprefix("update-")) + 1 if found else 1
    return last, path / f"update-{number:04}", "../" + last.name if found else ".."


def status(path: Path) -> Status:
    """Return the state of the crawl in a directory, running or not. Raise UserError or JournalError."""
    settings = read_settings(path)
    refuse_orphaned(path)
    seen = glance(path / JOURNAL)
    working = holder(path / LOCK)
    reason = FinishReason(seen.finish_reason) if seen.finish_reason else None
    stopped = reason in (None, FinishReason.STOPPED, FinishReason.ERROR) and (seen.pending or not seen.known)
    state = "running" if working is not None else "interrupted" if stopped else "ended"
    return Status(path, state, settings, working, reason, seen)
