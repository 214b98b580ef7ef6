"""Markdown: one file for each page, with YAML front matter; for people, notebooks and language models.

A page is written to a file such as `markdown/00/000123.md`. The name is the id of its link and never comes from a site.
`markdown/index.jsonl` lists the files; it is written before them, so that after a crash every file is listed.
The worker that visited the page has made the text. Blocks that repeat on most pages are removed when the output closes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from gossamer.outputs.files import GrowingFile, sync_directory
from gossamer.outputs.markdown.boilerplate import IndexEntry, remove_boilerplate, restore_boilerplate
from gossamer.values.errors import OutputError
from gossamer.values.protocol import Batch

IN_A_DIRECTORY: Final = 10_000
"""Maximum number of files in one directory."""

_ENCODER: Final = msgspec.json.Encoder()


class Markdown:
    """An output of HTML pages as Markdown files. The offset is the size of the index in bytes."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._directory = directory
        self._durable = durable
        self._begun = False
        directory.mkdir(parents=True, exist_ok=True)
        if durable:
            sync_directory(directory.parent)
        self._index = GrowingFile(directory / "index.jsonl", durable=durable)

    def resume(self, offset: int) -> None:
        """Remove the files that were written after the last commit, and restore the removed blocks of the others.

        Raises OutputError if the index is shorter than `offset`.
        """
        restore_boilerplate(self._directory, durable=self._durable)
        with self._index.path.open("rb") as index:
            index.seek(offset)
            for line in index:
                if line.endswith(b"\n"):  # the file of an incomplete line was never written
                    (self._directory / msgspec.json.decode(line, type=IndexEntry).file).unlink(missing_ok=True)
        self._index.truncate(offset)
        self._begun = True

    def write(self, batch: Batch) -> None:
        """Write the pages of a batch."""
        pages = [(_name(ended.link.id), ended) for ended in batch.ended if ended.outcome.markdown]
        self._index.write(b"".join([_ENCODER.encode(IndexEntry(name, it.link.url)) + b"\n" for name, it in pages]))
        if self._durable:
            self._index.sync()
        for name, ended in pages:
            self._write_page(self._directory / name, ended.outcome.markdown)

    def flush(self) -> int:
        """Return the size of the index in bytes; every file that it lists is complete."""
        return self._index.size

    def close(self) -> None:
        """Remove the blocks that repeat on most pages, and close the index. Raises OutputError."""
        try:
            if self._begun:
                remove_boilerplate(self._directory, self._entries(), durable=self._durable)
        except OSError as error:
            raise OutputError(f"Cleaning the Markdown failed: {error.strerror or error}.") from error
        finally:
            self._index.close()

    def _entries(self) -> Iterator[IndexEntry]:
        decoder = msgspec.json.Decoder(IndexEntry)
        with self._index.path.open("rb") as index:
            for line in index:
                entry = decoder.decode(line)
                if (self._directory / entry.file).exists():  # the user may have deleted it
                    yield entry

    def _write_page(self, path: Path, text: str) -> None:
        if not path.parent.exists():
            path.parent.mkdir()
            if self._durable:
                sync_directory(self._directory)
        with path.open("wb") as file:
            file.write(text.encode())
            if self._durable:
                file.flush()
                os.fsync(file.fileno())
        if self._durable:
            sync_directory(path.parent)


def _name(link: int) -> str:
    return f"{link // IN_A_DIRECTORY:02}/{link:06}.md"
