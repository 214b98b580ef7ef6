"""Fetchers: one HTTP exchange at a time, blocking or awaiting, or from a recording."""

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
