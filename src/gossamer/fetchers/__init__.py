"""Fetchers make HTTP exchanges: with libcurl, blocking or awaiting, or from a recording.

Imports `values`, `rules` and `parse`; never `journals`. Invariant: no connection goes to an address that was not
checked, and every exchange ends as a `Response` or a `Failure`.
"""

from __future__ import annotations

from gossamer.fetchers.awaiting import AwaitingFetcher
from gossamer.fetchers.blocking import BlockingFetcher
from gossamer.fetchers.options import FetchOptions, user_agent
from gossamer.fetchers.recorded import RecordedAsyncFetcher, RecordedFetcher, RecordedPage

__all__ = [
    "AwaitingFetcher",
    "BlockingFetcher",
    "FetchOptions",
    "RecordedAsyncFetcher",
    "RecordedFetcher",
    "RecordedPage",
    "user_agent",
]
