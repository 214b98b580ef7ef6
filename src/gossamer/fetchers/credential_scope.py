"""Fetchers that send the caller's credentials to the origin of the URL given, and not to where redirects lead."""

from __future__ import annotations

from gossamer.rules import urls
from gossamer.values.model import Failure, Request, Response
from gossamer.values.ports import AsyncFetcher, Fetcher


def _is_cross_origin(request: Request) -> bool:
    """Whether redirects have led from the requested URL to another origin."""
    return bool(request.link.via) and urls.host_key(request.link.via) != urls.host_key(request.url)


class CredentialScopedFetcher:
    """A blocking fetcher that withholds the caller's credentials after a redirect to another origin."""

    def __init__(self, full: Fetcher, bare: Fetcher) -> None:
        """Combine a fetcher that sends credentials (`full`) and one that sends none (`bare`); own both."""
        self._both = (full, bare)

    def fetch(self, request: Request) -> Response | Failure:
        """Fetch with credentials, or without them after a redirect to another origin."""
        return self._both[_is_cross_origin(request)].fetch(request)

    def abort(self) -> None:
        """Make running fetches return a `Failure` soon."""
        for fetcher in self._both:
            fetcher.abort()

    def close(self) -> None:
        """Close the connections of both fetchers."""
        for fetcher in self._both:
            fetcher.close()


class CredentialScopedAsyncFetcher:
    """An awaiting fetcher that withholds the caller's credentials after a redirect to another origin."""

    def __init__(self, full: AsyncFetcher, bare: AsyncFetcher) -> None:
        """Combine a fetcher that sends credentials (`full`) and one that sends none (`bare`); own both."""
        self._both = (full, bare)

    async def fetch(self, request: Request) -> Response | Failure:
        """Fetch with credentials, or without them after a redirect to another origin."""
        return await self._both[_is_cross_origin(request)].fetch(request)

    async def aclose(self) -> None:
        """Close the connections of both fetchers."""
        for fetcher in self._both:
            await fetcher.aclose()
