"""The statistics of a crawl some of whose outcomes are not permanent yet."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from gossamer.values.model import OutcomeKind
from gossamer.values.snapshot import SavedStats


def without_held(now: SavedStats, base: SavedStats, held: Mapping[str, int]) -> SavedStats:
    """Return statistics without the outcomes that are held, which a lost process will have again.

    `now` counts all of them. `base` are the statistics as of the last outcome that is permanent; `held` are the numbers
    of held outcomes by the code of their reason. What is not about outcomes, such as rests, refused links and the time
    that passed, holds at once.
    """
    if now is base:
        return now
    retries = OutcomeKind.RETRY.value
    kinds = dict(base.kinds)
    if retries in now.kinds:
        kinds[retries] = now.kinds[retries]
    left = {reason: count - held.get(reason, 0) for reason, count in now.by_reason.items()}
    return replace(
        now,
        kinds=kinds,
        by_reason={reason: count for reason, count in left.items() if count},
        bytes=base.bytes,
        changes=base.changes,
        duplicates=base.duplicates,
        items=base.items,
        soft_404s=base.soft_404s,
        needs_js=base.needs_js,
        behind_login=base.behind_login,
        files=base.files,
        start_pages=base.start_pages,
    )
