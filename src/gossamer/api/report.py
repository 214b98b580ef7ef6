"""The report of a crawl."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from gossamer.outputs import ITEMS_FILE
from gossamer.values.audit import Audit
from gossamer.values.reasons import FinishReason, Waiting, kept_out
from gossamer.values.snapshot import Changes, Counts, Coverage, Snapshot


class Report(Struct, frozen=True):
    """The result of a crawl. `pages` ended well, `failed` did not, `skipped` were not allowed; seconds are wall time.

    Servers keep this crawler out of `kept_out` pages, which people may well see (401, 403, 407, 429, checks for bots):
    these are not among those that failed, but `counts` counts both.

    `results` are the files in `directory`, one pattern a format, or URLs; `items_in` is the file or URL of the items.
    `audit` is how the crawl behaved: the smallest gap and the most requests at once that any host saw. `changes` is
    what an update found since the crawl before; None for any other crawl. `items` are what handlers yielded: by type
    how many, and how full their fields are.
    """

    pages: int
    failed: int
    kept_out: int
    redirected: int
    skipped: int
    seconds: float
    finish_reason: FinishReason
    limiting_factor: Waiting
    counts: Counts
    snapshot: Snapshot
    audit: Audit = Audit()
    directory: Path | None = None
    results: tuple[str, ...] = ()
    changes: Changes | None = None
    items: Mapping[str, Coverage] = {}
    items_in: str = ITEMS_FILE


def report_of(
    snapshot: Snapshot, audit: Audit, directory: Path | None, results: tuple[str, ...], *,
    updates: bool, items_in: str = ITEMS_FILE,
) -> Report:  # fmt: skip
    """Return the report of a crawl as of a snapshot; one that has not ended counts as stopped.

    `updates`: it is an update of an earlier crawl.
    """
    counts = snapshot.counts
    refused = kept_out(counts.by_reason)
    return Report(
        pages=counts.done,
        failed=counts.failed - refused,
        kept_out=refused,
        redirected=counts.redirected,
        skipped=counts.skipped,
        seconds=snapshot.elapsed,
        finish_reason=snapshot.finish_reason or FinishReason.STOPPED,
        limiting_factor=snapshot.limiting_factor,
        counts=counts,
        snapshot=snapshot,
        audit=audit,
        directory=directory,
        results=results,
        changes=snapshot.changes if updates else None,
        items=snapshot.items,
        items_in=items_in,
    )
