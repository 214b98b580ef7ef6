"""The crawl: a state machine that decides what to do next and never does it.

    state of a link      offered > settled > queued > in flight > ended > committed
    state of the crawl   running > stopping (nothing new starts) > landing (in flight comes home) > stopped

The driver alternates `poll` and `handle`; see `protocol.py` for what they exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final, assert_never

from msgspec.structs import replace

from gossamer.core import trap_budgets
from gossamer.core.commit_buffer import CommitBuffer
from gossamer.core.frontier import Frontier
from gossamer.core.host import Host
from gossamer.core.host_access import HostAccess
from gossamer.core.sitemaps import Sitemaps
from gossamer.core.stats import Stats
from gossamer.core.time_accounting import RestLog, SlotTimes
from gossamer.rules import politeness, url_identity
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import simplified
from gossamer.rules.urls import fingerprint, host_key
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
    Batch,
    Command,
    Commit,
    Committed,
    Ended,
    Event,
    Failed,
    Fetch,
    Lost,
    Outcome,
    Recall,
    Recalled,
    RobotsRead,
    Stop,
    Visited,
    Wait,
)
from gossamer.values.reasons import IN_HANDLERS, FinishReason, Reason, Waiting
from gossamer.values.snapshot import SavedStats, Snapshot

_IN_VAIN: Final = (OutcomeKind.FAILED, OutcomeKind.SKIPPED)
AT_ONCE: Final = 16
"""So many fetches are given in one command: they are to begin at the moment for which they were asked."""
PROBES: Final = 2
"""How often a host is asked for a page that cannot exist, where the answer is lost."""
_AGAIN: Final = Recall(())
"""What stands for "ask again": a link ended without a fetch, or enough fetches are given for once."""

# What is asked for with every page: Python 3.11 finds a member of an enumeration four times as slowly as these.
_PAGE, _PROBE, _ROBOTS, _SITEMAP = Purpose.PAGE, Purpose.PROBE, Purpose.ROBOTS, Purpose.SITEMAP
_DONE, _REDIRECTED, _RETRY = OutcomeKind.DONE, OutcomeKind.REDIRECTED, OutcomeKind.RETRY
_CPU = Waiting.CPU


class Crawl:
    """Decides what to do next and never does it.

    Reads no clock, opens no socket, takes no lock, draws no random number: a recorded run replays exactly.
    Invariants: at most `host_concurrency` fetches in flight per host; none before the host's `ready_at`; robots before
    pages; every admitted link ends in exactly one outcome.
    After every `handle` or `stop`, poll until `Wait` or `Stop`.
    """

    def __init__(self, policy: Policy, frontier: Frontier, *, key: int = 0) -> None:
        self._policy = policy
        self._key = key
        self._frontier = frontier
        numbers = count(-1, -1)  # of requests that are no links of the crawl
        self._access = HostAccess(policy, numbers, key=key)
        self._sitemaps = Sitemaps(policy, numbers)
        self._traps = trap_budgets.TrapCounter(policy)
        self._slots = policy.concurrency or 1
        self._stats = Stats()
        self._counts = self._stats.tally
        self._time = SlotTimes(self._slots)
        self._rests = RestLog()
        self._in_flight: dict[int, tuple[Request, Host, float]] = {}
        self._asking: dict[int, Host] = {}  # on whose behalf a robots.txt is fetched
        self._pages_in_flight = 0
        self._handler_errors = 0
        self._buffer = CommitBuffer()
        self._recall: Recall | None = None  # due after the fetches that were given before it
        self._adopted: tuple[str, ...] = ()
        self._finish: FinishReason | None = None
        self._stopped = False
        for seed in policy.seeds:
            url = simplified(seed, policy)
            frontier.offer(Outlinks.of([Outlink(self._mark(url), url)]), depth=0, hops=0, via="")

    def _mark(self, url: str) -> int:
        """Give the fingerprint by which a link is known."""
        return fingerprint(url_identity.identity(url, self._policy), self._key)

    def restore(
        self, stats: SavedStats, *, contents: bytes = b"", simhashes: bytes = b"", passed: float = 0.0, now: float = 0.0
    ) -> None:
        """Go on where an earlier run ended, `passed` seconds ago; the frontier is restored by itself."""
        self._stats.restore(stats, contents, simhashes)
        self._time.restore(stats.elapsed, stats.seconds)
        self._adopted = stats.adopted
        self._ask(self._sitemaps.restore(stats.unread), 0.0)
        orphans = None if stats.orphans is None else {self._mark(url): url for url in stats.orphans}
        self._sitemaps.orphans.restore(orphans)
        for key, left in stats.resting.items():
            host = self._frontier.host(key)
            host.rest(now + left - passed, Waiting.RETRY_AFTER)
            if host.address is not None:  # perhaps that of all strangers, for whom no single host shall be too much
                host.address.rest(now + min(left - passed, politeness.AUTO_MOST))

    # ------------------------------------------------------------ commands

    def poll(self, now: float) -> Command:
        """Say what is due now: some fetches at once, and a recall after those that were due before it."""
        self._time.advance(now)
        self._check_limits(now)
        fetches: list[Request] = []
        found: Recall | None = self._recall or _AGAIN
        self._recall = None
        while found is _AGAIN and len(fetches) < AT_ONCE and not self._buffer.is_due(now, self._frontier.offers):
            found = self._gather(fetches, now)
        self._time.idle = _CPU
        if fetches:
            self._recall = None if found is _AGAIN else found
            return Fetch(tuple(fetches))
        at_rest = found is None and not self._in_flight
        if found is _AGAIN or (at_rest and self._buffer.may_commit(self._frontier.offers)):
            return self._commit(now)
        return found or self._rest_or_stop(now)

    def _gather(self, fetches: list[Request], now: float) -> Recall | None:
        """Append fetches that are due, as long as slots are free; give what comes after them, as `_next` does."""
        while len(fetches) < AT_ONCE:
            found = self._next(now)
            if not isinstance(found, Request):
                return found
            fetches.append(found)
        return _AGAIN

    def _may_start(self) -> bool:
        if self._finish is not None or len(self._in_flight) >= self._slots:
            return False
        most = self._policy.max_pages
        return most is None or self._counts.came + self._pages_in_flight < most

    def _next(self, now: float) -> Request | Recall | None:
        """Give the next fetch or recall; `_AGAIN` when a link ended without one; None when nothing is due."""
        host = self._frontier.due(now) if self._may_start() else None
        if host is None:
            return None
        if not host.errand:
            if self._access.asks(host, now):
                return self._ask_robots(host, now)
            if self._access.probes(host):
                return self._fetch(self._access.probe(host), host, now)
        taken = self._frontier.take(host)
        if isinstance(taken, tuple):
            return Recall(taken)
        if taken.purpose is _ROBOTS:
            return self._fetch(taken, host, now)
        if taken.purpose is not _PAGE and self._sitemaps.reminds(taken):
            self._frontier.reconsider(host)
            self._ask(self._sitemaps.discover(host, taken.link.depth, self._frontier.known), now)
            self._frontier.close(taken.link)
            return _AGAIN
        url = taken.link.url
        refused = self._access.refusal(host, url)
        if refused is None:
            usage = self._access.usage(host, url)
            if self._adopted or usage or host.missing:
                missing = host.missing or b""
                taken = Request(taken.link, taken.purpose, taken.attempt, self._adopted, usage, missing=missing)
            return self._fetch(taken, host, now)
        self._refused(taken, host, refused, now)
        return _AGAIN

    def _refused(self, taken: Request, host: Host, refused: Reason, now: float) -> None:
        """End a link whose host may not be asked for it."""
        self._frontier.reconsider(host)
        if taken.purpose is _SITEMAP:
            self._sitemaps.refused(taken)
            self._frontier.close(taken.link)
            return
        kind = OutcomeKind.FAILED if refused.value.startswith("fail") else OutcomeKind.SKIPPED
        record = _bare_record(taken, kind, refused, host.detail)
        self._end(Ended(taken.link, Outcome.of(record)), now)

    def _ask_robots(self, host: Host, now: float) -> Request | Recall:
        """Ask for robots.txt; where it has moved to another host, that one rests like any other."""
        request = self._access.request(host)
        self._asking[request.link.id] = host
        where = self._frontier.host(host_key(request.url))
        if where is host:
            return self._fetch(request, host, now)
        self._frontier.send(request, where)
        return _AGAIN

    def _fetch(self, request: Request, host: Host, now: float) -> Request:
        self._in_flight[request.link.id] = (request, host, now)
        self._pages_in_flight += request.purpose is _PAGE
        self._counts.fetches += 1
        self._time.begin()
        spaced = politeness.spacing(self._access.policy(host), host.crawl_delay)
        if spaced:
            host.rest(now + spaced, politeness.category(host.crawl_delay, spaced))
        if host.address is not None:
            host.address.rest(now + politeness.spacing(self._access.policy(host), None))
        self._frontier.start(host)
        return request

    def _rest_or_stop(self, now: float) -> Wait | Stop:
        moment = self._frontier.next_moment()
        if not self._in_flight and not self._buffer.is_under_way and (moment is None or not self._may_start()):
            idle = moment is None and self._finish is None and self._may_start()
            assert not (idle and self._frontier.queued), (
                "links wait, nothing is in flight, and nothing will ever be due"
            )
            self._finish = self._finish or self._counts.natural_end(queued=self._frontier.queued)
            self._stopped = True
            return Stop(self._finish)
        untils = [self._buffer.due_at]
        if self._finish is None and self._policy.max_time is not None:
            untils.append(self._time.moment(self._policy.max_time))
        if moment is not None and self._may_start():
            untils.append(moment[0])
        self._time.idle = self._why_idle(moment)
        return Wait(min(untils))

    def _why_idle(self, moment: tuple[float, Waiting] | None) -> Waiting:
        """Say why a slot without a fetch has none."""
        if moment is not None:
            return moment[1]
        if self._asking and any(request.purpose is _ROBOTS for request, _, _ in self._in_flight.values()):
            return Waiting.ROBOTS
        if not self._frontier.queued:
            return Waiting.NO_WORK
        return Waiting.SERVER if self._pages_in_flight else Waiting.POLITENESS  # those before it have to end first

    # ------------------------------------------------------------ commits

    def _commit(self, now: float) -> Commit:
        settled = self._frontier.settle(self._admits)
        self._traps.settle(settled.refused)
        self._stats.settle(settled.refused.values(), settled.readmitted)
        self._sitemaps.orphans.settle(settled.fingerprints)
        batch = Batch(
            self._buffer.ended, settled.links, settled.fingerprints, tuple(settled.refused), self.saved_stats(now)
        )
        self._buffer.begin(batch)
        self._time.idle = Waiting.DISK
        return Commit(batch)

    def _admits(self, fingerprint: int, link: Link) -> bool:
        """Let a new link in, unless there are too many of its kind."""
        if trap := self._traps.refusal(link, self._frontier.known):
            self._refuse(Refusal(fingerprint, Reason.SKIP_TRAP, trap))
        return not trap

    def _refuse(self, refusal: Refusal) -> None:
        mark = self._frontier.refuse(refusal)
        if refusal.trap:
            self._traps.suspect(mark, refusal.trap)

    def final_stats(self, now: float) -> SavedStats:
        """Return the final statistics: all they count is committed."""
        return replace(self.saved_stats(now), orphans=self._sitemaps.orphans.urls())

    def saved_stats(self, now: float) -> SavedStats:
        """Return the statistics as of now."""
        return replace(
            self._stats.saved_stats(),
            elapsed=self._time.elapsed(now),
            seconds={waiting.value: spent for waiting, spent in self._time.seconds.items()},
            adopted=self._adopted,
            unread=self._sitemaps.unread(),
            resting=self._rests.left(now),
        )

    # ------------------------------------------------------------ events

    def handle(self, event: Event, now: float) -> None:
        """Take note of what happened."""
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
                self._frontier.recalled(event.links)
            case Committed():
                batch = self._buffer.end()
                self._frontier.enqueue(batch.links)
                for ended in batch.ended:
                    self._frontier.close(ended.link)
            case _:
                assert_never(event)

    def _visited(self, event: Visited, now: float) -> None:
        host = self._land(event.request, event.answered_in, now, event.peer)
        self._access.answered(host)
        if event.host_pause:
            host.rest(now + event.host_pause, Waiting.RETRY_AFTER)
            self._frontier.place(host, event.peer, now + event.host_pause)
            self._save_pause(host, now)
        if event.request.purpose is _PROBE:
            self._counts.bytes += event.size
            self._probed(host, event.sketch)
            return
        outcome = event.outcome
        if outcome.kind is _RETRY:
            waiting = Waiting.RETRY_AFTER if event.host_pause else Waiting.RETRY
            self._again(event.request, now + event.retry_after, waiting)
            return
        self._counts.bytes += event.size
        for refusal in event.refusals:
            self._refuse(refusal)
        if event.request.purpose is _SITEMAP:
            self._sitemap_read(event, event.outlinks, event.sitemaps, now)
            return
        self._offer_links(event)
        if event.adopts:
            self._adopted += (event.adopts,)
        link = event.request.link
        self._end(Ended(link, outcome), now)
        came = outcome.kind is _DONE or outcome.reason in IN_HANDLERS
        if came and self._sitemaps.unasked(host):
            self._ask(self._sitemaps.discover(host, link.depth, self._frontier.known), now)

    def _probed(self, host: Host, sketch: bytes) -> None:
        """Let the pages of a host go, now that it is known what it shows for one that cannot exist."""
        host.awaits_access, host.missing = False, sketch
        self._frontier.reconsider(host)
        if sketch:
            self._stats.soft_404s.answers(host.key)

    def _save_pause(self, host: Host, now: float) -> None:
        """Have it saved soon that a host is not to be asked: who resumes the crawl shall keep the pause."""
        self._rests.note(host.key, host.ready_at)
        self._buffer.hurry(now, pause=True)

    def _offer_links(self, page: Visited) -> None:
        link, orphans = page.request.link, self._sitemaps.orphans
        redirected = page.outcome.kind is _REDIRECTED
        depth, hops = (link.depth, link.hops + 1) if redirected else (link.depth + 1, 0)
        self._frontier.offer(page.outlinks, depth=depth, hops=hops, via=link.url)
        if orphans:
            orphans.link(page.outlinks.fingerprints)
            orphans.link(refusal.fingerprint for refusal in page.refusals)

    def _failed(self, event: Failed, now: float) -> None:
        host = self._land(event.request, event.failure.elapsed, now)
        self._access.failed(host, event.request.url, event.failure, now)
        self._rests.note(host.key, host.ready_at)
        if host.closed is not None:
            self._frontier.hurry(host, now)
        self._counts.bytes += event.failure.size
        if event.request.purpose is _PROBE:
            self._probed(host, b"")
        elif event.outcome.kind is _RETRY:
            self._again(event.request, now + event.retry_after, Waiting.RETRY)
        elif event.request.purpose is _SITEMAP:
            self._sitemap_read(event, NO_OUTLINKS, (), now)
        else:
            self._end(Ended(event.request.link, event.outcome), now)

    def _sitemap_read(self, event: Visited | Failed, outlinks: Outlinks, sitemaps: Sequence[str], now: float) -> None:
        """Offer what a sitemap names as if the host's first page linked to it; ask for the files an index names."""
        link = event.request.link
        if outlinks:
            offered = self._frontier.offered
            self._frontier.offer(outlinks, depth=link.depth + 1, hops=0, via=link.url)
            for outlink in outlinks:
                if outlink.fingerprint not in offered:
                    self._sitemaps.orphans.name(outlink)
        if self._frontier.offers:
            self._buffer.hurry(now)
        self._ask(self._sitemaps.read(event.request, event.outcome.record, sitemaps, self._frontier.known), now)
        self._frontier.close(link)

    def _ask(self, requests: Sequence[Request], now: float) -> None:
        for request in requests:
            self._frontier.ask(request, now)

    def _again(self, request: Request, until: float, waiting: Waiting) -> None:
        self._counts.kinds[_RETRY] += 1
        self._frontier.postpone(Request(request.link, request.purpose, request.attempt + 1), until, waiting)

    def _land(self, request: Request, answered_in: float, now: float, peer: str = "") -> Host:
        """Free the slot of a fetch and let its host rest."""
        _, host, since = self._in_flight.pop(request.link.id)
        self._pages_in_flight -= request.purpose is _PAGE
        self._time.end(now - since, answered_in)
        rested = politeness.rest(self._access.policy(host), host.crawl_delay, answered_in)
        if rested:
            host.rest(now + rested, politeness.category(host.crawl_delay, rested))
            self._rests.note(host.key, host.ready_at)
        if host.address is not None:
            self._frontier.place(host, peer, now + politeness.rest(self._access.policy(host), None, answered_in))
        self._frontier.finish(host)
        return host

    def _end(self, ended: Ended, now: float) -> None:
        """Give a link its one outcome; the one door to the batch."""
        self._buffer.add(ended, now)
        self._stats.end(ended)
        self._handler_errors += ended.outcome.reason in IN_HANDLERS
        if ended.outcome.kind in _IN_VAIN and self._sitemaps.orphans:  # what a sitemap names in vain is no orphan
            self._sitemaps.orphans.link([self._mark(ended.link.url)])

    def _robots_read(self, event: RobotsRead, now: float) -> None:
        answer = event.answer
        host = self._asking.pop(event.request.link.id)
        host.awaits_access = False
        if isinstance(answer, Response):
            where = self._land(event.request, answer.timings.total, now, answer.peer)
        else:
            where = self._land(event.request, answer.elapsed, now)
        self._access.read(host, event, now)
        if host.robots_next is not None:
            where.rest(host.ready_at, host.resting)  # who answers "too many requests" is left alone, whoever asked
            self._save_pause(host, now)
        self._frontier.reconsider(host)
        self._rests.note(host.key, host.ready_at)
        if host.closed is not None:  # its links end at once: there is nobody left to spare
            self._frontier.hurry(host, now)

    def _lost(self, request: Request, now: float) -> None:
        """Have a request made again, once its host has rested as after any other that took so long."""
        host = self._land(request, now - self._in_flight[request.link.id][2], now)
        again = Request(request.link, request.purpose, request.attempt + 1)
        match request.purpose:
            case Purpose.ROBOTS:
                host = self._asking.pop(request.link.id)
                host.awaits_access, host.robots_next = False, again
                self._frontier.reconsider(host)
            case Purpose.PROBE if again.attempt < PROBES:
                host.awaits_access, host.probed = False, again.attempt
                self._frontier.reconsider(host)
            case Purpose.PROBE:
                self._probed(host, b"")
            case _:
                self._again(request, now, Waiting.RETRY)

    # ------------------------------------------------------------ the end

    def stop(self, reason: FinishReason) -> None:
        """Start nothing new, let what is in flight land, commit, then Stop. The first reason counts."""
        if self._finish is None:
            self._finish = reason

    def abandon(self) -> None:
        """Give up what is in flight: those links have not ended and are pending for the next run."""
        self.stop(FinishReason.STOPPED)
        for _ in self._in_flight:
            self._time.end(0.0, 0.0)
        self._in_flight.clear()
        self._pages_in_flight = 0

    def _check_limits(self, now: float) -> None:
        policy = self._policy
        if policy.max_time is not None and now >= self._time.moment(policy.max_time):  # the same sum as in `Wait`
            self.stop(FinishReason.TIME_LIMIT)
        if policy.max_bytes is not None and self._counts.bytes >= policy.max_bytes:
            self.stop(FinishReason.BYTE_LIMIT)
        if policy.max_handler_errors is not None and self._handler_errors >= policy.max_handler_errors:
            self.stop(FinishReason.HANDLER_ERRORS)

    def snapshot(self, now: float) -> Snapshot:
        """Show the crawl at this moment as one immutable value."""
        self._time.advance(now)
        return replace(
            self._stats.snapshot(whole=self._stopped),
            elapsed=self._time.elapsed(now),
            slots=self._slots,
            known=self._frontier.known,
            queued=self._frontier.queued,
            in_flight=len(self._in_flight),
            hosts=len(self._frontier.hosts),
            seconds=dict(self._time.seconds),
            finish_reason=self._finish if self._stopped else None,
            sitemaps=self._sitemaps.stats(),
            traps=self._traps.seen(),
        )


def _bare_record(request: Request, kind: OutcomeKind, reason: Reason, detail: str) -> PageRecord:
    """Record a link that ended without a fetch."""
    link = request.link
    return PageRecord(
        link.url, kind, reason=reason, detail=detail, depth=link.depth, via=link.via, attempts=request.attempt
    )
