"""Suggestions: the URL that was probably meant by one that is broken, among those that are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

_EXTENSION: Final = re.compile(r"\.(?:html?|xhtml|php\d?|aspx?|jsp)$")
_INDEX: Final = re.compile(r"/(?:index|default)(?:\.(?:html?|xhtml|php\d?|aspx?|jsp))?$")
_LEAST_NAME: Final = 4
"""Minimum length of a file name (characters) by which a page that has moved is found again."""
_MAX_SEGMENTS: Final = 12
"""Maximum number of path segments of which one may be misspelt."""
_LONGEST_SEGMENT: Final = 100
"""Maximum length (characters) of a path segment that may be misspelt."""

_Mask = tuple[str, ...]
"""A path with one of its segments left out."""


class _Parts:
    """A URL taken apart."""

    __slots__ = ("host", "key", "name", "query", "segments")

    def __init__(self, url: str) -> None:
        rest = url.partition("://")[2]
        authority, slash, path = rest.partition("/")
        path, mark, query = path.partition("?")
        self.host = authority.lower().removeprefix("www.")
        self.query = mark + query
        self.segments = tuple(path.split("/"))
        self.key = f"{self.host}{_plain(slash + path)}{self.query.lower()}"
        self.name = next((segment for segment in reversed(self.segments) if segment), "").lower()


def _plain(path: str) -> str:
    """Return a path in lower case without what often differs: the last slash, index.html, the extension of a page."""
    path = _INDEX.sub("", unquote(path).lower().rstrip("/"))
    return _EXTENSION.sub("", path)


def suggestions(broken: Iterable[str], good: Iterable[str]) -> dict[str, str]:
    """Return for each broken URL the one that was probably meant, if there is one.

    It is the one that differs only in case, in its last slash, in http or https, in `.html` or `index.html`; else the
    one with a single misspelt letter in one part of the path; else the only one with the same file name elsewhere.
    The good URLs are read once, and only what may be meant is kept.
    """
    search = _Search(broken)
    if search.asked:
        for url in good:
            search.see(url)
    return {url: found for url in search.asked if (found := search.found(url))}


class _Search:
    def __init__(self, broken: Iterable[str]) -> None:
        self.asked = {url: _Parts(url) for url in broken}
        self._keys: dict[str, list[str]] = {parts.key: [] for parts in self.asked.values()}
        # By one spelling that two names share if one is a misspelling of the other: a directory may have 100,000 names,
        # and thousands of links that are broken, which cannot all be compared.
        self._masks: dict[_Mask, dict[str, list[tuple[str, str]]]] = {}
        for parts in self.asked.values():
            for mask, segment in _masked(parts):
                self._masks.setdefault(mask, {}).update((spelling, []) for spelling in _spellings(segment))
        self._names: dict[tuple[str, str], list[str]] = {_place(parts): [] for parts in self.asked.values()}
        self._hosts = {parts.host for parts in self.asked.values()}

    def see(self, url: str) -> None:
        """Keep a URL that is there, if it may be meant by one that is broken."""
        parts = _Parts(url)
        if parts.host not in self._hosts:
            return
        if parts.key in self._keys:
            self._keys[parts.key].append(url)
        if (place := _place(parts)) in self._names:
            self._names[place].append(url)
        for mask, segment in _masked(parts):
            if (wanted := self._masks.get(mask)) is not None:
                for spelling in wanted.keys() & _spellings(segment):
                    wanted[spelling].append((segment, url))

    def found(self, url: str) -> str:
        """Return the URL that a broken one probably means; "" for none."""
        parts = self.asked[url]
        same = [one for one in self._keys[parts.key] if one != url]
        if same:
            return min(same, key=lambda one: (one.partition("://")[2] != url.partition("://")[2], one))
        for mask, segment in reversed(list(_masked(parts))):
            near = {one for spelling in _spellings(segment) for one in self._masks[mask][spelling]}
            close = [one for other, one in near if one != url and _misspelt(segment, other)]
            if len(close) == 1:
                return close[0]
        moved = [one for one in self._names[_place(parts)] if one != url]
        tells = len(parts.name) >= _LEAST_NAME and not _INDEX.match(f"/{parts.name}")
        return moved[0] if tells and len(moved) == 1 else ""


def _place(parts: _Parts) -> tuple[str, str]:
    return parts.host, parts.name + parts.query


def _masked(parts: _Parts) -> Iterator[tuple[_Mask, str]]:
    """Yield the path with each of its segments left out in turn, and that segment."""
    if len(parts.segments) > _MAX_SEGMENTS:
        return
    for place, segment in enumerate(parts.segments):
        if 0 < len(segment) <= _LONGEST_SEGMENT:
            others = (*parts.segments[:place], "*", *parts.segments[place + 1 :])
            yield (parts.host, parts.query, str(place), *others), segment


def _spellings(segment: str) -> set[str]:
    """Return a name, and it without each of its letters: one misspelt by a letter has one of these in common."""
    return {segment, *(segment[:at] + segment[at + 1 :] for at in range(len(segment)))}


def _misspelt(one: str, other: str) -> bool:
    """Whether two names differ in one letter that is wrong, missing, too many, or changed with the next one.

    Digits are no letters: page-3 is another page than page-2.
    """
    if abs(len(one) - len(other)) > 1 or len(one) < 3:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, other_rest = one[start:], other[start:]
    if any(char.isdigit() for char in (*rest[:1], *other_rest[:1])):
        return False
    swapped = rest[1:2] + rest[:1] + rest[2:] == other_rest and len(rest) > 1
    return swapped or rest[1:] == other_rest[1:] or rest[1:] == other_rest or rest == other_rest[1:]
