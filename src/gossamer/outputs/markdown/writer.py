"""Markdown: one file a page, with what is known of it in YAML on top; for people, notebooks and language models.

A page goes to `markdown/00/000123.md`: the name is the number of its link, never anything a site says.
`markdown/index.jsonl` lists the files. It is written first, so that after a crash every file is known.
The text comes with the page, from the worker that visited it; what repeats on most pages goes when the output closes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from gossamer.outputs.files import GrowingFile, sync_directory
from gossamer.outputs.markdown.boilerplate import Written, put_back, take_out
from gossamer.values.errors import OutputError
from gossamer.values.protocol import Batch

IN_A_DIRECTORY: Final = 10_000

_ENCODER: Final = msgspec.json.Encoder()


class Markdown:
    """Write HTML pages that ended well as Markdown. The offset counts the bytes of the index."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._directory = directory
        self._durable = durable
        self._begun = False
        directory.mkdir(parents=True, exist_ok=True)
        if durable:
            sync_directory(directory.parent)
        self._index = GrowingFile(directory / "index.jsonl", durable=durable)

    def resume(self, offset: int) -> None:
        """Remove the files written after the last commit; raises OutputError where the index is shorter.

        Of the others, puts back what was taken out of them.
        """
        put_back(self._directory, durable=self._durable)
        with self._index.path.open("rb") as index:
            index.seek(offset)
            for line in index:
                if line.endswith(b"\n"):  # a line cut short was never followed by its file
                    (self._directory / msgspec.json.decode(line, type=Written).file).unlink(missing_ok=True)
        self._index.cut(offset)
        self._begun = True

    def write(self, batch: Batch) -> None:
        """Write the pages of a batch."""
        pages = [(_name(ended.link.id), ended) for ended in batch.ended if ended.outcome.markdown]
        self._index.write(b"".join([_ENCODER.encode(Written(name, it.link.url)) + b"\n" for name, it in pages]))
        if self._durable:
            self._index.sync()
        for name, ended in pages:
            self._write_page(self._directory / name, ended.outcome.markdown)

    def flush(self) -> int:
        """Tell how far the index is whole, and every file in it with it."""
        return self._index.size

    def close(self) -> None:
        """Take out what repeats on most pages, and close the index; raises OutputError."""
        try:
            if self._begun:
                take_out(self._directory, self._entries(), durable=self._durable)
        except OSError as error:
            raise OutputError(f"Cleaning the Markdown failed: {error.strerror or error}.") from error
        finally:
            self._index.close()

    def _entries(self) -> Iterator[Written]:
        decoder = msgspec.json.Decoder(Written)
        with self._index.path.open("rb") as index:
            for line in index:
                entry = decoder.decode(line)
                if (self._directory / entry.file).exists():  # it may be the user's wish that it does not
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
