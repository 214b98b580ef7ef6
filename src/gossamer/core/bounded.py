"""Memory that is bounded: of what was met, only the latest is remembered."""

from __future__ import annotations

from typing import Any


def forget_half(remembered: dict[Any, Any], most: int) -> None:
    """Remove the older half of a dictionary that has more than `most` entries."""
    if len(remembered) > most:
        for key in list(remembered)[: most // 2]:
            del remembered[key]
