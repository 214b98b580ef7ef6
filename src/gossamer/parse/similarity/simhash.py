"""Simhash: 64 bits of a text, most of which stay when few of its words change (Charikar 2002; Manku and others 2007).

Every three words in a row are a shingle; each bit is what most of the shingles' hashes say. Of two pages that share
most of their shingles, few bits differ.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import xxhash
from numpy.typing import NDArray

LEAST_WORDS: Final = 30
"""Words a text must have to be compared: short ones are alike by chance."""
MOST_WORDS: Final = 100_000
"""Words of a text that count, the first: it bounds what an absurd page costs."""

NEAR: Final = 3
"""Bits in which the simhashes of two nearly equal texts may differ."""

_WORD: Final = re.compile(r"\w+")
_FIRST, _SECOND, _THIRD, _MIX = (
    np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xFF51AFD7ED558CCD)
)
_HALF: Final = np.uint64(32)
_BITS: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)
"""The bits of every value of a byte."""


def words_of(text: str) -> list[str]:
    """List the words of a text that count, in lower case."""
    return _WORD.findall(text.lower())[:MOST_WORDS]


def simhash(text: str) -> int:
    """Tell the simhash of a text; 0 where it has too few words to be compared."""
    words = words_of(text)
    if len(words) < LEAST_WORDS:
        return 0
    known = {word: xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    shingles = _shingles(np.array([known[word] for word in words], np.uint64))
    # Bytes in a fixed order, so that the same text has the same simhash on every machine; each is counted by its value.
    octets = shingles.astype(">u8").view(np.uint8).reshape(-1, 8)
    counts = np.array([np.bincount(octets[:, place], minlength=256) for place in range(8)])
    votes = 2 * (counts @ _BITS) > len(shingles)
    return int.from_bytes(np.packbits(votes.ravel()).tobytes(), "big") or 1


def _shingles(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash every three words in a row, in their order, each shingle once: a repeated line is one line."""
    mixed = words[:-2] * _FIRST + words[1:-1] * _SECOND + words[2:] * _THIRD
    mixed = (mixed ^ (mixed >> _HALF)) * _MIX
    return np.unique(mixed ^ (mixed >> _HALF))
