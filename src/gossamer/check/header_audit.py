"""HeaderAudit: the security headers that the pages of a host come without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from gossamer.rules.urls import host_key

_WANTED: Final = {
    "content-security-policy": "Content-Security-Policy",
    "referrer-policy": "Referrer-Policy",
    "strict-transport-security": "Strict-Transport-Security",
    "x-content-type-options": "X-Content-Type-Options",
}
"""The headers that each page should have, by their names in lower case."""
_SECURE: Final = "strict-transport-security"
"""The header that means something by https only (RFC 6797, 7.2)."""


class HeaderAudit:
    """Counts the headers of pages, by host: a server sends them with every page, or forgets them on all."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._present: dict[str, Counter[str]] = {}

    def take(self, url: str, present: Iterable[str]) -> None:
        """Take the headers of one page."""
        host = host_key(url)
        self._pages[host] += 1
        self._present.setdefault(host, Counter()).update(present)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the key of each host whose pages lack headers, with a sentence."""
        for host, pages in self._pages.items():
            present = self._present[host]
            wanted = [name for name in _WANTED if host.startswith("https:") or name != _SECURE]
            if lacking := [_lack(name, pages - present[name], pages) for name in wanted if present[name] < pages]:
                yield host, f"Its pages come without {', '.join(lacking)}."


def _lack(name: str, number: int, pages: int) -> str:
    return _WANTED[name] if number == pages else f"{_WANTED[name]} ({number:,} of {pages:,} pages)"
