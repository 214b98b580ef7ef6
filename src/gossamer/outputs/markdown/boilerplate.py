"""Take out of the Markdown of a crawl what repeats on most pages of a host, so that it can be put back.

What is taken out is listed in `repeated.jsonl`, for a crawl that goes on: it compares more pages. The list is whole
before the first file is touched, and a file that was cut says so on top; wherever a crash strikes, all can be put back.
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
"""Pages of a host that are compared: those with the smallest fingerprints, whatever the order of the crawl."""

_LIST: Final = "repeated.jsonl"
_FRONT_END: Final = "\n---\n\n"
_REMOVED: Final = re.compile(r"\nremoved: \d+\Z")
_ENCODER: Final = msgspec.json.Encoder()


class Written(Struct, frozen=True):
    """A page in a file, whose name is relative to the directory."""

    file: str
    url: str


class Cut(Struct, frozen=True):
    """What was taken out of a file: texts, each with its place among the blocks of the whole page."""

    file: str
    removed: tuple[tuple[int, str], ...]


def take_out(directory: Path, pages: Iterable[Written], *, durable: bool = False) -> None:
    """Take out of the files what repeats; raises OSError."""
    hosts: dict[str, list[Written]] = {}
    for page in pages:
        hosts.setdefault(host_key(page.url), []).append(page)
    part = directory / (_LIST + ".part")
    with part.open("wb") as file:
        for some in hosts.values():
            if len(some) >= FEWEST:
                file.writelines([_ENCODER.encode(cut) + b"\n" for cut in _cuts(directory, some)])
        _sync(file.fileno(), durable=durable)
    if not part.stat().st_size:
        part.unlink()
        return
    part.replace(directory / _LIST)
    if durable:
        sync_directory(directory)
    for cut in _listed(directory):
        front, blocks = _read(directory / cut.file)
        places = {place for place, _ in cut.removed}
        kept = [block for place, block in enumerate(blocks) if place not in places]
        _replace(directory / cut.file, f"{front}\nremoved: {len(places)}", kept, durable=durable)


def put_back(directory: Path, *, durable: bool = False) -> None:
    """Put back all that was taken out; raises OSError."""
    (directory / (_LIST + ".part")).unlink(missing_ok=True)
    for cut in _listed(directory):
        path = directory / cut.file
        _part(path).unlink(missing_ok=True)
        if not path.exists():
            continue
        front, blocks = _read(path)
        if _REMOVED.search(front):
            for place, text in cut.removed:
                blocks.insert(place, text)
            _replace(path, _REMOVED.sub("", front), blocks, durable=durable)
    (directory / _LIST).unlink(missing_ok=True)


def _cuts(directory: Path, pages: Sequence[Written]) -> Iterator[Cut]:
    deciding = sorted(pages, key=lambda page: fingerprint(page.url, 0))[:DECIDING]
    repeated = shares(joined(_read(directory / page.file)[1]) for page in deciding)
    for page in pages if repeated else ():
        blocks = _read(directory / page.file)[1]
        places = boilerplate(blocks, repeated)
        if places:
            yield Cut(page.file, tuple([(place, blocks[place]) for place in places]))


def _listed(directory: Path) -> Iterator[Cut]:
    path = directory / _LIST
    if path.exists():
        decoder = msgspec.json.Decoder(Cut)
        with path.open("rb") as file:
            yield from map(decoder.decode, file)


def _read(path: Path) -> tuple[str, list[str]]:
    """Read a page: its facts, and the blocks below."""
    front, _, body = path.read_bytes().decode().partition(_FRONT_END)
    return front, blocks_of(body.removesuffix("\n"))


def _replace(path: Path, front: str, blocks: Sequence[str], *, durable: bool) -> None:
    with _part(path).open("wb") as file:
        file.write(f"{front}{_FRONT_END}{joined(blocks)}\n".encode())
        _sync(file.fileno(), durable=durable)
    _part(path).replace(path)
    if durable:
        sync_directory(path.parent)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _sync(descriptor: int, *, durable: bool) -> None:
    if durable:
        os.fsync(descriptor)
