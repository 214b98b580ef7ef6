"""Findings: the few failed pages worth naming in the closing summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Self

import msgspec

from gossamer.model import OutcomeKind, PageRecord
from gossamer.page import Page
from gossamer.reasons import Reason

KEPT: Final = 5
_FAILED: Final = b'"outcome":"failed"'


class Findings:
    """Keeps the first few broken links, and for every other reason the first few pages that failed for it."""

    def __init__(self) -> None:
        self.broken: list[PageRecord] = []
        self._others: dict[Reason, list[PageRecord]] = {}

    @classmethod
    def of_lines(cls, pieces: Iterable[bytes], counted: Mapping[str, int]) -> Self:
        """Find them in the lines of a whole crawl; `counted`, by reason, says when there is nothing more to find."""
        findings = cls()
        for piece in pieces:
            for line in piece.splitlines() if _FAILED in piece else ():
                if _FAILED in line:  # perhaps only in its title: `note` looks at what it means
                    findings.note(msgspec.json.decode(line, type=PageRecord))
            if findings.suffice(counted):
                break
        return findings

    def suffice(self, counted: Mapping[str, int]) -> bool:
        """Tell whether as many are kept as will be, where so many failed for each reason."""
        kept = {reason: len(records) for reason, records in self._others.items()} | {
            Reason.FAIL_HTTP_4XX: len(self.broken)
        }
        failures = [(Reason(code), number) for code, number in counted.items() if code.startswith("fail.")]
        return all(kept.get(reason, 0) >= min(number, KEPT) for reason, number in failures)

    def see(self, page: Page) -> None:
        """Take note of a page, if something is wrong with it."""
        self.note(page.record)

    def note(self, record: PageRecord) -> None:
        """Take note of a record, if the page failed."""
        reason = record.reason
        if reason is None or record.outcome is not OutcomeKind.FAILED:
            return
        kept = self.broken if reason is Reason.FAIL_HTTP_4XX else self._others.setdefault(reason, [])
        if len(kept) < KEPT:
            kept.append(record)

    @property
    def others(self) -> list[PageRecord]:
        """List examples of failures that are no broken links, one reason after another."""
        return [record for kept in self._others.values() for record in kept]
