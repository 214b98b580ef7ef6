"""The address guard: which addresses may be connected to, and a resolver pool that asks for them.

A crawler that follows any link must not be led into its user's own network (server-side request forgery). So only
global unicast addresses are connected to, and the check is made on the very address used.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from queue import SimpleQueue

from msgspec import Struct

from gossamer.values.errors import UserError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Global by the letter of some Python version's table, and yet not a place where a public web server lives.
_SPECIAL: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared address space behind carriers' NAT, RFC 6598
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "198.18.0.0/15",  # benchmarking, RFC 2544
        "240.0.0.0/4",  # reserved, RFC 1112
        "2001::/23",  # Teredo (2001::/32) and other protocol assignments, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4: carries any IPv4 address, private ones too, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
    )
)


def real_address(text: str) -> Address | None:
    """Read an address, seeing through `::ffff:` (mapped IPv4) and `64:ff9b::` (NAT64); None if the text is none."""
    try:
        address = ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Tell whether the address is global unicast: neither private, multicast, reserved nor a tunnel's."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in _SPECIAL if network.version == address.version)


class AddressGuard:
    """Judges addresses: public ones may be used, and what the user named in `allow_private`."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        """Read the exceptions: CIDRs, addresses or host names. Raises `UserError` for anything else."""
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in allow_private:
            network = _as_network(entry)
            if network is not None:
                networks.append(network)
            else:
                hosts.add(_as_host(entry))
        self._networks = tuple(networks)
        self._hosts = frozenset(hosts)

    def permits(self, host: str, address: str) -> bool:
        """Tell whether a connection for `host` may go to `address`."""
        real = real_address(address)
        if real is None:
            return False
        return is_public(real) or self.exempts(host) or any(real in network for network in self._networks)

    def exempts(self, host: str) -> bool:
        """Tell whether the user named this host, whatever it resolves to."""
        return host.lower().rstrip(".") in self._hosts


def _as_network(entry: str) -> Network | None:
    text = entry.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _as_host(entry: str) -> str:
    try:
        host = entry.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    numbers = host.replace(".", "").isdigit()  # an address that is none
    if not host or numbers or any(mark in host for mark in "/:@?#* "):
        raise UserError(
            f"allow_private (--allow-private) takes a CIDR, an address or a host name without port, not {entry!r}."
        )
    return host


class Answer(Struct, frozen=True):
    """What looking up a name gave: its addresses in the order to try them, or none and the `problem` in plain words."""

    addresses: tuple[str, ...] = ()
    problem: str = ""


class _Entry(Struct):
    """A name being looked up or looked up already; `expires` is infinite until the answer is there."""

    answer: Future[Answer]
    expires: float = float("inf")


def system_lookup(host: str) -> Answer:
    """Ask this system's resolver (hosts file, DNS …), blocking."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Answer(problem=f"{host}: {getattr(error, 'strerror', None) or error}")
    return Answer(tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)))


class Resolver:
    """Looks names up on threads of its own, and remembers the answers for a short while.

    libcurl's own threaded resolver let 60 dead names hold up 100 good ones for 12 s; here a name occupies at most one
    thread however many fetches wait for it, there are many threads, and every fetch has its own deadline.
    Safe to use from several threads.
    """

    def __init__(
        self,
        lookup: Callable[[str], Answer] = system_lookup,
        *,
        threads: int = 128,
        ttl: float = 60.0,
        capacity: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep answers `ttl` seconds, and failures a quarter of that; start at most `threads` threads, when needed."""
        self._lookup, self._clock = lookup, clock
        self._threads, self._ttl, self._capacity = threads, ttl, capacity
        self._entries: dict[str, _Entry] = {}
        self._queue: SimpleQueue[tuple[str, _Entry] | None] = SimpleQueue()
        self._started = 0
        self._unanswered = 0
        self._closed = False
        # Guards everything above but the queue; never held while a name is looked up.
        self._lock = threading.Lock()

    def ask(self, host: str) -> Future[Answer]:
        """Promise the answer for a host name; already there when the name was asked for lately."""
        with self._lock:
            entry = self._entries.get(host)
            if entry is not None and entry.expires > self._clock():
                return entry.answer
            entry = _Entry(Future())
            if self._closed:
                entry.answer.set_result(Answer(problem=f"{host}: the resolver is closed"))
                return entry.answer
            self._make_room()
            self._entries[host] = entry
            self._unanswered += 1
            if self._unanswered > self._started and self._started < self._threads:
                self._start_thread()
        self._queue.put((host, entry))
        return entry.answer

    def close(self) -> None:
        """Let the threads end; names still being looked up are answered, but nobody need wait for them."""
        with self._lock:
            self._closed = True
            started = self._started
        for _ in range(started):
            self._queue.put(None)

    def _make_room(self) -> None:
        if len(self._entries) < self._capacity:
            return
        now = self._clock()
        kept = {host: entry for host, entry in self._entries.items() if entry.expires > now}
        # Nothing expired: forget the older half. A name still being looked up is then asked for twice, at worst.
        surplus = len(kept) - self._capacity // 2 if len(kept) >= self._capacity else 0
        for host in list(kept)[:surplus]:
            del kept[host]
        self._entries = kept

    def _start_thread(self) -> None:
        self._started += 1
        # Daemons: a dead name may take half a minute, and the program must be able to end meanwhile.
        threading.Thread(target=self._work, name=f"gossamer-resolver-{self._started}", daemon=True).start()

    def _work(self) -> None:
        while (asked := self._queue.get()) is not None:
            host, entry = asked
            try:
                answer = self._lookup(host)
            except Exception as error:  # noqa: BLE001  # a look-up given by the user may raise anything; the fetch must end
                answer = Answer(problem=f"{host}: {error!r}")
            with self._lock:
                self._unanswered -= 1
                entry.expires = self._clock() + (self._ttl if answer.addresses else self._ttl / 4)
            entry.answer.set_result(answer)
