"""Why a crawl in shards ended, which none of them knows alone."""

from __future__ import annotations

from gossamer.core.stats import OutcomeCounts
from gossamer.rules.policy import Policy
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats


def end_of(finish: FinishReason, saved: SavedStats, pending: int, policy: Policy) -> FinishReason:
    """Return why a crawl ended whose shards all came to rest with `finish`, with `pending` links that have not ended.

    At rest they may be because nothing is left, or because what is left may not be fetched.
    """
    if finish is not FinishReason.COMPLETE:
        return finish
    outcomes = OutcomeCounts()
    outcomes.restore(saved)
    if pending and policy.max_bytes is not None and outcomes.bytes >= policy.max_bytes:
        return FinishReason.BYTE_LIMIT
    if pending and (policy.max_pages is None or outcomes.came < policy.max_pages):
        return FinishReason.WAITING
    return outcomes.natural_end(queued=pending)
