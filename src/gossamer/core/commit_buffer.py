"""What a crawl has found and not saved yet, and when it is time to."""

from __future__ import annotations

import math
from typing import Final

from gossamer.values.protocol import Batch, Ended

COMMIT_PAGES: Final = 256
COMMIT_BYTES: Final = 16 * 1024 * 1024
COMMIT_LINKS: Final = 100_000
COMMIT_AGE: Final = 0.1
"""A batch is committed when it has so many pages, bytes or links, its oldest result is so old (s), or nothing flies and
nothing can start."""


class CommitBuffer:
    """The outcomes that wait for the next commit; one commit is under way at a time.

    `offers` is how many links wait with them, which the frontier knows.
    """

    __slots__ = ("_bytes", "_ended", "_pause", "_since", "_under_way")

    def __init__(self) -> None:
        self._ended: list[Ended] = []
        self._bytes = 0
        self._pause = False
        self._since = math.inf
        self._under_way: Batch | None = None

    @property
    def ended(self) -> tuple[Ended, ...]:
        """List the outcomes, in the order they came."""
        return tuple(self._ended)

    @property
    def due_at(self) -> float:
        """Tell when the oldest result will have waited for long enough."""
        return self._since + COMMIT_AGE

    @property
    def is_under_way(self) -> bool:
        """Tell whether a commit is under way."""
        return self._under_way is not None

    def add(self, ended: Ended, now: float) -> None:
        """Let an outcome wait."""
        self._ended.append(ended)
        if ended.outcome.response is not None or ended.outcome.items:
            self._bytes += ended.outcome.held_bytes
        self._since = min(self._since, now)

    def hurry(self, now: float, *, pause: bool = False) -> None:
        """Have links saved soon that came without an outcome, or a `pause` that a host asked for."""
        self._pause = self._pause or pause
        self._since = min(self._since, now)

    def may_commit(self, offers: int) -> bool:
        """Tell whether there is something to commit, and no commit under way."""
        return self._under_way is None and bool(self._ended or offers or self._pause)

    def is_due(self, now: float, offers: int) -> bool:
        """Tell whether a commit is due by what has come together, or by its age."""
        return (
            now >= self._since + COMMIT_AGE
            or len(self._ended) >= COMMIT_PAGES
            or offers >= COMMIT_LINKS
            or self._bytes >= COMMIT_BYTES
        ) and self.may_commit(offers)

    def begin(self, batch: Batch) -> None:
        """Note that a batch with all these outcomes is being committed."""
        self._under_way = batch
        self._ended.clear()
        self._bytes = 0
        self._pause = False
        self._since = math.inf

    def end(self) -> Batch:
        """Note that the batch is committed, and give it."""
        batch, self._under_way = self._under_way, None
        assert batch is not None, "Committed without a Commit"
        return batch
