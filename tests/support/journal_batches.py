"""Batches for journals: links found and links that ended, made up by number."""

from __future__ import annotations

from gossamer.rules.urls import fingerprint
from gossamer.values.model import Link, OutcomeKind, PageRecord
from gossamer.values.protocol import Batch, Ended, Outcome
from gossamer.values.snapshot import SavedStats


def links(first: int, count: int, host: str = "https://example.org") -> tuple[Link, ...]:
    return tuple(
        Link(i, f"{host}/p{i}", i % 5, i % 3, f"{host}/p{i // 7}" if i else "") for i in range(first, first + count)
    )


def ended(*several: Link) -> tuple[Ended, ...]:
    records = [PageRecord(link.url, OutcomeKind.DONE, 200, depth=link.depth, via=link.via) for link in several]
    return tuple(Ended(link, Outcome.of(record)) for link, record in zip(several, records, strict=True))


def batch(
    new: tuple[Link, ...] = (), done: tuple[Link, ...] = (), fetches: int = 0, refused: tuple[int, ...] = ()
) -> Batch:
    return Batch(
        ended(*done), new, tuple(fingerprint(link.url, 7) for link in new), refused, SavedStats(fetches=fetches)
    )
