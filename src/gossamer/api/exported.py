"""Where an export goes, and what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gossamer.outputs.remote import RemoteStore
from gossamer.values.errors import OutputError, UserError

_UPLOADS: Final = 8
"""Number of files that are uploaded at once: an export as Markdown has one for each page."""


class Exported(Struct, frozen=True):
    """The result of an export: where it is, and how many links that ended went into it.

    `path` is a URL where the target was one. `made` counts what was written, and `thing` is its kind: record, page (of
    Markdown), link (of a graph), item, or file (of WARC). `swept` are the names of files of parts that were removed,
    because no commit names them.
    """

    path: Path | str
    pages: int
    made: int = 0
    thing: str = "record"
    swept: tuple[str, ...] = ()


class TargetFile(Struct, frozen=True):
    """A format that is one file: its default name in the crawl directory, and what it holds."""

    name: str
    thing: str


def export_file_to_store(url: str, make: Callable[[Path], Exported]) -> Exported:
    """Have a file made on this machine, and upload it under a URL. Raises UserError where that has a file already."""
    folder, _, name = url.rpartition("/")
    if not name:
        raise UserError(f"{url} names a directory, and this format is one file; give it a name, such as {url}export.")
    store = RemoteStore.of(folder)
    _refuse_existing(store, [found for found in _names(store) if found == name])
    with tempfile.TemporaryDirectory(prefix="gossamer-") as temporary:
        made = make(Path(temporary) / name)
        store.put(Path(temporary) / name, name)
    return replace(made, path=url)


def export_files_to_store(url: str, patterns: Sequence[str], make: Callable[[Path], Exported]) -> Exported:
    """Have files made in a directory of this machine, and upload them below a URL.

    `patterns` are those of their names. Raises UserError where files of such names are already.
    """
    store = RemoteStore.of(url)
    _refuse_existing(store, [name for name in _names(store) if any(fnmatchcase(name, each) for each in patterns)])
    with tempfile.TemporaryDirectory(prefix="gossamer-") as temporary:
        root = Path(temporary)
        made = make(root)
        files = sorted(path for path in root.rglob("*") if path.is_file())
        with ThreadPoolExecutor(_UPLOADS, "gossamer-upload") as pool:
            for _ in pool.map(lambda path: store.put(path, path.relative_to(root).as_posix()), files):
                pass  # what went wrong is raised here
    return replace(made, path=url)


def _names(store: RemoteStore) -> list[str]:
    try:
        return store.names()
    except OutputError as error:
        raise UserError(str(error)) from error


def _refuse_existing(store: RemoteStore, there: Sequence[str]) -> None:
    if there:
        raise UserError(f"{store.url_of(min(there))} is there already; name another place with -o.")
