"""The files of a crawl directory, and refusals of what is no crawl directory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from gossamer.journals.address import JournalAddress
from gossamer.journals.reading import exists
from gossamer.outputs.references import FILE as REFERENCES
from gossamer.values.errors import UserError

SETTINGS_FILE: Final = "gossamer.toml"
JOURNAL: Final = "journal.db"
LOCK: Final = "lock"
TRACES: Final = (
    "pages.jsonl", "items.jsonl", "skipped.jsonl", JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", SETTINGS_FILE, LOCK,
)  # fmt: skip
"""The files of a crawl that fetched nothing."""
ARCHIVES: Final = ("pages-*.warc.gz", "pages-*.parquet", "links-*.parquet", REFERENCES)
"""Patterns of the further files that formats write during a crawl."""


_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+")
"""The scheme of a URL, also of one that a Path has read; a single letter is a drive."""


def refuse_url(path: str | Path, way: str = "") -> None:
    """Raise UserError for a URL such as s3://bucket/crawl, which would become a folder of that name.

    `way` is what to do instead.
    """
    if found := _SCHEME.match(str(path)):
        local = found[1].lower() == "file"
        where = f"{found[1]}:{'///' if local else '//'}{str(path)[found.end() :]}"  # a Path has fewer slashes
        usual = "leave out file://" if local else "name one, and copy it there afterwards"
        raise UserError(
            f"{where} is no directory or file of this machine, and results are written to one; {way or usual}."
        )


def refuse_file(path: Path) -> None:
    """Raise UserError if the path is a file, or the URL of another place."""
    refuse_url(path)
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file; name a directory.")


def refuse_orphaned(path: Path, journal: JournalAddress) -> None:
    """Raise UserError for results whose journal is missing or empty: resuming would cut them to nothing."""
    own = (SETTINGS_FILE, LOCK)
    if not exists(journal) and any(
        file.is_file() and file.name not in own and file.stat().st_size for file in path.rglob("*")
    ):
        name = journal.name if isinstance(journal, Path) else journal
        raise UserError(
            f"{path} has no {name} any more: without it nobody knows what was done, so the crawl cannot go on. "
            "What was recorded is left as it is; crawl anew into another directory."
        )
