"""A URL of an endless set of pages is told by itself where it is absurd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules.policy import Policy
from gossamer.rules.traps import judge, recognised
from gossamer.values.reasons import Reason

POLICY = Policy()
OFF = Policy(traps=False)
A = "https://a.example"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b/a/b/a/b/", "paths that repeat /a/b"),
        ("/x/a/b/c/a/b/c/a/b/c", "paths that repeat /a/b/c"),
        ("/en/en/en/en/", "paths that repeat /en"),
        ("/a//////b", "paths that repeat //"),
        ("/news/1/news/2/news/3/news/4/news/5/news/6", "paths that repeat /news"),
        ("/" + "/".join(map(str, range(40))), "paths of more than 30 segments"),
        ("/list?f=1&f=1&f=1&f=1", "/list: a query that grows (f again and again)"),
        ("/list?" + "&".join(f"page={n}" for n in range(9)), "/list: a query that grows (page again and again)"),
        ("/list?" + "&".join(f"k{n}={n}" for n in range(51)), "/list: a query that grows (more than 50 parameters)"),
        ("/login?to=%2Flogin%3Fto%3D%2525252Flogin", "/login: a query that grows (an address within an address)"),
    ],
)
def test_a_url_can_be_absurd_by_itself(path: str, name: str) -> None:
    assert recognised(A + path, POLICY) == (f"{A}{name}" if name.startswith("/") else f"{A}: {name}")
    assert judge(A + path, POLICY) is Reason.SKIP_TRAP
    assert recognised(A + path, OFF) == ""


@pytest.mark.parametrize(
    "path",
    [
        "/", "/a/a/a/", "/src/main/java/src/main/java", "/2024/01/01/", "/1/1/1/1/1/1/1/1", "/tiles/0/0/0/0/0/0.png",
        "/en/docs/en/docs/", "/list?a=1&a=2&a=3&a=4&b=1", "/w/index.php?title=A&action=edit&oldid=1&diff=2",
        "/aaa/1/aaa/2/aaa/3/aaa/4", "/search?q=a%2520b", "/a/b/c/d/e/f/g/h/i/j/k/l", "/calendar/2026/05",
        "/wiki/Talk:A/B/C/D/E/F/G",
    ],
)  # fmt: skip
def test_a_url_that_only_looks_odd_passes(path: str) -> None:
    assert judge(A + path, POLICY) is None


@given(st.lists(st.sampled_from(["a", "b", "", "1", "news"]), max_size=60), st.text(max_size=60))
def test_any_url_is_judged(segments: list[str], query: str) -> None:
    assert isinstance(recognised(f"{A}/{'/'.join(segments)}?{query}", POLICY), str)
