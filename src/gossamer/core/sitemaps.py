"""The sitemaps of hosts: which files are requested, and which of their links are on no page.

The sitemaps of a host are requested after its first page: those that its robots.txt names, or else /sitemap.xml. Their
links count as links of that page, so a depth limit holds for them too. Until all its sitemaps were read, a host is in
`HostNotes.unread` with the depth of that page, so a crawl that was killed meanwhile requests all of them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gossamer.core.exchange import Exchange
from gossamer.core.host import Host
from gossamer.core.orphans import EXAMPLES, Orphans
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.rules.urls import UrlResolver, host_key
from gossamer.values.cluster import Parcel
from gossamer.values.model import Link, OutcomeKind, PageRecord, Purpose, Request
from gossamer.values.protocol import HostNotes
from gossamer.values.snapshot import SitemapStats

MAX_FILES: Final = 1000
"""Maximum number of sitemap URLs that are requested for one host."""
NESTING: Final = 3
"""Maximum depth of sitemap indexes within indexes."""
HOPS: Final = 5
"""Maximum number of redirects in a row that are followed."""


@dataclass(slots=True)
class _Reading:
    """The sitemaps of one host, while they are read."""

    home: str
    """The key of the host."""
    depth: int
    """The depth of the host's first page."""
    requested: dict[str, int] = field(default_factory=dict)
    """The URLs that were requested, each with its depth within indexes."""
    guess: str = ""
    """The default URL, /sitemap.xml, where robots.txt names no sitemap."""
    waited_for: int = 0
    """Number of requests without an answer."""
    from_afar: bool = False
    """Whether the host belongs to another shard of the crawl."""
    cut_short: bool = False
    """Whether sitemaps were left out because the page limit is below the number of known links."""


class Sitemaps:
    """Decides which sitemaps to request. No URL is requested twice for one host.

    These requests wait for their host's turn and robots.txt like any other, and are retried like any other.
    `numbers` yields the ids of requests that are no links of the crawl; these are negative.
    """

    def __init__(self, policy: Policy, numbers: Iterator[int], exchange: Exchange | None = None) -> None:
        self._policy = policy
        self._numbers = numbers
        self._exchange = exchange
        self._for_others: dict[str, _Reading] = {}
        self._scope = Scope.of(policy)
        self._homes: set[str] = set()
        self._readings: dict[int, _Reading] = {}
        self._unread: dict[str, int] = {}
        self._fresh: dict[str, int | None] = {}
        self._fresh_requested: dict[str, Parcel | None] = {}
        self._reminders: set[int] = set()
        self._files = 0
        self._failed = 0
        self._notes: list[str] = []
        self.orphans = Orphans()

    def may_discover(self, host: Host) -> bool:
        """Whether the sitemaps of a host may still have to be requested in this run."""
        return host.key not in self._homes and self._policy.sitemaps

    def discover(self, host: Host, depth: int, known: int) -> tuple[Request, ...]:
        """Return the requests for the sitemaps of a host whose first page, at this depth, was fetched.

        `known` is the number of links admitted so far.
        """
        if host.closed is not None or not self.may_discover(host):
            return ()
        depth = self._unread.get(host.key, depth)  # the depth of the first page, also if an earlier run fetched it
        if self._policy.max_depth is not None and depth >= self._policy.max_depth:
            self._homes.add(host.key)
            return ()
        if host.key not in self._unread:
            self._unread[host.key] = self._fresh[host.key] = depth
        if self._enough(known):
            return ()  # the host stays unread: a resumed crawl may have a higher page limit
        self._homes.add(host.key)
        reading = _Reading(host.key, depth)
        rules = host.access.robots
        named = rules.sitemaps if rules is not None else ()
        if not named:
            reading.guess = host.key + "/sitemap.xml"
        requests = tuple(self._requests(reading, named or ("/sitemap.xml",), host.key + "/robots.txt", 0))
        self._read_if_all_landed(reading)
        return requests

    def requested(self, parcel: Parcel) -> tuple[Request, ...]:
        """Return the requests for sitemaps on hosts of this shard that another shard needs for a host of its own."""
        reading = self._for_others.get(parcel.home)
        if reading is None:
            reading = self._for_others[parcel.home] = _Reading(parcel.home, parcel.depth, from_afar=True)
        return tuple(self._requests(reading, parcel.sitemaps, parcel.via, parcel.nesting, parcel.hops))

    @property
    def has_changed(self) -> bool:
        """Whether `settle` would return something."""
        return bool(self._fresh) or bool(self._fresh_requested)

    def settle(self) -> tuple[dict[str, int | None], dict[str, Parcel | None]]:
        """Remove and return the changes of `HostNotes.unread` and `HostNotes.requested` since the last commit."""
        settled = self._fresh, self._fresh_requested
        self._fresh, self._fresh_requested = {}, {}
        return settled

    def restore(self, notes: HostNotes) -> tuple[Request, ...]:
        """Continue with what an earlier run did not finish; return requests to be scheduled.

        These are the sitemaps that it had to request for other shards, and a reminder for each host. A reminder is a
        request that is never fetched. When its turn comes, and so robots.txt was read, the caller calls `discover`.
        """
        if not self._policy.sitemaps:
            return ()
        unread, parcels = notes.unread, [parcel for parcel in notes.requested.values() if parcel is not None]
        self._unread = {host: depth for host, depth in unread.items() if depth is not None}
        links = [Link(next(self._numbers), host + "/sitemap.xml", depth) for host, depth in self._unread.items()]
        self._reminders |= {link.id for link in links}
        reminders = [Request(link, Purpose.SITEMAP) for link in links]
        return (*reminders, *(request for parcel in parcels for request in self.requested(parcel)))

    def take_reminder(self, request: Request) -> bool:
        """Whether a request is a reminder whose turn has come; True only once for each."""
        if request.link.id not in self._reminders:
            return False
        self._reminders.remove(request.link.id)
        return True

    def _landed(self, request: Request) -> _Reading:
        reading = self._readings.pop(request.link.id)
        reading.waited_for -= 1
        if reading.from_afar:
            self._fresh_requested[f"{reading.home} {request.url}"] = None
        return reading

    def _read_if_all_landed(self, reading: _Reading) -> None:
        all_landed = not reading.cut_short and not reading.waited_for
        if all_landed and self._unread.pop(reading.home, None) is not None:
            self._fresh[reading.home] = None

    def read(self, request: Request, record: PageRecord, sitemaps: Iterable[str], known: int) -> tuple[Request, ...]:
        """Record how a request ended, and return the requests for the sitemaps that its answer names."""
        reading = self._landed(request)
        redirected = record.outcome is OutcomeKind.REDIRECTED
        if record.outcome is OutcomeKind.DONE:
            if record.detail and not record.outlinks and request.url == reading.guess:
                self._read_if_all_landed(reading)
                return ()  # the default URL is no sitemap: no error
            self._files += 1
            self._note(request, record.detail)
        elif not redirected and not (record.status in (404, 410) and request.url == reading.home + "/sitemap.xml"):
            self._failed += 1
            self._note(request, record.detail or (record.reason.sentence if record.reason else ""))
        nesting = reading.requested[request.url] + (not redirected)
        hops = request.link.hops + 1 if redirected else 0
        requests: tuple[Request, ...] = ()
        if self._enough(known):
            reading.cut_short = True
        elif nesting <= NESTING and hops <= HOPS:
            requests = tuple(self._requests(reading, sitemaps, request.url, nesting, hops))
        self._read_if_all_landed(reading)
        return requests

    def refused(self, request: Request) -> None:
        """Record that robots.txt forbids a sitemap."""
        reading = self._landed(request)
        self._failed += 1
        self._note(request, "robots.txt does not allow it")
        self._read_if_all_landed(reading)

    def stats(self) -> SitemapStats:
        """Return the counts as a value."""
        orphans = self.orphans
        return SitemapStats(
            self._files, self._failed, orphans.count, orphans.examples, whole=orphans.whole, notes=tuple(self._notes)
        )

    def _enough(self, known: int) -> bool:
        """Whether the known links already reach the page limit."""
        return self._policy.max_pages is not None and known >= self._policy.max_pages

    def _requests(
        self, reading: _Reading, addresses: Iterable[str], via: str, nesting: int, hops: int = 0
    ) -> Iterator[Request]:
        resolver = UrlResolver(via)
        for address in addresses:
            url = resolver.canonical(address)
            if url is None or url in reading.requested or not self._belongs(reading, url):
                continue
            if len(reading.requested) >= MAX_FILES:
                return
            reading.requested[url] = nesting
            if self._exchange is not None:
                parcel = Parcel(reading.depth, hops, via, sitemaps=(url,), nesting=nesting, home=reading.home)
                if not self._exchange.owns(url):
                    self._exchange.request_sitemap(parcel)
                    continue
                if reading.from_afar:
                    self._fresh_requested[f"{reading.home} {url}"] = parcel
            link = Link(next(self._numbers), url, reading.depth, hops, via)
            self._readings[link.id] = reading
            reading.waited_for += 1
            yield Request(link, Purpose.SITEMAP)

    def _belongs(self, reading: _Reading, url: str) -> bool:
        """Whether a sitemap URL is on the host itself or within the scope."""
        return host_key(url) == reading.home or self._scope.judge(url) is None

    def _note(self, request: Request, what: str) -> None:
        if what and len(self._notes) < EXAMPLES:
            self._notes.append(f"{request.url}: {what}")
