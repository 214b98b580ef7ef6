"""Reading the parts of a crawl: those that its journal names, in the order of its records."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from gossamer.api.settings_file import journal_of, read_settings
from gossamer.journals.visits import JournalSnapshot
from gossamer.outputs.parts.names import PartName
from gossamer.outputs.remote import RemoteStore
from gossamer.outputs.warc.answers import Kept, kept_answers
from gossamer.values.errors import OutputError


class NamedFile(Struct, frozen=True):
    """A file of a part that a commit names."""

    name: str
    """Its name in the store."""
    size: int
    """Its size in bytes."""
    first_link: int
    """What to add to the ids of links in it: each shard counts its own from 0."""


class PartsReader:
    """The parts of the crawl in a directory, as its journal names them now.

    Its methods raise OutputError where a file is not there, or is not the one that was committed.
    """

    def __init__(self, directory: Path) -> None:
        self._store = RemoteStore.of(read_settings(directory).policy.store)
        with JournalSnapshot(journal_of(directory)) as journal:
            self._files = [
                NamedFile(name, size, first_link)
                for sizes, first_link in journal.offsets()
                for name, size in sizes.items()
                if PartName.of_file(name) is not None
            ]

    def files(self, folder: str) -> list[NamedFile]:
        """Return the files in a folder, in the order of the records."""
        return [file for file in self._files if file.name.startswith(f"{folder}/")]

    @contextmanager
    def fetched(self, file: NamedFile, name: str) -> Iterator[Path]:
        """Yield a copy of a file on this machine, called `name`, in a directory of its own; it is removed then."""
        with tempfile.TemporaryDirectory(prefix="gossamer-") as temporary:
            path = Path(temporary) / name
            self._store.get(file.name, path)
            if path.stat().st_size != file.size:
                raise OutputError(
                    f"{self._store.url_of(file.name)} has {path.stat().st_size:,} bytes, and not the {file.size:,} "
                    "that the journal knows: something else has written there. Put the file back, or crawl anew."
                )
            yield path

    def answers(self) -> Iterator[Kept]:
        """Yield every response in the WARC files, in order. A revisit refers to its own part only."""
        for file in self.files("warc"):
            with self.fetched(file, "pages-00000.warc.gz") as path:
                yield from kept_answers(path.parent)
