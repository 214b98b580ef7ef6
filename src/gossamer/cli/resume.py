"""gossamer resume: go on with a crawl that was stopped, reached a limit, or died."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from gossamer.cli import summary
from gossamer.cli.conduct import conduct
from gossamer.cli.settings import KEYS
from gossamer.crawler import Crawler


def run(chosen: Namespace) -> int:
    """Go on as chosen and tell the exit code. Settings come from the crawl's own file, changes from flags only."""
    changes = {key: value for key, value in vars(chosen).items() if key in KEYS}
    report = conduct(Crawler.resume(Path(chosen.directory), **changes), chosen, resumed=True)
    return summary.exit_code(report)
