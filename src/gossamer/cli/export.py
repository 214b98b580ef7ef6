"""gossamer export: convert a finished crawl to other formats."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from gossamer.api.export import export, lines
from gossamer.cli.formatting import numbered
from gossamer.cli.signals import interrupted_by_sigterm
from gossamer.cli.stdout import put
from gossamer.cli.terminal import console, line


def run(chosen: Namespace) -> int:
    """Export as chosen and return the exit code."""
    directory = Path(chosen.crawl)
    if chosen.format == "jsonl" and chosen.output in (None, "-"):
        for piece in lines(directory):
            put(piece)
        return 0
    with interrupted_by_sigterm():
        exported = export(directory, chosen.format, None if chosen.output is None else Path(chosen.output))
    if not chosen.quiet:
        console().print(line(f"{numbered(exported.made, exported.thing)} exported to {exported.path}"), soft_wrap=True)
    return 0
