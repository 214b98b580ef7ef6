"""What the pages of a crawl point to, read from its directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gossamer.api.parts_reader import PartsReader
from gossamer.api.settings_file import journal_of, read_settings
from gossamer.journals.summary import glance
from gossamer.outputs.references import FILE, FORMAT, references_in
from gossamer.values.errors import UserError
from gossamer.values.references import PageReferences


def read_references(directory: Path) -> Iterator[PageReferences]:
    """Yield what each page and stylesheet of a crawl points to, in the order in which the crawl recorded them.

    A crawl that is running is read up to its last commit. Raise UserError if the directory holds no crawl, or one that
    records no references; OutputError if their file or its parts are damaged or shorter than the journal knows.
    """
    if FORMAT not in read_settings(directory).formats:
        raise UserError(f"The crawl in {directory} recorded no references: crawl with --resources, or -f references.")
    if read_settings(directory).policy.store:
        reader = PartsReader(directory)
        for file in reader.files(FORMAT):
            with reader.fetched(file, FILE) as path:
                yield from references_in(path, file.size)
    elif size := glance(journal_of(directory)).offsets.get(FORMAT, 0):
        yield from references_in(directory / FILE, size)
