"""The names of parts and of their files below the URL of a store."""

from __future__ import annotations

import re
from typing import Final, Self

from msgspec import Struct

FOLDERS: Final = {
    "pages.jsonl": ("records", ".jsonl"),
    "pages-00000.warc.gz": ("warc", ".warc.gz"),
    "pages-00000.parquet": ("pages", ".parquet"),
    "links-00000.parquet": ("links", ".parquet"),
    "items.jsonl": ("items", ".jsonl"),
    "markdown.jsonl.gz": ("markdown", ".jsonl.gz"),
    "references.jsonl.gz": ("references", ".jsonl.gz"),
}
"""The folder and the suffix of each file of a part, by the name that the file has in the spool.

A folder for each kind lets other programs read it as one table: `s3://bucket/prefix/pages/*.parquet`.
"""
_NAME: Final = re.compile(r"[a-z]+/s(\d+)-e(\d+)-(\d+)(\.[a-z.]+)")


class PartName(Struct, frozen=True, order=True):
    """The name of a part: unique, because no two owners of a shard have the same epoch."""

    shard: int
    epoch: int
    number: int
    """Counts the parts of one owner, from 1."""

    def __str__(self) -> str:
        return f"s{self.shard}-e{self.epoch}-{self.number}"

    def file(self, local: str) -> str:
        """Return the name in the store of a file of the part, by its name in the spool."""
        folder, suffix = FOLDERS[local]
        return f"{folder}/{self}{suffix}"

    @classmethod
    def of_file(cls, name: str) -> Self | None:
        """Return the part that a file in the store belongs to; None for a file that is of no part."""
        found = _NAME.fullmatch(name)
        if found is None or (name.partition("/")[0], found[4]) not in FOLDERS.values():
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]))


def is_part_file(key: str) -> bool:
    """Whether a key of a commit's offsets is a file of a part, and not the name of an output."""
    return PartName.of_file(key) is not None


def folders_of(formats: tuple[str, ...]) -> list[str]:
    """Return the folders that files of some formats are in."""
    names = {
        "jsonl": ("records",), "warc": ("warc",), "parquet": ("pages", "links"), "markdown": ("markdown",),
        "items": ("items",), "references": ("references",),
    }  # fmt: skip
    return [folder for format in formats for folder in names[format]]
