"""Pages that sitemaps name and no page links to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from gossamer.values.model import Outlink

WATCHED: Final = 20_000
"""How many links from sitemaps are watched at a time, whether a page links to them."""
EXAMPLES: Final = 5


class Orphans:
    """Watch the links that a sitemap named before any page did, until a page links to them.

    At most `WATCHED` at a time; links beyond that go unwatched, and `whole` is False. They are kept in memory, and told
    to the journal when the run ends: after one that was killed the next is not whole either.
    """

    def __init__(self) -> None:
        self._named: dict[int, str] = {}
        self._unlinked: dict[int, str] = {}
        self.whole = True

    def __bool__(self) -> bool:
        return bool(self._unlinked) or bool(self._named)

    def name(self, outlink: Outlink) -> None:
        """Watch a link that a sitemap names and that nothing else offered since the last commit."""
        if len(self._named) + len(self._unlinked) < WATCHED:
            self._named[outlink.fingerprint] = outlink.url
        else:
            self.whole = False

    def link(self, fingerprints: Iterable[int]) -> None:
        """Take note that a page has these links."""
        for fingerprint in fingerprints:
            self._named.pop(fingerprint, None)
            self._unlinked.pop(fingerprint, None)

    def settle(self, admitted: Iterable[int]) -> None:
        """Go on watching only what was really new: the links admitted since the last time."""
        if self._named:
            self._unlinked |= {mark: self._named[mark] for mark in admitted if mark in self._named}
            self._named = {}

    def urls(self) -> tuple[str, ...] | None:
        """List the links that no page has; None where they are not all known."""
        return tuple(self._unlinked.values()) if self.whole else None

    def restore(self, unlinked: Mapping[int, str] | None) -> None:
        """Go on with what an earlier run left, by fingerprint; None where that is not known."""
        self.whole = unlinked is not None
        self._unlinked = dict(unlinked or {})

    @property
    def count(self) -> int:
        """Count the links that no page has."""
        return len(self._unlinked)

    @property
    def examples(self) -> tuple[str, ...]:
        """Name the first few."""
        return tuple(islice(self._unlinked.values(), EXAMPLES))
