"""Findings: the few pages worth naming in the closing summary, and redirects that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Self

import msgspec
from msgspec import Struct

from gossamer.core.duplicates import EXAMPLES, DuplicateCounter
from gossamer.rules.recrawl import content_of
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import Counts, Duplicates
from gossamer.visit.page import Page

KEPT: Final = 5
REDIRECTS: Final = 100_000
"""So many redirects are remembered: some 300 bytes each."""
_TELLING: Final = (b'"outcome":"failed"', b'"outcome":"redirected"')


class Redirect(NamedTuple):
    """Where a URL redirects to, and the page that links to it."""

    target: str
    via: str


class Loop(NamedTuple):
    """URLs that redirect to each other in a circle, and a page that leads there ("" where none is known)."""

    urls: tuple[str, ...]
    via: str


class _Content(Struct, frozen=True):
    """What a record says of the content of a page."""

    url: str
    content_hash: str = ""
    size: int = 0


def duplicates_in(pieces: Iterable[bytes]) -> Duplicates:
    """Find pages with the content of another in the lines of a whole crawl, until there are enough to be named."""
    stats, decoder = DuplicateCounter(), msgspec.json.Decoder(_Content)
    for piece in pieces:
        for page in map(decoder.decode, piece.splitlines()):
            if content := content_of(page.content_hash, page.size):
                stats.note(content, page.url)
        stats.settle()
        if len(stats.duplicates().examples) == EXAMPLES:
            break
    return stats.duplicates()


def _tells(lines: bytes) -> bool:
    return any(sign in lines for sign in _TELLING)


class Findings:
    """Keeps the first few broken links, the first few pages that failed for every other reason, and redirects."""

    def __init__(self) -> None:
        self.broken: list[PageRecord] = []
        self._others: dict[Reason, list[PageRecord]] = {}
        self._redirects: dict[str, Redirect] = {}

    @classmethod
    def of_lines(cls, pieces: Iterable[bytes], counts: Counts) -> Self:
        """Find them in the lines of a whole crawl; `counts` says when there is nothing more to find."""
        findings = cls()
        for piece in pieces:
            for line in piece.splitlines() if _tells(piece) else ():
                if _tells(line):  # perhaps only in its title: `note` looks at what it means
                    findings.note(msgspec.json.decode(line, type=PageRecord))
            if findings.suffice(counts):
                break
        return findings

    def suffice(self, counts: Counts) -> bool:
        """Tell whether as many are kept as will be, where so many failed for each reason and so many redirect."""
        kept = {reason: len(records) for reason, records in self._others.items()} | {
            Reason.FAIL_HTTP_4XX: len(self.broken)
        }
        failures = [(Reason(code), number) for code, number in counts.by_reason.items() if code.startswith("fail.")]
        return len(self._redirects) >= min(counts.redirected, REDIRECTS) and all(
            kept.get(reason, 0) >= min(number, KEPT) for reason, number in failures
        )

    def see(self, page: Page) -> None:
        """Take note of a page, if something is wrong with it, or if it redirects."""
        self.note(page.record)

    def note(self, record: PageRecord) -> None:
        """Take note of a record, if the page failed or redirects."""
        if record.outcome is OutcomeKind.REDIRECTED and len(self._redirects) < REDIRECTS:
            self._redirects[record.url] = Redirect(record.location, record.via)
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

    def way_to(self, record: PageRecord) -> Iterator[tuple[str, bool]]:
        """Tell how a page was come by, backwards up to a page that links: URLs, and whether each redirects."""
        url, seen = record.via, {record.url}
        while url and url not in seen:
            seen.add(url)
            redirect = self._redirects.get(url)
            yield url, redirect is not None
            url = redirect.via if redirect is not None else ""

    def loops(self) -> list[Loop]:
        """List the circles in which URLs redirect to each other, in alphabetical order; each begins with its first."""
        loops: dict[str, Loop] = {}
        walked: set[str] = set()
        for start in self._redirects:
            way: list[str] = []
            url = start
            while url in self._redirects and url not in walked:
                walked.add(url)
                way.append(url)
                url = self._redirects[url].target
            if url in way:
                circle = way[way.index(url) :]
                first = circle.index(min(circle))
                circle = circle[first:] + circle[:first]
                ways_in = [self._redirects[url].via for url in circle if self._redirects[url].via not in circle]
                loops[circle[0]] = Loop(tuple(circle), next(iter(ways_in), ""))
        return [loops[first] for first in sorted(loops)]
