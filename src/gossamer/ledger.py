"""The crawl's books: how links ended, and where every slot's time went."""

from __future__ import annotations

from gossamer.model import Counts, OutcomeKind
from gossamer.reasons import Reason, Waiting


class Tally:
    """Count outcomes and reasons."""

    __slots__ = ("by_reason", "bytes", "fetches", "kinds", "refused")

    def __init__(self) -> None:
        self.kinds = dict.fromkeys(OutcomeKind, 0)
        self.by_reason: dict[Reason, int] = {}
        self.refused = 0
        self.bytes = 0
        self.fetches = 0

    def ended(self, kind: OutcomeKind, reason: Reason | None) -> None:
        """Count one outcome."""
        self.kinds[kind] += 1
        if reason is not None:
            self.by_reason[reason] = self.by_reason.get(reason, 0) + 1

    def refuse(self, counts: dict[Reason, int]) -> None:
        """Count links that were never admitted."""
        for reason, count in counts.items():
            self.by_reason[reason] = self.by_reason.get(reason, 0) + count
            self.refused += count

    def counts(self) -> Counts:
        """Give the counts as a value."""
        kinds = self.kinds
        return Counts(
            done=kinds[OutcomeKind.DONE],
            redirected=kinds[OutcomeKind.REDIRECTED],
            failed=kinds[OutcomeKind.FAILED],
            skipped=kinds[OutcomeKind.SKIPPED],
            retried=kinds[OutcomeKind.RETRY],
            refused=self.refused,
            by_reason={reason.value: count for reason, count in sorted(self.by_reason.items())},
        )


class TimeBook:
    """Put every slot's time into one category.

    A busy slot waits for the server until its answer came; what else it took is the processor's. An idle slot waits for
    whatever holds the crawl up at that moment (`idle`). Invariant: the sum of all categories is wall time x slots.
    """

    __slots__ = ("_busy", "_last", "_slots", "idle", "seconds", "started")

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._busy = 0
        self._last: float | None = None
        self.started = 0.0
        self.idle = Waiting.CPU
        self.seconds = dict.fromkeys(Waiting, 0.0)

    def advance(self, now: float) -> None:
        """Book the time since the last call."""
        if self._last is None:
            self.started = self._last = now
        passed = now - self._last
        if passed > 0:
            self.seconds[Waiting.SERVER] += passed * self._busy
            self.seconds[self.idle] += passed * (self._slots - self._busy)
            self._last = now

    def begin(self) -> None:
        """Note that a slot became busy."""
        self._busy += 1

    def end(self, took: float, answered_in: float) -> None:
        """Note that a slot is free again after `took` seconds, of which the server needed `answered_in`."""
        self._busy -= 1
        own = max(0.0, took - answered_in)
        self.seconds[Waiting.SERVER] -= own
        self.seconds[Waiting.CPU] += own

    def elapsed(self, now: float) -> float:
        """Tell the wall time since the first call, in seconds."""
        return 0.0 if self._last is None else now - self.started
