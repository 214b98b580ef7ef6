"""FetcherSource: makes the fetcher of an engine, for the web or the fake web, blocking or awaiting."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from gossamer.fetchers.awaiting import AwaitingFetcher
from gossamer.fetchers.blocking import BlockingFetcher
from gossamer.fetchers.credential_scope import CredentialScopedAsyncFetcher, CredentialScopedFetcher
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.rules.own_headers import is_private
from gossamer.values.ports import AsyncFetcher, Fetcher


class FetcherSource(Struct, frozen=True):
    """Makes the fetcher of one run; whoever asks for it closes it. `recorded` takes the place of the web."""

    options: FetchOptions
    recorded: RecordedFetcher | None = None

    def blocking(self) -> Fetcher:
        """Return a fetcher that blocks its caller."""
        if self.recorded is not None:
            return self.recorded
        fetcher = BlockingFetcher(self.options)
        return CredentialScopedFetcher(fetcher, BlockingFetcher(self._bare)) if self._has_credentials else fetcher

    def awaiting(self) -> AsyncFetcher:
        """Return a fetcher for the running event loop."""
        if self.recorded is not None:
            return self.recorded.awaiting()
        fetcher = AwaitingFetcher(self.options)
        return CredentialScopedAsyncFetcher(fetcher, AwaitingFetcher(self._bare)) if self._has_credentials else fetcher

    @property
    def _has_credentials(self) -> bool:
        """Whether there are credentials that no list of origins restricts: they go to the URLs asked for only."""
        return self.options.origins is None and any(is_private(name) for name, _ in self.options.headers)

    @property
    def _bare(self) -> FetchOptions:
        return msgspec.structs.replace(self.options, origins=())
