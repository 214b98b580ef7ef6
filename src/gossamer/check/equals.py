"""Pages that have something in common which each should have of its own: content, title, or nearly their text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from gossamer.core.duplicates import grouped

_INDEX: Final = re.compile(r"(?:index|default)\.[a-z]{3,5}$", re.IGNORECASE)


class Equals:
    """Groups URLs by what they have in common. One that has nothing in common takes no list."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], str] = {}
        self._groups: dict[tuple[str, str], list[str]] = {}

    def add(self, common: str, url: str, *, within: str = "") -> None:
        """Add a URL with what it may have in common with others; only those of one language, for example, `within`."""
        key = (common, within)
        first = self._first.setdefault(key, url)
        if first is not url:
            self._groups.setdefault(key, [first]).append(url)

    def without(self, but: frozenset[str] | set[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield what two or more URLs have in common, and these without some, the shortest first.

        The order does not depend on that in which they were added, because that depends on timing.
        """
        for (common, _), group in self._groups.items():
            if len(kept := [url for url in group if url not in but]) > 1:
                yield common, sorted(kept, key=lambda url: (len(url), url))


def distinct_contents(urls: Iterable[str], first_of: Mapping[str, str]) -> list[str]:
    """Return some URLs, of those with the same content only one; `first_of` has the first of these by each."""
    found: dict[str, str] = {}
    for url in urls:
        found.setdefault(first_of.get(url, url), url)
    return list(found.values())


def near_duplicates(simhashes: Sequence[tuple[int, str]]) -> list[list[str]]:
    """Return the groups of URLs with nearly the same simhash, each group in alphabetical order."""
    if len(simhashes) < 2:
        return []
    distinct, where = np.unique(np.array([one for one, _ in simhashes], np.uint64), return_inverse=True)
    groups = grouped(distinct)[where]
    found: dict[int, list[str]] = {}
    for group, (_, url) in zip(groups.tolist(), simhashes, strict=True):
        found.setdefault(group, []).append(url)
    return sorted(sorted(urls) for urls in found.values() if len(urls) > 1)


def twins(urls: Sequence[str]) -> str:
    """Return how some URLs differ, if all do so in one usual way: ", once by http and once by https"; "" otherwise."""
    for differ, said in (
        (lambda url: url.partition("://")[2], "by http and by https"),
        (lambda url: url.replace("://www.", "://", 1), "with and without www."),
        (lambda url: url.rstrip("/"), "with and without a slash at the end"),
        (lambda url: _INDEX.sub("", url), "with and without the name of an index file"),
        (str.lower, "in capitals and in small letters"),
        (lambda url: url.partition("?")[0], "with different queries"),
    ):
        if len({differ(url) for url in urls}) == 1:
            return f", {said}"
    return ""
