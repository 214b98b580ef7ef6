"""The report of the last check of a crawl, kept in its directory, so that two crawls can be compared by it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from gossamer.api.status import Status
from gossamer.check.baseline import read_baseline
from gossamer.check.findings import CheckReport
from gossamer.outputs.files import named_when_whole

CHECK_FILE: Final = "check.json"
"""The file of the report, relative to the crawl directory."""
ANEW: Final = "check"
"""The directory, in that of a crawl, of the crawl that a check makes because that one kept too little."""


def keep_report(directory: Path, report: CheckReport) -> None:
    """Keep a report in a crawl directory, if that can be written."""
    with contextlib.suppress(OSError), named_when_whole(directory / CHECK_FILE) as part:
        part.write_bytes(msgspec.json.encode(report))


def kept_report(crawl: Status) -> CheckReport | None:
    """Return the report of the last check of a crawl; None if there is none, or the crawl went on since.

    Raise UserError for a file that is no report.
    """
    for path in (crawl.directory / CHECK_FILE, crawl.directory / ANEW / CHECK_FILE):
        if path.exists() and path.stat().st_mtime >= (crawl.glance.committed_at or 0.0):
            return read_baseline(path)
    return None
