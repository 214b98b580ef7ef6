"""A fake web: fetchers that return responses from a dict, for tests of crawls and of handlers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gossamer.rules.recrawl import conditions
from gossamer.values.model import Failure, Purpose, Request, Response, Timings


class RecordedPage(Struct, frozen=True):
    """One recorded response; `elapsed` (seconds) appears in its timings, but the fetch does not wait for it."""

    status: int = 200
    """The HTTP status."""

    headers: Mapping[str, str] = {}
    """The headers; names may be in any case."""

    body: bytes | str = b""
    """The body; a str is encoded as UTF-8."""

    elapsed: float = 0.0
    """The duration (seconds) that the timings report."""


Recording = RecordedPage | bytes | str | Failure
"""A recorded result of one fetch; bytes and str are the body of an HTML page with status 200."""

NOT_FOUND = RecordedPage(404, {"content-type": "text/plain"}, b"not recorded")
"""The response for every URL that is not recorded."""


class RecordedFetcher:
    """A fetcher of recorded responses, by URL.

    The value for a URL is a `RecordedPage`, a body (bytes or str: an HTML page with status 200) or a `Failure`; or a
    list of these for successive fetches, whose last element is repeated. A URL that is not recorded is a 404. A
    conditional request whose `etag` or `last-modified` matches is a 304. A HEAD request gets the header of the page, or
    what "HEAD" and the URL as the key ("HEAD https://example.org/") has for it.
    Deterministic: it reads no clock. Safe to use from several threads.
    """

    def __init__(self, pages: Mapping[str, Recording | Sequence[Recording]]) -> None:
        """Record pages by absolute URL."""
        self._answers: dict[str, list[Recording]] = {
            url: [page] if isinstance(page, RecordedPage | bytes | str | Failure) else list(page)
            for url, page in pages.items()
        }
        self._asked: list[tuple[str, Purpose]] = []
        # Guards both of the above: successive results are consumed, and the order of requests is kept.
        self._lock = threading.Lock()

    @classmethod
    def of_site(
        cls, pages: Mapping[str, Recording | Sequence[Recording]], origin: str = "https://example.org"
    ) -> RecordedFetcher:
        """Record pages of one origin by path."""
        return cls({f"{origin}{path}": page for path, page in pages.items()})

    @property
    def requests(self) -> list[tuple[str, Purpose]]:
        """The URLs requested so far, each with its purpose, in order."""
        with self._lock:
            return list(self._asked)

    def fetch(self, request: Request) -> Response | Failure:
        """Return the recorded response or failure; a 404 if there is none."""
        url = request.link.url
        with self._lock:
            self._asked.append((url, request.purpose))
            answers = self._answers.get(f"{request.method} {url}") or self._answers.get(url)
            page = NOT_FOUND if not answers else answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(page, RecordedPage) and _unmodified(request, page):
            page = RecordedPage(304, page.headers, b"", page.elapsed)
        if isinstance(page, Failure):
            return page
        response = _response(url, page)
        return response if request.method == "GET" else replace(response, body=b"", raw_body=b"")

    def awaiting(self) -> RecordedAsyncFetcher:
        """Return an awaiting fetcher of the same recording."""
        return RecordedAsyncFetcher(self)

    def abort(self) -> None:
        """Do nothing: a fetch returns at once."""

    def close(self) -> None:
        """Do nothing: the recording can still be used."""


class RecordedAsyncFetcher:
    """An awaiting fetcher of the responses of a `RecordedFetcher`."""

    def __init__(self, recorded: RecordedFetcher) -> None:
        """Share the recording, its successive results and its list of requests."""
        self._recorded = recorded

    @property
    def requests(self) -> list[tuple[str, Purpose]]:
        """The URLs requested so far, each with its purpose, in order."""
        return self._recorded.requests

    async def fetch(self, request: Request) -> Response | Failure:
        """Return the recorded response or failure; a 404 if there is none."""
        return self._recorded.fetch(request)

    async def aclose(self) -> None:
        """Do nothing: the recording can still be used."""


def _unmodified(request: Request, page: RecordedPage) -> bool:
    """Whether a page matches the validators of a request (RFC 9110 section 13.2.2: an entity tag precedes a date)."""
    headers = {name.lower(): value for name, value in page.headers.items()}
    conditional = dict(conditions(request.previous))
    name, wanted = (
        ("etag", "If-None-Match") if "If-None-Match" in conditional else ("last-modified", "If-Modified-Since")
    )
    return page.status == 200 and wanted in conditional and headers.get(name) == conditional[wanted]


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
