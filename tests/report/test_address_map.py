"""Which addresses stand for each other in a comparison."""

from __future__ import annotations

import pytest

from gossamer.report.address_map import AddressMap
from gossamer.values.errors import UserError


@pytest.mark.parametrize(
    ("text", "url", "mapped"),
    [
        ("https://s.example=https://w.example", "https://s.example/a?b", "https://w.example/a?b"),
        ("https://s.example/=https://w.example/", "https://s.example/", "https://w.example/"),
        ("s.example=w.example", "https://s.example/a", "https://w.example/a"),
        ("https://s.example=https://w.example", "https://s.example.org/a", "https://s.example.org/a"),
        ("https://s.example=https://w.example", "https://s.example:8080/a", "https://s.example:8080/a"),
        ("https://w.example/new/=https://w.example/", "https://w.example/new/a", "https://w.example/a"),
        ("https://w.example/v2=https://w.example/v1", "https://w.example/v2/a", "https://w.example/v1/a"),
        ("https://w.example/v2=https://w.example/v1", "https://w.example/v2?x", "https://w.example/v1?x"),
        ("https://w.example/v2=https://w.example/v1", "https://w.example/v22/a", "https://w.example/v22/a"),
    ],
)
def test_a_prefix_stands_for_another(text: str, url: str, mapped: str) -> None:
    both = AddressMap.of([text])
    assert both(url) == mapped
    assert both.back(mapped) == url
    assert both


def test_the_first_prefix_that_fits_counts() -> None:
    both = AddressMap.of(["https://s.example/a=https://w.example/1", "https://s.example=https://w.example"])
    assert [both(f"https://s.example/{name}") for name in ("a/x", "b")] == [
        "https://w.example/1/x",
        "https://w.example/b",
    ]
    assert not AddressMap()
    assert AddressMap()("https://s.example/") == "https://s.example/"


@pytest.mark.parametrize(
    "text", ["https://s.example", "=https://w.example", "a.example=", "a.example=b.example=c.example"]
)
def test_what_maps_nothing_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="maps nothing"):
        AddressMap.of([text])
    with pytest.raises(UserError, match="not a web URL"):
        AddressMap.of(["ftp://a.example=b.example"])
