"""NO_PROXY: which hosts are reached without the proxy of the environment."""

from __future__ import annotations

import pytest

from gossamer.fetchers.no_proxy import bypasses


@pytest.mark.parametrize(
    ("entries", "host"),
    [
        ("*", "example.org"),
        ("a.test, *", "example.org"),
        ("example.org", "example.org"),
        ("example.org", "www.example.org"),
        (".example.org", "example.org"),
        (".example.org", "www.example.org"),
        ("*.example.org", "www.example.org"),
        ("Example.ORG.", "example.org"),
        ("a.test b.test\texample.org", "example.org"),
        ("example.org", "example.org."),
        ("example.org:8080", "example.org"),
        (".example.org:8080", "www.example.org"),
        ("10.0.0.0/8", "10.20.30.40"),
        ("10.1.2.3/8", "10.20.30.40"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("192.168.0.0/16:8080", "192.168.9.9"),
        ("fd00::/8", "fd12::1"),
        ("[fd00::]/8", "fd12::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("[::1]:8080", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
    ],
)
def test_a_host_that_is_listed_needs_no_proxy(entries: str, host: str) -> None:
    assert bypasses(entries, host, 8080)


@pytest.mark.parametrize(
    ("entries", "host"),
    [
        ("", "example.org"),
        (" , ,", "example.org"),
        (".", "example.org"),
        ("xample.org", "example.org"),
        ("www.example.org", "example.org"),
        ("example.org:80", "example.org"),
        ("10.0.0.0/8", "11.0.0.1"),
        ("10.0.0.0/8", "10.example.org"),
        ("10.0.0.0/99", "10.0.0.1"),
        ("0.1", "10.0.0.1"),
        ("fd00::/8", "10.0.0.1"),
        ("[::1]:80", "::1"),
        ("example.org", "::1"),
    ],
)
def test_any_other_host_is_asked_through_it(entries: str, host: str) -> None:
    assert not bypasses(entries, host, 8080)
