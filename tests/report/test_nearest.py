"""Which known URLs are most like one that was never found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.report.nearest import NearestUrls, distance

HOST = "https://a.example"


def nearest(url: str, *known: str) -> list[tuple[str, str]]:
    search = NearestUrls(url)
    search.see(known)
    return [(one.url, one.how) for one in search.found()]


@pytest.mark.parametrize(
    ("url", "known", "how"),
    [
        (f"{HOST}/Page", f"{HOST}/page", "by capital and small letters"),
        (f"{HOST}/page", f"{HOST}/page/", "by the slash at its end"),
        (f"{HOST}/page", "http://a.example/page", "by its scheme, or www."),
        (f"{HOST}/page", "https://www.a.example/page", "by its scheme, or www."),
        (
            f"{HOST}/docs/",
            f"{HOST}/docs/index.html",
            "by what mostly makes no difference: extension, index file, case, slash, scheme or www.",
        ),
        (f"{HOST}/page?n=1", f"{HOST}/page?n=200000", "by its query"),
        (f"{HOST}/kontakt", f"{HOST}/contact", "by 2 characters"),
        (f"{HOST}/page", f"{HOST}/pagee", "by one character"),
        (f"{HOST}/old/place/report.pdf", f"{HOST}/new/report.pdf", "by the directory that it is in"),
    ],
)
def test_a_near_url_is_named_with_how_it_differs(url: str, known: str, how: str) -> None:
    assert nearest(url, f"{HOST}/something/else", known) == [(known, how)]


@pytest.mark.parametrize(
    "known",
    [
        "https://b.example/page",
        f"{HOST}/wholly/other",
        f"{HOST}/page/below",
        f"{HOST}/pages/page2",
        f"{HOST}/",
        f"{HOST}/nothing?n=1",
    ],
)
def test_what_is_far_away_is_not_named(known: str) -> None:
    assert nearest(f"{HOST}/page", known) == []


def test_the_three_nearest_are_named_the_best_first_and_of_equals_the_first_found() -> None:
    known = [f"{HOST}/guidexx", f"{HOST}/guidey", f"{HOST}/Guide", f"{HOST}/guidez", f"{HOST}/guidew"]
    assert [url for url, _ in nearest(f"{HOST}/guide", *known)] == [known[2], known[1], known[3]]


def test_a_short_path_has_no_near_ones_by_chance() -> None:
    assert nearest(f"{HOST}/a", f"{HOST}/b", f"{HOST}/x/a") == []


@given(st.text("ab/", max_size=9), st.text("ab/", max_size=9))
def test_the_distance_is_the_least_number_of_changes(one: str, other: str) -> None:
    whole = distance(one, other, 99)
    assert whole == _slowly(one, other)
    assert distance(one, other, 2) == min(whole, 3)


def _slowly(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return _slowly(one[1:], other[1:])
    return 1 + min(_slowly(one[1:], other), _slowly(one, other[1:]), _slowly(one[1:], other[1:]))
