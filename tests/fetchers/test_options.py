"""What the user's policy becomes in a fetch."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest

from gossamer import Crawler
from gossamer.fetchers import FetchOptions, user_agent
from gossamer.fetchers.options import header_lines, origin_of
from gossamer.rules.own_headers import is_private
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError

try:
    VERSION = version("gossamer")
except PackageNotFoundError:
    VERSION = "0"


def test_the_user_agent_says_who_and_whom_to_write_to() -> None:
    assert user_agent(Policy(contact="me@example.org")) == f"gossamer/{VERSION} (+me@example.org)"
    assert user_agent(Policy()) == f"gossamer/{VERSION}"
    assert user_agent(Policy(user_agent="mine/1", contact="a@b.example")) == "mine/1"


def test_options_follow_the_policy() -> None:
    policy = Policy(
        seeds=("https://Example.org/a", "http://b.test:81?q"), timeout=5, max_body=9, allow_private=("::1",)
    )
    options = FetchOptions.of(policy)
    assert (options.timeout, options.connect_timeout, options.max_body) == (5, 5, 9)
    assert set(options.origins or ()) == {"https://example.org", "http://b.test:81"}
    assert options.allow_private == ("::1",)
    assert FetchOptions.of(Policy()).origins is None


def test_an_origin_is_scheme_and_authority() -> None:
    assert origin_of("https://A.org:8443/x?y#z") == "https://a.org:8443"
    assert origin_of("http://[::1]#z") == "http://[::1]"


def test_the_users_headers_replace_ours_of_the_same_name() -> None:
    options = FetchOptions(user_agent="me", headers=(("user-agent", "other"), ("Accept", ""), ("Cookie", "a=b")))
    lines = header_lines(options, credentials=False)
    assert "user-agent: other" in lines
    assert "Accept;" in lines
    assert not any("me" in line for line in lines)
    assert "Cookie: a=b" not in lines
    assert "Cookie: a=b" in header_lines(options, credentials=True)


@pytest.mark.parametrize("header", [("X-A", "b\r\nEvil: yes"), ("X A", "b"), ("", "b"), ("X:", "b"), ("X", "a\x00")])
def test_a_header_that_would_break_the_request_is_the_users_mistake(header: tuple[str, str]) -> None:
    with pytest.raises(UserError, match="header"):
        FetchOptions(headers=(header,))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"headers": (("X-A", "Müller"),)}, "The header 'X-A' has 'ü' in it; write it in ASCII only."),
        ({"headers": (("Ümlaut", "a"),)}, "The header 'Ümlaut' has 'Ü' in it; write it in ASCII only."),
        ({"user_agent": "mein/1 ☃"}, "The header 'User-Agent', made of user_agent or contact, has '☃' in it; write"),
        ({"contact": "jürgen@a.example"}, "The header 'User-Agent', made of user_agent or contact, has 'ü' in it"),
    ],
)
def test_what_http_cannot_send_is_refused_before_anything_is_asked(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as told:
        FetchOptions.of(Policy(**fields))
    assert str(told.value).startswith(sentence)
    with pytest.raises(UserError):
        Crawler("https://a.example/", **fields)


def test_the_url_of_a_contact_may_be_international() -> None:
    sent = FetchOptions.of(Policy(contact="https://müller.example/über-uns")).user_agent
    assert sent == f"gossamer/{VERSION} (+https://xn--mller-kva.example/%C3%BCber-uns)"


def test_a_missing_ca_file_is_the_users_mistake() -> None:
    with pytest.raises(UserError, match="CA file"):
        FetchOptions(ca_file="/nowhere/ca.pem")


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ("Authorization", True),
        ("cookie", True),
        ("X-Api-Key", True),
        ("Api-Key", True),
        ("X-Auth-Token", True),
        ("X-Session-Id", True),
        ("apikey", True),
        ("X-JWT", True),
        ("DPoP", True),
        ("X-Monkey-Business", True),
        ("Accept-Token", True),
        ("Accept", False),
        ("Accept-Language", False),
        ("accept-charset", False),
        ("DNT", False),
        ("Referer", False),
        ("User-Agent", False),
    ],
)
def test_only_a_few_headers_that_carry_no_secret_go_everywhere(header: str, secret: bool) -> None:
    assert is_private(header) == secret


@pytest.mark.parametrize(
    "proxy", ["foo", "foo:bar", "ftp://a.example", "http://", "http://[::1", "http://a.example:99999"]
)
def test_a_proxy_that_is_none_is_refused_before_anything_is_asked(proxy: str) -> None:
    with pytest.raises(UserError, match="cannot be used; write it as"):
        FetchOptions(proxy=proxy)


@pytest.mark.parametrize(
    "proxy", ["a.example:3128", "http://u:p@a.example:3128/", "socks5://127.0.0.1:1080", "http://[::1]:8"]
)
def test_a_proxy_may_be_written_in_several_ways(proxy: str) -> None:
    assert FetchOptions(proxy=proxy).proxy == proxy
