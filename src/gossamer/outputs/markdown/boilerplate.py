"""Remove the blocks that repeat on most pages of a host from a crawl's Markdown files, and restore them.

The removed blocks are listed in `repeated.jsonl`. A resumed crawl restores them, and at its end compares more pages.
The list is complete before the first file is changed, and each changed file says so in its front matter. So the files
can be restored after a crash at any moment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.outputs.files import sync_directory
from gossamer.parse.text.boilerplate import FEWEST, blocks_of, boilerplate, joined, shares
from gossamer.rules.urls import fingerprint, host_key

DECIDING: Final = 1000
"""Maximum number of pages of a host that are compared.

They are those with the smallest fingerprints, so that the choice does not depend on the order of the crawl.
"""

_LIST: Final = "repeated.jsonl"
_FRONT_END: Final = "\n---\n\n"
_REMOVED: Final = re.compile(r"\nremoved: \d+\Z")
_ENCODER: Final = msgspec.json.Encoder()


class IndexEntry(Struct, frozen=True):
    """An entry of the index: a page that was written to a file."""

    file: str
    """The path of the file, relative to the Markdown directory."""

    url: str
    """The URL of the page."""


class RemovedBlocks(Struct, frozen=True):
    """The blocks that were removed from one file."""

    file: str
    """The path of the file, relative to the Markdown directory."""

    removed: tuple[tuple[int, str], ...]
    """Each block's index among all blocks of the page, and its text; in ascending order."""


def remove_boilerplate(directory: Path, pages: Iterable[IndexEntry], *, durable: bool = False) -> None:
    """Remove repeated blocks from the files, and list them in `repeated.jsonl`. Raises OSError."""
    hosts: dict[str, list[IndexEntry]] = {}
    for page in pages:
        hosts.setdefault(host_key(page.url), []).append(page)
    part = directory / (_LIST + ".part")
    with part.open("wb") as file:
        for host_pages in hosts.values():
            if len(host_pages) >= FEWEST:
                file.writelines([_ENCODER.encode(entry) + b"\n" for entry in _removals(directory, host_pages)])
        _sync(file.fileno(), durable=durable)
    if not part.stat().st_size:
        part.unlink()
        return
    part.replace(directory / _LIST)
    if durable:
        sync_directory(directory)
    for entry in _read_list(directory):
        front, blocks = _read(directory / entry.file)
        indices = {index for index, _ in entry.removed}
        kept = [block for index, block in enumerate(blocks) if index not in indices]
        _replace(directory / entry.file, f"{front}\nremoved: {len(indices)}", kept, durable=durable)


def restore_boilerplate(directory: Path, *, durable: bool = False) -> None:
    """Restore all removed blocks, and remove the list. Raises OSError."""
    (directory / (_LIST + ".part")).unlink(missing_ok=True)
    for entry in _read_list(directory):
        path = directory / entry.file
        _temporary(path).unlink(missing_ok=True)
        if not path.exists():
            continue
        front, blocks = _read(path)
        if _REMOVED.search(front):
            for index, text in entry.removed:
                blocks.insert(index, text)
            _replace(path, _REMOVED.sub("", front), blocks, durable=durable)
    (directory / _LIST).unlink(missing_ok=True)


def _removals(directory: Path, pages: Sequence[IndexEntry]) -> Iterator[RemovedBlocks]:
    deciding = sorted(pages, key=lambda page: fingerprint(page.url, 0))[:DECIDING]
    repeated = shares(joined(_read(directory / page.file)[1]) for page in deciding)
    for page in pages if repeated else ():
        blocks = _read(directory / page.file)[1]
        indices = boilerplate(blocks, repeated)
        if indices:
            yield RemovedBlocks(page.file, tuple([(index, blocks[index]) for index in indices]))


def _read_list(directory: Path) -> Iterator[RemovedBlocks]:
    path = directory / _LIST
    if path.exists():
        decoder = msgspec.json.Decoder(RemovedBlocks)
        with path.open("rb") as file:
            yield from map(decoder.decode, file)


def _read(path: Path) -> tuple[str, list[str]]:
    """Read a file; return its front matter and its blocks."""
    front, _, body = path.read_bytes().decode().partition(_FRONT_END)
    return front, blocks_of(body.removesuffix("\n"))


def _replace(path: Path, front: str, blocks: Sequence[str], *, durable: bool) -> None:
    with _temporary(path).open("wb") as file:
        file.write(f"{front}{_FRONT_END}{joined(blocks)}\n".encode())
        _sync(file.fileno(), durable=durable)
    _temporary(path).replace(path)
    if durable:
        sync_directory(path.parent)


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _sync(descriptor: int, *, durable: bool) -> None:
    if durable:
        os.fsync(descriptor)
