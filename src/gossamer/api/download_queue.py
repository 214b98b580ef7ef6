"""The queue of a bulk download: URLs read ahead of the fetches, and pages returned in the order asked."""

from __future__ import annotations

import heapq
import math
import re
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from gossamer.api.download_input import END
from gossamer.core.host_load import HostLoad
from gossamer.engines.driver import FetchEvent
from gossamer.rules import logins, urls
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Manners
from gossamer.values.errors import UserError
from gossamer.values.model import Link, OutcomeKind, PageRecord, Request
from gossamer.values.protocol import Failed, Visited
from gossamer.values.reasons import Reason
from gossamer.visit.page import Page

AHEAD: Final = 4
"""Limit of pages asked for and not yet taken, as a multiple of `concurrency`: so many may wait behind a slow one."""
HOSTS_KNOWN: Final = 10_000
"""Maximum number of hosts whose answers are remembered while nothing waits for them."""
_OTHER_SCHEME: Final = re.compile(r"\s*(?!(?:https?|localhost):)[a-z][a-z0-9+-]*:(?!\d)", re.IGNORECASE)  # no host:port


class _DownloadHost(HostLoad):
    """A host, and its requests that may start when it is their turn."""

    __slots__ = ("key", "requests")

    def __init__(self, key: str, limit: int) -> None:
        super().__init__(limit, slow_start=True)
        self.key = key
        self.requests: deque[Request] = deque()


class DownloadQueue:
    """The downloads asked for and not yet taken, in order. Decides what to start, never too many of one host.

    A host begins with one fetch at once, and gets more while it answers. While it asks to be left alone nothing of it
    starts; where nothing else is left to do for longer than `max_wait`, its downloads end without. User names and
    passwords in URLs go to `authorizations`, by origin.
    """

    def __init__(self, policy: Policy, *, follow: bool, authorizations: dict[str, str] | None = None) -> None:
        self._logins = {} if authorizations is None else authorizations
        self._most = policy.concurrency or 1
        self._max_wait = policy.max_wait
        self._most_of_host = Manners(policy).host_concurrency
        self._follow = follow
        self._exhausted = False
        self._trouble: Exception | None = None
        self._count = 0
        self._order: deque[int] = deque()
        self._pages: dict[int, Page] = {}
        self._hosts: dict[str, _DownloadHost] = {}
        self._waiting: dict[str, _DownloadHost] = {}  # those with requests, in order
        self._resting: list[tuple[float, int, Request]] = []  # what is tried again later: a heap
        self._answers: dict[int, Page] = {}  # of these: the answers that stay if they are not tried again
        self.in_flight = 0
        self.paused: _DownloadHost | None = None
        """The first host to be fetched from again, while all that is left waits for hosts that asked for it; else None.
        From any thread."""

    @property
    def wants_more(self) -> bool:
        """Whether another URL should be asked for: a slot is free and few pages wait to be taken."""
        return not self._exhausted and self.in_flight < self._most and len(self._order) < AHEAD * self._most

    @property
    def landed(self) -> int:
        """The number of pages that are there, taken or not."""
        return self._count - len(self._order) + len(self._pages)

    @property
    def over(self) -> bool:
        """Whether every URL has been asked for and its page taken."""
        return self._exhausted and not self._order

    @property
    def next_moment(self) -> float:
        """The moment when the next request is due that waits for a moment; infinity when there is none."""
        moment = self._resting[0][0] if self._resting else math.inf
        if self.in_flight < self._most:
            resting = [host.ready_at for host in self._waiting.values() if host.in_flight < host.most]
            moment = min(resting, default=moment) if not self._resting else min([moment, *resting])
        return moment

    def ask_next(self, take: Callable[[], object]) -> None:
        """Queue the next URL of the caller; `take` returns `END` when there is none.

        An exception is kept until all pages asked for before have been yielded.
        """
        try:
            asked = take()
        except Exception as trouble:  # noqa: BLE001  # whatever it is, it is the caller's, who will have it back
            self._exhausted, self._trouble = True, trouble
            return
        if asked is END:
            self._exhausted = True
        else:
            self._ask(asked)

    def _ask(self, asked: object) -> None:
        """Queue a URL as the caller wrote it; what is no URL becomes a page that says so."""
        self._count += 1
        self._order.append(self._count)
        try:
            url = _url(asked)
            if login := logins.login_of(str(asked)):
                logins.add(self._logins, *login)
            self._queue(Request(Link(self._count, url)))
        except UserError as error:
            text = urls.shown(urls.spelled(str(asked)))
            reason = Reason.SKIP_SCHEME if _OTHER_SCHEME.match(text) else Reason.SKIP_INVALID
            record = PageRecord(text, OutcomeKind.FAILED, reason=reason, detail=str(error), attempts=0)
            self._pages[self._count] = Page(record)

    def raise_trouble(self) -> None:
        """Raise what taking the next URL raised, if it did."""
        if self._trouble is not None:
            raise self._trouble

    def start_due(self, now: float, start: Callable[[Request], None]) -> None:
        """Start the requests that may start now. Where nothing can for long, end those whose hosts are the cause."""
        while self._resting and self._resting[0][0] <= now:
            self._queue(heapq.heappop(self._resting)[2], first=True)
        while self.in_flight < self._most and (host := self._free_host(now)) is not None:
            request = host.requests.popleft()
            if not host.requests:
                del self._waiting[host.key]
            host.in_flight += 1
            self.in_flight += 1
            start(request)
        self.paused = self._first_paused(now)
        if self.paused is not None and self.paused.paused_until > now + self._max_wait and not self.wants_more:
            self._give_up(now)

    def _free_host(self, now: float) -> _DownloadHost | None:
        hosts = self._waiting.values()
        return next((host for host in hosts if host.in_flight < host.most and host.ready_at <= now), None)

    def _first_paused(self, now: float) -> _DownloadHost | None:
        """Return the first host to be fetched from again, if nothing is under way and all requests wait for pauses."""
        if self.in_flight:
            return None
        hosts = [*self._waiting.values(), *(self._host(request) for _, _, request in self._resting)]
        if not hosts or any(host.paused_until <= now for host in hosts):
            return None
        return min(hosts, key=lambda host: host.paused_until)

    def _give_up(self, now: float) -> None:
        """End all requests: their hosts asked to be left alone for too long. An answer that came before stays."""
        requests = [request for host in self._waiting.values() for request in host.requests]
        for request in (*requests, *(request for _, _, request in self._resting)):
            page = self._answers.pop(request.link.id, None)
            self._pages[request.link.id] = page or _not_fetched(request, self._host(request), now)
        for host in self._waiting.values():
            host.requests.clear()
        self._waiting.clear()
        self._resting.clear()
        self.paused = None

    def _host(self, request: Request) -> _DownloadHost:
        key = urls.host_key(request.url)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _DownloadHost(key, self._most_of_host(key))
        return host

    def _queue(self, request: Request, *, first: bool = False) -> None:
        host = self._host(request)
        (host.requests.appendleft if first else host.requests.append)(request)
        self._waiting.setdefault(host.key, host)

    def land(self, events: Iterable[FetchEvent], now: float) -> None:
        """Record what came of fetches: a page, another hop, or another try later."""
        for event in events:
            assert isinstance(event, Visited | Failed), "a download asks for no robots.txt"
            request, link = event.request, event.request.link
            self._free(self._host(request), event, now)
            self._answers.pop(link.id, None)
            if (
                isinstance(event, Visited)
                and event.outcome.kind is OutcomeKind.REDIRECTED
                and event.outlinks
                and self._follow
            ):
                asked = link.via or link.url
                self._queue(Request(Link(link.id, event.outlinks.urls[0], hops=link.hops + 1, via=asked)))
            elif event.outcome.kind is OutcomeKind.RETRY:
                self._answers[link.id] = _page(event)
                again = Request(link, request.purpose, request.attempt + 1)
                heapq.heappush(self._resting, (now + event.retry_after, link.id, again))
            else:
                self._pages[link.id] = _page(event)

    def _free(self, host: _DownloadHost, event: Visited | Failed, now: float) -> None:
        """Record that a fetch of a host has ended, and what the host asked for."""
        self.in_flight -= 1
        host.in_flight -= 1
        if isinstance(event, Visited):
            if event.host_pause:
                host.pause(now + event.host_pause, now, event.request.url)
            else:
                host.count_answer()
        if len(self._hosts) > HOSTS_KNOWN:
            kept = {key: host for key, host in self._hosts.items() if host.in_flight or host.ready_at > now}
            self._hosts = kept | self._waiting

    def taken(self) -> list[Page]:
        """Return the pages whose turn it is, once."""
        batch = []
        while self._order and self._order[0] in self._pages:
            batch.append(self._pages.pop(self._order.popleft()))
        return batch


def _url(asked: object) -> str:
    """Return the canonical URL of what somebody asks for. Raise UserError if it is none."""
    if not isinstance(asked, str):
        raise UserError(f"{asked!r} is no URL; give texts such as 'https://example.org/'.")
    return urls.seed(asked)


def _not_fetched(request: Request, host: _DownloadHost, now: float) -> Page:
    seconds = math.ceil(host.paused_until - now)
    detail = f"{host.key} asked to be left alone for another {seconds:,} s, by its answer to {host.paused_by}"
    return Page(
        PageRecord.without_answer(
            request.link, OutcomeKind.FAILED, Reason.FAIL_PAUSED, detail, attempts=request.attempt
        )
    )


def _page(event: Visited | Failed) -> Page:
    record = event.outcome.record
    if record.outcome is OutcomeKind.RETRY:  # would be tried again, but not by us
        record = msgspec.structs.replace(record, outcome=OutcomeKind.FAILED)
    return Page(record, event.outcome.response if isinstance(event, Visited) else None)
