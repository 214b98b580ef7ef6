"""Putting a journal and its parts together."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from gossamer.outputs import require
from gossamer.outputs.parts.growing import PartContents
from gossamer.outputs.parts.journal import EpochJournal, PartsJournal
from gossamer.outputs.parts.ownership import claim
from gossamer.outputs.parts.uploading import Uploader
from gossamer.outputs.remote import RemoteStore


def with_parts(
    journal: EpochJournal, url: str, contents: PartContents, spool: Path, *, pool: Executor, shard: int = 0
) -> PartsJournal:
    """Return a journal whose outcomes are committed with the parts that hold their pages, below a URL.

    `spool` is a directory of this machine that nobody else uses; `pool` has a thread or more for uploads. Raises
    UserError for a URL that names no store, and for a format whose package is not installed.
    """
    require(contents.formats)
    store = RemoteStore.of(url)
    return PartsJournal(
        journal, Uploader(store.put), contents, spool, pool=pool, claim=partial(claim, store), shard=shard
    )
