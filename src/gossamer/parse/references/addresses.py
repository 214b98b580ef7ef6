"""The addresses of references: canonical URLs, as the crawl names its pages."""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.encoding import encode_query
from gossamer.parse.links.scan import tidy
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import simplified, simplifies
from gossamer.rules.urls import UrlResolver

MAX_REMEMBERED: Final = 500
"""Maximum length (characters) of an address that is remembered for other pages."""
_IGNORED: Final = re.compile(r"^[\x00-\x20]+|[\t\n\r]+|[\x00-\x20]+$")
"""What the URL parser removes before it reads a scheme."""


class Addresses:
    """Resolves the addresses of one page, each given without its fragment.

    `known` are those of other pages in its directory that are in the same encoding; the new ones are added, and `added`
    is their number. `own` are those that depend on the whole URL of the page. `policy` says which parameters of a query
    its crawl leaves out.
    """

    def __init__(
        self,
        base: str,
        encoding: str = "utf-8",
        *,
        known: dict[str, str | None] | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._canonical = UrlResolver(base or None).canonical
        self._encoding = encoding
        self.known = {} if known is None else known
        self.own: dict[str, str | None] = {}
        self.added = 0
        self._policy = policy if policy is not None and simplifies(policy) else None

    def of(self, address: str) -> str | None:
        """Return the canonical URL of an address, or the address if it is no HTTP URL.

        None if it leads to no document (mailto:, javascript:, data: …). White space around it must be gone.
        """
        if address in self.known:
            return self.known[address]
        if address in self.own:
            return self.own[address]
        url = self._resolved(address)
        if address[:1] in ("", "?") or len(address) > MAX_REMEMBERED:
            self.own[address] = url
        else:
            self.known[address] = url
            self.added += 1
        return url

    def _resolved(self, address: str) -> str | None:
        url = self._canonical(encode_query(address, self._encoding))
        if url is None:
            leads_nowhere = address and not tidy(_IGNORED.sub("", address))
            return None if leads_nowhere else address
        return url if self._policy is None else simplified(url, self._policy)
