"""The state of the crawl in a directory, and where its next update goes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from gossamer.api.directory_layout import LOCK, SETTINGS_FILE, refuse_orphaned
from gossamer.api.lock import Holder, holder
from gossamer.api.settings_file import Settings, journal_address, read_settings
from gossamer.engines.table import ENGINES
from gossamer.journals.address import PostgresAddress
from gossamer.journals.summary import Glance, glance
from gossamer.outputs.references import FORMAT
from gossamer.values.errors import UserError
from gossamer.values.reasons import FinishReason

_UPDATE: Final = re.compile(r"update-\d+")
_UNFINISHED: Final = (None, FinishReason.STOPPED, FinishReason.WAITING, FinishReason.ERROR)
"""How a crawl ended that is not over while links are pending; None: it was killed."""


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
    workers: Mapping[str, int] = {}
    """The workers of a crawl on several machines by name, each with the number of its shards."""

    @property
    def paused(self) -> dict[str, float]:
        """The hosts that asked to be left alone, each with the end of its pause (Unix time), the first to end first."""
        ends = {host: self.glance.stats_at + seconds for host, seconds in self.glance.stats.paused.items()}
        return dict(sorted(ends.items(), key=lambda entry: entry[1]))

    @property
    def is_check(self) -> bool:
        """Whether the crawl was made by a check, as far as its settings tell."""
        return self.settings.policy.soft_404 and tuple(self.settings.formats) == ("jsonl", FORMAT)

    @property
    def resumable(self) -> bool:
        """Whether anything is left to do and no process is doing it."""
        return self.state != "running" and (self.glance.pending > 0 or not self.glance.known)


class UpdatePlan(NamedTuple):
    """Where an update of a crawl starts from, and where it goes."""

    start: Path
    """The directory of the crawl that it starts from."""
    target: Path
    """Its own directory."""
    previous: str
    """The relative path from there to the start."""
    left: Path | None
    """The directory of the last update before, if that was interrupted: it stays as it is."""


def plan_update(path: Path) -> UpdatePlan:
    """Return where the next update of the crawl in a directory, or of one that an update there belongs to, goes.

    Updates live in the directory itself, as `update-0001` and so on, each a crawl directory of its own: nothing that is
    there is ever touched. An update starts from the last crawl that is complete, so that what a limit kept from being
    visited does not look new or gone; if none is, from the last one that is over. Raises UserError where none is, and
    where the last one is still running.
    """
    if read_settings(path).previous:  # it is an update itself
        path = path.parent
    found = updates(path)
    last = found[-1] if found else path
    told = status(last)
    if told.state == "running":
        raise UserError(f"The crawl in {last} is still running.")
    start = _start_of_update([path, *found])
    if start is None:
        raise UserError(
            f"The crawl in {path} is not over; go on with it first: Crawler.resume({str(path)!r}).",
            typed=f"The crawl in {path} is not over; go on with it first: gossamer resume {shlex.quote(str(path))}",
        )
    number = int(last.name.removeprefix("update-")) + 1 if found else 1
    previous = ".." if start == path else f"../{start.name}"
    left = last if told.state == "interrupted" else None
    return UpdatePlan(start, path / f"update-{number:04}", previous, left)


def _start_of_update(crawls: Sequence[Path]) -> Path | None:
    """Return the last of some crawls that is complete, or else the last one that is over; None if none is."""
    over = None
    for here in reversed(crawls):
        told = status(here)
        if told.state == "ended" and told.finish_reason is FinishReason.COMPLETE:
            return here
        over = over or (here if told.state == "ended" else None)
    return over


def updates(path: Path) -> list[Path]:
    """Return the directories of the updates of the crawl in a directory, the first one first."""
    found = [
        update
        for update in path.glob("update-*")
        if _UPDATE.fullmatch(update.name) and (update / SETTINGS_FILE).exists()
    ]
    return sorted(found, key=lambda update: int(update.name.removeprefix("update-")))


def status(path: Path) -> Status:
    """Return the state of the crawl in a directory, running or not. Raise UserError or JournalError."""
    settings = read_settings(path)
    journal = journal_address(path, settings)
    refuse_orphaned(path, journal)
    seen = glance(journal)
    working = holder(path / LOCK)
    reason = FinishReason(seen.finish_reason) if seen.finish_reason else None
    workers: Mapping[str, int] = {}
    if is_sharded(settings) and isinstance(journal, PostgresAddress):
        workers = _workers(journal)
        working = None if reason is not None and not workers else working
    stopped = reason in _UNFINISHED and (seen.pending or not seen.known)
    state = "running" if working is not None or workers else "interrupted" if stopped else "ended"
    return Status(path, state, settings, working, reason, seen, workers)


def is_sharded(settings: Settings) -> bool:
    """Whether a crawl with these settings is one on several machines."""
    traits = ENGINES.get(settings.engine)
    return traits is not None and traits.sharded


def _workers(journal: PostgresAddress) -> Mapping[str, int]:
    from gossamer.journals.cluster_watch import ClusterWatch

    with closing(ClusterWatch(journal, 0)) as watch:
        return {worker.node: worker.shards for worker in watch.workers()}
