"""What the core asks of the outside world: protocols of at most four verbs each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gossamer.values.model import Failure, Link, PreviousVisit, Request, Response
from gossamer.values.protocol import Batch, Saved


class Fetcher(Protocol):
    """Fetch one request, blocking; safe to call from several threads. Never raises for what a server does."""

    def fetch(self, request: Request) -> Response | Failure: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


class AsyncFetcher(Protocol):
    """Fetch one request without blocking the event loop. Never raises for what a server does."""

    async def fetch(self, request: Request) -> Response | Failure: ...
    async def aclose(self) -> None: ...


class Journal(Protocol):
    """The append-only record of a crawl. Raises `JournalError` when the record cannot be kept."""

    def open(self) -> Saved: ...
    def commit(self, batch: Batch, offsets: dict[str, int]) -> None: ...
    def recall(self, ids: Sequence[int]) -> list[Link]: ...
    def close(self) -> None: ...


class PreviousCrawl(Protocol):
    """What an earlier crawl of the same site found."""

    def find(self, url: str) -> PreviousVisit: ...


class Output(Protocol):
    """A resumable file: `write` a batch's pages, then `flush` and tell the offset up to which it is whole."""

    def resume(self, offset: int) -> None: ...
    def write(self, batch: Batch) -> None: ...
    def flush(self) -> int: ...
    def close(self) -> None: ...


class Clock(Protocol):
    """Time, as the driver sees it; `spent` is the CPU time of this process in seconds.

    `patience` tells how many seconds to block for an event when nothing else is due before `until`
    (None: until an event comes). A clock that jumps does so there, when nothing is in flight.
    """

    def now(self) -> float: ...
    def wall(self) -> float: ...
    def spent(self) -> float: ...
    def patience(self, until: float, in_flight: int) -> float | None: ...
