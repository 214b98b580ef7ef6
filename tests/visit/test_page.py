"""Page: what users and handlers see of a visit."""

from __future__ import annotations

import sys

import pytest

from gossamer import Page, PageRecord, Response, UserError
from gossamer.values.model import Item, OutcomeKind, Timings
from gossamer.values.reasons import Reason
from gossamer.visit.page import TREE_MOST_BYTES, TREE_MOST_TAGS

SHOP = """<!doctype html><html lang=en><title> The
 shop </title><style>p {}</style><body><h1>Silk &amp; more</h1><p class=price data-cents=1200>12.00</p>
<p class=price>7.50 <b>now</b></p><a href=/a?b=1#top>A</a> <a rel=nofollow href=//cdn.example/x>B</a>
<a href=mailto:x>C</a>"""


def test_a_page_is_made_from_html_to_test_handlers() -> None:
    page = Page.of(SHOP, url="https://shop.example/x/")
    assert (page.url, page.status, page.ok, page.outcome) == ("https://shop.example/x/", 200, True, OutcomeKind.DONE)
    assert (page.title, page.language, page.reason) == ("The shop", "en", None)
    assert (page.depth, page.via, page.fetched_at, page.timings) == (0, "", None, Timings())
    assert page.headers["content-type"].startswith("text/html")
    assert page.body == SHOP.encode()
    assert repr(page) == "<Page 200 https://shop.example/x/>"
    assert page.record.outlinks == len(page.links)
    assert Page.of("gone", status=404).status == 404


def test_bytes_are_read_in_the_encoding_they_are_in() -> None:
    page = Page.of("<meta charset=windows-1251><title>Шёлк</title>".encode("windows-1251"))
    assert page.title == "Шёлк"
    assert "Шёлк" in page.html
    assert page.record.encoding == "windows-1251"


def test_links_are_absolute_and_know_their_text() -> None:
    page = Page.of(SHOP, url="https://shop.example/x/")
    assert [(link.url, link.text, link.nofollow) for link in page.links] == [
        ("https://shop.example/a?b=1", "A", False),
        ("https://cdn.example/x", "B", True),
    ]


def test_text_is_what_a_person_sees() -> None:
    text = Page.of(SHOP).text
    assert "Silk & more" in text
    assert "p {}" not in text


def test_css_finds_elements() -> None:
    page = Page.of(SHOP)
    prices = page.css("p.price")
    assert len(prices) == 2
    assert prices.text == "12.00 7.50 now"
    assert prices.first is not None
    assert prices.first.text() == "12.00"
    assert prices.attributes("data-cents") == ["1200"]
    assert page.css("table").first is None
    assert page.css("table").text == ""


def test_xpath_finds_elements_where_lxml_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lxml.html")
    assert Page.of(SHOP).xpath("//p[@data-cents]/text()") == ["12.00"]
    assert Page.of("").xpath("//p") == []
    monkeypatch.setitem(sys.modules, "lxml.html", None)
    with pytest.raises(
        UserError, match=r"needs gossamer's extra \[xpath\]; in a checkout of gossamer: pip install '\.\[xpath\]'$"
    ):
        Page.of(SHOP).xpath("//p")


@pytest.mark.parametrize("monster", ["x" * (TREE_MOST_BYTES + 1), "<b>" * (TREE_MOST_TAGS + 1)], ids=["long", "tags"])
def test_a_tree_of_a_monster_is_refused_but_its_text_and_links_are_not(monster: str) -> None:
    page = Page.of(f"<a href=/x>x</a>{monster}")
    with pytest.raises(UserError, match="too large to search safely"):
        page.css("a")
    if "lxml" in sys.modules:
        with pytest.raises(UserError, match="too large to search safely"):
            page.xpath("//a")
    assert len(page.links) == 1
    assert page.text.startswith("x")


def test_a_page_at_the_bounds_is_searched() -> None:
    page = Page.of("<b>" + "<i></i>" * ((TREE_MOST_TAGS - 1) // 2))
    assert page.html.count("<") in (TREE_MOST_TAGS - 1, TREE_MOST_TAGS)
    assert len(page.css("b")) == 1


def test_a_page_that_is_no_html_has_no_text_and_no_links() -> None:
    record = PageRecord("https://a.example/i.png", OutcomeKind.DONE, status=200)
    page = Page(record, Response(record.url, 200, {"content-type": "image/png"}, b"\x89PNG <a href=/x>"))
    assert not page.is_html
    assert (page.html, page.text, page.links) == ("", "", ())
    assert not page.css("a")


def test_a_page_without_an_answer_says_why() -> None:
    record = PageRecord("https://a.example/", OutcomeKind.FAILED, reason=Reason.FAIL_TIMEOUT, depth=3, via="https://b/")
    page = Page(record)
    assert not page.ok
    assert (page.status, page.reason, page.body, page.headers) == (None, Reason.FAIL_TIMEOUT, b"", {})
    assert (page.depth, page.via, page.is_html, page.links) == (3, "https://b/", False, ())
    assert repr(page) == "<Page fail.timeout https://a.example/>"


# ---------------------------------------------------------------- follow


def followed(what: object) -> tuple[str, ...]:
    page = Page.of(SHOP, url="https://shop.example/x/")
    page.follow(what(page) if callable(what) else what)
    return page.followed


@pytest.mark.parametrize(
    "what",
    [
        "/a?b=1",
        "https://shop.example/a?b=1#top",
        lambda page: page.links[0],
        lambda page: page.css("a").first,
        lambda page: page.css("a")[:1],
        lambda page: [None, ["/a?b=1", page.css("a").first]],
        lambda page: page.xpath("//a[1]"),
        lambda page: page.xpath("//a[1]/@href"),
    ],
)
def test_follow_takes_whatever_names_a_link(what: object) -> None:
    if callable(what):
        pytest.importorskip("lxml")
    assert followed(what) == ("https://shop.example/a?b=1",)


@pytest.mark.parametrize("what", [None, [], "mailto:x", lambda page: page.css(".gone").first])
def test_following_nothing_is_no_mistake(what: object) -> None:
    assert followed(what) == ()


def test_links_without_an_href_are_not_followed() -> None:
    page = Page.of("<a class=next>no more</a><a class=next href>none</a>")
    page.follow(page.css(".next"))
    assert page.hrefs_followed == ()


def test_following_what_is_no_link_is_a_mistake() -> None:
    with pytest.raises(UserError, match=r"page\.follow\(\) was given <p>, which has no href; choose the links"):
        followed(lambda page: page.css("p"))
    with pytest.raises(UserError, match=r"page\.follow\(\) takes URLs, hrefs and elements; 7 is none of them"):
        followed([7])


def test_a_page_that_is_recorded_follows_nothing_more_and_has_its_items() -> None:
    record = Page.of(SHOP).record
    item = Item("prices", "dict", b'{"_url":"u","_handler":"prices","_type":"dict","price":12.0}\n')
    page = Page(record, None, (item,))
    assert page.items == ({"price": 12.0},)
    with pytest.raises(UserError, match="is recorded already"):
        page.follow("/x")
    assert Page.of(SHOP).items == ()


def test_links_are_relative_to_the_base_a_page_names() -> None:
    page = Page.of("<BASE href=/other/><a href=x>x</a>", url="https://shop.example/x/")
    page.follow(page.css("a"))
    assert (page.base, page.followed) == ("https://shop.example/other/", ("https://shop.example/other/x",))
    assert Page.of(SHOP).base == "http://localhost/"
