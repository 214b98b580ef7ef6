"""Simhash: a 64-bit hash of a text that changes in few bits if few of its words change.

Each three consecutive words are a shingle. Each bit of the simhash is the majority of that bit in the hashes of all
distinct shingles (Charikar 2002; Manku, Jain and Das Sarma 2007).
"""

from __future__ import annotations

import re
from typing import Final

import xxhash

LEAST_WORDS: Final = 30
"""Minimum length of a text (words) for a simhash: short texts are similar by chance."""
MOST_WORDS: Final = 100_000
"""Maximum number of words that are hashed, from the start of a text: it bounds the cost of a huge page."""

NEAR: Final = 3
"""Maximum Hamming distance (bits) between the simhashes of two near duplicates."""

_WORD: Final = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Return the first `MOST_WORDS` words of a text, in lower case."""
    return _WORD.findall(text.lower())[:MOST_WORDS]


def simhash(text: str) -> int:
    """Return the simhash of a text (never 0), or 0 if it has fewer than `LEAST_WORDS` words."""
    words = words_of(text)
    if len(words) < LEAST_WORDS:
        return 0
    hash_of = {word: xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    # Here, not above: numpy takes a third of the time in which a worker starts, and few crawls compare texts.
    from gossamer.parse.similarity.shingles import majority

    return majority([hash_of[word] for word in words]) or 1
