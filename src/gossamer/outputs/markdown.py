"""Markdown: one file a page, with what is known of it in YAML on top; for people, notebooks and language models.

A page goes to `markdown/00/000123.md`: the name is the number of its link, never anything a site says.
`markdown/index.jsonl` lists the files. It is written first, so that after a crash every file is known.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.model import OutcomeKind, PageRecord, Response
from gossamer.outputs.files import GrowingFile, sync_directory
from gossamer.parse import encoding, html
from gossamer.parse.text import markdown
from gossamer.protocol import Batch, Ended

IN_A_DIRECTORY: Final = 10_000

_ENCODER: Final = msgspec.json.Encoder()


class Entry(Struct, frozen=True):
    """A line of the index: the file, relative to the index, and the page it holds."""

    file: str
    url: str


class Markdown:
    """Write HTML pages that ended well as Markdown. The offset counts the bytes of the index."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._directory = directory
        self._durable = durable
        directory.mkdir(parents=True, exist_ok=True)
        if durable:
            sync_directory(directory.parent)
        self._index = GrowingFile(directory / "index.jsonl", durable=durable)

    def resume(self, offset: int) -> None:
        """Remove the files written after the last commit; raises OutputError where the index is shorter."""
        with self._index.path.open("rb") as index:
            index.seek(offset)
            for line in index:
                if line.endswith(b"\n"):  # a line cut short was never followed by its file
                    (self._directory / msgspec.json.decode(line, type=Entry).file).unlink(missing_ok=True)
        self._index.cut(offset)

    def write(self, batch: Batch) -> None:
        """Write the pages of a batch."""
        pages = [(_name(ended.link.id), ended, ended.response) for ended in batch.ended if _is_page(ended)]
        self._index.write(b"".join([_ENCODER.encode(Entry(name, it.record.url)) + b"\n" for name, it, _ in pages]))
        if self._durable:
            self._index.sync()
        for name, ended, response in pages:
            assert response is not None, "pages came with an answer"
            self._write_page(self._directory / name, page_text(ended.record, response))

    def flush(self) -> int:
        """Tell how far the index is whole, and every file in it with it."""
        return self._index.size

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _write_page(self, path: Path, text: str) -> None:
        if not path.parent.exists():
            path.parent.mkdir()
            if self._durable:
                sync_directory(self._directory)
        with path.open("wb") as file:
            file.write(text.encode("utf-8", "replace"))
            if self._durable:
                file.flush()
                os.fsync(file.fileno())
        if self._durable:
            sync_directory(path.parent)


def page_text(record: PageRecord, response: Response) -> str:
    """Write a page as Markdown with its facts on top."""
    text, _ = encoding.decode(response.body, response.headers.get("content-type", ""))
    facts = {
        "url": record.url,
        "title": record.title,
        "fetched_at": (record.fetched_at or datetime.fromtimestamp(0, UTC)).isoformat(),
        "status": record.status,
        "depth": record.depth,
        "content_hash": f"sha256:{sha256(response.body).hexdigest()}",
        "language": record.language,
    }
    # JSON is YAML (YAML 1.2 section 1.3), and quotes whatever a hostile title may hold.
    front = "".join([f"{name}: {_quoted(value)}\n" for name, value in facts.items()])
    return f"---\n{front}---\n\n{markdown(text, record.url)}\n"


def _quoted(value: object) -> str:
    text = _ENCODER.encode(value).decode()
    # YAML 1.1 takes these for line ends or refuses them, where JSON lets them stand.
    return "".join([char if char.isprintable() else f"\\u{ord(char):04x}" for char in text]) if text[0] == '"' else text


def _name(link: int) -> str:
    return f"{link // IN_A_DIRECTORY:02}/{link:06}.md"


def _is_page(ended: Ended) -> bool:
    response = ended.response
    if response is None or ended.record.outcome is not OutcomeKind.DONE:
        return False
    return html.is_html(response.headers.get("content-type", ""), response.body)
