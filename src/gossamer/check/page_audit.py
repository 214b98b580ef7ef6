"""PageAudit: findings about pages themselves, from the records of their visits and from what was read of them."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from gossamer.check.collector import Collector, Problem
from gossamer.check.equals import Equals, distinct_contents, near_duplicates, twins
from gossamer.check.findings import FindingKind, Verdict
from gossamer.check.header_audit import HeaderAudit
from gossamer.check.known_urls import KnownUrls
from gossamer.check.settings import CheckSettings
from gossamer.check.survey import Survey
from gossamer.check.verdicts import KnownUrl
from gossamer.rules.urls import host_key
from gossamer.values.formatting import numbered, shown_duration, shown_size
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import Reason
from gossamer.values.references import SITEMAP_ELEMENT, AuditFacts, PageReferences

_PAGE_OF_MANY: Final = re.compile(
    r"[?&](?:page|p|pg|paged|start|offset)=\d+(?:&|$)|/page[/-]?\d+(?:/|\.html?)?$", re.IGNORECASE
)
"""The URLs of the second and further pages of a list, which have the title of the list."""
_LEAST_PAGES: Final = 20
"""Minimum number of pages by which a whole host is judged."""
_LONGEST: Final = 100
"""Maximum length of a title that is quoted (characters)."""
_SLOWEST: Final = 0.05
"""Share of pages (0 to 1) that may be slower than the limit of a host."""

PAGE_KINDS: Final = frozenset(
    (
        FindingKind.MULTIPLE_H1,
        FindingKind.MISSING_ALT,
        FindingKind.CANONICAL,
        FindingKind.HREFLANG,
        FindingKind.INSECURE_FORM,
        FindingKind.LARGE,
        FindingKind.SLOW,
        FindingKind.DEEP,
        FindingKind.NEEDS_JS,
        FindingKind.ENCODING,
    )
)
"""What may be said of a page before it is known whether it is used as one."""


class PageAudit:
    """Finds what is wrong with pages, in two readings: of their records first, then of what is on them."""

    def __init__(self, known: KnownUrls, settings: CheckSettings, collector: Collector) -> None:
        self._known = known
        self._settings = settings
        self._collector = collector
        self._titles = Equals()
        self._contents = Equals()
        self._simhashes: list[tuple[int, str]] = []
        self._large: dict[str, int] = {}
        self._from_sitemaps: dict[str, str] = {}
        self._untitled: list[str] = []
        self._undescribed: list[str] = []
        self._describable = Counter[str]()
        self._waits: dict[str, array[float]] = {}
        self._headers = HeaderAudit()

    # ------------------------------------------------------------ records

    def take_record(self, record: PageRecord, known: KnownUrl) -> None:
        """Take the record of a visit, and what is known of its URL."""
        if record.outcome is OutcomeKind.DONE and known.is_page:
            self._take_timing(record)
            if known.verdict is Verdict.OK:
                self._take_page(record, known)
        elif record.reason is Reason.FAIL_TOO_LARGE or record.size > self._settings.large_resource:
            self._large[record.url] = record.size

    def _take_timing(self, record: PageRecord) -> None:
        total, first = record.timings.total, record.timings.first_byte
        if total > self._settings.slow_page:
            limit = shown_duration(self._settings.slow_page)
            detail = f"It took {shown_duration(total)} to come, {shown_duration(first)} of them until the first byte; "
            self._add(FindingKind.SLOW, record.url, "time", f"{detail}the limit is {limit}.")
        if total:
            self._waits.setdefault(host_key(record.url), array("d")).append(first)

    def _take_page(self, record: PageRecord, known: KnownUrl) -> None:
        url = record.url
        if record.size > self._settings.large_page:
            self._add_large(url, "page", record.size, self._settings.large_page)
        if record.depth > self._settings.deep:
            self._add(FindingKind.DEEP, url, "depth", f"It is {numbered(record.depth, 'link')} away from the start.")
        if record.needs_js:
            self._add(FindingKind.NEEDS_JS, url, "needs_js")
        if record.via and self._known.get(record.via) is None:  # no page of the crawl led there
            self._from_sitemaps[url] = record.via
        if not record.title:
            self._untitled.append(url)
        if known.noindex or known.canonical:
            return
        if record.content_hash and record.size:
            self._contents.add(record.content_hash, url)
        if record.simhash:
            self._simhashes.append((int(record.simhash, 16), url))
        if record.title and not _PAGE_OF_MANY.search(url):
            self._titles.add(record.title, url, within=record.language)

    # ------------------------------------------------------------ what is on a page

    def take(self, page: PageReferences) -> None:
        """Take what was read of a page."""
        known = self._known.get(page.url)
        if known is None or not known.is_page or known.verdict is not Verdict.OK:
            return
        facts = page.facts
        if not (known.noindex or known.canonical):
            self._describable[host_key(page.url)] += 1
            if not facts.description:
                self._undescribed.append(page.url)
        if facts.headings > 1:
            self._add(FindingKind.MULTIPLE_H1, page.url, "h1", f"The page has {facts.headings} h1 elements.")
        if facts.missing_alt:
            number = numbered(len(facts.missing_alt), "image")
            problem = self._add(FindingKind.MISSING_ALT, page.url, "alt", f"The page has {number} without alt.")
            self._place_all(problem, page.url, "img", facts.missing_alt)
        if facts.encoding_problem:
            said = facts.encoding_problem
            said = f"the encoding is {said}" if said.startswith(("not declared", "declared")) else said
            self._add(FindingKind.ENCODING, page.url, "encoding", f"{said[:1].upper()}{said[1:]}.")
        self._take_forms(page.url, facts)
        self._headers.take(page.url, facts.security_headers)

    def take_sitemap(self, page: PageReferences) -> None:
        """Take which pages a sitemap names."""
        for one in page.references:
            self._take_listed(one.url, page.url, one.line)

    def _take_listed(self, url: str, sitemap: str, line: int = 0) -> None:
        known = self._known.get(url)
        if known is None or not known.noindex:
            return
        problem = self._add(FindingKind.NOINDEX_IN_SITEMAP, url, "noindex")
        if problem is not None and problem.last != sitemap:
            problem.place(sitemap, SITEMAP_ELEMENT, line=line)

    def _take_forms(self, page: str, facts: AuditFacts) -> None:
        if not page.startswith("https:"):
            if facts.passwords:
                detail = "It asks for a password, on a page that came by http."
                problem = self._add(FindingKind.INSECURE_FORM, page, "password", detail)
                self._place_all(problem, page, "input[type=password]", [("", line) for line in facts.passwords])
            return
        if facts.upgrades:  # forms too (Upgrade Insecure Requests, 3.1)
            return
        if sent := [(url, line) for _, url, line in facts.forms if url.startswith("http:")]:
            detail = f"The form is sent by http, to {sent[0][0]}, though the page comes by https."
            self._place_all(self._add(FindingKind.INSECURE_FORM, page, "http", detail), page, "form[action]", sent)

    def _place_all(self, problem: Problem | None, page: str, element: str, places: Iterable[tuple[str, int]]) -> None:
        if problem is not None:
            for text, line in places:
                problem.place(page, element, text, line)

    # ------------------------------------------------------------ at the end

    def finish(self, survey: Survey, *, complete: bool) -> None:
        """Find what only the whole site tells; `complete`: every page that could link to another has been read."""
        misused, framed = survey.misused(), survey.framed()
        self._collector.drop(PAGE_KINDS, misused)
        unheaded = misused | framed
        for url in self._untitled:
            if url not in unheaded:
                self._add(FindingKind.MISSING_TITLE, url, "title")
        self._find_undescribed(unheaded)
        unlinked = survey.unlinked() - unheaded if complete else set()
        for url, sitemap in self._from_sitemaps.items():
            if url in unlinked:
                self._add(FindingKind.ORPHAN, url, "unlinked", f"Only the sitemap {sitemap} names it.")
            self._take_listed(url, sitemap)
        for url, size in self._large.items():
            if url in survey.resources:
                self._add_large(url, "file that pages load", size, self._settings.large_resource)
        self._find_equals(unheaded)
        self._judge_hosts()

    def _find_undescribed(self, but: set[str]) -> None:
        """Find pages without a description; where most of a host have none, that is one finding about the host."""
        by_host: dict[str, list[str]] = {}
        for url in self._undescribed:
            if url not in but:
                by_host.setdefault(host_key(url), []).append(url)
        for host, urls in by_host.items():
            pages = self._describable[host]
            if len(urls) < _LEAST_PAGES or 2 * len(urls) <= pages:
                for url in urls:
                    self._add(FindingKind.MISSING_DESCRIPTION, url, "description")
                continue
            detail = f"{len(urls):,} of its {pages:,} pages have no description."
            self._add_group(FindingKind.MISSING_DESCRIPTION, urls, "description", detail, about=f"{host}/")

    def _find_equals(self, but: set[str]) -> None:
        first_of: dict[str, str] = {}
        for _, urls in self._contents.without(but):
            first_of.update(dict.fromkeys(urls, urls[0]))
            detail = f"{len(urls):,} addresses show the same page{twins(urls)}."
            self._add_group(FindingKind.DUPLICATE_CONTENT, urls, "content", detail)
        for title, urls in self._titles.without(but):
            if len(different := distinct_contents(urls, first_of)) > 1:
                detail = f'{numbered(len(different), "page")} have the title "{title[:_LONGEST]}".'
                self._add_group(FindingKind.DUPLICATE_TITLE, different, "title", detail)
        for urls in near_duplicates([one for one in self._simhashes if one[1] not in but]):
            if len(different := distinct_contents(urls, first_of)) > 1:
                detail = f"{numbered(len(different), 'page')} have nearly this text."
                self._add_group(FindingKind.NEAR_DUPLICATE, different, "text", detail)

    def _judge_hosts(self) -> None:
        for host, detail in self._slow_hosts():
            self._add(FindingKind.SLOW, f"{host}/", "time", detail)
        for host, detail in self._headers.problems():
            self._add(FindingKind.SECURITY_HEADER, f"{host}/", "header", detail)

    def _slow_hosts(self) -> Iterator[tuple[str, str]]:
        for host, waits in self._waits.items():
            slow = sorted(waits)[-max(int(len(waits) * _SLOWEST), 1)]
            if len(waits) >= _LEAST_PAGES and slow > self._settings.slow_host:
                limit = shown_duration(self._settings.slow_host)
                yield host, f"One page in 20 takes {shown_duration(slow)} or longer to begin; the limit is {limit}."

    # ------------------------------------------------------------ making findings

    def _add(self, kind: FindingKind, url: str, reason: str, detail: str = "") -> Problem | None:
        if not self._collector.is_on(kind):
            return None
        known = self._known.get(url)
        verdict, status = (known.verdict, known.status) if known is not None else (Verdict.OK, None)
        return self._collector.add(Problem(kind, url, verdict, reason=reason, status=status, detail=detail))

    def _add_large(self, url: str, what: str, size: int, limit: int) -> None:
        shown = shown_size(size) if size else "more than the crawl reads"
        self._add(FindingKind.LARGE, url, "size", f"The {what} has {shown}; the limit is {shown_size(limit)}.")

    def _add_group(self, kind: FindingKind, urls: list[str], reason: str, detail: str, *, about: str = "") -> None:
        """Add one finding for several pages: its URL is the first unless it is `about` another, its places are all."""
        problem = self._add(kind, about or urls[0], reason, detail)
        if problem is not None:
            for url in urls:
                problem.place(url)
