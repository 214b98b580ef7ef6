"""The frontier: what has been seen, the queue of every host, and who may be visited when.

How a link travels: `offer` (found on a page) > `settle` (new links get their ids, for the journal) > `enqueue` (once
the journal has them) > `due` and `take` (its turn has come) > `finish` (the fetch ended) > `close` (its outcome, and
all it led to, is in the journal).

A queued link is a number: its text waits in the journal and comes back by `recall`, except for the nearest few
thousand, which are kept at hand.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from gossamer.core.candidates import CandidateLinks
from gossamer.core.host import Host
from gossamer.core.host_queue import grouped
from gossamer.core.ip_limits import IpLimits
from gossamer.core.seen import Seen
from gossamer.rules.urls import host_key
from gossamer.values.model import DEEPEST, Link, Outlinks, Refusal, Request
from gossamer.values.protocol import Saved
from gossamer.values.reasons import Reason, Waiting

AT_HAND: Final = 20_000
"""How many links keep their text in memory while they wait."""
RECALLED_AT_ONCE: Final = 1024
HOSTS_RECALLED: Final = 512
"""How many links are recalled in one go, and for how many hosts besides the one whose turn it is."""
_RESTORED_AT_ONCE: Final = 8 * 65_536
_SALT: Final = 0x9E3779B97F4A7C15
_64_BITS: Final = (1 << 64) - 1
DEPENDS_ON_PATH: Final = (Reason.SKIP_DEPTH, Reason.SKIP_NOFOLLOW, Reason.SKIP_LIMIT)
"""Reasons that lie in how a link was found: the same URL may be admitted where it is found in another way."""
_REFUSAL_SALTS: Final = {reason: (index + 1) * _SALT & _64_BITS for index, reason in enumerate(Reason)}


class Settled(Struct, frozen=True):
    """What a batch of offers came to: new links with their fingerprints, and refusals not counted before, by mark.

    `readmitted` are the reasons for which some of these links had been refused where they were found earlier.
    """

    links: tuple[Link, ...]
    fingerprints: tuple[int, ...]
    refused: dict[int, Reason]
    readmitted: tuple[Reason, ...] = ()


class Frontier:
    """Hold every known link and say which one is next.

    Invariants: a host is in `_ready` at most once, and is there if it could start a fetch at its `ready_at`;
    a link is in exactly one of: offered, settled, a host's queue or `again`, `_later`, taken.
    With `breadth_first`, no link is due while one of a smaller depth has not ended, so that a depth limit reaches
    the same pages on every engine.
    """

    def __init__(
        self,
        *,
        host_concurrency: int | Callable[[str], int] = 1,
        ip_concurrency: int | None = None,
        breadth_first: bool = False,
        at_hand: int = AT_HAND,
    ) -> None:
        self.hosts: dict[str, Host] = {}
        self._host_concurrency = host_concurrency
        self._addresses = IpLimits(ip_concurrency) if ip_concurrency else None
        self._breadth_first = breadth_first
        self._most_at_hand = at_hand
        self._seen = Seen()
        self._offers = CandidateLinks()
        self._refused: dict[int, Reason] = {}
        self._regrets = False
        self._next_id = 0
        self._at_hand: dict[int, Link] = {}
        self._ready: list[tuple[float, int, Host]] = []
        self._later: list[tuple[float, int, Request, Waiting]] = []
        self._tick = 0
        self._open: dict[int, int] = {}  # how many links of a depth have not ended: only kept with `breadth_first`
        self._parked: dict[int, dict[Host, None]] = {}
        self._queued = 0

    # ------------------------------------------------------------ links come in

    def offer(self, outlinks: Outlinks, *, depth: int, hops: int, via: str) -> None:
        """Propose links that scope accepted, all found on one page; the shortest way to each within a batch counts."""
        if outlinks.urls:
            self._offers.add(outlinks, depth, hops, via)

    def refuse(self, refusal: Refusal) -> int:
        """Note a link that was not accepted, to be counted once for each reason; give its mark."""
        mark = (refusal.fingerprint ^ _REFUSAL_SALTS[refusal.reason]) or 1
        self._refused[mark] = refusal.reason
        self._regrets = self._regrets or refusal.reason in DEPENDS_ON_PATH
        return mark

    def settle(self, admits: Callable[[int, Link], bool] = lambda fingerprint, link: True) -> Settled:
        """Drop what was seen before and what `admits` turns down, give ids to the rest, and forget the offers."""
        links, kept = list[Link](), list[int]()
        for fingerprint, url, depth, hops, via in self._offers.new_to(self._seen):
            link = Link(self._next_id, url, min(depth, DEEPEST), hops, via)
            if admits(fingerprint, link):
                links.append(link)
                kept.append(fingerprint)
                self._next_id += 1
        readmitted = self._readmitted(kept)
        settled = Settled(tuple(links), tuple(kept), self._settle_refused(), readmitted)
        self._offers = CandidateLinks()
        self._refused.clear()
        self._opened(link.depth for link in links)
        return settled

    def _readmitted(self, admitted: Sequence[int]) -> tuple[Reason, ...]:
        """Tell for which reasons links that are admitted now were refused before: they have a page after all."""
        if not self._regrets:
            return ()
        return tuple(
            reason
            for reason in DEPENDS_ON_PATH
            for was in self._seen.has([(mark ^ _REFUSAL_SALTS[reason]) or 1 for mark in admitted])
            if was
        )

    def _settle_refused(self) -> dict[int, Reason]:
        """Give the refusals not counted before, by mark, of links that have no page by another way."""
        new = self._seen.add(list(self._refused))
        refused = {mark: reason for (mark, reason), is_new in zip(self._refused.items(), new, strict=True) if is_new}
        if self._regrets:
            links = [mark ^ _REFUSAL_SALTS[reason] for mark, reason in refused.items()]
            for mark, has_page in zip(list(refused), self._seen.has(links), strict=True):
                if has_page and refused[mark] in DEPENDS_ON_PATH:
                    del refused[mark]
        return refused

    def enqueue(self, links: Sequence[Link]) -> None:
        """Let links wait for their turn, now that the journal has them."""
        room = self._most_at_hand - len(self._at_hand)
        touched: dict[str, Host] = {}
        for number, link in enumerate(links):
            key = host_key(link.url)
            host = touched.get(key)
            if host is None:
                host = touched[key] = self.host(key)
            host.queue.push(link)
            if number < room:
                self._at_hand[link.id] = link
        self._queued += len(links)
        for host in touched.values():  # in order of discovery, as if each had been listed with its first link
            self._list(host)

    def host(self, key: str) -> Host:
        """Give the host of that key, making it known if it is not."""
        host = self.hosts.get(key)
        if host is None:
            most = self._host_concurrency
            host = self.hosts[key] = Host(key, most if isinstance(most, int) else most(key))
            if self._addresses is not None:
                host.ip = self._addresses.first(key)
        return host

    def has(self, fingerprints: Sequence[int]) -> list[bool]:
        """Tell of each link whether it was admitted."""
        return self._seen.has(fingerprints)

    def restore(self, saved: Saved) -> None:
        """Know again all that a journal remembers, and let wait what has not ended.

        Works on packed arrays throughout: ten million links come back in seconds.
        """
        hosts = [self.host(name) for name in saved.hosts]
        ended = np.zeros(saved.known, np.bool_)
        ended[np.frombuffer(saved.ended, np.uint64)] = True
        self._regrets = any(chunk.refused for chunk in saved.chunks)
        for chunk in saved.chunks:
            for packed in (chunk.fingerprints, chunk.refused):
                for start in range(0, len(packed), _RESTORED_AT_ONCE):
                    self._seen.add(np.frombuffer(packed[start : start + _RESTORED_AT_ONCE], np.uint64))
            count = len(chunk.places) // 2
            waiting = np.flatnonzero(~ended[chunk.first_id : chunk.first_id + count])
            places = np.frombuffer(chunk.places, np.uint16)[waiting]
            owners = np.frombuffer(chunk.hosts, np.uint32)[waiting]
            for owner, place, ids in grouped(owners, places, waiting + chunk.first_id):
                hosts[owner].queue.extend(place, ids)
                self._queued += len(ids)
                self._opened((place >> 4,), len(ids))
        self._next_id = saved.known
        for host in hosts:
            self._list(host)

    # ------------------------------------------------------------ links go out

    def due(self, now: float) -> Host | None:
        """Give a host that may start a fetch now; None if there is none. It must then be `take`n from or `skip`ped."""
        while self._later and self._later[0][0] <= now:
            request = heapq.heappop(self._later)[2]
            host = self.hosts[host_key(request.url)]
            host.again.append(request)
            self._list(host)
        while self._ready and self._ready[0][0] <= now:
            _, _, host = heapq.heappop(self._ready)
            host.listed = False
            if host.due_at <= now and self._may_start(host):
                return host
            self._list(host)
        return None

    def take(self, host: Host) -> Request | tuple[int, ...]:
        """Take the next request of a due host; or the ids to recall where its text is not at hand."""
        if host.again:
            self._queued -= 1
            return host.again.pop(0)
        link = self._at_hand.pop(host.queue.peek(), None)
        if link is None:
            return self._to_recall(host)
        host.queue.pop()
        self._queued -= 1
        return Request(link)

    def recalled(self, links: Sequence[Link]) -> None:
        """Put recalled links at hand."""
        for link in links:
            self._at_hand[link.id] = link
        for key in dict.fromkeys(host_key(link.url) for link in links):
            self.hosts[key].recalling = False
            self._list(self.hosts[key])

    def start(self, host: Host) -> None:
        """Note that a fetch on the host begins."""
        host.begin()
        self._list(host)

    def finish(self, host: Host) -> None:
        """Note that a fetch on the host ended."""
        for other in host.end():
            self._list(other)
        self._list(host)

    def place(self, host: Host, peer: str, until: float) -> None:
        """Note from which address an answer of the host came ("" if none came), and spare that until then."""
        if self._addresses is not None:
            for other in self._addresses.landed(host, peer, until):
                self._list(other)

    def hurry(self, host: Host, now: float) -> None:
        """End the rest of a host that will not be fetched from again."""
        host.closed_rest_until, host.ready_at = max(host.closed_rest_until, host.ready_at), now
        if host.listed:
            self._ready = [entry for entry in self._ready if entry[2] is not host]
            heapq.heapify(self._ready)
            host.listed = False
        self._list(host)

    def reconsider(self, host: Host) -> None:
        """Note that a due host was passed over without a fetch."""
        self._list(host)

    def postpone(self, request: Request, until: float, waiting: Waiting) -> None:
        """Let a request wait until then before it is tried again; `waiting` says for what."""
        self._tick += 1
        self._queued += 1
        heapq.heappush(self._later, (until, self._tick, request, waiting))

    def ask(self, request: Request, now: float) -> None:
        """Let a request that is no link of the crawl wait for its host's turn; it must be `close`d like one."""
        self.host(host_key(request.url))
        self._opened((request.link.depth,))
        self.postpone(request, now, Waiting.POLITENESS)

    def send(self, request: Request, host: Host) -> None:
        """Let a request for the robots.txt of another host be the next to this one: others may wait for it."""
        host.ready_at = max(host.ready_at, host.closed_rest_until)
        host.again.insert(0, request)
        self._queued += 1
        self._list(host)

    def close(self, link: Link) -> None:
        """Note that the outcome of a link, and all it led to, is settled."""
        if not self._breadth_first:
            return
        left = self._open[link.depth] - 1
        if left:
            self._open[link.depth] = left
            return
        del self._open[link.depth]
        level = min(self._open, default=link.depth)
        for depth in [depth for depth in self._parked if depth <= level]:
            for host in self._parked.pop(depth):
                self._list(host)

    # ------------------------------------------------------------ what it looks like

    @property
    def known(self) -> int:
        """Count the links admitted so far."""
        return self._next_id

    @property
    def queued(self) -> int:
        """Count the links that wait for their turn."""
        return self._queued

    @property
    def offers(self) -> int:
        """Count what was offered and refused since the last `settle`, each as often as it was."""
        return len(self._offers) + len(self._refused)

    @property
    def offered(self) -> frozenset[int]:
        """List the fingerprints offered since the last `settle`."""
        return frozenset(self._offers.fingerprints)

    @property
    def nbytes(self) -> int:
        """Tell the memory of the fingerprint tables, in bytes."""
        return self._seen.nbytes

    def next_moment(self) -> tuple[float, Waiting] | None:
        """Tell when something will be due next, and what it waits for; None when only an event can help."""
        moments = []
        if self._ready:  # a host that was told to rest while in line is only put back when its old moment has come
            moments.append((self._ready[0][0], self._ready[0][2].resting))
        if self._later:
            moments.append((self._later[0][0], self._later[0][3]))
        return min(moments) if moments else None

    # ------------------------------------------------------------ inside

    def _opened(self, depths: Iterable[int], each: int = 1) -> None:
        """Note links that have not ended, so many of each depth; only a crawl that is `breadth_first` asks for it."""
        if self._breadth_first:
            for depth in depths:
                self._open[depth] = self._open.get(depth, 0) + each

    def _to_recall(self, host: Host) -> tuple[int, ...]:
        """Choose what to recall for a due host and for those whose turn is near, in order of discovery.

        Links found together lie together in the journal: many hosts cost hardly more than one.
        """
        near = [other for _, _, other in self._ready[:HOSTS_RECALLED] if other.queue]
        share = max(1, RECALLED_AT_ONCE // (1 + len(near)))
        asking = [each for each in (host, *near) if each.queue.peek() not in self._at_hand]
        for each in asking:
            each.recalling = True
        return tuple(sorted(id for each in asking for id in each.queue.next(share) if id not in self._at_hand))

    def _may_start(self, host: Host) -> bool:
        """Tell whether the host could start a fetch; one that only lacks a place at its address waits there for it."""
        if host.in_flight >= host.most or host.recalling:
            return False
        if host.access.awaited:
            if not host.serves_robots_first:
                return False
        elif not host.again and (not host.queue or (self._breadth_first and host.queue.depth > min(self._open))):
            return False
        return not host.waits_for_ip()

    def _list(self, host: Host) -> None:
        """Put the host in line if it could start a fetch; the one door to `_ready` and `_parked`."""
        if host.listed:
            return
        if self._may_start(host):
            self._tick += 1
            heapq.heappush(self._ready, (host.due_at, self._tick, host))
            host.listed = True
        elif self._breadth_first and host.queue and not host.again and host.queue.depth > min(self._open):
            self._parked.setdefault(host.queue.depth, {})[host] = None
