"""How an origin is reached: by which proxy, at which addresses."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from gossamer.fetchers import FetchOptions
from gossamer.fetchers.dns import DnsResolver, Resolution
from gossamer.fetchers.routes import Route, Router
from gossamer.values.model import Failure
from gossamer.values.reasons import Reason

NAMES = DnsResolver(lambda host: Resolution(("1.1.1.1", "10.0.0.1", "2606:4700::1111")))


def test_a_name_is_looked_up_once_and_then_known() -> None:
    router = Router(FetchOptions(), NAMES)
    url = "https://Example.org/a/b"
    assert router.known(url) is None
    promised = router.ask(url)
    assert isinstance(promised, Future)
    route = router.found(url, promised.result(5))
    assert isinstance(route, Route)
    assert route.resolve == "+example.org:443:1.1.1.1,[2606:4700::1111]"
    assert route.addresses == {"1.1.1.1", "2606:4700::1111"}
    assert router.known("https://Example.org/c") is route
    assert router.known("https://Example.org:444/c") is None
    assert router.known("https://Example.orga") is None


def test_an_address_needs_no_look_up() -> None:
    route = Router(FetchOptions(), NAMES).ask("http://[2606:4700::1111]:81/")
    assert isinstance(route, Route)
    assert (route.origin, route.resolve) == ("http://[2606:4700::1111]:81", "")
    assert route.addresses == {"2606:4700::1111"}


@pytest.mark.parametrize("url", ["http://0x7f.1/", "http://2130706433/", "http://127.1/", "http://[::ffff:10.0.0.1]/"])
def test_an_address_in_disguise_is_refused(url: str) -> None:
    failure = Router(FetchOptions(), NAMES).ask(url)
    assert isinstance(failure, Failure)
    assert failure.reason == Reason.FAIL_ADDRESS_REFUSED


@pytest.mark.parametrize(
    ("proxy", "used"),
    [("socks5://p:1", "socks5h://p:1"), ("socks4://p:1", "socks4a://p:1"), ("http://p:3128", "http://p:3128")],
)
def test_a_proxy_resolves_the_names(proxy: str, used: str) -> None:
    route = Router(FetchOptions(proxy=proxy), NAMES).ask("https://example.org/")
    assert isinstance(route, Route)
    assert (route.proxy, route.resolve, route.addresses) == (used, "", frozenset())


def test_the_table_of_routes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gossamer.fetchers.routes._CAPACITY", 10)
    router = Router(FetchOptions(), NAMES)
    for port in range(1, 100):
        assert isinstance(router.ask(f"http://1.1.1.1:{port}/"), Route)
    assert len(router._routes) <= 10


def test_a_resolver_that_was_lent_stays_open() -> None:
    Router(FetchOptions(), NAMES).close()
    assert NAMES.ask("later.test").result(5).addresses
