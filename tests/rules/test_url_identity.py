"""Spellings are only taken for one where the user says so, and then the same way everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import TRACKING, identity, is_tracking, session_id, simplified

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


# ---------------------------------------------------------------- session ids


@pytest.mark.parametrize(
    ("path", "name", "bare"),
    [
        ("/a;jsessionid=0A1B?x=1", "jsessionid", "/a?x=1"),
        ("/a;JSESSIONID=0A1B.node1", "JSESSIONID", "/a"),
        ("/a?PHPSESSID=abc&x=1", "PHPSESSID", "/a?x=1"),
        ("/a?x=1&phpsessid=abc", "phpsessid", "/a?x=1"),
        ("/a?sid=0123456789abcdef0123456789abcdef", "sid", "/a"),
        ("/(S(5dydvzqhzzzpdg45qddzmg55))/a.aspx", "S", "/a.aspx"),
        ("/a?CFID=12&CFTOKEN=34&x=1", "CFID", "/a?x=1"),
        ("/a?sid=5", "", "/a?sid=5"),
        ("/a?session=spring-term-conference", "", "/a?session=spring-term-conference"),
        ("/a?s=jsessionid", "", "/a?s=jsessionid"),
        ("/sessions/a", "", "/sessions/a"),
    ],
)
def test_a_page_is_the_same_under_all_session_ids(path: str, name: str, bare: str) -> None:
    assert session_id(A + path) == name
    assert identity(A + path, Policy()) == A + bare
    assert identity(A + path, Policy(traps=False)) == A + path
