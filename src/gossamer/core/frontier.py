"""The frontier: the links seen, the queue of every host, and which host may be fetched from when.

The steps of a link: `offer` (found on a page) > `settle` (a new link gets its id, for the journal) > `enqueue` (the
journal has it) > `due` and `take` (its turn has come) > `finish` (the fetch ended) > `close` (the journal has its
outcome and the links found with it).

A queued link is its id only. Its text is in the journal and is read back by a recall, except for the next
`AT_HAND` links, which stay in memory.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from msgspec import Struct

from gossamer.core.candidates import CandidateLinks
from gossamer.core.host import Host
from gossamer.core.host_line import HostLine
from gossamer.core.host_queue import EMPTY, grouped
from gossamer.core.ip_limits import IpLimits
from gossamer.core.seen import Seen
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Manners
from gossamer.rules.refusals import DEPENDS_ON_PATH, SALTS, refusal_hash, refused_fingerprint
from gossamer.rules.urls import host_key
from gossamer.values.model import DEEPEST, Link, Outlinks, Refusal, Request, SkippedLink
from gossamer.values.protocol import Saved
from gossamer.values.reasons import Reason, Waiting

AT_HAND: Final = 20_000
"""Maximum number of queued links whose text stays in memory."""
RECALLED_AT_ONCE: Final = 1024
"""Maximum number of links per recall."""
HOSTS_RECALLED: Final = 512
"""Maximum number of hosts in one recall, besides the host that is due."""
_RESTORED_AT_ONCE: Final = 8 * 65_536
"""Maximum size (bytes) of packed fingerprints that are added to `Seen` in one call."""


class Settled(Struct, frozen=True):
    """The result of `Frontier.settle`: what is new in a batch of candidate links and refusals."""

    links: tuple[Link, ...]
    """The new links, with consecutive ids."""
    fingerprints: tuple[int, ...]
    """The fingerprints of `links`, in the same order."""
    refused: dict[int, Reason]
    """The refusals not counted before, by refusal hash."""
    skipped: tuple[SkippedLink, ...] = ()
    """The same with their URLs, if the crawl keeps them."""
    readmitted: tuple[Reason, ...] = ()
    """One entry for each earlier refusal of one of `links`, with its reason."""


class Frontier:
    """Every known link, and the order in which they are fetched.

    Invariants: a host is in line if it could start a fetch at its `ready_at`;
    a link is in exactly one of these states: offered, settled, in a host's queue or `again`, in `_later`, taken.
    With `breadth_first`, no link is due while a link of a smaller depth has not ended, so that a depth limit reaches
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
        self._ip_limits = IpLimits(ip_concurrency) if ip_concurrency else None
        self._breadth_first = breadth_first
        self._most_at_hand = at_hand
        self._seen = Seen()
        self._offers = CandidateLinks()
        self._refused: dict[int, Refusal] = {}
        self._refused_on: list[tuple[int, str]] = []  # pages, each with the number of refusals before its own
        self._may_readmit = False
        self._next_id = 0
        self._at_hand: dict[int, Link] = {}
        self._line = HostLine()
        self._later: list[tuple[float, int, Request, Waiting]] = []
        self._tick = 0
        self._open: dict[int, int] = {}  # links that have not ended, by depth; only with `breadth_first`
        self._parked: dict[int, dict[Host, None]] = {}
        self._level: int | None = None  # of a crawl in several shards; None: the smallest depth in `_open`
        self._queued = 0

    @classmethod
    def of(cls, policy: Policy, *, at_hand: int = AT_HAND) -> Frontier:
        """Return an empty frontier of a crawl with these settings."""
        return cls(
            host_concurrency=Manners(policy).host_concurrency,
            ip_concurrency=policy.ip_concurrency,
            breadth_first=policy.max_depth is not None,
            at_hand=at_hand,
        )

    # ------------------------------------------------------------ links come in

    def offer(self, outlinks: Outlinks, *, depth: int, hops: int, via: str) -> None:
        """Propose links within the scope, all found on one page; the shortest path to each within a batch counts."""
        if outlinks.urls:
            self._offers.add(outlinks, min(depth, DEEPEST), hops, via)

    def refuse(self, refusals: Iterable[Refusal], via: str = "") -> list[tuple[int, str]]:
        """Record the refused links of a page, each counted once per reason.

        Return those that are part of a trap, each as its refusal hash and the name of the trap.
        """
        known, trapped = self._refused, list[tuple[int, str]]()
        self._refused_on.append((len(known), via))
        reason, salt = None, 0
        for refusal in refusals:
            if refusal.reason is not reason:  # looked up once for many: a page's refusals mostly share one
                reason = refusal.reason
                salt = SALTS[reason]
                self._may_readmit = self._may_readmit or reason in DEPENDS_ON_PATH
            hashed = (refusal.fingerprint ^ salt) or 1
            if hashed not in known:
                known[hashed] = refusal
            if refusal.trap:
                trapped.append((hashed, refusal.trap))
        return trapped

    def settle(self, admits: Callable[[int, Link], bool] = lambda fingerprint, link: True) -> Settled:
        """Assign ids to the candidate links that are new and that `admits` accepts, and start a new batch."""
        links, kept = list[Link](), list[int]()
        for fingerprint, url, depth, hops, via in self._offers.new_to(self._seen):
            link = Link(self._next_id, url, depth, hops, via)
            if admits(fingerprint, link):
                links.append(link)
                kept.append(fingerprint)
                self._next_id += 1
        readmitted = self._readmitted(kept)
        refused = self._settle_refused()
        settled = Settled(tuple(links), tuple(kept), refused, self._skipped(refused), readmitted)
        self._offers = CandidateLinks()
        self._refused.clear()
        self._refused_on.clear()
        self._opened(link.depth for link in links)
        return settled

    def _readmitted(self, admitted: Sequence[int]) -> tuple[Reason, ...]:
        """Return the reasons of earlier refusals of links that are admitted now, one entry for each refusal."""
        if not self._may_readmit:
            return ()
        return tuple(
            reason
            for reason in DEPENDS_ON_PATH
            for was in self._seen.has([refusal_hash(fingerprint, reason) for fingerprint in admitted])
            if was
        )

    def _settle_refused(self) -> dict[int, Reason]:
        """Return the refusals not counted before, by refusal hash, without links that another path has admitted."""
        new = self._seen.add(list(self._refused))
        refused = {
            hashed: refusal.reason
            for (hashed, refusal), is_new in zip(self._refused.items(), new, strict=True)
            if is_new
        }
        if self._may_readmit:
            links = [refused_fingerprint(hashed, reason) for hashed, reason in refused.items()]
            for hashed, has_page in zip(list(refused), self._seen.has(links), strict=True):
                if has_page and refused[hashed] in DEPENDS_ON_PATH:
                    del refused[hashed]
        return refused

    def _skipped(self, refused: Container[int]) -> tuple[SkippedLink, ...]:
        """Return refused links, by refusal hash, with their URLs, if the crawl keeps them."""
        pages = pairwise((*self._refused_on, (len(self._refused), "")))
        vias = [via for (start, via), (end, _) in pages for _ in range(end - start)]
        several = zip(self._refused.items(), vias, strict=True)
        return tuple(
            [
                SkippedLink(one.url, one.reason, via, one.trap)
                for (hashed, one), via in several
                if one.url and hashed in refused
            ]
        )

    def enqueue(self, links: Sequence[Link]) -> None:
        """Append links, which the journal now has, to the queues of their hosts."""
        touched: dict[str, Host] = {}
        for link in links:
            key = host_key(link.url)
            host = touched.get(key)
            if host is None:
                host = touched[key] = self.host(key)
            host.queue.push(link)
        self._at_hand |= {link.id: link for link in links[: max(0, self._most_at_hand - len(self._at_hand))]}
        self._queued += len(links)
        for host in touched.values():  # in order of discovery, as if each had been listed with its first link
            self._list(host)

    def host(self, key: str) -> Host:
        """Return the host with a key, created where it is not known."""
        host = self.hosts.get(key)
        if host is None:
            most = self._host_concurrency
            host = self.hosts[key] = Host(key, most if isinstance(most, int) else most(key))
            if self._ip_limits is not None:
                host.ip = self._ip_limits.initial(key)
        return host

    def has(self, fingerprints: Sequence[int]) -> list[bool]:
        """Return for each fingerprint whether its link was admitted."""
        return self._seen.has(fingerprints)

    def restore(self, saved: Saved) -> None:
        """Restore what a journal has saved: fingerprints, refusals, and the queues of links that have not ended.

        It works on packed arrays only, so ten million links are restored in seconds.
        """
        hosts = [self.host(name) for name in saved.hosts]
        ended = np.zeros(saved.known, np.bool_)
        ended[np.frombuffer(saved.ended, np.uint64)] = True
        self._may_readmit = any(chunk.refused for chunk in saved.chunks)
        for chunk in saved.chunks:
            for packed in (chunk.fingerprints, chunk.refused):
                for start in range(0, len(packed), _RESTORED_AT_ONCE):
                    self._seen.add(np.frombuffer(packed[start : start + _RESTORED_AT_ONCE], np.uint64))
            count = len(chunk.priorities) // 2
            waiting = np.flatnonzero(~ended[chunk.first_id : chunk.first_id + count])
            priorities = np.frombuffer(chunk.priorities, np.uint16)[waiting]
            owners = np.frombuffer(chunk.hosts, np.uint32)[waiting]
            for owner, priority, ids in grouped(owners, priorities, waiting + chunk.first_id):
                hosts[owner].queue.extend(priority, ids)
                self._queued += len(ids)
                self._opened((priority >> 4,), len(ids))
        self._next_id = saved.known
        for host in hosts:
            self._list(host)

    # ------------------------------------------------------------ links go out

    def due(self, now: float) -> Host | None:
        """Remove and return a host that may start a fetch now; None if there is none.

        The caller must then call `take` and `start`, or `reconsider`.
        """
        while self._later and self._later[0][0] <= now:
            request = heapq.heappop(self._later)[2]
            host = self.hosts[host_key(request.url)]
            host.again.append(request)
            self._list(host)
        while (next_host := self._line.pop(now)) is not None:
            if next_host.due_at <= now and self._may_start(next_host):
                return next_host
            self._list(next_host)
        return None

    def take(self, host: Host) -> Request | tuple[int, ...]:
        """Remove and return the next request of a due host, or return ids to recall where its text is not in memory."""
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
        """Keep the text of recalled links in memory until their turn."""
        for link in links:
            self._at_hand[link.id] = link
        for key in dict.fromkeys(host_key(link.url) for link in links):
            self.hosts[key].recalling = False
            self._list(self.hosts[key])

    def start(self, host: Host) -> None:
        """Record that a fetch from the host starts."""
        host.begin()
        self._list(host)

    def finish(self, host: Host) -> None:
        """Record that a fetch from the host ended."""
        for other in host.end():
            self._list(other)
        self._list(host)

    def record_ip(self, host: Host, peer: str, until: float) -> None:
        """Record the IP address that answered for a host ("" if none did), and let that address rest until then."""
        if self._ip_limits is not None:
            for other in self._ip_limits.record_ip(host, peer, until):
                self._list(other)

    def hurry(self, host: Host, now: float) -> None:
        """End the rest of a closed host, so that its links end at once."""
        host.closed_rest_until, host.ready_at = max(host.closed_rest_until, host.ready_at), now
        if host.listed:
            self._line.remove(host)
        self._list(host)

    def reconsider(self, host: Host) -> None:
        """Put a host back in line after a change, or after `due` returned it and no fetch started."""
        self._list(host)

    def postpone(self, request: Request, until: float, waiting: Waiting) -> None:
        """Schedule a request for a later time; `waiting` is the category of the wait."""
        self._tick += 1
        self._queued += 1
        heapq.heappush(self._later, (until, self._tick, request, waiting))

    def ask(self, request: Request, now: float) -> None:
        """Schedule a request that is no link of the crawl; the caller must `close` its link like any other."""
        self.host(host_key(request.url))
        self._opened((request.link.depth,))
        self.postpone(request, now, Waiting.POLITENESS)

    def send(self, request: Request, host: Host) -> None:
        """Make a request for another host's robots.txt the next one to this host, because that host waits for it."""
        host.ready_at = max(host.ready_at, host.closed_rest_until)
        host.again.insert(0, request)
        self._queued += 1
        self._list(host)

    def close(self, link: Link) -> None:
        """Record that the outcome of a link, and all links found with it, are committed."""
        if not self._breadth_first:
            return
        left = self._open[link.depth] - 1
        if left:
            self._open[link.depth] = left
            return
        del self._open[link.depth]
        if self._level is None:
            self._unpark(min(self._open, default=link.depth))

    def open_level(self, depth: int) -> None:
        """Let links down to this depth start, because no shard of the crawl has a smaller depth open."""
        self._level = depth
        self._unpark(depth)

    def _unpark(self, level: int) -> None:
        """Put the hosts in line that waited for a level."""
        for depth in [depth for depth in self._parked if depth <= level]:
            for host in self._parked.pop(depth):
                self._list(host)

    # ------------------------------------------------------------ figures

    @property
    def level(self) -> int:
        """Return the depth down to which links may start; only with `breadth_first` there is one."""
        return min(self._open) if self._level is None else self._level

    @property
    def lowest_open(self) -> int | None:
        """Return the smallest depth of a link that has not ended; None if there is none or without `breadth_first`."""
        return min(self._open, default=None)

    def lowest_open_without(self, links: Iterable[Link]) -> int | None:
        """Return `lowest_open` as it is when these links are closed."""
        closed = Counter([link.depth for link in links]) if self._open else {}
        return min((depth for depth, count in self._open.items() if count > closed.get(depth, 0)), default=None)

    @property
    def known(self) -> int:
        """Return the number of links admitted so far."""
        return self._next_id

    @property
    def queued(self) -> int:
        """Return the number of links and other requests that wait for their turn."""
        return self._queued

    @property
    def offers(self) -> int:
        """Return the number of candidate links (with repetitions) and refusals since the last `settle`."""
        return len(self._offers) + len(self._refused)

    @property
    def offered(self) -> frozenset[int]:
        """Return the fingerprints offered since the last `settle`."""
        return frozenset(self._offers.fingerprints)

    @property
    def nbytes(self) -> int:
        """Return the memory of the fingerprint tables, in bytes."""
        return self._seen.nbytes

    def next_moment(self) -> tuple[float, Waiting] | None:
        """Return when something will be due next, and its category of wait; None if only an event can change that."""
        moments = []
        if (first := self._line.first()) is not None:
            moment, host = first  # if its rest began while in line, it moves back only when its old time has come
            moments.append((moment, host.resting))
        if self._later:
            moments.append((self._later[0][0], self._later[0][3]))
        return min(moments) if moments else None

    def has_due(self, now: float) -> bool:
        """Whether the next host in line could start a fetch now, if a slot were free."""
        first = self._line.first()
        return first is not None and first[1].due_at <= now

    def paused_hosts(self) -> list[Host]:
        """Return the hosts with links if all of them are in line and asked to be left alone; else none."""
        hosts = {host.key: host for host in self._line}
        for until, _, request, _ in self._later:
            host = self.hosts[host_key(request.url)]
            if until > host.due_at:
                return []
            hosts[host.key] = host
        return list(hosts.values()) if all(host.is_paused for host in hosts.values()) else []

    # ------------------------------------------------------------ inside

    def _opened(self, depths: Iterable[int], each: int = 1) -> None:
        """Count links that have not ended, `each` of them per depth; only `breadth_first` needs the counts."""
        if self._breadth_first:
            for depth in depths:
                self._open[depth] = self._open.get(depth, 0) + each

    def _to_recall(self, host: Host) -> tuple[int, ...]:
        """Return ids to recall, in order of discovery, for a due host and for hosts that will soon be due.

        Links found together are stored together in the journal, so many hosts cost hardly more than one.
        """
        near = [other for other in self._line.near(HOSTS_RECALLED) if other.queue]
        share = max(1, RECALLED_AT_ONCE // (1 + len(near)))
        asking = [each for each in (host, *near) if each.queue.peek() not in self._at_hand]
        for each in asking:
            each.recalling = True
        return tuple(sorted(id for each in asking for id in each.queue.next(share) if id not in self._at_hand))

    def _may_start(self, host: Host) -> bool:
        """Whether the host could start a fetch. A host that only its IP limit holds up is put in line there."""
        if host.in_flight >= host.most or host.recalling:
            return False
        if host.access.awaited:
            if not host.serves_robots_first:
                return False
        elif not host.again and (
            host.queue.priority == EMPTY or (self._breadth_first and host.queue.depth > self.level)
        ):
            return False
        return host.ip is None or not host.waits_for_ip()

    def _list(self, host: Host) -> None:
        """Put the host in line if it could start a fetch. Only this method adds to `_line` and `_parked`."""
        if host.listed:
            return
        if self._may_start(host):
            self._line.add(host)
        elif self._breadth_first and host.queue and not host.again and host.queue.depth > self.level:
            self._parked.setdefault(host.queue.depth, {})[host] = None
