"""The load on a host: its fetches in flight, how many it may get at once, and when its rest ends."""

from __future__ import annotations

from gossamer.rules import politeness
from gossamer.values.reasons import Waiting


class HostLoad:
    """The load on one host, for a crawl and for downloads alike.

    A host that asks to be left alone gets nothing until then, and one fetch at a time when that is over: what waited
    does not start all at once.
    """

    __slots__ = (
        "_answers",
        "_pauses",
        "in_flight",
        "limit",
        "most",
        "paused_by",
        "paused_until",
        "ready_at",
        "resting",
    )

    def __init__(self, limit: int, *, slow_start: bool = False) -> None:
        self.limit = limit
        """Maximum number of fetches at once, by the policy."""
        self.most = 1 if slow_start else limit
        """Maximum number of fetches at once now."""
        self.in_flight = 0
        """Number of fetches in flight."""
        self.ready_at = 0.0
        """When the rest ends."""
        self.resting = Waiting.POLITENESS
        """The category of the rest."""
        self.paused_until = 0.0
        """When the last pause ends for which the host asked."""
        self.paused_by = ""
        """The URL whose answer asked for it; "" if that is not known."""
        self._answers = 0
        self._pauses = 0

    def rest(self, until: float, waiting: Waiting) -> None:
        """Let the host rest until then, unless it rests longer already."""
        if until > self.ready_at:
            self.ready_at = until
            self.resting = waiting

    def pause(self, until: float, now: float, url: str = "") -> None:
        """Leave the host alone until then, as it asked (429, 503, Retry-After); later begin with one fetch at once.

        `url` is the one that asked.
        """
        if now >= self.paused_until:  # not an answer to a fetch that was under way when the pause began
            self._pauses += 1
        self._answers = 0
        self.most = 1
        if until > self.paused_until:
            self.paused_until, self.paused_by = until, url
        self.rest(until, Waiting.RETRY_AFTER)

    def count_answer(self) -> None:
        """Count an answer that asks for no pause: after some in a row the host may get more fetches at once."""
        self._answers += 1
        self.most = politeness.at_once(self.limit, self._answers, self._pauses)
