"""A host: the links that wait for it, when it may be asked again, and what is known of its robots.txt."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.core.host_queue import HostQueue
from gossamer.core.ip_limits import IpLimit
from gossamer.rules.robots import Robots
from gossamer.values.model import Purpose, Request
from gossamer.values.reasons import Reason, Waiting


class AccessState:
    """What is known of a host's robots.txt, of its failures, and of its missing pages. Written by `HostAccess` only."""

    __slots__ = (
        "awaited", "closed", "consecutive_failures", "crawl_delay", "detail", "expires_at", "missing", "next_request",
        "probes", "robots",
    )  # fmt: skip

    robots: Robots | None
    """The rules; None until they were read."""
    expires_at: float
    """When the rules must be read again."""
    next_request: Request | None
    """What to ask for next where the first robots.txt request gave no rules: a retry, or a redirect's target."""
    crawl_delay: float | None
    """The Crawl-delay that the rules ask for (s)."""
    awaited: bool
    """Whether robots.txt or a probe is under way: no page may start before its answer."""
    missing: bytes | None
    """The sketch (`parse/similarity/soft_404.py`) of what it shows for a page that cannot exist; None: unknown."""
    probes: int
    """How often such a page was asked for in vain."""
    consecutive_failures: int
    """Unanswered fetches in a row; negative: grace."""
    closed: Reason | None
    """Why no page of the host may be fetched any more; None while they may."""
    detail: str
    """The same in more words."""

    def __init__(self) -> None:
        self.robots = None
        self.expires_at = 0.0
        self.next_request = None
        self.crawl_delay = None
        self.awaited = False
        self.missing = None
        self.probes = 0
        self.consecutive_failures = 0
        self.closed = None
        self.detail = ""


class Host:
    """One politeness key (scheme and authority): its queue, its rests, and its `access`.

    `Frontier` writes the queue and what is in line, `HostAccess` writes `access`; anybody may let a host rest.
    """

    __slots__ = (
        "access", "again", "closed_rest_until", "in_flight", "ip", "key", "listed", "most", "queue", "ready_at",
        "recalling", "resting",
    )  # fmt: skip

    def __init__(self, key: str, most: int = 1) -> None:
        self.key = key
        self.most = most
        """Maximum number of fetches at once."""
        self.in_flight = 0
        self.access = AccessState()
        self.ip: IpLimit | None = None
        """The IP address it lives at, where there is a limit for these."""
        self.queue = HostQueue()
        self.again: list[Request] = []
        """Requests whose time has come and that are no queued links: retries, sitemaps, robots.txt of others."""
        self.ready_at = 0.0
        """When its rest ends."""
        self.resting = Waiting.POLITENESS
        """What the rest is for."""
        self.closed_rest_until = 0.0
        """Until when it would have rested, had it not been closed: others' robots.txt may have moved here."""
        self.recalling = False
        """Whether the text of its next links is being read back from the journal."""
        self.listed = False
        """Whether it is in line for a fetch."""

    @property
    def closed(self) -> Reason | None:
        """Return why no page of the host may be fetched any more; None while they may."""
        return self.access.closed

    @property
    def serves_robots_first(self) -> bool:
        """Whether its next request is for the robots.txt of another host, which redirects here: that comes first."""
        return bool(self.again) and self.again[0].purpose is Purpose.ROBOTS

    @property
    def due_at(self) -> float:
        """Return when the rests are over, that of the host and that of its IP address."""
        return self.ready_at if self.ip is None else max(self.ready_at, self.ip.ready_at)

    def rest(self, until: float, waiting: Waiting) -> None:
        """Let the host rest until then, unless it rests longer already."""
        if until > self.ready_at:
            self.ready_at = until
            self.resting = waiting

    def rest_ip(self, until: float) -> None:
        """Let its IP address rest until then, where there is a limit for these."""
        if self.ip is not None:
            self.ip.rest(until)

    def begin(self) -> None:
        """Count a fetch that begins."""
        self.in_flight += 1
        if self.ip is not None:
            self.ip.in_flight += 1

    def end(self) -> Sequence[Host]:
        """Count a fetch that ended, and return the hosts that waited for its place at the IP address."""
        self.in_flight -= 1
        if self.ip is None:
            return ()
        self.ip.in_flight -= 1
        return self.ip.freed()

    def waits_for_ip(self) -> bool:
        """Whether its IP address has no free place; if so, it is in line there from now on."""
        if self.ip is None or not self.ip.full:
            return False
        self.ip.waiting[self] = None
        return True
