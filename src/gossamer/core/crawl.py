"""The crawl: a state machine that decides what to do next and performs no I/O.

    state of a link      offered > settled > queued > in flight > ended > committed
    state of the crawl   running > stopping (nothing new starts, fetches in flight end) > stopped

A redirect is a link that its page leads to: it passes scope, robots.txt and politeness like any other.

The driver alternates `poll` and `handle`; `values/protocol.py` defines the commands and events that they exchange.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from itertools import count
from typing import Final, assert_never

from msgspec.structs import replace

from gossamer.core import trap_budgets
from gossamer.core.commit_buffer import CommitBuffer
from gossamer.core.exchange import Exchange
from gossamer.core.frontier import Frontier
from gossamer.core.host import Host
from gossamer.core.host_access import HostAccess
from gossamer.core.host_view import view
from gossamer.core.in_flight import InFlight
from gossamer.core.limits import Limits, ShardLimits
from gossamer.core.rests import RestLog
from gossamer.core.sitemaps import Sitemaps
from gossamer.core.stats import Stats
from gossamer.core.time_accounting import SlotTimes
from gossamer.rules import url_identity
from gossamer.rules.policy import Policy
from gossamer.rules.territory import Territory
from gossamer.rules.url_identity import simplified
from gossamer.rules.urls import fingerprint, host_key
from gossamer.values.cluster import Mail
from gossamer.values.event_log import HostView
from gossamer.values.model import (
    NO_OUTLINKS,
    Link,
    OutcomeKind,
    Outlink,
    Outlinks,
    PageRecord,
    Purpose,
    Refusal,
    Request,
    Response,
)
from gossamer.values.protocol import (
    Arrived,
    Batch,
    BytesGranted,
    Command,
    Commit,
    Committed,
    Ended,
    Event,
    Failed,
    Fetch,
    FromShards,
    HostNotes,
    LevelOpened,
    Lost,
    Outcome,
    PagesGranted,
    Recall,
    Recalled,
    RobotsRead,
    Saved,
    Stop,
    Visited,
    Wait,
)
from gossamer.values.reasons import IN_HANDLERS, FinishReason, Reason, StartProblem, Waiting
from gossamer.values.snapshot import EXAMPLES, PausedHost, Pauses, SavedStats, Snapshot

_IN_VAIN: Final = (OutcomeKind.FAILED, OutcomeKind.SKIPPED)
SHARD_COMMIT_AGE: Final = 0.25
"""Age (seconds) of the oldest result of a shard from which on a commit is due: each is a message to the database."""
AT_ONCE: Final = 16
"""Maximum number of fetches in one command: each should begin at the moment for which it was scheduled."""

# Used for every page: in Python 3.11 looking up an enumeration's member takes four times as long as a module's name.
_PAGE, _PROBE, _ROBOTS, _SITEMAP = Purpose.PAGE, Purpose.PROBE, Purpose.ROBOTS, Purpose.SITEMAP
_DONE, _REDIRECTED, _RETRY = OutcomeKind.DONE, OutcomeKind.REDIRECTED, OutcomeKind.RETRY
_CPU = Waiting.CPU


class _Then(Enum):
    """What follows the fetches that are due, unless it is a recall."""

    NOTHING = "nothing else is due"
    FULL = "the command holds as many fetches as it may"
    LINK_ENDED = "a link ended without a fetch: look again"
    COMMIT = "a commit is due"


_NOTHING, _LINK_ENDED = _Then.NOTHING, _Then.LINK_ENDED


class Crawl:
    """Decides what to do next and performs no I/O.

    It reads no clock, opens no socket, takes no lock and draws no random number, so a recorded run replays exactly.
    Invariants: at most `host_concurrency` fetches are in flight per host; none starts before the host's `ready_at`;
    robots.txt is read before pages; every admitted link ends in exactly one outcome.
    After every `handle` or `stop`, call `poll` until it returns `Wait` or `Stop`.

    With a `territory` it is one shard of a crawl: it fetches from its own hosts only and sends all other links to their
    shards. It ends only when told to (`stop`), because mail may always come. `max_pages` and `max_bytes` are what it
    was granted, and `max_time` is not its business.
    """

    def __init__(self, policy: Policy, frontier: Frontier, *, key: int = 0, territory: Territory | None = None) -> None:
        self._policy = policy
        self._key = key
        self._frontier = frontier
        numbers = count(-1, -1)  # ids of requests that are no links of the crawl
        self._exchange = None if territory is None else Exchange(territory, frontier)
        self._access = HostAccess(policy, numbers, key=key)
        self._sitemaps = Sitemaps(policy, numbers, self._exchange)
        self._traps = trap_budgets.TrapCounter(policy)
        self._slots = policy.concurrency or 1
        self._stats = Stats()
        self._counts = self._stats.outcomes
        self._time = SlotTimes(self._slots)
        self._rests = RestLog(self._access)
        self._in_flight = InFlight(self._slots, frontier, self._access, self._counts, self._time, self._rests)
        self._offer = frontier.offer if self._exchange is None else self._exchange.offer
        limits = Limits if territory is None else ShardLimits
        self._limits = limits(policy, self._counts, self._in_flight, self._time)
        self._buffer = CommitBuffer() if territory is None else CommitBuffer(SHARD_COMMIT_AGE)
        self._recall: Recall | None = None  # due after the fetches of the command before it
        self._adopted: tuple[str, ...] = ()
        self._attempts: dict[int, int] = {}  # in vain so far, or under way, at links that are tried again
        self._recalls = 0  # under way
        self._lowest_open: int | None = None  # as of the last commit
        self._stopped = False
        self.at_rest = False
        """Whether nothing is under way or will be due, and all is committed: only an event or `stop` can change that.

        True after a `poll` only."""
        for seed in policy.seeds:
            url = simplified(seed, policy)
            if territory is not None and not territory.owns(url):
                continue
            frontier.offer(Outlinks.of([Outlink(self._fingerprint(url), url)]), depth=0, hops=0, via="")
        if territory is not None:
            frontier.open_level(0)
            if frontier.offers:
                self._buffer.hurry(-math.inf)

    def _fingerprint(self, url: str) -> int:
        """Return the fingerprint that identifies a link."""
        return fingerprint(url_identity.identity(url, self._policy), self._key)

    def restore(self, saved: Saved, *, passed: float = 0.0, now: float = 0.0) -> None:
        """Continue where an earlier run ended; the caller has restored the frontier.

        The last commit was `passed` seconds ago. Every host rests as long as usual before it is asked for anything:
        from then on if the earlier run ended in order, else from now on.
        """
        if saved.stats is None:
            return
        stats, frontier = saved.stats, self._frontier
        self._stats.restore(stats, saved.contents, saved.simhashes)
        self._limits.restore(stats.requests)
        self._time.restore(stats.elapsed, stats.seconds)
        self._adopted = stats.adopted
        self._attempts = dict(stats.attempts)
        if self._exchange is not None:
            self._exchange.restore(saved.positions)
        self._ask(self._sitemaps.restore(saved.notes), 0.0)
        orphans = None if stats.orphans is None else {self._fingerprint(url): url for url in stats.orphans}
        self._sitemaps.orphans.restore(orphans)
        for key in (*stats.resting, *stats.paused, *saved.notes.crawl_delays):
            frontier.host(key)
        self._rests.restore(saved, frontier.hosts.values(), self._policy, now=now, passed=passed)

    # ------------------------------------------------------------ commands

    def poll(self, now: float) -> Command:
        """Return the command that is due now: up to `AT_ONCE` fetches, or a recall after the fetches before it."""
        self._time.advance(now)
        self._limits.check(now)
        self.at_rest = False
        if self._limits.needs_grant and self._frontier.queued and not self._buffer.is_under_way:
            self._buffer.hurry(-math.inf, pause=True)
        if self._recall is not None:
            recall, self._recall = self._recall, None
            self._time.idle = _CPU
            self._recalls += 1
            return recall
        fetches, then = self._due(now)
        self._time.waits(_CPU, self._frontier.queued)
        if fetches:
            self._recall = then if isinstance(then, Recall) else None
            return Fetch(tuple(fetches))
        if isinstance(then, Recall):
            self._recalls += 1
            return then
        if then is _Then.COMMIT or (then is _NOTHING and not self._in_flight.requests and self._commits_early()):
            return self._commit(now)
        return self._rest_or_stop(now)

    def _due(self, now: float) -> tuple[list[Request], Recall | _Then]:
        """Start the fetches that are due, while slots are free and no commit is due; return them and what follows."""
        fetches: list[Request] = []
        while not self._buffer.is_due(now, self._frontier.offers):
            found = self._next(now)
            while isinstance(found, Request):
                fetches.append(found)
                if len(fetches) >= AT_ONCE:
                    return fetches, _Then.FULL
                found = self._next(now)
            if found is not _LINK_ENDED:
                return fetches, found
        return fetches, _Then.COMMIT

    def _next(self, now: float) -> Request | Recall | _Then:
        """Start and return the next fetch, or return what is due instead."""
        host = self._frontier.due(now) if self._limits.allow_start() else None
        if host is None:
            return _NOTHING
        needs_robots = self._access.needs_robots(host, now)
        if (needs_robots or self._access.needs_probe(host)) and not host.serves_robots_first:
            if needs_robots:
                return self._ask_robots(host, now)
            return self._in_flight.start(self._access.probe_request(host), host, now)
        taken = self._frontier.take(host)
        if isinstance(taken, tuple):
            return Recall(taken)
        if taken.purpose is _ROBOTS:
            return self._in_flight.start(taken, host, now)
        if taken.purpose is not _PAGE and self._sitemaps.take_reminder(taken):
            self._frontier.reconsider(host)
            self._discover(host, taken.link.depth, now)
            self._frontier.close(taken.link)
            return _LINK_ENDED
        if self._attempts:
            taken = self._counted(taken)
        refused = self._access.refusal(host, taken.link.url)
        if refused is None:
            return self._start(taken, host, now)
        self._refused(taken, host, refused, now)
        return _LINK_ENDED

    def _start(self, taken: Request, host: Host, now: float) -> Request:
        """Start the fetch of a page or a sitemap, and return its request with all that its visit needs to know."""
        url = taken.link.url
        usage, missing = self._access.usage(host, url), host.access.missing
        hashes_text = taken.purpose is _PAGE and self._traps.asks(host.key, url)
        if self._adopted or usage or missing or hashes_text:
            taken = Request(
                taken.link, taken.purpose, taken.attempt, self._adopted, usage,
                missing=missing or b"", hashes_text=hashes_text,
            )  # fmt: skip
        if taken.attempt and taken.purpose is _PAGE:
            self._count_attempt(taken, now)
        return self._in_flight.start(taken, host, now)

    def _counted(self, taken: Request) -> Request:
        """Return a request with the attempts that earlier runs made at its link."""
        before = 0 if taken.attempt else self._attempts.get(taken.link.id, 0)
        return Request(taken.link, taken.purpose, before) if before else taken

    def _refused(self, taken: Request, host: Host, refused: Reason, now: float) -> None:
        """End a link that may not be fetched."""
        self._frontier.reconsider(host)
        if taken.purpose is _SITEMAP:
            self._sitemaps.refused(taken)
            self._save_notes(now)
            self._frontier.close(taken.link)
            return
        kind = OutcomeKind.FAILED if refused.value.startswith("fail") else OutcomeKind.SKIPPED
        detail = self._access.detail(host, taken.link.url)
        record = PageRecord.without_answer(taken.link, kind, refused, detail, attempts=taken.attempt)
        self._end(Ended(taken.link, Outcome.of(record)), now)

    def _ask_robots(self, host: Host, now: float) -> Request | _Then:
        """Request a host's robots.txt; one that moved to another host waits for that host's turn."""
        request = self._access.robots_request(host)
        where = self._frontier.host(host_key(request.url))
        if where is host:
            return self._in_flight.start(request, host, now)
        self._frontier.send(request, where)
        return _LINK_ENDED

    def _commits_early(self) -> bool:
        """Whether a commit is to be made because nothing is in flight and nothing can start."""
        if self._exchange is not None and self._limits.reached is None:
            if self._frontier.lowest_open == self._lowest_open:
                return False  # by age only: a polite shard would commit every page
            self._buffer.hurry(-math.inf, pause=True)
        return self._buffer.may_commit(self._frontier.offers)

    def _rest_or_stop(self, now: float) -> Wait | Stop:
        idle = not self._in_flight.requests and not self._buffer.is_under_way and not self._recalls
        moment, allow_start = self._frontier.next_moment(), self._limits.allow_start
        if self._exchange is not None and self._limits.reached is None:
            waits = moment is None or not allow_start() or self._paused_for_long(now)
            self.at_rest = idle and waits and not self._buffer.may_commit(self._frontier.offers)
        elif idle and (reason := self._end_reason(now)):
            self._limits.stop(reason)
            self._stopped = True
            assert self._limits.reached is not None
            return Stop(self._limits.reached)
        untils = [self._limits.next_check]
        if self._buffer.may_commit(self._frontier.offers):
            untils.append(self._buffer.due_at)
        if moment is not None and allow_start():
            untils.append(moment[0])
        in_flight = self._in_flight
        held = (moment is None and in_flight.pages > 0) or (not in_flight.free and self._frontier.has_due(now))
        idle_for = moment[1] if moment is not None else self._in_flight.why_idle()
        self._time.waits(idle_for, self._frontier.queued, held=held and self._frontier.queued > 0)
        return Wait(min(untils))

    def _end_reason(self, now: float) -> FinishReason | None:
        """Return why the crawl ends now, with nothing under way; None if something will be due."""
        if not self._limits.spent and self._paused_for_long(now):
            self._limits.stop(FinishReason.WAITING)
        allow_start = self._limits.allow_start()
        if allow_start and self._frontier.next_moment() is not None:
            return None
        assert not (allow_start and self._frontier.queued), (
            "links wait, nothing is in flight, and nothing will ever be due"
        )
        return self._limits.natural_end(queued=self._frontier.queued)

    def _paused_for_long(self, now: float) -> bool:
        """Whether every host with links asks to be left alone for longer than the policy waits."""
        moment = self._frontier.next_moment()
        return moment is not None and moment[0] > now + self._policy.max_wait and bool(self._frontier.paused_hosts())

    # ------------------------------------------------------------ commits

    def _commit(self, now: float) -> Commit:
        settled = self._frontier.settle(self._admits)
        self._traps.settle(settled.refused)
        self._stats.settle(settled.refused.values(), settled.readmitted)
        self._sitemaps.orphans.settle(settled.fingerprints)
        batch = Batch(
            self._buffer.ended,
            settled.links,
            settled.fingerprints,
            tuple(settled.refused),
            self.saved_stats(now),
            settled.skipped,
            self._buffer.sitemaps,
            HostNotes(self._rests.settle(), *self._sitemaps.settle()),
        )
        if self._exchange is not None:
            batch = self._exchange.settle(batch)
            self._lowest_open = batch.lowest_open
        self._buffer.begin(batch)
        # As many slots wait for it as fetched what is saved, or could fetch what is known then.
        self._time.waits(Waiting.DISK, self._frontier.queued + len(settled.links) + len(batch.ended))
        return Commit(batch)

    def _admits(self, fingerprint: int, link: Link) -> bool:
        """Whether a new link is admitted; one that belongs to a trap is refused."""
        if trap := self._traps.refusal(link):
            url = link.url if self._policy.keep_skipped else ""
            self._refuse((Refusal(fingerprint, Reason.SKIP_TRAP, trap, url),), link.via)
        return not trap

    def _refuse(self, refusals: Sequence[Refusal], via: str) -> None:
        for refusal_hash, trap in self._frontier.refuse(refusals, via):
            self._traps.suspect(refusal_hash, trap)

    def final_stats(self, now: float) -> SavedStats:
        """Return the final statistics, when everything that they count is committed."""
        return replace(self.saved_stats(now), requests=self._limits.requests, orphans=self._sitemaps.orphans.urls())

    def saved_stats(self, now: float) -> SavedStats:
        """Return the statistics as of now."""
        return replace(
            self._stats.saved_stats(),
            requests=self._limits.claim,
            elapsed=self._time.elapsed(now),
            seconds={waiting.value: spent for waiting, spent in self._time.seconds().items()},
            adopted=self._adopted,
            resting=self._rests.left(now),
            attempts=dict(self._attempts),
            paused=self._rests.pauses_left(now),
            paused_by=self._rests.pausing_urls(),
        )

    # ------------------------------------------------------------ events

    def handle(self, event: Event, now: float) -> None:
        """Record what happened and update the state."""
        self._time.advance(now)
        self._time.idle = _CPU
        match event:
            case Visited():
                self._visited(event, now)
            case Failed():
                self._failed(event, now)
            case RobotsRead():
                self._robots_read(event, now)
            case Lost(request):
                self._lost(request, now)
            case Recalled():
                self._recalls -= 1
                self._frontier.recalled(event.links)
            case Committed(computed):
                self._time.computed(computed)
                batch = self._buffer.end()
                self._limits.grant(batch.stats.requests)
                self._frontier.enqueue(batch.links)
                for ended in batch.ended:
                    self._frontier.close(ended.link)
            case _:
                self._told(event, now)

    def _visited(self, event: Visited, now: float) -> None:
        request, outcome = event.request, event.outcome
        host = self._in_flight.land(request, event.answered_in, now, event.peer, event.unstarted)
        self._access.answered(host)
        if event.host_pause:
            host.pause(now + event.host_pause, now, request.url)
            self._save_pause(host, now)
        elif host.most < host.limit:
            host.count_answer()
        if request.purpose is _PROBE:
            self._counts.bytes += event.size
            self._probed(host, event.sketch)
            return
        if outcome.kind is _RETRY:
            waiting = Waiting.RETRY_AFTER if event.host_pause else Waiting.RETRY
            self._again(request, now, event.retry_after, waiting)
            return
        self._counts.bytes += event.size
        if event.refusals:
            self._refuse(event.refusals, request.link.url)
        if request.purpose is _SITEMAP:
            self._sitemap_read(event, event.outlinks, event.sitemaps, now)
            return
        if event.text_hash:
            self._traps.compare(event)
        self._offer_links(event)
        if event.adopts:
            self._adopt(event.adopts)
        self._end(Ended(request.link, outcome), now)
        if self._sitemaps.may_discover(host) and _is_first_page(outcome):
            self._discover(host, request.link.depth, now)

    def _discover(self, host: Host, depth: int, now: float) -> None:
        """Request the sitemaps of a host whose first page was at this depth."""
        self._ask(self._sitemaps.discover(host, depth, self._frontier.known), now)
        self._save_notes(now)

    def _save_notes(self, now: float) -> None:
        """Schedule a commit where it has changed which sitemaps are unread."""
        if self._sitemaps.has_changed:
            self._buffer.hurry(now, pause=True)

    def _probed(self, host: Host, sketch: bytes) -> None:
        """Record a host's answer for a page that cannot exist (b"": none); its pages may start then."""
        self._access.probed(host, sketch)
        self._frontier.reconsider(host)
        if sketch:
            self._stats.soft_404s.answers(host.key)

    def _save_pause(self, host: Host, now: float) -> None:
        """Schedule a commit of a host's rest, so that a resumed crawl keeps it."""
        self._rests.note_pause(host, now)
        self._buffer.hurry(now, pause=True)

    def _adopt(self, url: str) -> None:
        """Widen the scope by the URL to which a seed redirected, in every shard."""
        self._adopted += (url,)
        if self._exchange is not None:
            self._exchange.adopt(url)

    def _offer_links(self, page: Visited) -> None:
        link = page.request.link
        redirected = page.outcome.kind is _REDIRECTED
        depth, hops = (link.depth, link.hops + 1) if redirected else (link.depth + 1, 0)
        self._offer(page.outlinks, depth=depth, hops=hops, via=link.url)
        if page.refresh.urls:
            self._offer(page.refresh, depth=depth, hops=link.hops + 1, via=link.url)
        self._sitemaps.orphans.link_from(page)

    def _failed(self, event: Failed, now: float) -> None:
        host = self._in_flight.land(event.request, event.failure.elapsed, now, "", event.unstarted)
        self._access.failed(host, event.request.url, event.failure, now)
        self._rests.note(host, now)
        if host.closed is not None:
            self._frontier.hurry(host, now)
        self._counts.bytes += event.failure.size
        if event.request.purpose is _PROBE:
            self._probed(host, b"")
        elif event.outcome.kind is _RETRY:
            self._again(event.request, now, event.retry_after, Waiting.RETRY)
        elif event.request.purpose is _SITEMAP:
            self._sitemap_read(event, NO_OUTLINKS, (), now)
        else:
            self._end(Ended(event.request.link, event.outcome), now)

    def _sitemap_read(self, event: Visited | Failed, outlinks: Outlinks, sitemaps: Sequence[str], now: float) -> None:
        """Offer the links of a sitemap as if the host's first page had them; request the files that an index names."""
        link = event.request.link
        if outlinks:
            if self._exchange is not None:
                outlinks = self._exchange.own(outlinks, link.depth + 1, 0, link.url, from_sitemap=True)
                self._buffer.hurry(now, pause=True)
            self._offer_named(outlinks, link.depth + 1, link.url)
        if event.outcome.references:
            self._buffer.add_sitemap(event.outcome.references, now)
        self._ask(self._sitemaps.read(event.request, event.outcome.record, sitemaps, self._frontier.known), now)
        if self._frontier.offers:
            self._buffer.hurry(now)
        self._save_notes(now)
        self._frontier.close(link)

    def _offer_named(self, outlinks: Outlinks, depth: int, via: str) -> None:
        """Offer the links that a sitemap names; those that nothing else has offered may be orphans."""
        offered = self._frontier.offered
        self._frontier.offer(outlinks, depth=depth, hops=0, via=via)
        for outlink in outlinks:
            if outlink.fingerprint not in offered:
                self._sitemaps.orphans.name(outlink)

    def _told(self, event: FromShards, now: float) -> None:
        """Record what a shard was told of the others, or was granted."""
        match event:
            case Arrived(mail):
                self._arrived(mail, now)
            case LevelOpened(depth):
                self._frontier.open_level(depth)
            case PagesGranted(pages):
                self._grants.grant_pages(pages)
            case BytesGranted(size):
                self._grants.grant_bytes(size)
            case _:
                assert_never(event)

    def _arrived(self, mail: Sequence[Mail], now: float) -> None:
        """Take in what other shards sent; the next commit makes it permanent, and so records that it was read."""
        assert self._exchange is not None, "only a shard gets mail"
        for parcel in self._exchange.arrived(mail):
            if parcel.adopted and parcel.adopted not in self._adopted:
                self._adopted += (parcel.adopted,)
            if parcel.sitemaps:
                self._ask(self._sitemaps.requested(parcel), now)
            if parcel.from_sitemap:
                self._offer_named(parcel.outlinks, parcel.depth, parcel.via)
            elif parcel.outlinks:
                self._frontier.offer(parcel.outlinks, depth=parcel.depth, hops=parcel.hops, via=parcel.via)
                self._sitemaps.orphans.link(parcel.outlinks.fingerprints)
            self._buffer.hurry(now, pause=True)

    def _ask(self, requests: Sequence[Request], now: float) -> None:
        for request in requests:
            self._frontier.ask(request, now)

    def _again(self, request: Request, now: float, after: float, waiting: Waiting) -> None:
        """Repeat a request after some seconds; the attempt is committed before: a killed crawl counts it too."""
        self._counts.kinds[_RETRY] += 1
        again = Request(request.link, request.purpose, request.attempt + 1)
        self._frontier.postpone(again, now + after, waiting)
        if request.purpose is _PAGE:
            self._count_attempt(request, now)

    def _count_attempt(self, request: Request, now: float) -> None:
        """Count an attempt that was in vain, or one after it that begins; both are committed for runs to come."""
        self._attempts[request.link.id] = request.attempt + 1
        self._buffer.hurry(now, pause=True)

    def _end(self, ended: Ended, now: float) -> None:
        """Record a link's outcome. Only this method adds outcomes to the next batch."""
        self._buffer.add(ended, now)
        self._stats.end(ended)
        if self._attempts:
            self._attempts.pop(ended.link.id, None)
        if ended.outcome.reason in IN_HANDLERS:
            self._limits.handler_errors += 1
        if ended.outcome.kind in _IN_VAIN and self._sitemaps.orphans:  # a link that has no page is no orphan
            self._sitemaps.orphans.link([self._fingerprint(ended.link.url)])

    def _robots_read(self, event: RobotsRead, now: float) -> None:
        answer = event.answer
        if isinstance(answer, Response):
            took, peer = answer.timings.total, answer.peer
        else:
            took, peer = answer.elapsed, ""
        where = self._in_flight.land(event.request, took, now, peer, event.unstarted)
        host = self._access.read(event, now)
        if host.paused_until > now:
            if where is not host:  # "too many requests" holds for any host's robots.txt
                where.pause(host.paused_until, now, event.request.url)
                self._save_pause(where, now)
            self._save_pause(host, now)
        if host.access.next_request is not None:
            where.rest(host.ready_at, host.resting)
            self._save_pause(host, now)
        if host.access.robots_html:
            self._stats.note_robots_html(host.key)
        self._frontier.reconsider(host)
        self._rests.note(host, now)
        if self._rests.learn(host):
            self._buffer.hurry(now, pause=True)
        if host.closed is not None:  # its links end at once: no request to it will follow
            self._frontier.hurry(host, now)

    def _lost(self, request: Request, now: float) -> None:
        """Repeat a lost request after a rest of its host, which is as long as after an answer that took so long."""
        host = self._in_flight.land(request, now - self._in_flight.since(request), now)
        match request.purpose:
            case Purpose.ROBOTS:
                self._frontier.reconsider(self._access.lost_robots(request))
            case Purpose.PROBE if self._access.lost_probe(host, request):
                self._frontier.reconsider(host)
            case Purpose.PROBE:
                self._probed(host, b"")
            case _:
                self._again(request, now, 0.0, Waiting.RETRY)

    # ------------------------------------------------------------ a shard of a crawl

    @property
    def positions(self) -> Mapping[int, int]:
        """Return the number of the last commit of each other shard whose mail came, committed or not."""
        assert self._exchange is not None, "only a shard gets mail"
        return self._exchange.positions

    @property
    def _grants(self) -> ShardLimits:
        assert isinstance(self._limits, ShardLimits), "only a shard is granted anything"
        return self._limits

    @property
    def wants_pages(self) -> bool:
        """Whether more fetches would start if more pages were granted to this shard."""
        return self._grants.lacks_pages and self._frontier.next_moment() is not None

    @property
    def wants_bytes(self) -> bool:
        """Whether more fetches would start if more bytes were granted to this shard."""
        return self._grants.lacks_bytes and self._frontier.next_moment() is not None

    @property
    def pages(self) -> int:
        """Return the number of pages that count for `max_pages`."""
        return self._counts.came

    @property
    def size(self) -> int:
        """Return the bytes that count for `max_bytes`."""
        return self._counts.bytes

    # ------------------------------------------------------------ the end

    def stop(self, reason: FinishReason) -> None:
        """Start nothing new, wait for the fetches in flight, commit, then return `Stop`. The first reason counts."""
        self._limits.stop(reason)

    def abandon(self) -> None:
        """Forget the fetches in flight: their links have not ended and are pending for the next run."""
        self.stop(FinishReason.STOPPED)
        self._in_flight.give_up()

    def _paused(self, now: float) -> Pauses:
        """Return the hosts that asked to be left alone, if nothing else is left to do."""
        moment = self._frontier.next_moment() if not self._in_flight.requests else None
        if moment is None or moment[0] <= now:
            return Pauses()
        left = sorted((host.due_at - now, host.key, host.held_up_by) for host in self._frontier.paused_hosts())
        return Pauses(len(left), tuple(PausedHost(key, seconds, url) for seconds, key, url in left[:EXAMPLES]))

    def snapshot(self, now: float) -> Snapshot:
        """Return the state of the crawl at this moment as one immutable value."""
        self._time.advance(now)
        return replace(
            self._stats.snapshot(whole=self._stopped),
            elapsed=self._time.elapsed(now),
            slots=self._slots,
            known=self._frontier.known,
            queued=self._frontier.queued,
            in_flight=len(self._in_flight.requests),
            hosts=len(self._frontier.hosts),
            seconds=self._time.seconds(),
            finish_reason=self._limits.reached if self._stopped else None,
            paused=self._paused(now),
            sitemaps=self._sitemaps.stats(),
            traps=self._traps.seen(),
        )

    def host_views(self, keys: Iterable[str], now: float) -> list[HostView]:
        """Return the state of each known host among some keys."""
        return [view(self._frontier.hosts[key], now) for key in keys if key in self._frontier.hosts]


def _is_first_page(outcome: Outcome) -> bool:
    """Whether an outcome is that of a page, and not of a start page that only leads to another site."""
    came = outcome.kind is _DONE or outcome.reason in IN_HANDLERS
    return came and (outcome.start is None or outcome.start.problem is not StartProblem.ELSEWHERE)
