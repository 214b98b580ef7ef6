"""The referee: checks every command and event of a simulated crawl, over all its lives, against the promises.

It knows the web and keeps counts of its own, from the trace alone; only `each_link_in_one_state` looks
inside the crawl.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.rules import robots, urls
from gossamer.rules.headers import REDIRECTS
from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, Purpose, Request, Response
from gossamer.values.protocol import (
    Command,
    Commit,
    Committed,
    Event,
    Failed,
    Fetch,
    Lost,
    RobotsRead,
    Saved,
    Stop,
    Visited,
    Wait,
)
from tests.simulation.truth import Truth

JIFFY = 1e-6
"""Maximum difference (seconds) between two moments that count as equal."""
ROBOTS_LIFE = 24 * 3600.0
"""Maximum age (seconds) of the rules of a host (RFC 9309 section 2.4)."""

USUAL_REST = 1.0
"""Rest (seconds) after a fetch up to which `delay = "auto"` is kept even by the process that comes after a crash."""
ROBOTS_HOPS = 5
"""Number of redirects of robots.txt that are followed (RFC 9309 section 2.3.1.2)."""


class Rules(Struct, frozen=True):
    """The robots.txt of a host: the status of its final response, and its rules; None disallows the whole host."""

    status: int | None
    rules: robots.Robots | None


def rules_of(host: str, truth: Truth, policy: Policy) -> Rules:
    """Return the rules of a host by RFC 9309, following redirects of its robots.txt."""
    answer = truth.get(host + "/robots.txt", Response("", 404, {}))
    for _ in range(ROBOTS_HOPS):
        if isinstance(answer, Response) and answer.status in REDIRECTS:
            target = urls.resolve(answer.url, answer.headers["location"])
            answer = truth.get(target or "", Response("", 404, {}))
    if isinstance(answer, Failure):
        return Rules(None, None)
    assert answer is not None, "the truth knows every answer"
    is_html = robots.looks_like_html(answer.body, answer.headers.get("content-type", ""))
    if answer.status >= 500 or (is_html and policy.strict_robots):
        return Rules(answer.status, None)
    rules = robots.ALLOW_ALL if answer.status >= 400 else robots.parse(answer.body)
    too_slow = (rules.crawl_delay(policy.user_agent) or 0.0) > policy.max_crawl_delay
    return Rules(answer.status, None if too_slow else rules)


class Place:
    """What the referee knows about one host in this life."""

    def __init__(self, ready_at: float = 0.0) -> None:
        self.in_flight = 0
        self.ready_at = ready_at
        self.spared_until = 0.0  # by the next process, too
        self.rules_read_at = -math.inf
        self.attempts = Counter[str]()


class Referee:
    """An observer that asserts the promises; `fetches` counts the fetches of each page, over all lives."""

    def __init__(self, truth: Truth, policy: Policy) -> None:
        self.fetches = Counter[str]()
        self.lives = 0
        self._truth = truth
        self._policy = policy
        self._rules = dict[str, Rules]()
        self._places = dict[str, Place]()

    def begin_life(self, policy: Policy, crawl: Crawl, frontier: Frontier, saved: Saved) -> None:
        """Begin a new process, which goes on from what its journal has saved."""
        self.lives += 1
        self._policy = policy
        self._crawl, self._frontier = crawl, frontier
        self._committed = np.frombuffer(saved.ended, np.uint64).tolist()
        self._tried = dict(saved.stats.attempts) if saved.stats is not None else {}
        self._ended_urls = set[str]()
        self._places = {host: Place(place.spared_until) for host, place in self._places.items()}
        self._saved_delays = dict(saved.notes.crawl_delays)
        self._new_delays: Mapping[str, float | None] = {}
        self._flying = dict[int, tuple[Request, float]]()
        self._stopping = False

    def told_to_stop(self) -> None:
        """Record that the user pressed Ctrl-C: no new fetch may start."""
        self._stopping = True

    def saw(self, now: float, thing: Command | Event) -> None:
        """Check one command or event."""
        match thing:
            case Fetch(requests):
                for request in requests:
                    self._fetch(request, now)
            case Visited() | Failed() | RobotsRead() | Lost():
                self._landed(thing, now)
            case Commit(batch):
                self._committed += [ended.link.id for ended in batch.ended]
                twice = self._ended_urls & {ended.link.url for ended in batch.ended}
                assert not twice, f"ended twice: {twice}"
                self._ended_urls |= {ended.link.url for ended in batch.ended}
                self._new_delays = batch.notes.crawl_delays
            case Committed():
                self._saved_delays |= self._new_delays
            case Wait() | Stop():
                self.each_link_in_one_state()

    # ------------------------------------------------------------ politeness

    def _place(self, url: str) -> Place:
        return self._places.setdefault(urls.host_key(url), Place())

    def _fetch(self, request: Request, now: float) -> None:
        url, place = request.url, self._place(request.url)
        assert not self._stopping, f"{url} was started after the crawl was told to stop"
        assert len(self._flying) < (self._policy.concurrency or 1), "more fetches than slots"
        assert request.link.id not in self._flying, f"{url} is in flight already"
        assert place.in_flight < self._policy.host_concurrency, f"too many fetches at once on the host of {url}"
        assert now >= place.ready_at - JIFFY, f"{url} was fetched {place.ready_at - now:.3f} s too early"
        if request.purpose is Purpose.PAGE:
            self._page(request, place, now)
        place.in_flight += 1
        self._flying[request.link.id] = (request, now)
        fixed = 0.0 if self._policy.delay == "auto" else self._policy.delay
        place.ready_at = max(place.ready_at, now + max(fixed, self._crawl_delay(url, place)))
        place.spared_until = max(place.spared_until, now + max(fixed, self._saved_delay(url)))

    def _page(self, request: Request, place: Place, now: float) -> None:
        url = request.url
        assert request.link.id not in self._committed, f"{url} has its outcome and was fetched again"
        tried = self._tried.get(request.link.id, 0) + place.attempts[url]  # also in the lives before
        assert request.attempt == tried, f"{url}: attempt {request.attempt}"
        assert request.attempt <= self._policy.retries + self.lives - 1, f"{url} was tried too often"
        place.attempts[url] += 1
        self.fetches[url] += 1
        assert now <= place.rules_read_at + ROBOTS_LIFE + JIFFY, f"{url} was fetched before its robots.txt"
        rules = self._rules_of(url).rules
        assert rules is not None, f"{url} is on a host that no page may be fetched from"
        assert rules.allows(self._policy.user_agent, url), f"{url} is forbidden by robots.txt"

    def _landed(self, event: Visited | Failed | RobotsRead | Lost, now: float) -> None:
        request, started = self._flying.pop(event.request.link.id)
        place = self._place(request.url)
        place.in_flight -= 1
        answer = event.answer if isinstance(event, RobotsRead) else None
        if isinstance(answer, Response) and answer.status == self._rules_of(request.url).status:
            place.rules_read_at = now
        own = self._policy.delay
        rest = min(max(2 * _seconds(event), 0.2), 60.0) if own == "auto" else own
        place.ready_at = max(place.ready_at, now + max(rest, self._crawl_delay(request.url, place)))
        usual = min(rest, USUAL_REST) if own == "auto" else own
        place.spared_until = max(place.spared_until, now + max(usual, self._saved_delay(request.url)))
        response = event.outcome.response if isinstance(event, Visited) else answer
        if isinstance(response, Response) and response.status in (429, 503):
            place.ready_at = max(place.ready_at, now + float(response.headers.get("retry-after", 0)))
        assert started <= now

    def _rules_of(self, url: str) -> Rules:
        host = urls.host_key(url)
        if host not in self._rules:
            self._rules[host] = rules_of(host, self._truth, self._policy)
        return self._rules[host]

    def _crawl_delay(self, url: str, place: Place) -> float:
        rules = self._rules_of(url).rules
        known = rules is not None and place.rules_read_at > -math.inf
        return (rules.crawl_delay(self._policy.user_agent) or 0.0) if known and rules else 0.0

    def _saved_delay(self, url: str) -> float:
        """Return the Crawl-delay (seconds) of the host as the journal has it, so that the next process knows it too."""
        return self._saved_delays.get(urls.host_key(url)) or 0.0

    # ------------------------------------------------------------ states

    def each_link_in_one_state(self) -> None:
        """Check that every known link is in one state: queued, waiting for a retry, in flight, ended or committed."""
        frontier, crawl = self._frontier, self._crawl
        hosts = frontier.hosts.values()
        queued = [
            id for host in hosts for place, ids in host.queue._ids.items() for id in ids[host.queue._heads[place] :]
        ]
        queued += [request.link.id for host in hosts for request in host.again]
        queued += [entry[2].link.id for entry in frontier._later]
        assert frontier.queued == len(queued), f"{frontier.queued} are said to wait, {len(queued)} do"
        flying = [id for id in crawl._in_flight.requests if id >= 0]
        ended = [ended.link.id for ended in crawl._buffer.ended]
        queued = [id for id in queued if id >= 0]  # requests for sitemaps are not links of the crawl
        where = Counter(queued) + Counter(flying) + Counter(ended) + Counter(self._committed)
        abandoned = {id for id in self._flying if id >= 0 and id not in crawl._in_flight.requests}
        assert not abandoned or self._stopping, f"{abandoned} are in flight, and the crawl forgot them"
        where.update(abandoned)
        assert sum(where.values()) == len(where), f"in two states: {[id for id in where if where[id] > 1]}"
        lost = set(range(frontier.known)) - set(where)
        assert not lost, f"in no state: {lost}"


def _seconds(event: Visited | Failed | RobotsRead | Lost) -> float:
    match event:
        case Visited():
            return event.answered_in
        case Failed():
            return event.failure.elapsed
        case Lost():
            return 0.0
        case _:
            return event.answer.timings.total if isinstance(event.answer, Response) else event.answer.elapsed
