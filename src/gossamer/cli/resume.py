"""gossamer resume: continue a crawl that was stopped, reached a limit, or died."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gossamer.api.crawler import Crawler
from gossamer.api.status import Status, status
from gossamer.cli import summary
from gossamer.cli.run_crawl import conduct
from gossamer.cli.settings import KEYS, complaints_naming_flags
from gossamer.report.wording import HIGHER
from gossamer.values.errors import UserError


def run(chosen: Namespace) -> int:
    """Continue as chosen and return the exit code. Settings come from the crawl's own file, changes from flags only."""
    changes = {key: value for key, value in vars(chosen).items() if key in KEYS}
    before = status(Path(chosen.directory))
    _refuse_at_limit(before, changes)
    with complaints_naming_flags(chosen):
        crawler = Crawler.resume(before.directory, **changes)
    return conduct(crawler, chosen, resumed=before)[1]


def _refuse_at_limit(before: Status, changes: Mapping[str, Any]) -> None:
    """Raise UserError for a crawl at a limit that no flag raises: it would end at once."""
    reached = before.finish_reason
    if reached in HIGHER and HIGHER[reached] not in changes:
        why = reached.sentence[0].upper() + reached.sentence[1:]
        raise UserError(f"{why}; to go on: {summary.resume_command(before.directory, reached)}")
