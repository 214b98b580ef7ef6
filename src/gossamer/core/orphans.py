"""The links that sitemaps name and no page has, tracked while pages come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from gossamer.values.model import Outlink
from gossamer.values.protocol import Visited

WATCHED: Final = 20_000
"""Maximum number of links from sitemaps that are watched at a time."""
EXAMPLES: Final = 5
"""Maximum number of examples in the statistics."""


class Orphans:
    """The links that a sitemap named before any page did, until a page links to them.

    They are kept in memory and saved in the journal when the run ends.
    """

    def __init__(self) -> None:
        self._named: dict[int, str] = {}
        self._unlinked: dict[int, str] = {}
        self.whole = True
        """Whether the orphans are complete: no more than `WATCHED` at a time, and no earlier run was killed."""

    def __bool__(self) -> bool:
        return bool(self._unlinked) or bool(self._named)

    def name(self, outlink: Outlink) -> None:
        """Record a link that a sitemap names and that nothing else has offered since the last commit."""
        if len(self._named) + len(self._unlinked) < WATCHED:
            self._named[outlink.fingerprint] = outlink.url
        else:
            self.whole = False

    def link(self, fingerprints: Iterable[int]) -> None:
        """Record that a page has these links: they are no orphans."""
        for fingerprint in fingerprints:
            self._named.pop(fingerprint, None)
            self._unlinked.pop(fingerprint, None)

    def link_from(self, page: Visited) -> None:
        """Record the links of a page, refused ones too: they are no orphans."""
        if self._unlinked or self._named:
            self.link(page.refresh.fingerprints)
            self.link(page.outlinks.fingerprints)
            self.link(refusal.fingerprint for refusal in page.refusals)

    def settle(self, admitted: Iterable[int]) -> None:
        """Keep only the links that were new: those admitted by this commit."""
        if self._named:
            self._unlinked |= {
                fingerprint: self._named[fingerprint] for fingerprint in admitted if fingerprint in self._named
            }
            self._named = {}

    def urls(self) -> tuple[str, ...] | None:
        """Return the links that no page has; None where they are incomplete."""
        return tuple(self._unlinked.values()) if self.whole else None

    def restore(self, unlinked: Mapping[int, str] | None) -> None:
        """Continue with the orphans of an earlier run, by fingerprint; None where they are incomplete."""
        self.whole = unlinked is not None
        self._unlinked = dict(unlinked or {})

    @property
    def count(self) -> int:
        """Return the number of links that no page has."""
        return len(self._unlinked)

    @property
    def examples(self) -> tuple[str, ...]:
        """Return the first few URLs that no page has."""
        return tuple(islice(self._unlinked.values(), EXAMPLES))
