"""Delays between fetches on one host. No other module decides how many seconds are polite."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.rules import urls
from gossamer.rules.policy import HostManners, Policy
from gossamer.values.errors import UserError
from gossamer.values.reasons import Waiting

AUTO_FACTOR = 2.0
"""Ratio of the rest to the response time of the last fetch, with `delay = "auto"`."""
AUTO_LEAST = 0.2
"""Minimum rest (seconds) with `delay = "auto"`."""
AUTO_USUAL = 1.0
"""Maximum rest (seconds) that is usual with `delay = "auto"`: longer ones are saved, and kept by a resumed crawl."""
AUTO_MOST = 60.0
"""Maximum rest (seconds) with `delay = "auto"`; a longer Crawl-delay is still kept."""
RAMP: Final = 8
"""Number of answers in a row after which a host that began with one fetch at once may get two."""
_MOST_PAUSES: Final = 4


class Pace(Struct, frozen=True):
    """How fast one host may be fetched from: by the delay of the policy, or a longer Crawl-delay of the site."""

    spacing: float
    """Minimum number of seconds between the starts of two fetches."""
    adapts: bool
    """Whether the rests adapt to the server's response time (`delay = "auto"`)."""
    crawl_delay: float
    """The Crawl-delay (seconds); 0 for none."""

    @classmethod
    def of(cls, policy: Policy, crawl_delay: float | None = None) -> Pace:
        """Return the pace for a host with this policy and Crawl-delay."""
        fixed = 0.0 if policy.delay == "auto" else policy.delay
        return cls(max(fixed, crawl_delay or 0.0), policy.delay == "auto", crawl_delay or 0.0)

    def rest(self, elapsed: float) -> float:
        """Return how many seconds the host rests after a fetch that took `elapsed` seconds."""
        if not self.adapts:
            return self.spacing
        return max(min(max(AUTO_FACTOR * elapsed, AUTO_LEAST), AUTO_MOST), self.crawl_delay)

    @property
    def usual(self) -> float:
        """Return how many seconds a host rests whose last fetch is not known, because another run made it."""
        return max(AUTO_USUAL, self.crawl_delay) if self.adapts else self.spacing

    def category(self, rested: float) -> Waiting:
        """Return the category of a rest of `rested` seconds: the site's Crawl-delay, or this crawl's politeness."""
        return Waiting.CRAWL_DELAY if self.crawl_delay and self.crawl_delay >= rested else Waiting.POLITENESS


def at_once(limit: int, answers: int, pauses: int) -> int:
    """Return how many fetches may run at once on a host that began with one, after so many answers in a row.

    The number doubles with every `RAMP` answers, up to `limit`. Each time that the host asked to be left alone
    (`pauses`), it begins with one again, and needs `RAMP` times as many answers to double.
    """
    doublings = answers // RAMP ** (1 + min(pauses, _MOST_PAUSES))
    return limit if doublings >= limit.bit_length() else min(limit, 1 << doublings)


def too_slow(policy: Policy, crawl_delay: float | None) -> bool:
    """Whether the Crawl-delay (seconds) of a site exceeds `Policy.max_crawl_delay`."""
    return crawl_delay is not None and crawl_delay > policy.max_crawl_delay


# ---------------------------------------------------------------- settings of single hosts

_PATTERN: Final = re.compile(r"(\*\.)?([^*/?#@\s]+?)(?::(\d+))?")
_PORTS: Final = {"http": "80", "https": "443"}


class Manners:
    """The policies of single hosts: a policy, overridden by the entries of its table `hosts` that match a host.

    A pattern is a host name ("example.org"), all names below one ("*.example.org"), or either with a port
    ("example.org:8080"). Where several match, each setting comes from the most specific pattern that has it: an exact
    name wins over a wildcard, a longer wildcard over a shorter one, and a pattern with a port over one without.
    Raises UserError for an invalid pattern.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._tables = sorted(((_Pattern(text), table) for text, table in policy.hosts.items()), key=_specificity)
        self._cache: dict[str, Policy] = {}

    def of(self, host: str) -> Policy:
        """Return the policy for a host, given by its host key (scheme and authority)."""
        if not self._tables:
            return self._policy
        found = self._cache.get(host)
        if found is None:
            found = self._cache[host] = self._combined(host)
        return found

    def host_concurrency(self, host: str) -> int:
        """Return the maximum number of simultaneous fetches on a host, given by its host key."""
        return self.of(host).host_concurrency

    def _combined(self, host: str) -> Policy:
        overrides: dict[str, object] = {}
        for pattern, table in self._tables:  # the most specific comes last and so wins
            if pattern.matches(host):
                overrides |= {name: value for name, value in msgspec.structs.asdict(table).items() if value is not None}
        return msgspec.structs.replace(self._policy, **overrides) if overrides else self._policy


class _Pattern:
    """A key of the table `hosts`, parsed: a name, whether it means the names below that one, and a port ("": any)."""

    __slots__ = ("below", "name", "port")

    def __init__(self, text: str) -> None:
        match = _PATTERN.fullmatch(text.strip())
        url = urls.canonical(f"http://{match[2]}/") if match else None
        if match is None or url is None:
            raise UserError(f"hosts: {text!r} is no host; write a name such as 'example.org' or '*.example.org'.")
        self.below, self.name, self.port = bool(match[1]), urls.hostname(url), match[3] or ""

    def matches(self, host: str) -> bool:
        """Whether the pattern matches a host, given by its host key."""
        name = urls.hostname(host)
        if self.port and self.port != _port(host):
            return False
        return name.endswith(f".{self.name}") if self.below else name == self.name


def _specificity(entry: tuple[_Pattern, HostManners]) -> tuple[bool, int, bool]:
    pattern = entry[0]
    return not pattern.below, len(pattern.name), bool(pattern.port)


def _port(host: str) -> str:
    scheme, _, authority = host.partition("://")
    port = authority.rpartition("]")[2].partition(":")[2]
    return port or _PORTS.get(scheme, "")
