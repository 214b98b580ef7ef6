"""Limits per IP address: hosts on one address share the number of fetches at once, and rest together.

The address of a host is known from a URL that contains it, or else from the first answer. Until its IP address is
known, a host shares one placeholder address with all other unknown hosts: the conservative assumption. So only the
first request to a host, mostly for its robots.txt, can exceed the limit of its real address, and the placeholder
address limits how many such requests are in flight at once.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any, Protocol

from gossamer.rules.urls import hostname


class HostWithIp(Protocol):
    """What `IpLimits` needs to know of a host."""

    ip: IpLimit | None
    """The limit of the host's IP address."""
    in_flight: int
    """Number of the host's fetches in flight."""


class IpLimit:
    """One IP address: its fetches in flight, when its rest ends, and the hosts that wait until it is free."""

    __slots__ = ("in_flight", "most", "paused_by", "paused_until", "ready_at", "waiting")

    def __init__(self, most: int) -> None:
        self.most = most
        """Maximum number of fetches at once."""
        self.in_flight = 0
        """Number of fetches in flight."""
        self.ready_at = 0.0
        """When the rest ends."""
        self.paused_until = 0.0
        """When the last pause ends for which a host at the address asked."""
        self.paused_by = ""
        """The URL whose answer asked for it; "" if that is not known."""
        self.waiting: dict[Any, None] = {}
        """The hosts that wait until fewer than `most` fetches are in flight, in order of arrival."""

    @property
    def full(self) -> bool:
        """Whether the maximum number of fetches is in flight."""
        return self.in_flight >= self.most

    def rest(self, until: float) -> None:
        """Let the address rest until then, unless it rests longer already."""
        self.ready_at = max(self.ready_at, until)

    def pause(self, until: float, url: str = "") -> None:
        """Leave the address alone until then, because a host there asked for that, by the answer to a URL."""
        self.rest(until)
        if until > self.paused_until:
            self.paused_until, self.paused_by = until, url

    def freed(self) -> list[Any]:
        """Remove and return the waiting hosts, in order of arrival; none while the address is full."""
        if self.full:
            return []
        freed, self.waiting = list(self.waiting), {}
        return freed


class IpLimits:
    """The IP address of every host, as far as known.

    Invariant: the fetches in flight at an address are those of its hosts.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._unknown_address = IpLimit(most)
        self._known: dict[str, IpLimit] = {}

    def initial(self, host: str) -> IpLimit:
        """Return the limit of a new host, by its key: of the address in its URL, or of the placeholder address."""
        name = _normal(hostname(host))
        return self._unknown_address if name is None else self._at(name)

    def record_ip(self, host: HostWithIp, peer: str, until: float) -> list[Any]:
        """Record the IP address that answered for a host ("" if none did), let it rest, and return hosts to wake.

        When the address of a host becomes known, the placeholder address rests too: another unknown host may share it.
        """
        before = host.ip
        assert before is not None, "every host has an address where there is a limit for them"
        name = _normal(peer)
        if name is None and before is self._unknown_address:
            return []
        now_at = before if name is None else self._at(name)
        before.rest(until)
        now_at.rest(until)
        if now_at is before:
            return []
        before.in_flight -= host.in_flight
        now_at.in_flight += host.in_flight
        host.ip = now_at
        return before.freed()

    def _at(self, name: str) -> IpLimit:
        address = self._known.get(name)
        if address is None:
            address = self._known[name] = IpLimit(self._most)
        return address


def _normal(text: str) -> str | None:
    """Return the canonical form of an IP address, without zone; None if the text is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
