"""A user name and password in a URL go to its origin only (RFC 7617), and are shown nowhere."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

import gossamer
from gossamer.rules import urls
from gossamer.rules.logins import authorizations, login_of
from gossamer.values.errors import UserError


@pytest.mark.parametrize(
    ("typed", "origin", "login"),
    [
        ("https://me:secret@example.org/a", "https://example.org", "me:secret"),
        ("https://me@example.org", "https://example.org", "me:"),
        ("https://:secret@example.org", "https://example.org", ":secret"),
        ("HTTPS://me:a:b@Example.ORG:443/", "https://example.org", "me:a:b"),
        ("http://me:p%40ss%2F%C3%A4@[::1]:8080/?q=a@b", "http://[::1]:8080", "me:p@ss/ä"),
        ("http://jürgen:größe@müller.example/", "http://xn--mller-kva.example", "jürgen:größe"),
        ("http://me:p@ss@a.example/", "http://a.example", "me:p@ss"),
    ],
)
def test_a_login_belongs_to_an_origin(typed: str, origin: str, login: str) -> None:
    found = login_of(typed)
    assert found is not None
    assert found[0] == origin
    scheme, encoded = found[1].split(" ")
    assert (scheme, b64decode(encoded).decode()) == ("Basic", login)
    assert urls.host_key(urls.seed(typed)) == origin
    assert "@" not in urls.seed(typed).partition("?")[0]


@pytest.mark.parametrize("typed", ["https://a.example/x@y", "a.example/?q=u:p@b", "//a.example", "mailto:a@b"])
def test_an_at_elsewhere_is_no_login(typed: str) -> None:
    assert login_of(typed) is None
    assert urls.shown(typed) == typed


@pytest.mark.parametrize("typed", ["http://a%3Ab:c@a.example/", "http://a:b%0Ac@a.example/"])
def test_what_basic_authentication_cannot_carry_is_refused(typed: str) -> None:
    with pytest.raises(UserError, match="RFC 7617") as told:
        gossamer.Crawler(typed)
    assert "c@" not in str(told.value)


def test_two_logins_of_one_origin_are_refused() -> None:
    with pytest.raises(UserError, match="two user names or passwords for https") as told:
        gossamer.Crawler("https://a:secret@a.example/1", "https://b:secret@a.example/2")
    assert "secret" not in str(told.value)
    assert len(authorizations(["https://a:b@a.example/1", "https://a:b@a.example/2", "https://a:c@b.example"])) == 2


@pytest.mark.parametrize("given", ["https://a.example/", "me:secret", "https://me:secret@["])
def test_what_is_no_login_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(UserError) as told:
        gossamer.Crawler("https://a.example/", logins=given)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://me:secret@a.example/",
        "https://me:secret@",
        "me:secret@a.example/x",
        "https://me:secret@[bad/",
        "x:y:secret@h",
    ],
)
def test_a_complaint_about_a_url_does_not_repeat_its_password(typed: str) -> None:
    with pytest.raises(UserError) as told:
        urls.seed(typed)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "fields", [{"headers": [("apikey", "secret", 1)]}, {"proxy": ["secret"]}, {"logins": [b"secret"]}]
)
def test_a_complaint_about_a_setting_does_not_repeat_a_secret(fields: dict[str, Any]) -> None:
    with pytest.raises(UserError) as told:
        gossamer.Crawler("https://a.example/", **fields)
    assert "secret" not in str(told.value)
