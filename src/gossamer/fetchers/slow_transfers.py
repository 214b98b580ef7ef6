"""Which running transfers must stop: the body comes too slowly, or what comes is neither body nor header."""

from __future__ import annotations

from collections.abc import Iterable

from gossamer.fetchers.connections import received
from gossamer.fetchers.transfer import Transfer


def stopped(transfers: Iterable[Transfer], now: float) -> list[Transfer]:
    """Return those of some running transfers that must stop by now, with the reason recorded in each."""
    stopping, watched = [], {}
    for transfer in transfers:
        if transfer.crawls(now):
            stopping.append(transfer)
        elif transfer.connection is not None and transfer.is_watched(now):
            watched[transfer.connection] = transfer
    counted = received(watched.keys()) if watched else {}
    return stopping + [watched[connection] for connection, size in counted.items() if watched[connection].hides(size)]
