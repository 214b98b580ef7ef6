"""Refused links: the hash by which a refusal is known, of a URL and a reason together."""

from __future__ import annotations

from typing import Final

from xxhash import xxh3_64_intdigest

from gossamer.values.reasons import Reason

DEPENDS_ON_PATH: Final = (Reason.SKIP_DEPTH, Reason.SKIP_NOFOLLOW, Reason.SKIP_LIMIT)
"""Reasons that depend on the path by which a link was found: the same URL may be admitted by another path."""

SALTS: Final = {reason: xxh3_64_intdigest(reason.value.encode()) for reason in Reason}
"""They make of a URL's fingerprint (XOR) the hash of a refusal. Journals keep it, so they follow from the codes."""


def refusal_hash(fingerprint: int, reason: Reason) -> int:
    """Return the hash of a refusal: of a URL's fingerprint and a reason together. Never 0, as of a fingerprint."""
    return (fingerprint ^ SALTS[reason]) or 1


def refused_fingerprint(refusal_hash: int, reason: Reason) -> int:
    """Return the fingerprint of the URL that was refused for a reason, from the hash of the refusal."""
    return refusal_hash ^ SALTS[reason]
