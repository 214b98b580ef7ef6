"""A host: the links that wait for it, how it is being spared, and what its robots.txt says."""

from __future__ import annotations

from gossamer.core.host_queue import HostQueue
from gossamer.core.ip_limits import IpLimit
from gossamer.rules.robots import Robots
from gossamer.values.model import Purpose, Request
from gossamer.values.reasons import Reason, Waiting


class Host:
    """One politeness key (scheme and authority): its queue, its rest, and what its robots.txt says.

    `robots` is None until it was read, `crawl_delay` what it asks for, `robots_next` what to ask when the first try
    gave no rules; `missing` is the sketch of what it shows for a page that cannot exist (None: not known yet), `probed`
    how often it was asked for one in vain; `held`: no page may start before an answer; `closed` is why no page of the
    host may be fetched any more, `detail` the same in more words; `most` fetches may be `in_flight` at once.
    `consecutive_failures` counts unanswered fetches in a row (negative: grace), and `closed_rest_until` is up to when a
    closed host would have rested, for the sake of those whose robots.txt has moved here.
    """

    __slots__ = (
        "address",
        "again",
        "awaits_access",
        "closed",
        "closed_rest_until",
        "consecutive_failures",
        "crawl_delay",
        "detail",
        "in_flight",
        "key",
        "listed",
        "missing",
        "most",
        "probed",
        "queue",
        "ready_at",
        "recalling",
        "resting",
        "robots",
        "robots_expire",
        "robots_next",
    )  # fmt: skip

    def __init__(self, key: str, most: int = 1) -> None:
        self.key = key
        self.most = most
        self.address: IpLimit | None = None
        self.queue = HostQueue()
        self.again: list[Request] = []
        self.ready_at = 0.0
        self.resting = Waiting.POLITENESS
        self.in_flight = 0
        self.consecutive_failures = 0
        self.closed_rest_until = 0.0
        self.robots: Robots | None = None
        self.robots_expire = 0.0
        self.crawl_delay: float | None = None
        self.robots_next: Request | None = None
        self.awaits_access = False
        self.missing: bytes | None = None
        self.probed = 0
        self.recalling = False
        self.closed: Reason | None = None
        self.detail = ""
        self.listed = False

    @property
    def errand(self) -> bool:
        """Tell whether the next request is for a robots.txt that another host's redirects to; nothing comes before."""
        return bool(self.again) and self.again[0].purpose is Purpose.ROBOTS

    @property
    def due_at(self) -> float:
        """Tell when the rests are over, that of the host and that of its address."""
        return self.ready_at if self.address is None else max(self.ready_at, self.address.ready_at)

    def rest(self, until: float, waiting: Waiting) -> None:
        """Spare the host until then, unless it rests longer already."""
        if until > self.ready_at:
            self.ready_at = until
            self.resting = waiting
