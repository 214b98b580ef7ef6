"""How long a host rests: the one place that decides what "polite" means in seconds."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from gossamer.rules import urls
from gossamer.rules.policy import HostManners, Policy
from gossamer.values.errors import UserError
from gossamer.values.reasons import Waiting

AUTO_FACTOR = 2.0
"""With `delay = "auto"` a host rests twice as long as it took to answer …"""
AUTO_LEAST = 0.2
AUTO_MOST = 60.0
"""… but never less or more than this (seconds)."""


def spacing(policy: Policy, crawl_delay: float | None) -> float:
    """Tell how many seconds lie at least between the starts of two fetches on one host."""
    fixed = 0.0 if policy.delay == "auto" else policy.delay
    return max(fixed, crawl_delay or 0.0)


def rest(policy: Policy, crawl_delay: float | None, elapsed: float) -> float:
    """Tell how many seconds a host rests after a fetch that took `elapsed` seconds.

    A fixed delay is taken as it is; "auto" adapts to the server: a slow one is given more time.
    A Crawl-delay counts where it is longer.
    """
    if policy.delay == "auto":
        own = min(max(AUTO_FACTOR * elapsed, AUTO_LEAST), AUTO_MOST)
    else:
        own = policy.delay
    return max(own, crawl_delay or 0.0)


def category(crawl_delay: float | None, rested: float) -> Waiting:
    """Say whose wish a rest of `rested` seconds is: the site's (Crawl-delay) or ours."""
    return Waiting.CRAWL_DELAY if crawl_delay and crawl_delay >= rested else Waiting.POLITENESS


def too_slow(policy: Policy, crawl_delay: float | None) -> bool:
    """Tell whether a site asks for a longer Crawl-delay than this crawl is willing to keep."""
    return crawl_delay is not None and crawl_delay > policy.max_crawl_delay


# ---------------------------------------------------------------- what is different for some hosts

_PATTERN: Final = re.compile(r"(\*\.)?([^*/?#@\s]+?)(?::(\d+))?")
_PORTS: Final = {"http": "80", "https": "443"}


class Manners:
    """The policy as it holds for one host: the table `hosts` of a policy says what is different there.

    A pattern is a host name ("example.org"), all names below one ("*.example.org"), or either at one port
    ("example.org:8080"). Of several that match, each setting is taken from the closest: a name before a longer tail
    before a shorter one, with a port before without. Raises UserError for a pattern that is none.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._tables = sorted(((_Pattern(text), table) for text, table in policy.hosts.items()), key=_closeness)
        self._known: dict[str, Policy] = {}

    def of(self, host: str) -> Policy:
        """Give the policy for a host, by its key (scheme and authority)."""
        if not self._tables:
            return self._policy
        known = self._known.get(host)
        if known is None:
            known = self._known[host] = self._combined(host)
        return known

    def host_concurrency(self, host: str) -> int:
        """Tell how many fetches may run at once on a host."""
        return self.of(host).host_concurrency

    def _combined(self, host: str) -> Policy:
        own: dict[str, object] = {}
        for pattern, table in self._tables:  # the closest comes last and so wins
            if pattern.matches(host):
                own |= {name: value for name, value in msgspec.structs.asdict(table).items() if value is not None}
        return msgspec.structs.replace(self._policy, **own) if own else self._policy


class _Pattern:
    """One key of the table `hosts`."""

    __slots__ = ("below", "name", "port")

    def __init__(self, text: str) -> None:
        match = _PATTERN.fullmatch(text.strip())
        url = urls.canonical(f"http://{match[2]}/") if match else None
        if match is None or url is None:
            raise UserError(f"hosts: {text!r} is no host; write a name such as 'example.org' or '*.example.org'.")
        self.below, self.name, self.port = bool(match[1]), urls.hostname(url), match[3] or ""

    def matches(self, host: str) -> bool:
        """Tell whether a host is meant, by its key."""
        name = urls.hostname(host)
        if self.port and self.port != _port(host):
            return False
        return name.endswith(f".{self.name}") if self.below else name == self.name


def _closeness(entry: tuple[_Pattern, HostManners]) -> tuple[bool, int, bool]:
    pattern = entry[0]
    return not pattern.below, len(pattern.name), bool(pattern.port)


def _port(host: str) -> str:
    scheme, _, authority = host.partition("://")
    port = authority.rpartition("]")[2].partition(":")[2]
    return port or _PORTS.get(scheme, "")
