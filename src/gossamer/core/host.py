"""A host: its queue of links, when it may be fetched from again, and what is known of its robots.txt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gossamer.core.host_load import HostLoad
from gossamer.core.host_queue import HostQueue
from gossamer.core.ip_limits import IpLimit
from gossamer.rules.politeness import Pace
from gossamer.rules.robots import Robots
from gossamer.values.model import Purpose, Request
from gossamer.values.reasons import Reason

TURN: Final = 16
"""Number of fetches that a host has in one turn (`HostLine`)."""


class AccessState:
    """What is known of a host's robots.txt, of its failures, and of its missing pages. Written by `HostAccess` only."""

    __slots__ = (
        "awaited", "closed", "consecutive_failures", "crawl_delay", "detail", "expires_at", "missing", "next_request",
        "pace", "probes", "robots", "robots_html",
    )  # fmt: skip

    robots: Robots | None
    """The rules; None until they were read."""
    robots_html: bool
    """Whether the rules are what parses of an HTML page."""
    expires_at: float
    """When the rules must be read again."""
    next_request: Request | None
    """The request that follows a robots.txt request without rules: a retry, or a redirect's target."""
    crawl_delay: float | None
    """The Crawl-delay (seconds) in the rules; None where they have none."""
    pace: Pace | None
    """How fast the host may be fetched from; None until this is needed."""
    awaited: bool
    """Whether robots.txt or a probe is under way: no page may start before its answer."""
    missing: bytes | None
    """The sketch (`parse/similarity/soft_404.py`) of the answer for a page that cannot exist; b"": none needed or no
    HTML page came; None: unknown."""
    probes: int
    """Number of requests for such a page that were lost."""
    consecutive_failures: int
    """Unanswered fetches in a row; negative: so many more are allowed."""
    closed: Reason | None
    """Why no page of the host may be fetched any more; None while they may."""
    detail: str
    """An explanation of `closed`, for users."""

    def __init__(self) -> None:
        self.robots = None
        self.robots_html = False
        self.expires_at = 0.0
        self.next_request = None
        self.crawl_delay = None
        self.pace = None
        self.awaited = False
        self.missing = None
        self.probes = 0
        self.consecutive_failures = 0
        self.closed = None
        self.detail = ""


class Host(HostLoad):
    """One politeness key (scheme and authority): its queue, its rests, and its `access`.

    Only `Frontier` writes the queue and `listed`, and only `HostAccess` writes `access`; any module may call
    `rest` and `pause`.
    """

    __slots__ = ("access", "again", "closed_rest_until", "ip", "key", "listed", "queue", "recalling", "turn")

    def __init__(self, key: str, most: int = 1) -> None:
        super().__init__(most)
        self.key = key
        self.access = AccessState()
        self.ip: IpLimit | None = None
        """The limit of the host's IP address; None where the crawl has no such limits."""
        self.queue = HostQueue()
        self.again: list[Request] = []
        """Due requests that are no queued links: retries, sitemaps, and robots.txt of hosts that redirect here."""
        self.closed_rest_until = 0.0
        """When the rest of a closed host ends; it still holds for robots.txt of hosts that redirect here."""
        self.recalling = False
        """Whether the text of the next links is being read back from the journal."""
        self.listed = False
        """Whether the host is in line for a fetch."""
        self.turn = 0
        """Number of fetches that are left of the host's turn (`HostLine`); 0 where none has begun."""

    @property
    def closed(self) -> Reason | None:
        """Return why no page of the host may be fetched any more; None while they may."""
        return self.access.closed

    @property
    def serves_robots_first(self) -> bool:
        """Whether the next request is for the robots.txt of another host, which redirects here: it comes first."""
        return bool(self.again) and self.again[0].purpose is Purpose.ROBOTS

    @property
    def due_at(self) -> float:
        """Return when both rests are over: the host's and its IP address's."""
        return self.ready_at if self.ip is None else max(self.ready_at, self.ip.ready_at)

    @property
    def is_paused(self) -> bool:
        """Whether nothing holds the host up but a pause: its own, or that of another host at its IP address."""
        return self.due_at <= max(self.paused_until, 0.0 if self.ip is None else self.ip.paused_until)

    @property
    def held_up_by(self) -> str:
        """Return the URL that asked for the pause which ends last: the host's own, or that of its IP address."""
        if self.ip is not None and self.ip.paused_until > self.paused_until:
            return self.ip.paused_by
        return self.paused_by

    def pause(self, until: float, now: float, url: str = "") -> None:
        """Leave the host alone until then, as it asked, and its IP address where the crawl has limits for these."""
        super().pause(until, now, url)
        if self.ip is not None:
            self.ip.pause(until, url)

    def rest_ip(self, until: float) -> None:
        """Let the host's IP address rest until then, where the crawl has limits per IP address."""
        if self.ip is not None:
            self.ip.rest(until)

    def begin(self) -> None:
        """Count a fetch that starts."""
        self.in_flight += 1
        self.turn = (self.turn or TURN) - 1
        if self.ip is not None:
            self.ip.in_flight += 1

    def end(self) -> Sequence[Host]:
        """Count a fetch that ended, and return the hosts that waited for the IP address to be free."""
        self.in_flight -= 1
        if self.ip is None:
            return ()
        self.ip.in_flight -= 1
        return self.ip.freed()

    def waits_for_ip(self) -> bool:
        """Whether the IP address has too many fetches in flight; if so, the host is put in line there."""
        if self.ip is None or not self.ip.full:
            return False
        self.ip.waiting[self] = None
        return True
