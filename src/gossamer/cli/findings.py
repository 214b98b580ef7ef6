"""What the closing summary names: collected from the records of a crawl, redirect loops found among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, Self, TypeVar

import msgspec
from msgspec import Struct

from gossamer.core.duplicates import EXAMPLES, DuplicateCounter
from gossamer.rules.login_urls import leads_to_login
from gossamer.rules.recrawl import content_of
from gossamer.values.model import OutcomeKind, PageRecord, record_of
from gossamer.values.reasons import KEPT_OUT, Reason
from gossamer.values.snapshot import Counts, Duplicates
from gossamer.visit.page import Page

KEPT: Final = 5
REDIRECTS: Final = 100_000
"""Maximum number of redirects that are remembered (about 300 bytes each)."""
_TELLING: Final = (b'"outcome":"failed"', b'"outcome":"redirected"')

T = TypeVar("T")


class Redirect(NamedTuple):
    """The target of a redirect, and the page that links to its URL."""

    target: str
    via: str


class Loop(NamedTuple):
    """URLs that redirect to each other in a circle, and a page that links there (empty if unknown)."""

    urls: tuple[str, ...]
    via: str


class _Content(Struct, frozen=True):
    """The fields of a record that describe the content of a page."""

    url: str
    content_hash: str = ""
    size: int = 0


def duplicates_in(pieces: Iterable[bytes]) -> Duplicates:
    """Return duplicate pages from the lines of a whole crawl, as many as the summary names."""
    stats, decoder = DuplicateCounter(), msgspec.json.Decoder(_Content)
    for piece in pieces:
        for page in map(decoder.decode, piece.splitlines()):
            if content := content_of(page.content_hash, page.size):
                stats.note(content, page.url)
        stats.settle()
        if len(stats.duplicates().examples) == EXAMPLES:
            break
    return stats.duplicates()


def scripted_in(pieces: Iterable[bytes]) -> tuple[str, ...]:
    """Return the first pages that need JavaScript, from the lines of a whole crawl, as many as the summary names."""
    return _first(pieces, b'"needs_js":true', lambda record: record.url if record.needs_js else None)


def soft_404s_in(pieces: Iterable[bytes]) -> tuple[tuple[str, str], ...]:
    """Return the first soft 404s, each with the page that links to it, likewise."""
    return _first(pieces, b'"soft_404":true', lambda record: (record.url, record.via) if record.soft_404 else None)


def behind_login_in(pieces: Iterable[bytes]) -> tuple[str, ...]:
    """Return the first URLs in place of whose page a login came, likewise."""
    return _first(pieces, b'"login":true', _behind_login)


def _behind_login(record: PageRecord) -> str | None:
    if not record.login:
        return None
    if record.outcome is OutcomeKind.REDIRECTED:
        return record.url
    return record.via if record.via and not leads_to_login(record.via, record.url) else None


def _first(pieces: Iterable[bytes], sign: bytes, named: Callable[[PageRecord], T | None]) -> tuple[T, ...]:
    """Return what the first records have that tell something; `sign` stands in the line of each that may."""
    found: list[T] = []
    for piece in pieces:
        several = piece.splitlines() if sign in piece else ()
        made = [named(record_of(line)) for line in several if sign in line]
        found += [one for one in made if one is not None]
        if len(found) >= EXAMPLES:
            break
    return tuple(found[:EXAMPLES])


def _tells(lines: bytes) -> bool:
    return any(sign in lines for sign in _TELLING)


class Findings:
    """Keeps the first broken links, refused pages and failed pages for every other reason, and redirects."""

    def __init__(self) -> None:
        self.broken: list[PageRecord] = []
        self.refused: list[PageRecord] = []
        self._others: dict[Reason, list[PageRecord]] = {}
        self._redirects: dict[str, Redirect] = {}

    @classmethod
    def of_lines(cls, pieces: Iterable[bytes], counts: Counts) -> Self:
        """Return the findings of a whole crawl from its lines; reading stops when `counts` allows no more."""
        findings = cls()
        for piece in pieces:
            for line in piece.splitlines() if _tells(piece) else ():
                if _tells(line):  # perhaps only in its title: `note` looks at what it means
                    findings.note(msgspec.json.decode(line, type=PageRecord))
            if findings.suffice(counts):
                break
        return findings

    def suffice(self, counts: Counts) -> bool:
        """Whether nothing more can be kept, given how many pages failed for each reason and how many redirect."""
        kept = {reason: len(records) for reason, records in self._others.items()} | {
            Reason.FAIL_HTTP_4XX: len(self.broken),
        }
        failures = [(Reason(code), number) for code, number in counts.by_reason.items() if code.startswith("fail.")]
        refused = sum([number for reason, number in failures if reason in KEPT_OUT])
        return (
            len(self._redirects) >= min(counts.redirected, REDIRECTS)
            and len(self.refused) >= min(refused, KEPT)
            and all(kept.get(reason, 0) >= min(number, KEPT) for reason, number in failures if reason not in KEPT_OUT)
        )

    def see(self, page: Page) -> None:
        """Keep a page that failed or redirects."""
        self.note(page.record)

    def note(self, record: PageRecord) -> None:
        """Keep the record of a page that failed or redirects."""
        if record.outcome is OutcomeKind.REDIRECTED and len(self._redirects) < REDIRECTS:
            self._redirects[record.url] = Redirect(record.location, record.via)
        reason = record.reason
        if reason is None or record.outcome is not OutcomeKind.FAILED:
            return
        kept = self._kept(reason)
        if len(kept) < KEPT:
            kept.append(record)

    def _kept(self, reason: Reason) -> list[PageRecord]:
        if reason is Reason.FAIL_HTTP_4XX:
            return self.broken
        return self.refused if reason in KEPT_OUT else self._others.setdefault(reason, [])

    @property
    def others(self) -> list[PageRecord]:
        """Return examples of failures other than broken links and refused pages, grouped by reason."""
        return [record for kept in self._others.values() for record in kept]

    def way_to(self, record: PageRecord) -> Iterator[tuple[str, bool]]:
        """Yield the URLs that led to a page, backwards up to a page that links, and whether each redirects."""
        url, seen = record.via, {record.url}
        while url and url not in seen:
            seen.add(url)
            redirect = self._redirects.get(url)
            yield url, redirect is not None
            url = redirect.via if redirect is not None else ""

    def loops(self) -> list[Loop]:
        """Return the redirect loops in alphabetical order; each begins with its alphabetically first URL."""
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
