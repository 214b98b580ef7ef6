"""Recognise a login form that a site shows in the place of a page.

A field for a password alone proves nothing: forums have one on every page. So the URL or the title must speak of a
login as well, or the page must show nothing else. Without such a field (some ask for a name first) both must.
"""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.links.visible import visible_text

LITTLE_TEXT: Final = 600
"""Maximum length of the visible text (characters) of a page that shows nothing but a form."""
FEW_LINKS: Final = 5
"""Maximum number of links of a page that shows nothing but a form."""
MOST_READ: Final = 1_000_000
"""Maximum length (characters) of a page that is looked at."""
_TITLE_LENGTH: Final = 200
"""Length of the start of a title that is looked at (characters)."""

_PASSWORD: Final = re.compile(r"<input\b[^<>]*?\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_NAME: Final = re.compile(
    r"<input\b[^<>]*?\b(?:type\s*=\s*[\"']?email\b|autocomplete\s*=\s*[\"']?(?:username|email)\b"
    r"|name\s*=\s*[\"']?(?:user(?:[-_]?name)?|login(?:fmt)?|e?mail|identifier|account)\b)",
    re.IGNORECASE,
)
_SAYS: Final = re.compile(
    r"\b(?:log[- ]?[io]n|sign[- ]?[io]n|authenticat(?:e|ion)|password required|anmeld(?:en|ung)|einloggen|connexion"
    r"|(?:se connecter|connectez|identifi)\w*|inici(?:ar|o de) sesión|acced(?:er|i)|entrar|iniciar sessão|accesso"
    r"|inloggen|aanmelden|zaloguj\w*|logowanie|přihlá\w+|logga in|logg inn|log ind|kirjaudu\w*|bejelentkezés"
    r"|autentificare|giriş|oturum aç\w*|вхо[дж]\w*|войти|войдите|авторизаци\w+|увійти|masuk|đăng nhập|σύνδεση"
    r"|είσοδος)\b|登录|登入|登錄|ログイン|サインイン|로그인|تسجيل الدخول|כניסה|התחברות|लॉग इन",
    re.IGNORECASE,
)


def is_login_form(title: str, text: str, hrefs: int, *, named: bool) -> bool:
    """Whether a decoded page is a login form. `named`: its URL is that of a login. Never raises."""
    if len(text) > MOST_READ:
        return False
    says = _SAYS.search(title[:_TITLE_LENGTH]) is not None
    if _PASSWORD.search(text):
        return named or says or (hrefs <= FEW_LINKS and len(visible_text(text)) <= LITTLE_TEXT)
    return named and says and _NAME.search(text) is not None
