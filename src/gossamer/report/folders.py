"""The tree of paths: how many pages each part of a site has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gossamer.report.rows import Folder, FolderFigures
from gossamer.rules.urls import host_key
from gossamer.values.model import OutcomeKind, PageRecord

LEVELS: Final = 3
"""Maximum depth of the tree, below the host."""
FOLDERS: Final = 50_000
"""Maximum number of folders that are counted; what lies in others counts for the folders above only."""
SHOWN: Final = 12
"""Maximum number of folders that are shown below each."""
_SMALL: Final = 0.01
"""Share of all pages (0 to 1) below which a folder is not shown, unless it is one of the first three of its parent."""


class _Node:
    """A folder while pages are counted."""

    __slots__ = ("below", "failed", "pages", "size")

    def __init__(self) -> None:
        self.pages = self.failed = self.size = 0
        self.below: dict[str, _Node] = {}


class FolderTally:
    """Counts pages by the folders of their URLs."""

    def __init__(self) -> None:
        self._root = _Node()
        self._folders = 0

    def note(self, record: PageRecord) -> None:
        """Count a visit."""
        done, failed = record.outcome is OutcomeKind.DONE, record.outcome is OutcomeKind.FAILED
        for node in self._way(record.url):
            node.pages += done
            node.failed += failed
            node.size += record.size if done else 0

    def _way(self, url: str) -> Iterator[_Node]:
        """Yield the root and the folders that a URL lies in, from the outside, as far as they are counted."""
        yield self._root
        host = host_key(url)
        path = url[len(host) :].partition("?")[0]
        node = self._root
        for name in (host, *path.split("/")[1:-1][:LEVELS]):
            below = self._below(node, f"{name}/")
            if below is None:
                return
            yield below
            node = below

    def _below(self, node: _Node, name: str) -> _Node | None:
        found = node.below.get(name)
        if found is None and self._folders < FOLDERS:
            self._folders += 1
            found = node.below[name] = _Node()
        return found

    def figures(self) -> Iterator[FolderFigures]:
        """Yield the tree, each folder before those in it, the largest first; small ones are left out."""
        yield from self._shown(self._root, "", 0)

    def _shown(self, node: _Node, prefix: str, level: int) -> Iterator[FolderFigures]:
        whole = self._root.pages
        ranked = sorted(node.below.items(), key=lambda item: (-item[1].pages, -item[1].failed, item[0]))
        for place, (name, below) in enumerate(ranked[:SHOWN]):
            if place >= 3 and below.pages < _SMALL * whole:
                break
            url = prefix + name
            share = below.pages / whole if whole else 0.0
            yield FolderFigures(Folder(level, url), below.pages, below.failed, below.size, share)
            yield from self._shown(below, url, level + 1)
