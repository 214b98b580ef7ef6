"""The addresses of references: canonical URLs, as the crawl names its pages, with their fragments."""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.encoding import encode_query
from gossamer.parse.links.scan import WHITESPACE, tidy
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import simplified, simplifies
from gossamer.rules.urls import UrlResolver

Address = tuple[str, str | None]
"""A canonical URL, or an address of another scheme as written, and the fragment (None if there is none)."""

_IGNORED: Final = re.compile(r"^[\x00-\x20]+|[\t\n\r]+|[\x00-\x20]+$")
"""What the URL parser removes before it reads a scheme."""
_DEPENDS_ON_PAGE: Final = frozenset(("", "?", "#"))
"""How addresses begin that depend on the whole URL of the page, not only on its directory."""


MAX_REMEMBERED: Final = 500
"""Maximum length (characters) of an address that is remembered for other pages."""


class Addresses:
    """Resolves the addresses of one page.

    `known` are those of other pages in its directory that are in the same encoding; the new ones are added, and `added`
    is their number. `policy` says which parameters of a query its crawl leaves out.
    """

    def __init__(
        self,
        base: str,
        encoding: str = "utf-8",
        *,
        known: dict[str, Address | None] | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._canonical = UrlResolver(base or None).canonical
        self._encoding = encoding
        self._known = {} if known is None else known
        self.added = 0
        self._own: dict[str, Address | None] = {}
        self._policy = policy if policy is not None and simplifies(policy) else None

    def of(self, href: str) -> Address | None:
        """Return the address of a raw href, or None if it leads to no document (mailto:, javascript:, data: …)."""
        try:
            return self._known[href]
        except KeyError:
            pass
        stripped = href.strip(WHITESPACE)
        if stripped[:1] not in _DEPENDS_ON_PAGE and len(href) <= MAX_REMEMBERED:
            found = self._known[href] = self._resolved(stripped)
            self.added += 1
        elif href in self._own:
            found = self._own[href]
        else:
            found = self._own[href] = self._resolved(stripped)
        return found

    def _resolved(self, href: str) -> Address | None:
        address, mark, fragment = href.partition("#")
        if address and not tidy(_IGNORED.sub("", address)):
            return None
        url = self._canonical(encode_query(address, self._encoding))
        if url is None:
            return href, None
        if self._policy is not None:
            url = simplified(url, self._policy)
        return url, (fragment if mark else None)
