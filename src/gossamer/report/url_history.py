"""What a crawl directory says of one URL: refusals, queue, who links there, copies, redirects."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec
import numpy as np

from gossamer.api.link_graph import LinkGraph
from gossamer.api.references import read_references
from gossamer.api.status import Status, status
from gossamer.outputs import SKIPPED
from gossamer.outputs.references import FORMAT
from gossamer.outputs.skipped import read_skipped
from gossamer.report.explanation import LinkedFrom, Nearby, QueuePlace, RedirectStep, RefusedOn
from gossamer.report.nearest import NearestUrls
from gossamer.rules.recrawl import LEAST_SIZE
from gossamer.rules.refusals import refusal_hash
from gossamer.rules.url_identity import identity, simplified
from gossamer.rules.urls import fingerprint, host_key
from gossamer.values.model import Link, PageRecord, record_of
from gossamer.values.reasons import Reason

_MOST_HOPS: Final = 50
"""Maximum number of redirects in a chain that are followed: more than any policy allows."""
_MOST_STEPS: Final = 1000
"""Maximum number of pages on the way to a URL."""
_RESOURCE: Final = re.compile(
    r"\.(?:avif|bmp|css|gif|ico|jpe?g|m?js|mp[34]|og[gv]|otf|png|svg|ttf|web[mp]|woff2?)(?:\?|$)", re.IGNORECASE
)
"""The end of the path of what pages load, by its usual extensions."""


class Connections(msgspec.Struct, frozen=True):
    """What other pages of the crawl have to do with a URL."""

    referrers: tuple[LinkedFrom, ...]
    """Every place that links or redirects to it, in the order of the crawl."""
    same_content: tuple[str, ...]
    """The pages with the same content."""


class UrlHistory:
    """What the crawl in a directory, running or not, knows of one canonical URL, as of one moment.

    Raise UserError where there is no crawl. Every method may raise JournalError or OutputError.
    """

    def __init__(self, directory: Path, url: str) -> None:
        self.crawl: Status = status(directory)
        """The state of the crawl."""
        self._directory = directory
        self._url = url
        self._graph = LinkGraph(directory, also=(url,))
        self._journal = self._graph.journal
        number = self._graph.find(url)
        assert number is not None, "it is among the others, if not known"
        self._id = number
        self.link: Link | None = self._journal.link(number) if number < len(self._graph) else None
        """The URL as the crawl knows it; None if it does not."""
        line = self._journal.record(number) if self.link is not None else None
        self.record: PageRecord | None = record_of(line) if line is not None else None
        """The record of its visit; None if it has not ended."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._graph.close()

    @property
    def known(self) -> int:
        """Return the number of URLs that the crawl knows."""
        return len(self._graph)

    def is_unread_resource(self) -> bool:
        """Whether the URL looks like something that pages load, of a crawl that follows links only."""
        return not self.crawl.settings.policy.resources and _RESOURCE.search(self._url) is not None

    def find(self, url: str) -> PageRecord | None:
        """Return the record of another URL; None if the crawl has none."""
        number = self._graph.find(url)
        line = self._journal.record(number) if number is not None else None
        return record_of(line) if line is not None else None

    # ------------------------------------------------------------ how it was found

    def path(self) -> tuple[str, ...]:
        """Return the pages by which the URL was found first, from the start to the one that links to it."""
        found: list[str] = []
        via = self.link.via if self.link is not None else ""
        while via and len(found) < _MOST_STEPS:
            found.append(via)
            number = self._graph.find(via)
            via = self._journal.link(number).via if number is not None and number < len(self._graph) else ""
        return tuple(reversed(found))

    def came_by_sitemap(self) -> bool:
        """Whether the URL was found first in a sitemap, which is no link of the crawl."""
        return self.link is not None and self.link.via != "" and self._graph.find(self.link.via) is None

    def refusals(self) -> tuple[RefusedOn, ...]:
        """Return why links to the URL were refused: each reason once, with a page if the crawl kept that."""
        size = self.crawl.glance.offsets.get(SKIPPED, 0)
        written = msgspec.json.encode(self._url)[1:-1]
        kept = {
            one.reason: RefusedOn(one.reason, one.via, one.trap)
            for one in read_skipped(self._directory, size, containing=written)
            if one.url == self._url
        }
        refused = self._journal.refused()
        for reason in Reason:
            hashes = [refusal_hash(number, reason) for number in self._fingerprints()]
            if reason not in kept and np.isin(np.array(hashes, np.uint64), refused).any():
                kept[reason] = RefusedOn(reason)
        return tuple(kept.values())

    def _fingerprints(self) -> tuple[int, ...]:
        """Return the fingerprints under which a refusal may be recorded: of the URL, and of what it is one with."""
        both = dict.fromkeys((self._url, self._identity(self._url)))
        return tuple(fingerprint(url, self._journal.key) for url in both)

    def _identity(self, url: str) -> str:
        """Return what a URL is one with."""
        policy = self.crawl.settings.policy
        return identity(simplified(url, policy), policy)

    # ------------------------------------------------------------ where it waits

    def queue(self) -> QueuePlace:
        """Return where the URL waits; it must be known, and not have ended."""
        links, seen = self._journal.links(), self.crawl.glance
        same_host = (links.hosts == links.hosts[self._id]) & ~links.ended
        priority = links.priorities[self._id]
        earlier = np.arange(len(links.hosts)) < self._id
        first = (links.priorities < priority) | ((links.priorities == priority) & earlier)
        passed = max(0.0, time.time() - seen.stats_at) if seen.stats_at else 0.0
        host = host_key(self._url)
        return QueuePlace(
            before=int((same_host & first).sum()),
            on_host=int(same_host.sum()),
            rest=max(0.0, seen.stats.resting.get(host, 0.0) - passed),
            pause=max(0.0, seen.stats.paused.get(host, 0.0) - passed),
            attempts=seen.stats.attempts.get(self._id, 0),
            running=self.crawl.holder is not None,
            finish_reason=self.crawl.finish_reason,
        )

    # ------------------------------------------------------------ what other pages have to do with it

    def connections(self) -> Connections:
        """Return who links to the URL, and which pages have the same content, by one pass over all visits."""
        content = self.record.content_hash if self.record is not None and self.record.size >= LEAST_SIZE else ""
        referrers: list[LinkedFrom] = []
        same: list[str] = []
        for visit in self._graph.visits():
            record = visit.record
            if content and record.content_hash == content and record.url != self._url:
                same.append(record.url)
            if (visit.targets == self._id).any():
                redirects = record.location and self._graph.find(record.location) == self._id
                referrers.append(LinkedFrom(record.url, "redirect" if redirects else ""))
            elif (visit.unfollowed == self._id).any():
                referrers.append(LinkedFrom(record.url, nofollow=True))
        if FORMAT in self.crawl.settings.formats:
            referrers = [*(one for one in referrers if one.element == "redirect"), *self._references()]
        return Connections(tuple(referrers), tuple(same))

    def _references(self) -> Iterator[LinkedFrom]:
        """Yield every reference to the URL, of a crawl that records references."""
        own = self._identity(self._url)
        for page in read_references(self._directory):
            for one in page.references:
                if one.url == self._url or self._identity(one.url) == own:
                    yield LinkedFrom(page.url, one.element, one.text, one.line, one.nofollow)

    def redirects(self) -> tuple[RedirectStep, ...]:
        """Return the URLs that the URL redirects to, one after the other, up to one that does not or is not known."""
        hops: list[RedirectStep] = []
        record = self.record
        passed = {self._url}
        while record is not None and record.location and len(hops) < _MOST_HOPS:
            target = record.location
            if target in passed:
                hops.append(RedirectStep(target, None, Reason.FAIL_REDIRECT_LOOP))
                break
            passed.add(target)
            record = self.find(target)
            hops.append(RedirectStep(target, record.status if record else None, record.reason if record else None))
        return tuple(hops)

    def nearest(self) -> tuple[Nearby, ...]:
        """Return the known URLs that are most like the URL."""
        search = NearestUrls(self._url)
        for urls in self._journal.urls():
            search.see(urls)
        return search.found()

    def parents(self) -> Sequence[PageRecord]:
        """Return the records of the directories above the URL, the nearest first, as far as the crawl has them."""
        host, found = host_key(self._url), list[PageRecord]()
        location = self._url[len(host) :].partition("?")[0].rstrip("/")
        while location:
            location = location.rpartition("/")[0]
            if (record := self.find(f"{host}{location}/")) is not None:
                found.append(record)
        return found
