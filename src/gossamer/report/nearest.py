"""The known URLs that are most like one that a crawl never found: it was perhaps written otherwise, or has moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

from gossamer.report.explanation import Nearby
from gossamer.rules.urls import host_key, path

MOST: Final = 3
"""Maximum number of URLs that are named."""
_MOST_EDITS: Final = 6
"""Maximum number of letters that may differ."""
_EXTENSION: Final = re.compile(r"\.(?:x?html?|php\d?|aspx?|jsp)$")
_INDEX: Final = re.compile(r"/(?:index|default)$")
_FAR: Final = _MOST_EDITS + 1


class NearestUrls:
    """Keeps the few URLs that are most like one, of any number that it sees."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = host_key(url)
        self._place = _place(url)
        self._plain = _plain(url)
        self._name = _name(url)
        self._location = path(url).partition("?")[0]
        self._stem = _EXTENSION.sub("", self._location.rstrip("/").rpartition("/")[2].lower())
        self._masks = list(_masks(path(url).rstrip("/")))
        self._found: list[tuple[int, int, Nearby]] = []
        self._seen = 0

    def see(self, urls: Iterable[str]) -> None:
        """Look at some URLs."""
        for url in urls:
            self._seen += 1
            distance, how = self._compare(url)
            if how and (len(self._found) < MOST or distance < self._found[-1][0]):
                self._found.append((distance, self._seen, Nearby(url, how)))
                self._found.sort(key=lambda one: one[:2])
                del self._found[MOST:]

    def found(self) -> tuple[Nearby, ...]:
        """Return the URLs that are most like the one, the best first."""
        return tuple(nearby for _, _, nearby in self._found)

    def _compare(self, url: str) -> tuple[int, str]:
        """Return how far a URL is from the one (0 and more), and how it differs; "" if it is too far.

        Most are far: a few comparisons of texts tell that.
        """
        if self._stem in url.lower() and _plain(url) == self._plain:
            return 0, self._small_difference(url)
        if not url.startswith(self._host):
            return _FAR, ""
        tail = url[len(self._host) :]
        if tail.startswith(self._location) and tail[len(self._location) :][:1] in ("", "?"):
            return 1, "by its query"
        edits = self._edits(tail.rstrip("/"))
        if edits < _FAR:
            return 1 + edits, "by one character" if edits == 1 else f"by {edits} characters"
        if self._name and tail.partition("?")[0].endswith(self._name):
            return 1 + _FAR, "by the directory that it is in"
        return _FAR, ""

    def _edits(self, tail: str) -> int:
        """Return by how many characters one part of the path differs, where all others are equal; else `_FAR`."""
        for before, after, part in self._masks:
            if tail.startswith(before) and tail.endswith(after):
                other = tail[len(before) : len(tail) - len(after)]
                most = min(_MOST_EDITS, len(part) // 2)
                if "/" not in other and abs(len(other) - len(part)) <= most:
                    edits = distance(part, other, most)
                    if edits <= most:
                        return edits
        return _FAR

    def _small_difference(self, url: str) -> str:
        if _place(url) == self._place:
            return "by its scheme, or www."
        if url.lower() == self._url.lower():
            return "by capital and small letters"
        if url.rstrip("/") == self._url.rstrip("/"):
            return "by the slash at its end"
        return "by what mostly makes no difference: extension, index file, case, slash, scheme or www."


def distance(one: str, other: str, most: int) -> int:
    """Return how many characters must be put in, left out or changed to make one text the other.

    Return `most + 1` where it is more than `most`.
    """
    start = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        start += 1
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    row = list(range(len(other) + 1))
    for at, left in enumerate(one, 1):
        above, row[0] = row[0], at
        for to, right in enumerate(other, 1):
            above, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, above + (left != right))
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def _masks(tail: str) -> Iterator[tuple[str, str, str]]:
    """Yield each part of a path with what stands before and after it."""
    start = 1
    while start <= len(tail):
        end = tail.find("/", start)
        end = len(tail) if end < 0 else end
        if end > start:
            yield tail[:start], tail[end:], tail[start:end]
        start = end + 1


def _place(url: str) -> str:
    """Return a URL without its scheme and www."""
    return url.partition("://")[2].removeprefix("www.")


def _plain(url: str) -> str:
    """Return a URL without what mostly makes no difference."""
    location, mark, query = unquote(_place(url)).lower().partition("?")
    location = _INDEX.sub("", _EXTENSION.sub("", location.rstrip("/")))
    return location + mark + query


def _name(url: str) -> str:
    """Return the last part of a path with its slash, to be found at the end of another one; "" for a short one."""
    location = path(url).partition("?")[0]
    name = location[location.rstrip("/").rfind("/") :]
    return name if len(name) > MOST else ""
