"""Tools for testing code that crawls: a recorded web instead of the real one, and a clock that does not wait.

web = RecordedFetcher.of_site({"/": RecordedPage(b"<h1>Hello</h1>")})
report = gossamer.Crawler("https://a.example/", fetcher=web, clock=FakeClock()).run()
"""

from __future__ import annotations

from gossamer.engines.clock import FakeClock
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage

__all__ = ["FakeClock", "RecordedFetcher", "RecordedPage"]
