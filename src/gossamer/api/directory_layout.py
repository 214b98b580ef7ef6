"""Which files a crawl directory has, and refusals of directories that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gossamer.values.errors import UserError

SETTINGS_FILE: Final = "gossamer.toml"
JOURNAL: Final = "journal.db"
LOCK: Final = "lock"
TRACES: Final = (
    "pages.jsonl", "items.jsonl", JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", SETTINGS_FILE, LOCK,
)  # fmt: skip
"""What a crawl leaves behind that fetched nothing."""
ARCHIVES: Final = ("pages-*.warc.gz", "pages-*.parquet", "links-*.parquet")
"""What it leaves besides, by pattern, with formats that write as they go."""


def refuse_file(path: Path) -> None:
    """Raise UserError where a directory is wanted and a file is."""
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file; name a directory.")


def refuse_orphaned(path: Path) -> None:
    """Raise UserError where there are results but no journal, or nothing in it: going on would cut them to nothing."""
    own, journal = (SETTINGS_FILE, LOCK), path / JOURNAL
    if not (journal.exists() and journal.stat().st_size) and any(
        file.is_file() and file.name not in own and file.stat().st_size for file in path.rglob("*")
    ):
        raise UserError(
            f"{path} has no {JOURNAL} any more: without it nobody knows what was done, so the crawl cannot go on. "
            "What was recorded is left as it is; crawl anew into another directory."
        )
