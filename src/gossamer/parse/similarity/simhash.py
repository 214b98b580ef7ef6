"""Simhash: a 64-bit hash of a text that changes in few bits if few of its words change.

Each three consecutive words are a shingle. Each bit of the simhash is the majority of that bit in the hashes of all
distinct shingles (Charikar 2002; Manku, Jain and Das Sarma 2007).
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import xxhash
from numpy.typing import NDArray

LEAST_WORDS: Final = 30
"""Minimum length of a text (words) for a simhash: short texts are similar by chance."""
MOST_WORDS: Final = 100_000
"""Maximum number of words that are hashed, from the start of a text: it bounds the cost of a huge page."""

NEAR: Final = 3
"""Maximum Hamming distance (bits) between the simhashes of two near duplicates."""

_WORD: Final = re.compile(r"\w+")
_FIRST, _SECOND, _THIRD, _MIX = (
    np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xFF51AFD7ED558CCD)
)
_HALF: Final = np.uint64(32)
_BITS: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)
"""The bits of each byte value: 256 rows of 8, most significant bit first."""


def words_of(text: str) -> list[str]:
    """Return the first `MOST_WORDS` words of a text, in lower case."""
    return _WORD.findall(text.lower())[:MOST_WORDS]


def simhash(text: str) -> int:
    """Return the simhash of a text (never 0), or 0 if it has fewer than `LEAST_WORDS` words."""
    words = words_of(text)
    if len(words) < LEAST_WORDS:
        return 0
    hash_of = {word: xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    shingles = _shingles(np.array([hash_of[word] for word in words], np.uint64))
    # Big-endian, so that the simhash is the same on every machine. Byte values are counted rather than single bits.
    octets = shingles.astype(">u8").view(np.uint8).reshape(-1, 8)
    counts = np.array([np.bincount(octets[:, position], minlength=256) for position in range(8)])
    votes = 2 * (counts @ _BITS) > len(shingles)
    return int.from_bytes(np.packbits(votes.ravel()).tobytes(), "big") or 1


def _shingles(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes of the distinct shingles, given those of the words in order: a repeated line counts once."""
    mixed = words[:-2] * _FIRST + words[1:-1] * _SECOND + words[2:] * _THIRD
    mixed = (mixed ^ (mixed >> _HALF)) * _MIX
    return np.unique(mixed ^ (mixed >> _HALF))
