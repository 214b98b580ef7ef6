"""What was probably meant by a broken URL is found among those that are there."""

from __future__ import annotations

from hashlib import sha256
from time import process_time

import pytest

from gossamer.check.suggestions import suggestions

THERE = [
    "https://a.example/",
    "https://a.example/About",
    "https://a.example/docs/",
    "https://a.example/docs/install.html",
    "https://a.example/docs/api/index.html",
    "https://a.example/products/chair",
    "https://a.example/products/table",
    "https://a.example/new/place/loom-history.html",
    "https://a.example/list/page-2",
    "https://a.example/one/same.html",
    "https://a.example/two/same.html",
    "https://a.example/shop?item=bobbin",
    "https://b.example/bobbins/",
]


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ("https://a.example/about", "https://a.example/About"),
        ("https://a.example/docs", "https://a.example/docs/"),
        ("http://a.example/docs/", "https://a.example/docs/"),
        ("https://www.a.example/docs/", "https://a.example/docs/"),
        ("https://a.example/docs/install", "https://a.example/docs/install.html"),
        ("https://a.example/docs/install.htm", "https://a.example/docs/install.html"),
        ("https://a.example/docs/api/", "https://a.example/docs/api/index.html"),
        ("https://a.example/docs/api/default.aspx", "https://a.example/docs/api/index.html"),
        ("https://a.example/products/chiar", "https://a.example/products/chair"),
        ("https://a.example/products/chairs", "https://a.example/products/chair"),
        ("https://a.example/products/char", "https://a.example/products/chair"),
        ("https://a.example/prodacts/table", "https://a.example/products/table"),
        ("https://a.example/old/loom-history.html", "https://a.example/new/place/loom-history.html"),
        ("https://a.example/shop?item=bobbim", ""),
        ("https://a.example/list/page-3", ""),
        ("https://a.example/list/page", ""),
        ("https://a.example/three/same.html", ""),
        ("https://a.example/x/index.html", ""),
        ("https://a.example/" + "a/" * 20 + "x", ""),
        ("https://c.example/docs/install.html", ""),
        ("https://a.example/weather", ""),
    ],
)
def test_the_url_that_was_meant_is_found(broken: str, meant: str) -> None:
    assert suggestions([broken], THERE).get(broken, "") == meant


def test_the_same_address_by_https_comes_before_another_spelling() -> None:
    there = ["https://a.example/Docs", "https://a.example/docs"]
    assert suggestions(["http://a.example/docs"], there) == {"http://a.example/docs": "https://a.example/docs"}


def test_nothing_is_meant_where_two_names_are_equally_near() -> None:
    assert suggestions(["https://a.example/cab"], ["https://a.example/car", "https://a.example/cat"]) == {}


def test_nothing_is_searched_where_nothing_is_broken() -> None:
    assert suggestions([], THERE) == {}


def test_thousands_of_broken_links_among_as_many_pages_of_a_directory_cost_little() -> None:
    there = [f"https://a.example/wiki/{hash_of(number)}" for number in range(20_000)]
    broken = [f"{url[:-1]}g" for url in there[:10_000]]
    began = process_time()
    assert suggestions(broken, there) == dict(zip(broken, there, strict=False))
    assert process_time() - began < 60  # seconds: comparing each with each took minutes


def hash_of(number: int) -> str:
    """Return a name of letters that is like no other."""
    return sha256(str(number).encode()).hexdigest()[:20].translate(str.maketrans("0123456789", "hijklmnopq"))
