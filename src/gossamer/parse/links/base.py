"""The base URL of a page, against which its links are resolved (HTML section 4.2.3)."""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.links.quick import scan
from gossamer.rules.urls import UrlResolver

_BASE: Final = re.compile(r"<base\b", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"(?!https?:|data:|javascript:)[a-z][a-z0-9+.\-]*+:", re.IGNORECASE)


def base_url(url: str, href: str | None) -> str:
    """Return the base URL of a page at `url` whose base element has `href` (None: no base element).

    A base that is not a URL, or a data or javascript URL, is ignored. A base of any other scheme but http(s) is
    returned as written: no relative href then leads to the web.
    """
    if href is None:
        return url
    resolved = UrlResolver(url or None).canonical(href)
    if resolved is None and _OTHER_SCHEME.match(href):
        return href
    return resolved or url


def document_base(text: str, url: str) -> str:
    """Return the base URL of a decoded page at `url`; its base element may stand anywhere, even after the links."""
    return base_url(url, scan(text).base if _BASE.search(text) else None)
