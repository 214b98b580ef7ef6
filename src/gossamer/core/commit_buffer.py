"""The results that have not been committed yet, and when the next commit is due.

A commit is due at any of the limits below, or when no fetch is running and none can start.
"""

from __future__ import annotations

import math
from typing import Final

from gossamer.values.protocol import Batch, Ended

COMMIT_PAGES: Final = 256
"""Number of outcomes from which on a commit is due."""
COMMIT_BYTES: Final = 16 * 1024 * 1024
"""Size (bytes) of the buffered answers and items from which on a commit is due."""
COMMIT_LINKS: Final = 100_000
"""Number of candidate links from which on a commit is due."""
COMMIT_AGE: Final = 0.1
"""Age (seconds) of the oldest result from which on a commit is due."""


class CommitBuffer:
    """The outcomes that wait for the next commit. At most one commit is under way at a time.

    A commit is due when the oldest result is `age` seconds old, if no other limit was reached before.
    The argument `offers` is the number of candidate links in the frontier (`Frontier.offers`).
    """

    __slots__ = ("_age", "_bytes", "_ended", "_pause", "_since", "_sitemaps", "_under_way")

    def __init__(self, age: float = COMMIT_AGE) -> None:
        self._age = age
        self._ended: list[Ended] = []
        self._sitemaps: list[bytes] = []
        self._bytes = 0
        self._pause = False
        self._since = math.inf
        self._under_way: Batch | None = None

    @property
    def ended(self) -> tuple[Ended, ...]:
        """Return the outcomes, in order of arrival."""
        return tuple(self._ended)

    @property
    def sitemaps(self) -> tuple[bytes, ...]:
        """Return the lines of sitemaps, in order of arrival."""
        return tuple(self._sitemaps)

    @property
    def due_at(self) -> float:
        """Return when the oldest result reaches `COMMIT_AGE`; infinity where the buffer is empty."""
        return self._since + self._age

    @property
    def is_under_way(self) -> bool:
        """Whether a commit is under way."""
        return self._under_way is not None

    def add(self, ended: Ended, now: float) -> None:
        """Add an outcome to the next batch."""
        if not self._ended:
            self._since = min(self._since, now)
        self._ended.append(ended)
        if ended.outcome.response is not None or ended.outcome.items:
            self._bytes += ended.outcome.held_bytes

    def add_sitemap(self, line: bytes, now: float) -> None:
        """Add the line of a sitemap to the next batch."""
        self._sitemaps.append(line)
        self._bytes += len(line)
        self._since = min(self._since, now)

    def hurry(self, now: float, *, pause: bool = False) -> None:
        """Make a commit due soon: for new links, or (`pause`) for a rest that a host requested."""
        self._pause = self._pause or pause
        self._since = min(self._since, now)

    def may_commit(self, offers: int) -> bool:
        """Whether there is something to commit and no commit is under way."""
        return self._under_way is None and bool(self._ended or offers or self._pause or self._sitemaps)

    def is_due(self, now: float, offers: int) -> bool:
        """Whether a commit is due, by size or by age."""
        return (
            now >= self._since + self._age
            or len(self._ended) >= COMMIT_PAGES
            or offers >= COMMIT_LINKS
            or self._bytes >= COMMIT_BYTES
        ) and self.may_commit(offers)

    def begin(self, batch: Batch) -> None:
        """Record that a batch with all buffered outcomes is being committed, and empty the buffer."""
        self._under_way = batch
        self._ended.clear()
        self._sitemaps.clear()
        self._bytes = 0
        self._pause = False
        self._since = math.inf

    def end(self) -> Batch:
        """Record that the batch is committed, and return it."""
        batch, self._under_way = self._under_way, None
        assert batch is not None, "Committed without a Commit"
        return batch
