"""The sitemaps of hosts: which files are asked for, and which of the links they name no page ever linked to.

A host is asked for its sitemaps after its first page came: those its robots.txt names, or else /sitemap.xml. What they
name counts as linked from that page, so a depth limit holds for it too. Until all of them were read the host is unread,
and the journal remembers it with that page: a crawl that dies in between asks for all of them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gossamer.core.host import Host
from gossamer.core.orphans import EXAMPLES, Orphans
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.rules.urls import UrlResolver, host_key
from gossamer.values.model import Link, OutcomeKind, PageRecord, Purpose, Request
from gossamer.values.snapshot import SitemapStats

MAX_FILES: Final = 1000
"""How many sitemap files are asked for on behalf of one host."""
NESTING: Final = 3
HOPS: Final = 5
"""How deep indexes may lie in indexes, and how many redirects in a row are followed."""


@dataclass(slots=True)
class _Reading:
    """The sitemaps of one host, while they are read: every address asked for, with how deep it lies in indexes.

    `guess` is the address asked for without having been named; `waited_for` counts those that have not landed;
    `cut_short` tells that some were left out because more links are known already than may become pages.
    """

    home: str
    depth: int
    asked: dict[str, int] = field(default_factory=dict)
    guess: str = ""
    waited_for: int = 0
    cut_short: bool = False


class Sitemaps:
    """Decide which sitemaps to ask for; no address is asked for twice on behalf of a host.

    What is asked for is a request like any other: it waits for its host's turn and robots.txt, and may be tried again.
    `numbers` gives the ids of requests that are no links of the crawl: negative ones.
    """

    def __init__(self, policy: Policy, numbers: Iterator[int]) -> None:
        self._policy = policy
        self._numbers = numbers
        self._scope = Scope.of(policy)
        self._homes: set[str] = set()
        self._readings: dict[int, _Reading] = {}
        self._unread: dict[str, int] = {}
        self._reminders: set[int] = set()
        self._files = 0
        self._failed = 0
        self._notes: list[str] = []
        self.orphans = Orphans()

    def unasked(self, host: Host) -> bool:
        """Tell whether a host may still have to be asked for its sitemaps."""
        return host.key not in self._homes and self._policy.sitemaps

    def discover(self, host: Host, depth: int, known: int) -> tuple[Request, ...]:
        """Ask for the sitemaps of a host whose first page, at this depth, came; `known` counts the links so far."""
        if host.closed is not None or not self.unasked(host):
            return ()
        depth = self._unread.get(host.key, depth)  # that of the first page, although it came in an earlier run
        if self._policy.max_depth is not None and depth >= self._policy.max_depth:
            self._homes.add(host.key)
            return ()
        self._unread[host.key] = depth
        if self._enough(known):
            return ()  # the host stays unread: who resumes the crawl may want more pages
        self._homes.add(host.key)
        reading = _Reading(host.key, depth)
        rules = host.access.robots
        named = rules.sitemaps if rules is not None else ()
        if not named:
            reading.guess = host.key + "/sitemap.xml"
        requests = tuple(self._requests(reading, named or ("/sitemap.xml",), host.key + "/robots.txt", 0))
        self._read_if_all_landed(reading)
        return requests

    def unread(self) -> dict[str, int]:
        """Tell the hosts whose sitemaps have not all been read, each with the depth of its first page."""
        return dict(self._unread)

    def restore(self, unread: Mapping[str, int]) -> tuple[Request, ...]:
        """Take up what an earlier run did not read to its end: give a reminder for each host, to wait for its turn.

        A reminder is never fetched; when its turn has come, and so robots.txt was read, it is time to `discover`.
        """
        if not self._policy.sitemaps:
            return ()
        self._unread |= unread
        links = [Link(next(self._numbers), host + "/sitemap.xml", depth) for host, depth in unread.items()]
        self._reminders |= {link.id for link in links}
        return tuple(Request(link, Purpose.SITEMAP) for link in links)

    def reminds(self, request: Request) -> bool:
        """Tell whether a request is a reminder that came to its turn; once."""
        if request.link.id not in self._reminders:
            return False
        self._reminders.remove(request.link.id)
        return True

    def _landed(self, request: Request) -> _Reading:
        reading = self._readings.pop(request.link.id)
        reading.waited_for -= 1
        return reading

    def _read_if_all_landed(self, reading: _Reading) -> None:
        if not reading.cut_short and not reading.waited_for:
            self._unread.pop(reading.home, None)

    def read(self, request: Request, record: PageRecord, sitemaps: Iterable[str], known: int) -> tuple[Request, ...]:
        """Take note of how a request ended, and ask for what its answer leads to."""
        reading = self._landed(request)
        redirected = record.outcome is OutcomeKind.REDIRECTED
        if record.outcome is OutcomeKind.DONE:
            if record.detail and not record.outlinks and request.url == reading.guess:
                self._read_if_all_landed(reading)
                return ()  # it is none, and nobody said that there was one
            self._files += 1
            self._note(request, record.detail)
        elif not redirected and not (record.status in (404, 410) and request.url == reading.home + "/sitemap.xml"):
            self._failed += 1
            self._note(request, record.detail or (record.reason.sentence if record.reason else ""))
        nesting = reading.asked[request.url] + (not redirected)
        hops = request.link.hops + 1 if redirected else 0
        requests: tuple[Request, ...] = ()
        if self._enough(known):
            reading.cut_short = True
        elif nesting <= NESTING and hops <= HOPS:
            requests = tuple(self._requests(reading, sitemaps, request.url, nesting, hops))
        self._read_if_all_landed(reading)
        return requests

    def refused(self, request: Request) -> None:
        """Take note that robots.txt does not let a sitemap be read."""
        reading = self._landed(request)
        self._failed += 1
        self._note(request, "robots.txt does not allow it")
        self._read_if_all_landed(reading)

    def stats(self) -> SitemapStats:
        """Give the counts as a value."""
        orphans = self.orphans
        return SitemapStats(
            self._files, self._failed, orphans.count, orphans.examples, whole=orphans.whole, notes=tuple(self._notes)
        )

    def _enough(self, known: int) -> bool:
        """Tell whether more links are known already than may become pages."""
        return self._policy.max_pages is not None and known >= self._policy.max_pages

    def _requests(
        self, reading: _Reading, addresses: Iterable[str], via: str, nesting: int, hops: int = 0
    ) -> Iterator[Request]:
        resolver = UrlResolver(via)
        for address in addresses:
            url = resolver.canonical(address)
            if url is None or url in reading.asked or not self._belongs(reading, url):
                continue
            if len(reading.asked) >= MAX_FILES:
                return
            reading.asked[url] = nesting
            link = Link(next(self._numbers), url, reading.depth, hops, via)
            self._readings[link.id] = reading
            reading.waited_for += 1
            yield Request(link, Purpose.SITEMAP)

    def _belongs(self, reading: _Reading, url: str) -> bool:
        """Let a host keep its sitemaps anywhere on itself, and elsewhere only within the scope."""
        return host_key(url) == reading.home or self._scope.judge(url) is None

    def _note(self, request: Request, what: str) -> None:
        if what and len(self._notes) < EXAMPLES:
            self._notes.append(f"{request.url}: {what}")
