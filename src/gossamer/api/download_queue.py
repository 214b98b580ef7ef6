"""The queue of a bulk download: URLs read ahead of the fetches, and pages returned in the order asked."""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from gossamer.api.download_input import END
from gossamer.engines.driver import FetchEvent
from gossamer.rules import urls
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Manners
from gossamer.values.errors import UserError
from gossamer.values.model import Link, OutcomeKind, PageRecord, Request
from gossamer.values.protocol import Failed, Visited
from gossamer.values.reasons import Reason
from gossamer.visit.page import Page

AHEAD: Final = 4
"""Limit of pages asked for and not yet taken, as a multiple of `concurrency`: so many may wait behind a slow one."""
PATIENCE: Final = 60.0
"""Longest back-off of a retry (seconds): where a server asks for more, its first answer stays."""
_OTHER_SCHEME: Final = re.compile(r"\s*(?!https?:)[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)  # no host and port


class DownloadQueue:
    """The downloads asked for and not yet taken, in order. Decides what to start, never too many of one host."""

    def __init__(self, policy: Policy, *, follow: bool) -> None:
        self._most = policy.concurrency or 1
        self._most_of_host = Manners(policy).host_concurrency
        self._follow = follow
        self._exhausted = False
        self._trouble: Exception | None = None
        self._count = 0
        self._order: deque[int] = deque()
        self._pages: dict[int, Page] = {}
        self._hosts: dict[str, deque[Request]] = {}  # what may start, by host
        self._resting: list[tuple[float, int, Request]] = []  # what is tried again later: a heap
        self._busy: Counter[str] = Counter()
        self.in_flight = 0

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
        """The moment when the next retry is due; infinity when there is none."""
        return self._resting[0][0] if self._resting else math.inf

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
            self._queue(Request(Link(self._count, _url(asked))))
        except UserError as error:
            text = str(asked)
            reason = Reason.SKIP_SCHEME if _OTHER_SCHEME.match(text) else Reason.SKIP_INVALID
            record = PageRecord(text, OutcomeKind.FAILED, reason=reason, detail=str(error), attempts=0)
            self._pages[self._count] = Page(record)

    def raise_trouble(self) -> None:
        """Raise what taking the next URL raised, if it did."""
        if self._trouble is not None:
            raise self._trouble

    def start_due(self, now: float, start: Callable[[Request], None]) -> None:
        """Start the requests that may start now."""
        while self._resting and self._resting[0][0] <= now:
            self._queue(heapq.heappop(self._resting)[2])
        while self.in_flight < self._most and (host := self._free_host()) is not None:
            request = self._hosts[host].popleft()
            if not self._hosts[host]:
                del self._hosts[host]
            self._busy[host] += 1
            self.in_flight += 1
            start(request)

    def _free_host(self) -> str | None:
        return next((host for host in self._hosts if self._busy[host] < self._most_of_host(host)), None)

    def _queue(self, request: Request) -> None:
        self._hosts.setdefault(urls.host_key(request.url), deque()).append(request)

    def land(self, events: Iterable[FetchEvent], now: float) -> None:
        """Record what came of fetches: a page, another hop, or another try later."""
        for event in events:
            assert isinstance(event, Visited | Failed), "a download asks for no robots.txt"
            request = event.request
            self._free(urls.host_key(request.url))
            if (
                isinstance(event, Visited)
                and event.outcome.kind is OutcomeKind.REDIRECTED
                and event.outlinks
                and self._follow
            ):
                link = request.link
                asked = link.via or link.url
                self._queue(Request(Link(link.id, event.outlinks.urls[0], hops=link.hops + 1, via=asked)))
            elif event.outcome.kind is OutcomeKind.RETRY and event.retry_after <= PATIENCE:
                again = Request(request.link, request.purpose, request.attempt + 1)
                heapq.heappush(self._resting, (now + event.retry_after, request.link.id, again))
            else:
                self._pages[request.link.id] = _page(event)

    def _free(self, host: str) -> None:
        self.in_flight -= 1
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]

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


def _page(event: Visited | Failed) -> Page:
    record = event.outcome.record
    if record.outcome is OutcomeKind.RETRY:  # would be tried again, but not by us
        record = msgspec.structs.replace(record, outcome=OutcomeKind.FAILED)
    return Page(record, event.outcome.response if isinstance(event, Visited) else None)
