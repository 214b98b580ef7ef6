"""A fake web from a dict: fetchers that answer from memory, for tests of crawls and of handlers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from msgspec import Struct

from gossamer.rules.recrawl import conditions
from gossamer.values.model import Failure, Purpose, Request, Response, Timings


class RecordedPage(Struct, frozen=True):
    """One recorded answer. `elapsed` is the seconds it is said to have taken; nobody waits for them."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes | str = b""
    elapsed: float = 0.0


Recording = RecordedPage | bytes | str | Failure
NOT_FOUND = RecordedPage(404, {"content-type": "text/plain"}, b"not recorded")


class RecordedFetcher:
    """Fetch from a dict of URL to answer, blocking (but nothing blocks).

    An answer is a `RecordedPage`, a body (bytes or str: an HTML page with status 200), a `Failure`, or a list of these
    for successive fetches, of which the last one stays. A URL that is not there is a 404, and a page whose `etag` or
    `last-modified` is the one asked about a 304. `requests` lists what was asked for, in order. Deterministic: no clock
    is read. Safe to use from several threads.
    """

    def __init__(self, pages: Mapping[str, Recording | Sequence[Recording]]) -> None:
        """Take the pages by absolute URL."""
        self._answers: dict[str, list[Recording]] = {
            url: [page] if isinstance(page, RecordedPage | bytes | str | Failure) else list(page)
            for url, page in pages.items()
        }
        self._asked: list[tuple[str, Purpose]] = []
        # Guards both: successive answers are consumed, and the order of requests is kept.
        self._lock = threading.Lock()

    @classmethod
    def of_site(
        cls, pages: Mapping[str, Recording | Sequence[Recording]], origin: str = "https://example.org"
    ) -> RecordedFetcher:
        """Take the pages by path, all of one origin."""
        return cls({f"{origin}{path}": page for path, page in pages.items()})

    @property
    def requests(self) -> list[tuple[str, Purpose]]:
        """List the URLs asked for so far, each with its purpose, in order."""
        with self._lock:
            return list(self._asked)

    def fetch(self, request: Request) -> Response | Failure:
        """Give the recorded answer, or a 404."""
        url = request.link.url
        with self._lock:
            self._asked.append((url, request.purpose))
            answers = self._answers.get(url)
            page = NOT_FOUND if not answers else answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(page, RecordedPage) and _unmodified(request, page):
            page = RecordedPage(304, page.headers, b"", page.elapsed)
        return page if isinstance(page, Failure) else _response(url, page)

    def awaiting(self) -> RecordedAsyncFetcher:
        """Give the awaiting face of the same recording."""
        return RecordedAsyncFetcher(self)

    def abort(self) -> None:
        """Do nothing: no fetch is ever under way."""

    def close(self) -> None:
        """Do nothing: the recording can go on being used."""


class RecordedAsyncFetcher:
    """Fetch from the same dict, awaiting (but nothing waits)."""

    def __init__(self, recorded: RecordedFetcher) -> None:
        """Share the recording, its successive answers and its list of requests."""
        self._recorded = recorded

    @property
    def requests(self) -> list[tuple[str, Purpose]]:
        """List the URLs asked for so far, each with its purpose, in order."""
        return self._recorded.requests

    async def fetch(self, request: Request) -> Response | Failure:
        """Give the recorded answer, or a 404."""
        return self._recorded.fetch(request)

    async def aclose(self) -> None:
        """Do nothing: the recording can go on being used."""


def _unmodified(request: Request, page: RecordedPage) -> bool:
    """Tell whether it is the version that the request knows (RFC 9110, 13.2.2: an entity tag counts before a date)."""
    headers = {name.lower(): value for name, value in page.headers.items()}
    asked = dict(conditions(request.previous))
    name, wanted = ("etag", "If-None-Match") if "If-None-Match" in asked else ("last-modified", "If-Modified-Since")
    return page.status == 200 and wanted in asked and headers.get(name) == asked[wanted]


def _response(url: str, recording: RecordedPage | bytes | str) -> Response:
    page = recording
    if not isinstance(page, RecordedPage):
        page = RecordedPage(headers={"content-type": "text/html; charset=utf-8"}, body=page)
    body = page.body.encode() if isinstance(page.body, str) else page.body
    headers = {name.lower(): value for name, value in page.headers.items()}
    lines = [f"HTTP/1.1 {page.status}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return Response(
        url=url,
        status=page.status,
        headers=headers,
        body=body,
        raw_header="\r\n".join(lines).encode("latin-1", "replace"),
        raw_body=body,
        timings=Timings(first_byte=page.elapsed, total=page.elapsed),
    )
