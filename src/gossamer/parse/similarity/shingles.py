"""The shingles of a text, its runs of three words, and what most of their hashes agree on: the sums of a simhash."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_FIRST, _SECOND, _THIRD, _MIX = (
    np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xFF51AFD7ED558CCD)
)
_HALF: Final = np.uint64(32)
_BITS: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)
"""The bits of each byte value: 256 rows of 8, most significant bit first."""


def majority(words: list[int]) -> int:
    """Return the majority of each bit in the hashes of the distinct shingles, given those of at least three words."""
    shingles = _shingles(np.array(words, np.uint64))
    # Big-endian, so that the simhash is the same on every machine. Byte values are counted rather than single bits.
    octets = shingles.astype(">u8").view(np.uint8).reshape(-1, 8)
    counts = np.array([np.bincount(octets[:, position], minlength=256) for position in range(8)])
    votes = 2 * (counts @ _BITS) > len(shingles)
    return int.from_bytes(np.packbits(votes.ravel()).tobytes(), "big")


def _shingles(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the hashes of the distinct shingles, given those of the words in order: a repeated line counts once."""
    mixed = words[:-2] * _FIRST + words[1:-1] * _SECOND + words[2:] * _THIRD
    mixed = (mixed ^ (mixed >> _HALF)) * _MIX
    return np.unique(mixed ^ (mixed >> _HALF))
