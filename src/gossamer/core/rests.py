"""The rests of hosts that outlive a run, so that a resumed crawl keeps them.

Most rests are as long as usual. These are not saved: a resumed crawl lets every host rest as long as usual before it
asks for anything. Only longer ones are saved, whole with every commit, and each Crawl-delay once, when it is read.
"""

from __future__ import annotations

from collections.abc import Iterable

from gossamer.core.host import Host
from gossamer.core.host_access import HostAccess
from gossamer.rules import politeness
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Pace
from gossamer.values.protocol import Saved
from gossamer.values.reasons import Waiting
from gossamer.values.snapshot import SavedStats


class RestLog:
    """The rests that are longer than usual, the pauses for which hosts asked, and the Crawl-delays."""

    __slots__ = ("_access", "_crawl_delays", "_fresh", "_paused", "_until")

    def __init__(self, access: HostAccess) -> None:
        self._access = access
        self._until: dict[str, float] = {}
        self._paused: dict[str, tuple[float, str]] = {}
        self._crawl_delays: dict[str, float | None] = {}
        self._fresh: dict[str, float | None] = {}

    def note(self, host: Host, now: float) -> None:
        """Record the rest of a host, if it is longer than usual."""
        if host.ready_at > now + self._access.pace(host).usual:
            self._until[host.key] = host.ready_at

    def note_pause(self, host: Host, now: float) -> None:
        """Record for how long a host asked to be left alone."""
        self.note(host, now)
        self._paused[host.key] = host.paused_until, host.paused_by

    def learn(self, host: Host) -> bool:
        """Record the Crawl-delay in the rules of a host that were just read; return whether it is a new one."""
        delay = None if host.closed else host.access.crawl_delay or None
        if delay == self._crawl_delays.get(host.key):
            return False
        self._crawl_delays[host.key] = self._fresh[host.key] = delay
        return True

    # ------------------------------------------------------------ saved with a commit

    def left(self, now: float) -> dict[str, float]:
        """Return the seconds that each resting host has left, and drop the rests that are over."""
        self._until = {host: until for host, until in self._until.items() if until > now}
        return {host: until - now for host, until in self._until.items()}

    def pauses_left(self, now: float) -> dict[str, float]:
        """Return the seconds that each paused host has left, and drop the pauses that are over."""
        self._paused = {host: pause for host, pause in self._paused.items() if pause[0] > now}
        return {host: until - now for host, (until, _) in self._paused.items()}

    def pausing_urls(self) -> dict[str, str]:
        """Return the URLs that asked for the pauses that are left, by host."""
        return {host: url for host, (_, url) in self._paused.items()}

    def settle(self) -> dict[str, float | None]:
        """Remove and return the Crawl-delays that have changed since the last commit, by host; None: none any more."""
        fresh, self._fresh = self._fresh, {}
        return fresh

    # ------------------------------------------------------------ restored

    def restore(self, saved: Saved, hosts: Iterable[Host], policy: Policy, *, now: float, passed: float) -> None:
        """Let hosts rest as the journal says, and as long as usual; the last commit was `passed` seconds ago.

        `hosts` are all hosts of the crawl, with those of which the journal knows a rest or a Crawl-delay.
        """
        stats = saved.stats or SavedStats()
        self._crawl_delays = dict(saved.notes.crawl_delays)
        usual = Pace.of(policy)
        since = now - (passed if saved.in_order else 0.0)  # else anything may have been asked for until now
        for host in hosts:
            key = host.key
            host.access.crawl_delay = self._crawl_delays.get(key)
            pace = self._access.pace(host) if policy.hosts or host.access.crawl_delay else usual
            self._rest(host, since + pace.usual, now, pace.category(pace.usual))
            if (left := stats.paused.get(key, 0.0)) > passed:
                host.pause(now + left - passed, now, stats.paused_by.get(key, ""))
                self.note_pause(host, now)
            if (left := stats.resting.get(key, 0.0)) > passed:
                self._rest(host, now + left - passed, now, Waiting.POLITENESS)
                self.note(host, now)

    def _rest(self, host: Host, until: float, now: float, waiting: Waiting) -> None:
        """Let a host rest, and its IP address, perhaps the placeholder of all unknown hosts, for a minute at most."""
        if until > now:
            host.rest(until, waiting)
            host.rest_ip(min(until, now + politeness.AUTO_MOST))
