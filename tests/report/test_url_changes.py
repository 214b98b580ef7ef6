"""What is changed in a URL until a crawl knows it, in words."""

from __future__ import annotations

import pytest

from gossamer.report.url_changes import url_changes
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError

EVERYTHING = Policy(seeds=("https://a.example/",), strip_tracking=True, sort_query=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://a.example/", ()),
        ("https://a.example/p/?q=%2F%20x", ()),
        ("https://a.example/%C3%A9", ()),
        ("https://[::1]/", ()),
        ("https://[::1]:443/", ("the port 443 is the default one",)),
        ("a.example/", ("https:// is put before it",)),
        ("//a.example/", ("https:// is put before it",)),
        ("localhost:8000/x", ("http:// is put before it",)),
        (" HTTPS://a.example/\n", ("the scheme is written in small letters",)),
        ("https://A.Example/", ("the host is written in small letters",)),
        ("https://bücher.example/", ("the host is written as xn--bcher-kva.example",)),
        ("http://0x7f.1/", ("the host is written as 127.0.0.1",)),
        ("http://a.example:080/", ("the port 080 is the default one",)),
        ("https://a.example:8443/", ()),
        ("https://me:pw@a.example/", ("the user name and password are left out; they are sent as a login",)),
        ("https://a.example", ("the path of a host begins with /",)),
        ("https://a.example?x", ("the path of a host begins with /",)),
        ("https://a.example/a/../b", ("the dot segments (. and ..) are resolved",)),
        ("https://a.example/a/%2e/b", ("the dot segments (. and ..) are resolved",)),
        ("https://a.example/..a/.b./c..", ()),
        ("https://a.example\\a\\b", ("backslashes become slashes",)),
        (
            "https://a.example/%7Ebob/%41",
            ("%41, %7E: characters that need no percent-encoding are written as they are",),
        ),
        ("https://a.example/%c3%a9", ("percent-encodings are written in capitals",)),
        ("https://a.example/é b", ("characters that a URL cannot have are percent-encoded",)),
        ('https://a.example/"x"', ("characters that a URL cannot have are percent-encoded",)),
        ("https://a.example/?", ("the empty query (?) is left out",)),
        ("https://a.example/#top", ("the fragment (#…) is for the browser alone",)),
        (
            "https://a.example/?b=1&utm_source=x&a=2",
            (
                "utm_source: tracking parameters are left out (strip_tracking)",
                "the parameters of the query are put in order (sort_query)",
            ),
        ),
        (
            "https://a.example/x;jsessionid=1234",
            ("jsessionid is a session id: URLs that differ only in it are one page (merge_sessions)",),
        ),
    ],
)
def test_each_change_is_told_and_nothing_else(text: str, said: tuple[str, ...]) -> None:
    assert url_changes(text, EVERYTHING) == said


def test_what_the_settings_leave_as_it_is_is_not_told() -> None:
    text = "https://a.example/x;jsessionid=1?b=1&utm_source=x&a=2"
    assert url_changes(text, Policy(seeds=("https://a.example/",), merge_sessions=False)) == ()


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(UserError, match="not a web URL"):
        url_changes("ftp://a.example/", EVERYTHING)
