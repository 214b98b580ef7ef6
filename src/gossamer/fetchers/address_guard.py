"""The address guard: which IP addresses a fetcher may connect to.

A crawler that follows any link must not be led into its user's own network (server-side request forgery). So it
connects to global unicast addresses only, and it checks the very address that it connects to.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from gossamer.values.errors import UserError

IpAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# `ipaddress` of some Python versions calls these global, but no public web server has such an address.
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


def real_address(text: str) -> IpAddress | None:
    """Parse an IP address; return None if the text is not one.

    An IPv4 address that is mapped (`::ffff:`, RFC 4291 section 2.5.5.2) or translated (`64:ff9b::`, RFC 6052) is
    returned as IPv4.
    """
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


def is_public(address: IpAddress) -> bool:
    """Whether the address is global unicast: neither private, multicast, reserved nor of a tunnel."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in _SPECIAL if network.version == address.version)


class AddressGuard:
    """A rule for connections: only to public addresses, and to the exceptions in `allow_private`."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        """Parse the exceptions: CIDRs, addresses or host names. Raise `UserError` for anything else."""
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in allow_private:
            network = _parse_network(entry)
            if network is not None:
                networks.append(network)
            else:
                hosts.add(_parse_host(entry))
        self._networks = tuple(networks)
        self._hosts = frozenset(hosts)

    def permits(self, host: str, address: str) -> bool:
        """Whether a connection for `host` may go to `address`; False if `address` is not an IP address."""
        real = real_address(address)
        if real is None:
            return False
        return is_public(real) or self.exempts(host) or any(real in network for network in self._networks)

    def exempts(self, host: str) -> bool:
        """Whether `allow_private` has this host name, which permits every address that the name resolves to."""
        return host.lower().rstrip(".") in self._hosts


def _parse_network(entry: str) -> Network | None:
    text = entry.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _parse_host(entry: str) -> str:
    try:
        host = entry.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    only_digits = host.replace(".", "").isdigit()  # a malformed IPv4 address, such as 10.0.0.300
    if not host or only_digits or any(character in host for character in "/:@?#* "):
        raise UserError(
            f"allow_private (--allow-private) takes a CIDR, an address or a host name without port, not {entry!r}."
        )
    return host
