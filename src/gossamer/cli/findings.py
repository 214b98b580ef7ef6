"""Findings: the few failed pages worth naming in the closing summary."""

from __future__ import annotations

from typing import Final

from gossamer.model import PageRecord
from gossamer.page import Page
from gossamer.reasons import Reason

KEPT: Final = 5


class Findings:
    """Keeps the first few broken links, and for every other reason the first few pages that failed for it."""

    def __init__(self) -> None:
        self.broken: list[PageRecord] = []
        self._others: dict[Reason, list[PageRecord]] = {}

    def see(self, page: Page) -> None:
        """Take note of a page, if something is wrong with it."""
        reason = page.reason
        if reason is None:
            return
        kept = self.broken if reason is Reason.FAIL_HTTP_4XX else self._others.setdefault(reason, [])
        if len(kept) < KEPT:
            kept.append(page.record)

    @property
    def others(self) -> list[PageRecord]:
        """List examples of failures that are no broken links, one reason after another."""
        return [record for kept in self._others.values() for record in kept if record.outcome == "failed"]
