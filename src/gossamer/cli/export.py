"""gossamer export: convert a finished crawl to other formats."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from gossamer.api import call_arguments
from gossamer.api.export import export, lines
from gossamer.api.status import updates
from gossamer.cli.signals import interrupted_by_sigterm
from gossamer.cli.stdout import put
from gossamer.cli.terminal import console, line, say
from gossamer.outputs.remote import is_url
from gossamer.values.formatting import numbered


def run(chosen: Namespace) -> int:
    """Export as chosen and return the exit code."""
    directory = Path(chosen.crawl)
    if not chosen.quiet and (later := updates(directory)):
        said = f"This exports the first crawl in {directory}; the last of its updates is {later[-1]}."
        say(console(), line(said))
    if chosen.format == "jsonl" and chosen.output in (None, "-"):
        for piece in lines(directory):
            put(piece)
        return 0
    with interrupted_by_sigterm():
        local = chosen.output is not None and not is_url(chosen.output)
        target = call_arguments.directory(chosen.output) if local else chosen.output
        exported = export(directory, chosen.format, target)
    if not chosen.quiet and exported.swept:
        number = numbered(len(exported.swept), "file")
        say(console(), line(f"{number} of parts removed that a lost process had left behind: no record refers to them"))
    if not chosen.quiet:
        say(console(), line(f"{numbered(exported.made, exported.thing)} exported to {exported.path}"))
    return 0
