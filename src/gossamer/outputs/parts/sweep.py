"""Removing the files of parts that no journal names: those of a process that was lost between upload and commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gossamer.outputs.parts.names import PartName
from gossamer.outputs.parts.ownership import OWNER_FILE, Owner
from gossamer.outputs.remote import RemoteStore


def part_files(store: RemoteStore) -> list[str]:
    """Return the names of all files of parts in a store. Raises OutputError."""
    return [name for name in store.names() if PartName.of_file(name) is not None]


def sweep(
    store: RemoteStore, there: Collection[str], named: Collection[str], epochs: Mapping[int, int]
) -> tuple[str, ...]:
    """Remove the files that nobody will name any more, and return their names. Raises OutputError.

    These are files `there` that are not `named` and whose owner of the shard has had a successor: `epochs` are the
    present ones, or those after the last where the crawl is over. A successor keeps its predecessor from committing, so
    `epochs` must be older than the list `there`, and `named` younger.
    """
    known = frozenset(named)
    orphans = tuple(name for name in there if name not in known and _is_past(name, epochs))
    store.remove(orphans)
    return orphans


def remove_all(store: RemoteStore, key: int) -> None:
    """Remove the parts of the crawl with this key, if they are there. Raises OutputError."""
    if Owner.of(store) == Owner.of_key(key):
        store.remove([*part_files(store), OWNER_FILE])


def _is_past(name: str, epochs: Mapping[int, int]) -> bool:
    part = PartName.of_file(name)
    return part is not None and part.epoch < epochs.get(part.shard, 0)
