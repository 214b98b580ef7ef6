"""Soft 404s: error pages, or front pages, that a site sends with status 200 in place of a missing page.

They are recognised by comparison with the response to a URL that cannot exist (Bar-Yossef and others, "Sic transit
gloria telae", 2004). A sketch is a hash of the text without what differs between two responses of one error page.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

import xxhash

from gossamer.parse.similarity.simhash import NEAR, simhash, words_of

_HALF_SIZE: Final = 8
"""Size (bytes) of each half of a sketch: the hash of the text, then its simhash."""


def sketch(title: str, text: str, url: str) -> bytes:
    """Return the sketch (16 bytes) of the title and the visible text of the page at `url`; b"" if they have no words.

    The URL is removed first, because error pages repeat it, and so are words with a digit: times, counters, ids.
    """
    normalised = _without_url(url, f"{title} {text}".lower())
    words = [word for word in words_of(normalised) if word.isalpha()]
    if not words:
        return b""
    normalised = " ".join(words)
    exact = xxhash.xxh3_64_digest(normalised.encode("utf-8", "surrogatepass"))
    return exact + simhash(normalised).to_bytes(_HALF_SIZE, "big")


def same(one: bytes, other: bytes) -> bool:
    """Whether two sketches are of nearly the same text; False if either is empty."""
    if not one or not other:
        return False
    if one[:_HALF_SIZE] == other[:_HALF_SIZE]:
        return True
    first, second = (int.from_bytes(each[_HALF_SIZE:], "big") for each in (one, other))
    return bool(first and second) and (first ^ second).bit_count() <= NEAR


def _without_url(url: str, text: str) -> str:
    """Return a text (lower case) without a URL, its path and the path's last segment, percent-encoded or decoded."""
    parts = urlsplit(url)
    parts_of_url = {url, parts.path, parts.path.rsplit("/", 1)[-1]}
    variants = {one.lower() for each in parts_of_url for one in (each, unquote(each))}
    for variant in sorted(variants, key=len, reverse=True):
        if len(variant) > 1:
            text = re.sub(rf"(?<!\w){re.escape(variant)}(?!\w)", " ", text)
    return text
