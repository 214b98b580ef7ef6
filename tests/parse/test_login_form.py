"""A login form in the place of a page is told from pages that have one somewhere."""

from __future__ import annotations

import pytest

from gossamer.parse.html import scan
from gossamer.parse.login_form import LITTLE_TEXT, MOST_READ, is_login_form

FORM = "<form method=post><input name=user><input type='password' name=p><button>Go</button></form>"
NAME_FIRST = "<form><input type=email name=identifier><button>Next</button></form>"
MENU = "".join(f"<a href=/{number}>{number}</a>" for number in range(30))


def judged(html: str, *, named: bool = False) -> bool:
    found = scan(html)
    return is_login_form(found.title, html, len(found.hrefs), named=named)


@pytest.mark.parametrize(
    "title",
    ["Log in · Acme", "Sign-in", "Anmelden", "Connexion", "Iniciar sesión", "Accesso riservato", "Zaloguj się",
     "Вход", "登录", "ログイン", "로그인", "تسجيل الدخول"],
)  # fmt: skip
def test_a_password_under_a_title_that_says_so_is_a_login(title: str) -> None:
    assert judged(f"<title>{title}</title>{MENU}{FORM}")
    assert not judged(f"<title>{title}</title>{MENU}<p>How to do it."), "a page about logins has no form"


def test_a_password_at_the_url_of_a_login_is_a_login() -> None:
    assert judged(f"<title>Acme</title>{MENU}{FORM}", named=True)


def test_a_page_that_shows_nothing_but_a_password_field_is_a_login() -> None:
    assert judged(f"<title>Acme</title><a href=/>Acme</a>{FORM}")
    assert not judged(f"<title>Acme</title><a href=/>Acme</a>{FORM}<p>{'x' * (LITTLE_TEXT + 1)}")


def test_a_page_that_has_a_login_besides_is_none() -> None:
    assert not judged(f"<title>Our forum</title>{FORM}{MENU}<h1>Threads</h1>")


def test_a_form_that_asks_for_a_name_first_needs_title_and_url() -> None:
    page = f"<title>Sign in</title>{NAME_FIRST}"
    assert judged(page, named=True)
    assert not judged(page)
    assert not judged(f"<title>Newsletter</title>{NAME_FIRST}", named=True)


def test_a_huge_page_is_not_looked_at() -> None:
    assert not judged(f"<title>Log in</title>{FORM}{'x' * MOST_READ}", named=True)
