"""Sketch: what is left of a page's text when all is taken away in which two answers of one error page may differ.

A site that has lost a page should say 404. Many say 200 and show an apology, or their front page: a soft 404. It is
found by asking for a page that cannot exist (Bar-Yossef and others, "Sic transit gloria telae", 2004).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

import xxhash

from gossamer.parse.similarity.simhash import NEAR, simhash, words_of

_SIZE: Final = 8


def sketch(title: str, text: str, url: str) -> bytes:
    """Sketch the title and the visible text of the page at a URL; b"" where there is no word in them.

    The URL itself is left out of them, for error pages repeat it, and so are words with a digit: times, counters, ids.
    """
    said = _without(url, f"{title} {text}".lower())
    words = [word for word in words_of(said) if word.isalpha()]
    if not words:
        return b""
    said = " ".join(words)
    exact = xxhash.xxh3_64_digest(said.encode("utf-8", "surrogatepass"))
    return exact + simhash(said).to_bytes(_SIZE, "big")


def same(one: bytes, other: bytes) -> bool:
    """Tell whether two sketches are of nearly the same text; an empty one is like no other."""
    if not one or not other:
        return False
    if one[:_SIZE] == other[:_SIZE]:
        return True
    first, second = (int.from_bytes(each[_SIZE:], "big") for each in (one, other))
    return bool(first and second) and (first ^ second).bit_count() <= NEAR


def _without(url: str, text: str) -> str:
    """Leave out a URL, its path, and the last part of that, as they are and as a person reads them."""
    parts = urlsplit(url)
    whole = {url, parts.path, parts.path.rsplit("/", 1)[-1]}
    spellings = {one.lower() for each in whole for one in (each, unquote(each))}
    for spelling in sorted(spellings, key=len, reverse=True):
        if len(spelling) > 1:
            text = re.sub(rf"(?<!\w){re.escape(spelling)}(?!\w)", " ", text)
    return text
