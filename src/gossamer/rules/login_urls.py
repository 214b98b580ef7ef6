"""Whether a URL is that of a login, and whether a redirect to it means that a page is shown after a login only."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, unquote

from gossamer.rules.urls import hostname, path

TEMPORARY: Final = frozenset((302, 303, 307))
"""Status codes of redirects to a login. What has moved for good is somewhere else, with no login in its way."""
LAST_SEGMENTS: Final = 2
"""Number of segments, at the end of a path, of which one may be the name of a login: `/login/index.php`."""

_NAMES: Final = (
    r"(?:user|member|admin|customer|wp)?[-_]?(?:log|sign)[-_]?(?:in|on|out|off)(?:[-_]?(?:form|page|required|redirect|start|user"
    r"|userpass|oidc))?|authenticate|anmelden|anmeldung|einloggen|connexion|se[-_]connecter|iniciar[-_]sesi[oó]n"
    r"|inicio[-_]sesi[oó]n|acceder|accedi|entrar|inloggen|aanmelden|zaloguj|logowanie|p[rř]ihl[aá][sš]en[ií]|logga[-_]?in"
    r"|logg[-_]?inn|log[-_]?ind|kirjaudu|giri[sş]"
)
"""What the page of a login is called, or that of a log-out, which leads to one."""
_SERVICES: Final = r"sso|ssoservice|cas|oauth2?|openid|oidc|saml2?|adfs|authorize|auth|identify"
"""What the services are called that such a page may be a part of: the last segment of its path."""
_SUFFIX: Final = r"(?:\.[a-z]\w{1,5})?"
_NAME: Final = re.compile(rf"(?:special:)?(?:{_NAMES}){_SUFFIX}", re.IGNORECASE)
_SERVICE: Final = re.compile(rf"(?:{_SERVICES}){_SUFFIX}", re.IGNORECASE)
_SESSION: Final = re.compile(r"(?:.*/)?(?:\w+[-_])?sessions?/new/?|(?:.*/)?adfs/ls/?", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:(?:secure-?)?login|signin|sso|auth|idp|accounts?|adfs)(?:[.-]|$)", re.IGNORECASE)
_CHOOSING: Final = frozenset("action act do mode op page q r route task title view".split())
"""Names of query fields that choose a page."""


@lru_cache(maxsize=1024)
def is_login(url: str) -> bool:
    """Whether a canonical URL is that of a login: by its path, its host, or what its query names as the page."""
    where, _, query = path(url).partition("?")
    if _HOST.match(hostname(url)) or _SESSION.fullmatch(where) or _ends_in_login(where):
        return True
    return any(name in _CHOOSING and _ends_in_login(value) for name, value in parse_qsl(query))


def leads_to_login(url: str, target: str) -> bool:
    """Whether a redirect from one canonical URL to another leads from a page to a login."""
    return is_login(target) and not is_login(url)


def _ends_in_login(where: str) -> bool:
    """Whether a path ends in the name of a login."""
    last = [segment.partition(";")[0] for segment in unquote(where).split("/") if segment][-LAST_SEGMENTS:]
    return any(map(_NAME.fullmatch, last)) or bool(last and _SERVICE.fullmatch(last[-1]))
