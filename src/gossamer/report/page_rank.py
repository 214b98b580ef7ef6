"""PageRank: how much of the time a reader would spend on each page who follows links at random.

L. Page, S. Brin, R. Motwani, T. Winograd: The PageRank Citation Ranking: Bringing Order to the Web (1999).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gossamer.report.edges import EdgeFile

DAMPING: Final = 0.85
"""Probability (0 to 1) that the reader follows a link; else any page comes next."""
_PRECISION: Final = 1e-7
"""Change of all ranks together in one round, below which they are exact enough."""
_ROUNDS: Final = 200
"""Maximum number of rounds; 100 reach the precision on any graph, because each takes `DAMPING` of the error."""


def page_rank(edges: EdgeFile, urls: int) -> NDArray[np.float64]:
    """Return the rank of each URL; all together are 1.

    From a URL without links any page comes next. Links with nofollow pass nothing on. Needs 40 bytes of memory a URL.
    """
    if not urls:
        return np.zeros(0)
    out = np.zeros(urls, np.int64)
    for block in edges.blocks():
        out += np.bincount(block.sources[block.followed], minlength=urls)
    ends = out == 0
    rank = np.full(urls, 1.0 / urls)
    for _ in range(_ROUNDS):
        passed_on = np.where(ends, 0.0, rank / np.maximum(out, 1))
        received = np.full(urls, rank[ends].sum() / urls)
        for block in edges.blocks():
            sources, targets = block.sources[block.followed], block.targets[block.followed]
            received += np.bincount(targets, weights=passed_on[sources], minlength=urls)
        received *= DAMPING
        received += (1.0 - DAMPING) / urls
        change = float(np.abs(received - rank).sum())
        rank = received
        if change < _PRECISION:
            break
    return rank
