"""The URL of a login is told by its path, its host or its query, and other URLs are not taken for one."""

from __future__ import annotations

import pytest

from gossamer.rules.login_urls import is_login, leads_to_login


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/login",
        "https://a.example/users/sign_in",
        "https://a.example/Account/LogOn?ReturnUrl=%2F",
        "https://a.example/wp-login.php?redirect_to=x",
        "https://a.example/login/index.php",
        "https://a.example/admin/login/?next=/admin/",
        "https://a.example/cas/login;jsessionid=4?service=x",
        "https://a.example/auth/realms/m/protocol/openid-connect/auth?client_id=1",
        "https://a.example/idp/profile/SAML2/Redirect/SSO",
        "https://a.example/adfs/ls/?wa=wsignin1.0",
        "https://a.example/session/new",
        "https://a.example/w/Special:UserLogin",
        "https://a.example/index.php?title=Special:UserLogin&returnto=Main",
        "https://a.example/ucp.php?mode=login",
        "https://a.example/index.php?route=account/login",
        "https://a.example/benutzer/anmelden",
        "https://a.example/iniciar-sesi%C3%B3n",
        "https://login.a.example/common/v2.0/start",
        "https://sso.a.example/",
    ],
)
def test_a_login_is_told_by_its_url(url: str) -> None:
    assert is_login(url)
    assert leads_to_login("https://a.example/members", url)
    assert not leads_to_login("https://a.example/signin", url), "one login may lead to another"
    assert not leads_to_login("https://a.example/logout", url), "who logs out may log in again"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/",
        "https://id.a.example/",
        "https://a.example/auth/tokens",
        "https://a.example/authors",
        "https://a.example/library/os.login_tty.html",
        "https://a.example/docs/auth-guide.html",
        "https://a.example/docs/login/options/all.html",
        "https://a.example/logging",
        "https://a.example/case",
        "https://a.example/?next=/login",
    ],
)
def test_other_urls_are_no_logins(url: str) -> None:
    assert not is_login(url)
    assert not leads_to_login("https://a.example/members", url)
