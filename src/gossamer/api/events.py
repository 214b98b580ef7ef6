"""The event log of a crawl, as its settings ask for one."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec

from gossamer.api.settings_file import Settings
from gossamer.engines.monitor import Monitor
from gossamer.fetchers.options import own_version
from gossamer.outputs.event_log import STDOUT, EventLog, refuse_other
from gossamer.rules.validation import SECRET
from gossamer.values.errors import UserError
from gossamer.values.event_log import CrawlStarted


def monitor_of(settings: Settings, directory: Path | None) -> Monitor | None:
    """Return what writes the event log of a crawl, not opened yet; None where it has none.

    Raise UserError for a file that cannot be one, before the crawl has a directory.
    """
    policy = settings.policy
    if not policy.events:
        return None
    if policy.events != STDOUT:
        _refuse_unfit(Path(policy.events), directory)
    fields = {name: value for name, value in msgspec.structs.asdict(policy).items() if name not in SECRET}
    about = CrawlStarted(
        at=0.0,
        elapsed=0.0,
        seeds=policy.seeds,
        engine=settings.engine,
        slots=policy.concurrency or 1,
        directory="" if directory is None else os.fsencode(directory).decode("utf-8", "backslashreplace"),
        formats=settings.formats if directory is not None else (),
        updates=settings.previous,
        settings={name: value for name, value in fields.items() if value not in (None, "", ())},
        versions={
            "gossamer": own_version(),
            "python": platform.python_version(),
            "platform": platform.platform(),
        },
    )
    return Monitor(EventLog(policy.events), about, policy)


def _refuse_unfit(path: Path, directory: Path | None) -> None:
    """Raise UserError for a file that cannot be an event log; the crawl directory may be made yet."""
    refuse_other(path)
    if not path.parent.is_dir() and (directory is None or path.parent != directory.absolute()):
        raise UserError(f"The event log {path} cannot be written: there is no directory {path.parent}.")
