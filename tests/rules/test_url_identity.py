"""Spellings are only taken for one where the user says so, and then the same way everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import TRACKING, identity, is_tracking, simplified
from gossamer.values.model import Response
from tests.support.webs import Web, html, play

A = "https://a.example"
STRIP, SORT = Policy(strip_tracking=True), Policy(sort_query=True)
BOTH = Policy(strip_tracking=True, sort_query=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/a?utm_source=x", "/a"),
        ("/a?utm_source=x&id=5&UTM_Medium=y", "/a?id=5"),
        ("/a?id=5&fbclid=z&page=2", "/a?id=5&page=2"),
        ("/a?gclid", "/a"),
        ("/a?mc_eid=1&msclkid=2&_hsenc=3&mtm_campaign=4", "/a"),
        ("/a?q=utm_source", "/a?q=utm_source"),
        ("/a?ref=x&source=y&cid=1", "/a?ref=x&source=y&cid=1"),
        ("/utm_source=x/a", "/utm_source=x/a"),
        ("/a?b&&c", "/a?b&&c"),
        ("/A?B=c", "/A?B=c"),
    ],
)
def test_tracking_parameters_are_left_out_and_nothing_else(before: str, after: str) -> None:
    assert simplified(A + before, STRIP) == A + after
    assert simplified(A + before, Policy()) == A + before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/a?b=1&a=2", "/a?a=2&b=1"),
        ("/a?b=2&a=1&b=1", "/a?a=1&b=2&b=1"),
        ("/a?a=1&B=2", "/a?B=2&a=1"),
        ("/a?z&y", "/a?y&z"),
        ("/b/a", "/b/a"),
    ],
)
def test_a_query_in_order_keeps_equal_names_as_they_stand(before: str, after: str) -> None:
    assert simplified(A + before, SORT) == A + after
    assert simplified(A + before, STRIP) == A + before


def test_the_list_is_in_lower_case_and_no_prefix_makes_an_entry_needless() -> None:
    assert {name for name in TRACKING if name != name.lower()} == set()
    assert all(map(is_tracking, TRACKING))


@given(st.lists(st.sampled_from(["a=1", "utm_x=2", "b", "", "gclid=3", "=", "a=0"])))
def test_to_spell_twice_changes_nothing(pairs: list[str]) -> None:
    for policy in (STRIP, SORT, BOTH):
        once = simplified(f"{A}/?{'&'.join(pairs)}", policy)
        assert simplified(once, policy) == once


def test_session_ids_can_be_told_apart_without_giving_up_the_other_traps() -> None:
    url = A + "/a;jsessionid=1"
    assert identity(url, Policy()) == A + "/a"
    assert identity(url, Policy(merge_sessions=False)) == url


# ---------------------------------------------------------------- whole crawls


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
