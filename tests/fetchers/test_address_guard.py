"""Which addresses may be connected to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.fetchers.address_guard import AddressGuard, is_public, real_address
from gossamer.values.errors import UserError

SPECIAL = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32
    ::/128 ::1/128 ::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7
    fe80::/10 fec0::/10 ff00::/8
""".split()


PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::8a"]


special_addresses = st.sampled_from(SPECIAL).flatmap(lambda network: st.ip_addresses(network=network))


ipv4_addresses = st.ip_addresses(v=4) | st.sampled_from(SPECIAL[:16]).flatmap(lambda n: st.ip_addresses(network=n))


@given(special_addresses)
def test_no_special_address_is_public(address: IPv4Address | IPv6Address) -> None:
    assert not AddressGuard().permits("example.org", str(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_ordinary_addresses_are_public(address: str) -> None:
    assert AddressGuard().permits("example.org", address)


@given(ipv4_addresses)
def test_an_ipv4_address_is_seen_through_its_ipv6_disguises(address: IPv4Address) -> None:
    guard = AddressGuard()
    plain = guard.permits("example.org", str(address))
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        disguised = IPv6Address(int(IPv6Address(prefix)) | int(address))
        assert real_address(str(disguised)) == address
        assert guard.permits("example.org", str(disguised)) == plain


@given(st.ip_addresses())
def test_an_exception_opens_its_network_and_nothing_else(address: IPv4Address | IPv6Address) -> None:
    guard = AddressGuard(("10.1.0.0/16", "fd00::/8", "192.168.0.1", "[::1]"))
    real = real_address(str(address))
    assert real is not None
    named = any(
        real in network
        for network in map(ip_network, ("10.1.0.0/16", "fd00::/8", "192.168.0.1", "::1"))
        if network.version == real.version
    )
    assert guard.permits("example.org", str(address)) == (named or is_public(real))


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::1", "192.168.0.1", "::1", "::ffff:10.1.2.3"])
def test_what_the_user_names_may_be_reached(address: str) -> None:
    assert AddressGuard(("10.1.0.0/16", "fd00::/8", "192.168.0.1", "[::1]")).permits("x.test", address)
    assert not AddressGuard(("10.2.0.0/16",)).permits("x.test", address)


def test_a_host_name_exempts_itself_however_it_is_spelled() -> None:
    guard = AddressGuard(("Intranet.Example.", "bücher.example"))
    assert guard.permits("intranet.example", "10.0.0.1")
    assert guard.permits("INTRANET.example.", "10.0.0.1")
    assert guard.permits("xn--bcher-kva.example", "10.0.0.1")
    assert not guard.permits("www.intranet.example", "10.0.0.1")


NO_EXCEPTIONS = ["", "localhost:8080", "http://localhost", "10.0.0.0/99", "*.example.org", "a b", "300.1.1.1"]


@pytest.mark.parametrize("entry", NO_EXCEPTIONS)
def test_an_exception_that_means_nothing_is_the_users_mistake(entry: str) -> None:
    with pytest.raises(UserError, match="takes a CIDR"):
        AddressGuard((entry,))


@given(st.text(max_size=20))
def test_what_is_no_address_is_never_permitted(text: str) -> None:
    try:
        ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        assert not AddressGuard(("0.0.0.0/0", "::/0")).permits("x.test", text)
