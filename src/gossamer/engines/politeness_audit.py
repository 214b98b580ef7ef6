"""The auditor: compares the fetches that really happen with the promised politeness, and records violations.

It decides nothing: it knows the promises (`Policy`, `robots.parse`) and what it saw. A violation is a bug of gossamer.
It costs well under a microsecond a page.
"""

from __future__ import annotations

import math
import re
from itertools import islice
from typing import Final

from gossamer.rules import headers
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Manners
from gossamer.rules.robots import Robots, parse
from gossamer.rules.urls import host_key, resolve
from gossamer.values.audit import Audit, HostAudit
from gossamer.values.model import Failure, Purpose, Request, Response
from gossamer.values.protocol import Failed, Lost, RobotsRead, Visited

LEAST_REST: Final = 0.2
"""Minimum rest (seconds) that `delay = "auto"` promises."""
GRAIN: Final = 1e-6
HOSTS_TOLD: Final = 20
EXAMPLES: Final = 5
HOSTS_WITH_RULES: Final = 10_000
"""Maximum number of hosts whose rules are kept; of others only whether robots.txt came before their pages."""
_HOPS: Final = 5
_ENDS = re.compile(r"[^A-Za-z0-9\-._~/?&=:@!+,;()]")  # where a pattern is no longer what paths literally begin with


class _AuditedHost:
    """What one host was promised, and what was seen of it."""

    __slots__ = ("at_once", "ended", "fetches", "gap", "least", "most", "own", "rules", "running", "suspicious")

    def __init__(self, most: int, least: float, *, obeyed: bool) -> None:
        self.most = most
        self.own = self.least = least
        self.rules: Robots | None = None if obeyed else Robots()
        self.suspicious: tuple[str, ...] = ()
        self.running = 0
        self.fetches = 0
        self.at_once = 0
        self.ended = -math.inf
        self.gap = math.inf


class Auditor:
    """Records how hosts are treated, from the start and end of every fetch; `before` is what earlier runs saw."""

    def __init__(self, policy: Policy, before: Audit | None = None) -> None:
        self._policy = policy
        self._manners = Manners(policy)
        self._sum = before or Audit()
        self._told = {one.host: one for one in self._sum.by_host}
        self._fetches = 0
        self._gap = math.inf if self._sum.smallest_gap is None else self._sum.smallest_gap
        self._gap_host = self._sum.smallest_gap_host
        self._most, self._most_host = self._sum.most_at_once, self._sum.most_at_once_host
        self._hosts: dict[str, _AuditedHost] = {}
        self._under_way: dict[int, _AuditedHost] = {}
        self._moved: dict[str, set[str]] = {}  # where a robots.txt has moved to, and whose it is
        self._with_rules = 0
        self._rude = 0
        self._robots_broken = 0
        self._examples = list(self._sum.examples)

    def started(self, request: Request, now: float) -> None:
        """Record the start of a fetch."""
        link = request.link
        url = link.url
        key = host_key(url)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = self._promised(key)
        self._under_way[link.id] = host
        self._fetches += 1
        host.fetches += 1
        host.running += 1
        if host.running > host.at_once:
            self._more_at_once(key, host, url)
        gap = now - host.ended
        if gap < host.gap:
            host.gap = gap
            if gap < self._gap:
                self._gap, self._gap_host = gap, key
        if gap < host.least - GRAIN:
            self._complain(f"{url}: {gap:.3f} s after the one before, {host.least:g} s were promised")
        if (host.rules is None or url.startswith(host.suspicious)) and request.purpose is not Purpose.ROBOTS:
            self._look_closely(host, url)

    def ended(self, event: Visited | Failed | RobotsRead | Lost, now: float) -> None:
        """Record the end of a fetch."""
        host = self._under_way.pop(event.request.link.id)
        host.running -= 1
        host.ended = now
        if isinstance(event, RobotsRead):
            self._read(event.request, event.answer)

    def stats(self) -> Audit:
        """Return what was seen so far, earlier runs included."""
        before = self._sum
        names = dict.fromkeys([*self._told, *islice(self._hosts, HOSTS_TOLD)])
        told = [self._told_of(name) for name in islice(names, HOSTS_TOLD)]
        return Audit(
            fetches=before.fetches + self._fetches,
            smallest_gap=None if math.isinf(self._gap) else self._gap,
            smallest_gap_host=self._gap_host,
            most_at_once=self._most,
            most_at_once_host=self._most_host,
            robots_violations=before.robots_violations + self._robots_broken,
            violations=before.violations + self._rude,
            examples=tuple(self._examples),
            by_host=tuple(told),
        )

    # ------------------------------------------------------------ inside

    def _promised(self, key: str) -> _AuditedHost:
        policy = self._manners.of(key)
        least = LEAST_REST if policy.delay == "auto" else policy.delay
        return _AuditedHost(policy.host_concurrency, least, obeyed=policy.robots)

    def _told_of(self, key: str) -> HostAudit:
        """Return what this run and those before saw of a host."""
        before, host = self._told.get(key, HostAudit(key)), self._hosts.get(key)
        if host is None:
            return before
        gaps = [gap for gap in (before.smallest_gap, host.gap) if gap is not None and not math.isinf(gap)]
        return HostAudit(
            key, before.fetches + host.fetches, min(gaps, default=None), max(before.most_at_once, host.at_once)
        )

    def _more_at_once(self, key: str, host: _AuditedHost, url: str) -> None:
        host.at_once = host.running
        if host.running > self._most:
            self._most, self._most_host = host.running, key
        if host.running > host.most:
            self._complain(f"{url}: {host.running} requests to {key} at once")

    def _look_closely(self, host: _AuditedHost, url: str) -> None:
        if host.rules is None:
            self._broken(f"{url} was fetched before robots.txt was known")
        elif not host.rules.allows(self._policy.user_agent, url):
            self._broken(f"{url} was fetched although robots.txt forbids it")

    def _read(self, request: Request, answer: Response | Failure) -> None:
        """Apply a robots.txt to its host, or to the hosts whose robots.txt redirects to it."""
        url = request.url
        owners = self._moved.get(url, set()) if request.link.hops else {host_key(url)}
        if isinstance(answer, Failure) or answer.status >= 500 or answer.status == 429:
            return  # nobody knows the rules: it may be asked for again
        if request.link.hops:
            self._moved.pop(url, None)
        if headers.is_redirect(answer.status, answer.headers) and request.link.hops < _HOPS:
            target = resolve(answer.url, headers.location(answer.headers))
            if target is not None:
                self._moved.setdefault(target, set()).update(owners)
                return
        rules = parse(answer.body) if answer.status < 300 else Robots()
        for owner in owners:
            self._take(owner, rules)

    def _take(self, owner: str, rules: Robots) -> None:
        host = self._hosts[owner]
        asked = rules.crawl_delay(self._policy.user_agent)
        host.least = max(host.own, asked or 0.0)
        if not rules.groups or (not host.suspicious and self._with_rules >= HOSTS_WITH_RULES):
            host.rules, host.suspicious = Robots(), ()
            return
        self._with_rules += not host.suspicious
        host.rules, host.suspicious = rules, tuple(dict.fromkeys(owner + beginning for beginning in _beginnings(rules)))

    def _broken(self, sentence: str) -> None:
        self._robots_broken += 1
        self._example(sentence)

    def _complain(self, sentence: str) -> None:
        self._rude += 1
        self._example(sentence)

    def _example(self, sentence: str) -> None:
        if len(self._examples) < EXAMPLES:
            self._examples.append(sentence)


def _beginnings(rules: Robots) -> list[str]:
    """Return the beginnings of the paths that some rule may forbid: no other path needs to be checked."""
    forbidding = (rule.pattern for group in rules.groups for rule in group.rules if not rule.allow)
    return [_ENDS.split(pattern, maxsplit=1)[0] for pattern in forbidding]
