"""The protocols that connect the crawl to fetchers, journals, outputs and clocks, of at most four methods each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gossamer.values.model import Failure, Link, PreviousVisit, Request, Response
from gossamer.values.protocol import Batch, Saved


class Fetcher(Protocol):
    """A blocking fetcher, safe to use from several threads."""

    def fetch(self, request: Request) -> Response | Failure:
        """Fetch a request. An error of the server or the network is a `Failure`, never an exception."""
        ...

    def abort(self) -> None:
        """End the fetches in flight soon, as failures."""
        ...

    def close(self) -> None:
        """Release all connections."""
        ...


class AsyncFetcher(Protocol):
    """A fetcher that does not block the event loop."""

    async def fetch(self, request: Request) -> Response | Failure:
        """Fetch a request. An error of the server or the network is a `Failure`, never an exception."""
        ...

    async def aclose(self) -> None:
        """Release all connections."""
        ...


class Journal(Protocol):
    """The append-only record of a crawl. Every method raises `JournalError` if storage fails."""

    def open(self) -> Saved:
        """Open the journal and return what it has saved."""
        ...

    def commit(self, batch: Batch, offsets: dict[str, int]) -> None:
        """Save a batch, and for each output the offset (bytes) up to which it is complete, all or nothing."""
        ...

    def recall(self, ids: Sequence[int]) -> list[Link]:
        """Return the links with these ids, in the order of `ids`."""
        ...

    def close(self) -> None:
        """Close the journal."""
        ...


class PreviousCrawl(Protocol):
    """The crawl that an update compares with."""

    def find(self, url: str) -> PreviousVisit:
        """Return what the previous crawl found at a URL."""
        ...


class Output(Protocol):
    """A resumable output of a crawl."""

    def resume(self, offset: int) -> None:
        """Open the output, cut back to a committed offset (0: empty)."""
        ...

    def write(self, batch: Batch) -> None:
        """Write the pages of a batch."""
        ...

    def flush(self) -> int:
        """Hand all data to the operating system; return the offset up to which the output is complete."""
        ...

    def close(self) -> None:
        """Close the output."""
        ...


class Clock(Protocol):
    """The driver's source of time. All values are seconds."""

    def now(self) -> float:
        """Return the current moment on a clock that never goes back."""
        ...

    def wall(self) -> float:
        """Return the current Unix time."""
        ...

    def spent(self) -> float:
        """Return the CPU time that this process has used."""
        ...

    def patience(self, until: float, in_flight: int) -> float | None:
        """Return how long to block for an event if nothing else is due before `until`; None for no limit.

        A clock that jumps to the next moment does so in this call, if nothing is in flight.
        """
        ...
