"""A part while it grows in the spool, and once it is sealed: its files, and the outcomes that wait for it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gossamer.outputs import open_output
from gossamer.outputs.parts.markdown_lines import MarkdownLines
from gossamer.outputs.parts.names import FOLDERS, PartName
from gossamer.rules.policy import Policy
from gossamer.values.errors import OutputError
from gossamer.values.ports import Output
from gossamer.values.protocol import NO_NOTES, Batch, Ended
from gossamer.values.snapshot import SavedStats

PART_FORMATS: Final = ("jsonl", "warc", "parquet", "markdown", "references", "items")
"""The outputs that parts can have."""


class PartContents(Struct, frozen=True):
    """What is written to each part. `items`: the crawl has handlers."""

    formats: tuple[str, ...]
    policy: Policy
    request_header: Callable[[str, Sequence[tuple[str, str]]], bytes] | None = None
    items: bool = False

    @property
    def outputs(self) -> tuple[str, ...]:
        """Return the names of the outputs."""
        return (*self.formats, "items") if self.items else self.formats


class Part:
    """A part: files in a directory of the spool, and the outcomes of the pages in them.

    Only one thread may use it at a time.
    """

    def __init__(self, name: PartName, directory: Path, contents: PartContents, now: float) -> None:
        self.name = name
        self.directory = directory
        self.since = now
        """When it began, by the clock of its owner."""
        self.ended: list[Ended] = []
        """The outcomes, without what is in the files."""
        self.reasons: Counter[str] = Counter()
        """The number of outcomes by the code of their reason."""
        self.stats = SavedStats()
        """The statistics as of its last batch."""
        self.read = NO_NOTES
        """The sitemaps that have been read, whose lines are in the files."""
        self.upload: Future[Mapping[str, int]] | None = None
        """What uploads it: the size (bytes) of each file, by its name in the store; None while it grows."""
        try:
            directory.mkdir(parents=True)
            self._outputs = {name: _open(name, directory, contents) for name in contents.outputs}
        except OSError as error:
            raise _spool_error(directory, error) from error

    @property
    def size(self) -> int:
        """Return the size of the files in bytes."""
        return sum([path.stat().st_size for path in self.directory.iterdir()])

    def add(self, batch: Batch) -> None:
        """Write the pages of a batch. Raises OutputError where the disk is full."""
        try:
            for output in self._outputs.values():
                output.write(batch)
                output.flush()
        except OSError as error:
            raise _spool_error(self.directory, error) from error
        self.ended += map(_lightened, batch.ended)
        self.reasons.update(ended.outcome.reason.value for ended in batch.ended if ended.outcome.reason is not None)
        self.stats = batch.stats

    def finish(self) -> list[Path]:
        """Complete the files and return those that have content; another call closes nothing again."""
        try:
            for output in self._outputs.values():
                output.close()
            self._outputs = {}
            return [path for path in sorted(self.directory.iterdir()) if path.name in FOLDERS and path.stat().st_size]
        except OSError as error:
            raise _spool_error(self.directory, error) from error

    def abandon(self) -> None:
        """Close the files of a part that will not be finished, and remove them."""
        for output in self._outputs.values():
            with suppress(OSError, OutputError):  # a full disk is why it was given up
                output.resume(0)  # so that closing it finds nothing to do
            with suppress(OSError, OutputError):
                output.close()
        self.remove()

    def remove(self) -> None:
        """Remove its files from the spool."""
        shutil.rmtree(self.directory, ignore_errors=True)  # what is left is removed when the spool is opened again


def _open(name: str, directory: Path, contents: PartContents) -> Output:
    """Return an output of one file, however large."""
    if name == "markdown":
        return MarkdownLines(directory / "markdown.jsonl.gz")
    output = open_output(
        name, directory, policy=contents.policy, request_header=contents.request_header, in_one_file=True
    )
    output.resume(0)
    return output


def _lightened(ended: Ended) -> Ended:
    """Return what the journal needs of an outcome: the rest is in the files."""
    outcome = ended.outcome
    if outcome.response is None and not (outcome.markdown or outcome.items or outcome.references):
        return ended
    return Ended(ended.link, replace(outcome, response=None, markdown="", items=(), references=b""))


def _spool_error(directory: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The part of the results in {directory} cannot be written: {error.strerror or error}. It needs room there "
        "until it is uploaded."
    )
