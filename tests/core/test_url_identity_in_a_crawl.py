"""A crawl fetches a page once, under the first of the spellings that are the same by its settings."""

from __future__ import annotations

from gossamer.rules.policy import Policy
from gossamer.values.model import Response
from tests.support.webs import Web, html, play

A = "https://a.example"


def crawled(**fields: bool) -> list[str]:
    web = Web()
    web.page(A + "/?utm_source=seed", "/a?utm_source=1&x=1&b=2", "/a?b=2&x=1")
    web.page(A + "/", "/a?utm_source=1&x=1&b=2", "/a?b=2&x=1")
    for query in ("utm_source=1&x=1&b=2", "b=2&x=1", "x=1&b=2", "b=2&utm_source=1&x=1"):
        url = f"{A}/a?{query}"
        web.put(url, html(url, "<a rel=nofollow href='/n?fbclid=1'>x</a><a rel=nofollow href='/n'>x</a>"))
    web.put(A + "/robots.txt", Response(A + "/robots.txt", 404, {}))
    index = "<urlset><url><loc>/a?x=1&amp;b=2&amp;gclid=9</loc></url></urlset>"
    web.put(A + "/sitemap.xml", Response(A + "/sitemap.xml", 200, {"content-type": "text/xml"}, index.encode()))
    played = play(Policy(seeds=(A + "/?utm_source=seed",), **fields), web)  # type: ignore[arg-type]
    return sorted(url.removeprefix(A) for url in played.outcomes)


def test_by_default_every_spelling_is_a_page() -> None:
    expected = ["/?utm_source=seed", "/a?b=2&x=1", "/a?utm_source=1&x=1&b=2", "/a?x=1&b=2&gclid=9"]
    assert crawled() == expected


def test_with_both_all_spellings_are_one_wherever_they_come_from() -> None:
    assert crawled(strip_tracking=True, sort_query=True) == ["/", "/a?b=2&x=1"]
    assert crawled(strip_tracking=True) == ["/", "/a?b=2&x=1", "/a?x=1&b=2"]


def test_a_redirect_that_only_adds_tracking_is_followed_as_it_stands() -> None:
    web = Web()
    web.page(A + "/", "/a", "/b")
    web.put(A + "/a", Response(A + "/a", 302, {"location": "/a?utm_source=x"}))
    web.put(A + "/b", Response(A + "/b", 302, {"location": "/c?utm_source=x"}))
    web.page(A + "/a?utm_source=x")
    web.page(A + "/c")
    played = play(Policy(seeds=(A + "/",), strip_tracking=True), web)
    assert {url.removeprefix(A): kind for url, (kind, _, _) in played.outcomes.items()} == {
        "/": "done", "/a": "redirected", "/b": "redirected", "/a?utm_source=x": "done", "/c": "done"
    }  # fmt: skip
