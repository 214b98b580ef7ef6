"""Fetchers that send a user's own headers to the origins they were meant for only."""

from __future__ import annotations

from gossamer.rules import urls
from gossamer.values.model import Failure, Request, Response
from gossamer.values.ports import AsyncFetcher, Fetcher


def _strays(request: Request) -> bool:
    """Whether redirects have led to another origin than the one the caller asked."""
    return bool(request.link.via) and urls.host_key(request.link.via) != urls.host_key(request.url)


class DiscreetFetcher:
    """A fetcher that keeps the caller's credentials from origins that were not asked for."""

    def __init__(self, full: Fetcher, bare: Fetcher) -> None:
        self._both = (full, bare)

    def fetch(self, request: Request) -> Response | Failure:
        """Fetch with credentials, or after a redirect to elsewhere without."""
        return self._both[_strays(request)].fetch(request)

    def abort(self) -> None:
        """Make running fetches return soon."""
        for fetcher in self._both:
            fetcher.abort()

    def close(self) -> None:
        """Close all connections."""
        for fetcher in self._both:
            fetcher.close()


class DiscreetAsyncFetcher:
    """The same without blocking the event loop."""

    def __init__(self, full: AsyncFetcher, bare: AsyncFetcher) -> None:
        self._both = (full, bare)

    async def fetch(self, request: Request) -> Response | Failure:
        """Fetch with credentials, or after a redirect to elsewhere without."""
        return await self._both[_strays(request)].fetch(request)

    async def aclose(self) -> None:
        """Close all connections."""
        for fetcher in self._both:
            await fetcher.aclose()
