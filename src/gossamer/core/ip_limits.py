"""Hosts that live on one server rest together, where a crawl has a limit per IP address.

An address is known from the URL where that names it, and otherwise from the first answer. Until then a host is a
stranger, and all strangers count as living on one address: perhaps they do. So only the first request to a host, mostly
for its robots.txt, may come on top of what its address has to bear, and never many of these at once.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any, Protocol

from gossamer.rules.urls import hostname


class Resident(Protocol):
    """What a host is here: something with fetches in flight that lives at an address."""

    ip: IpLimit | None
    in_flight: int


class IpLimit:
    """One IP address: how much is in flight there, when its rest ends, and the hosts that wait for a free place."""

    __slots__ = ("in_flight", "most", "ready_at", "waiting")

    def __init__(self, most: int) -> None:
        self.most = most
        self.in_flight = 0
        self.ready_at = 0.0
        self.waiting: dict[Any, None] = {}

    @property
    def full(self) -> bool:
        """Tell whether nothing more may start there now."""
        return self.in_flight >= self.most

    def rest(self, until: float) -> None:
        """Spare the address until then, unless it rests longer already."""
        self.ready_at = max(self.ready_at, until)

    def freed(self) -> list[Any]:
        """Let go those that wait, first come first, if there is a place again."""
        if self.full:
            return []
        freed, self.waiting = list(self.waiting), {}
        return freed


class IpLimits:
    """Know which hosts live where. Invariant: what is in flight at an address is what is in flight of its hosts."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._unknown_address = IpLimit(most)
        self._known: dict[str, IpLimit] = {}

    def first(self, host: str) -> IpLimit:
        """Give the address of a new host, by its key: the one in its URL, or that of all strangers."""
        name = _normal(hostname(host))
        return self._unknown_address if name is None else self._at(name)

    def landed(self, host: Resident, peer: str, until: float) -> list[Any]:
        """Note where an answer came from ("" where none came), let that address rest, and give hosts that may go on.

        Strangers rest after each of them that turned out to live somewhere: the next may live there too.
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
    """Spell an address in the one way; None for what is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
