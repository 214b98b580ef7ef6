"""Which pages only pretend to be new: they say what was said before, and lead on all the same.

A site may invent URLs without end: a session id in every link, links on "not found" pages that are resolved once more,
facets in the path, random names. No URL tells; but the pages say the same. So of each host, and of each directory with
many pages, a few pages with new links are compared in text, at 32 pages, at 128, and so on. Where most of these said
what was said before, all are compared, and the links of those that say nothing new are on a budget.

Which pages are compared depends on the order of requests to their host, and on nothing else: not on other hosts, on
commits or on the engine. Only where a host takes several requests at once, that order is a matter of timing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gossamer.core.bounded import forget_half
from gossamer.rules.traps import folded
from gossamer.values.model import Link

HOST_WATCH: Final = 32
DIRECTORY_WATCH: Final = 256
"""A host (a directory) is looked at when so many of its pages were asked for, and at each fourfold of that."""
DIRECTORIES_FROM: Final = 64
"""Number of pages of a host from which on its directories are counted as well."""
COMPARED: Final = 6
"""How many pages are compared then."""
GOES_ON: Final = 2
"""Of the last 8 pages compared, the number of those that said nothing new from which on all pages are compared."""
SUSPICIOUS: Final = 6
"""Of the last 8 pages compared, the number of those that said nothing new that puts such pages on a budget."""
INNOCENT: Final = 8
"""Of the last 256 pages compared, the number of those that said nothing new below which no page is on a budget."""
SOMETIMES: Final = 16
"""Where pages were on a budget once, one of so many pages is compared ever after."""
TEXTS: Final = 10_000
"""Maximum number of hashes of texts that are remembered of a place."""
PLACES: Final = 20_000
"""Maximum number of hosts, and of directories, that are remembered."""
TOPS: Final = 5
"""How many budgets the directories at the top of a host have together."""
_SLASHES_OF_A_HOST: Final = 3
SPARSE: Final = 2
"""How many digits more than the number of pages a number has that was made up at random."""
_DIGITS: Final = re.compile("[0-9]+")
_LAST_8: Final = (1 << 8) - 1
_LAST_256: Final = (1 << 256) - 1


class _Place:
    """A host or a directory, and what its latest pages said: bit 0 of `latest` is 1 if the last said nothing new."""

    __slots__ = ("is_suspicious", "latest", "name", "pages", "texts", "to_compare", "was_suspicious", "watch")

    def __init__(self, name: str, watch: int) -> None:
        self.name = name
        self.watch = watch
        self.pages = 0
        self.to_compare = 0
        self.latest = 0
        self.is_suspicious = self.was_suspicious = False
        self.texts: dict[int, None] = {}

    def asked(self) -> bool:
        """Count a page that is asked for; return whether its text is to be compared."""
        pages = self.pages = self.pages + 1
        if pages == self.watch:
            self.watch *= 4
            self.to_compare = COMPARED
        if self.to_compare:
            self.to_compare -= 1
            return True
        if not self.latest:  # nearly every place
            return False
        again = self.was_suspicious and not pages % SOMETIMES
        return self.is_suspicious or again or (self.latest & _LAST_8).bit_count() >= GOES_ON

    def pretends(self, url: str, text: int, links: Iterable[str]) -> bool:
        """Compare the hash of a text; return whether the new links of its page at `url` are on a budget."""
        says_nothing_new = text in self.texts and any(not counts_on(link, url, self.pages) for link in links)
        self.latest = (self.latest << 1 | says_nothing_new) & _LAST_256
        self.texts[text] = None
        forget_half(self.texts, TEXTS)
        if (self.latest & _LAST_8).bit_count() >= SUSPICIOUS:
            self.is_suspicious = self.was_suspicious = True
        elif self.latest.bit_count() < INNOCENT:
            self.is_suspicious = False
        return says_nothing_new and self.is_suspicious


class TextBudgets:
    """Find the pages whose links are on a budget. Memory is bounded; counts are those of one run."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Place] = {}
        self._directories: dict[str, _Place] = {}
        self._compared: dict[str, tuple[_Place, ...]] = {}
        self.pretending: dict[str, list[str]] = {}
        """The pages whose new links are on budgets, until these are settled, each with the names of its places."""
        self._followed: dict[str, int] = {}
        self._on_budget = 0

    def asked(self, host: str, url: str) -> bool:
        """Count a page that is asked for; return whether the hash of its text is wanted."""
        place = self._hosts.get(host)
        if place is None:
            forget_half(self._hosts, PLACES)
            place = self._hosts[host] = _Place(f"{host}/", HOST_WATCH)
        comparing = (place,) if place.asked() else ()
        if place.pages >= DIRECTORIES_FROM:
            name = _directory(url)
            directory = self._directories.get(name)
            if directory is None:
                forget_half(self._directories, PLACES)
                directory = self._directories[name] = _Place(name, DIRECTORY_WATCH)
            if directory.asked():
                comparing = (*comparing, directory)
        if not comparing:
            return False
        forget_half(self._compared, PLACES)  # of those that failed
        self._compared[url] = comparing
        return True

    def came(self, url: str, text: int, links: Sequence[str]) -> None:
        """Compare the text of a page that came, by its hash, before its links that may be new are judged."""
        if names := [place.name for place in self._compared.pop(url, ()) if place.pretends(url, text, links)]:
            self.pretending[url] = names

    def exceeded(self, link: Link, least: int, share: float, known: int) -> str:
        """Count a link, and name the place of which it is one too many; "" lets it in, like any on no budget.

        A budget has `least` links, or that share of the `known` links that are on none. What is said of a host holds
        for each directory at its top: these have a budget each, and together so many budgets.
        """
        places = self.pretending.get(link.via)
        if places is None or counts_on(link.url, link.via, known):
            return ""
        budget = max(least, int((known - self._on_budget) * share))
        limits: dict[str, int] = {}
        for place in places:
            if link.url.startswith(place):
                slash = link.url.partition("?")[0].find("/", len(place))
                if place.count("/") == _SLASHES_OF_A_HOST and slash >= 0:
                    limits[place] = budget * TOPS
                    limits[link.url[: slash + 1]] = budget
                else:
                    limits[place] = budget
        for place in sorted(limits, key=len, reverse=True):
            if self._followed.get(place, 0) >= limits[place]:
                return place
        forget_half(self._followed, PLACES)
        for place in limits:
            self._followed[place] = self._followed.get(place, 0) + 1
        self._on_budget += bool(limits)
        return ""

    def settled(self) -> None:
        """Forget the pages whose links have been judged by now."""
        self.pretending.clear()


def counts_on(url: str, via: str, pages: int) -> bool:
    """Whether a link differs from its page in nothing but numbers, which are not large for so many pages.

    `Budgets` knows these as sequences; and a finite site may have as many pages that say nothing.
    """
    longest = max(map(len, _DIGITS.findall(url)), default=0)
    return longest <= len(str(pages)) + SPARSE and folded(url) == folded(via)


def _directory(url: str) -> str:
    """Return what the pages of a directory have in common, or the variants of a page that differ in their query."""
    query = url.find("?")
    return url[:query] if query >= 0 else url[: url.rfind("/") + 1]
