"""gossamer stop: have a running crawl save what is under way, and end."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path

from gossamer.api.status import is_sharded, status
from gossamer.api.stopping import ask_to_stop, has_stopped
from gossamer.cli.formatting import shown_path
from gossamer.cli.summary import DONE, EARLY, resume_command
from gossamer.cli.terminal import console, line, say


def run(chosen: Namespace) -> int:
    """Stop the crawl in a directory and return the exit code."""
    directory = Path(chosen.directory)
    ask_to_stop(directory)
    if not chosen.wait:
        return DONE
    if not has_stopped(directory):
        say(console(), line(f"The crawl in {shown_path(directory)} was asked to stop, and has not ended yet."))
        return EARLY
    if not chosen.quiet:
        told = status(directory)
        say(console(), line(f"The crawl in {shown_path(directory)} has ended; what it found is saved."))
        if is_sharded(told.settings) and not told.settings.policy.store:
            export = f"gossamer export {shlex.quote(shown_path(directory))} -f jsonl"
            say(console(), line(f"Its records so far, if no command was looking on: {export}"))
        if told.resumable:
            say(console(), line(f"Go on: {resume_command(directory, told.finish_reason)}"))
    return DONE
