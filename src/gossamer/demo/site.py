"""The demo site as a pure function from path and headers to the response: the Museum of Silk."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from msgspec import Struct

from gossamer.demo import museum
from gossamer.demo.edge_cases import cabinet
from gossamer.demo.expectation import Expectation, expect
from gossamer.demo.languages import languages
from gossamer.demo.markup import STYLE, Document, render
from gossamer.demo.mistakes import mistakes
from gossamer.demo.pictures import web_png

_CALENDAR = re.compile(r"/calendar/(\d{1,9})/(0[1-9]|1[0-2])")
_PICTURE = re.compile(r"/images/web-(\d|1[01])\.png")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
_NO_HEADERS: Mapping[str, str] = {}


class SiteResponse(Struct, frozen=True):
    """The response to one request; a server adds Date and the framing (Content-Length or chunks)."""

    status: int
    """The HTTP status."""

    headers: Mapping[str, str]
    """The header values by name."""

    body: bytes = b""
    """The body as sent, with its Content-Encoding."""

    delay_seconds: float = 0.0
    """Seconds before the response is sent."""

    cut_after: int | None = None
    """Number of bytes of the body after which the connection closes, although all are announced; None: never."""

    chunked: bool = False
    """Whether to use chunked transfer coding if the client accepts it."""

    busy_first: bool = False
    """Whether a server responds with 429 and `Retry-After: 1` to the first request for this path."""


class DemoSite(Struct, frozen=True, kw_only=True):
    """The Museum of Silk: about 300 pages, and one of everything that a crawler meets."""

    items: int = 200
    """The number of items in the collection, at least 1."""

    calendar_allowed: bool = False
    """Whether robots.txt allows the endless calendar."""

    crawl_delay: float | None = None
    """The Crawl-delay (seconds) for all crawlers in robots.txt; None: it has one for another crawler only."""

    slow_seconds: float = 2.2
    """The delay of the slow page in seconds."""

    def answer(self, path_and_query: str, headers: Mapping[str, str] = _NO_HEADERS) -> SiteResponse:
        """Return the response to a GET request, whose header names are in lower case.

        It is 404 for unknown paths, and 304 if a validator matches.
        """
        host = headers.get("host", "")
        origin = f"http://{host if _HOST.fullmatch(host) else 'localhost'}"
        gzipped = "gzip" in headers.get("accept-encoding", "").lower()
        answer = _compose(self, path_and_query, origin, gzipped)
        if answer.status == 200 and _is_unchanged(answer.headers, headers):
            kept = {name: value for name, value in answer.headers.items() if name in _KEPT_IN_304}
            return SiteResponse(304, kept)
        return answer

    def expected(self, *, sitemaps: bool = True) -> Expectation:
        """Return what a correct crawl from "/" with default settings finds.

        Without `sitemaps`, the page that only the sitemap lists is left out. With `calendar_allowed` all months of the
        calendar are left out, because there is no end of them.
        """
        documents = _documents(self.items, self.slow_seconds)
        orphans = sorted(_in_sitemap(documents)) if sitemaps else []
        expectation = expect(documents, self._disallows, orphans)
        if not self.calendar_allowed:
            return expectation
        pages = {path: found for path, found in expectation.pages.items() if not path.startswith("/calendar/")}
        return Expectation(pages, expectation.refused)

    def robots_txt(self, origin: str) -> bytes:
        """Return the site's robots.txt."""
        calendar = "" if self.calendar_allowed else "Disallow: /calendar/   # it has no end\n"
        everyone = "" if self.crawl_delay is None else f"Crawl-delay: {self.crawl_delay:g}\n"
        return (
            "# The Museum of Silk. Spiders welcome.\n\n"
            "User-agent: *\nDisallow: /private/\nAllow: /private/press-kit\n"
            f"{calendar}{everyone}\n"
            "User-agent: slowbot\nCrawl-delay: 5\nDisallow: /private/\n\n"
            f"Sitemap: {origin}/sitemap.xml\n"
        ).encode()

    def _disallows(self, path: str) -> bool:
        if path.startswith("/calendar/"):
            return not self.calendar_allowed
        return path.startswith("/private/") and not path.startswith("/private/press-kit")


_KEPT_IN_304 = frozenset({"ETag", "Last-Modified", "Vary", "Cache-Control"})


def _is_unchanged(headers: Mapping[str, str], request_headers: Mapping[str, str]) -> bool:
    """Whether If-None-Match, or without it If-Modified-Since, matches (RFC 9110 section 13.1).

    An invalid date is ignored.
    """
    tags = request_headers.get("if-none-match")
    if tags is not None:
        return "ETag" in headers and headers["ETag"] in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    since = request_headers.get("if-modified-since")
    if since is None or "Last-Modified" not in headers:
        return False
    try:
        return parsedate_to_datetime(headers["Last-Modified"]) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # TypeError: a date with zone -0000 is naive and cannot be compared
        return False


@lru_cache(maxsize=8)
def _documents(items: int, slow_seconds: float) -> dict[str, Document]:
    """Return every document of the site by path, without the calendar."""
    return {document.path: document for document in _all(items, slow_seconds)}


def _all(items: int, slow_seconds: float) -> Iterator[Document]:
    yield museum.home(items)
    yield from museum.collection(items)
    yield from museum.journal()
    yield Document(path="/journal/feed.xml", content=b"", content_type="application/rss+xml")
    yield from museum.events()
    yield from museum.people()
    yield from museum.visit()
    yield from languages()
    yield from cabinet(slow_seconds)
    yield from mistakes()
    first = museum.item(0).href
    printed = next(document for document in museum.collection(items) if document.path == first)
    yield Document(
        path=f"{first}?print=1", title=f"{printed.title} (printable)", body=printed.body, canonical=first, bare=True,
        listed=False,
    )  # fmt: skip


def _in_sitemap(documents: Mapping[str, Document]) -> Iterator[str]:
    """Yield the paths in the sitemaps."""
    return (path for path, document in documents.items() if document.listed and document.is_page)


@lru_cache(maxsize=4096)
def _compose(site: DemoSite, path: str, origin: str, gzipped: bool) -> SiteResponse:
    """Return the complete response for a path; cached, because rendering a page takes 50 µs."""
    asset = _asset(site, path, origin)
    if asset is not None:
        return asset
    month = _CALENDAR.fullmatch(path)
    if month is not None:
        return _page_answer(museum.calendar_month(int(month[1]), int(month[2])), origin, gzipped)
    document = _documents(site.items, site.slow_seconds).get(path)
    if document is None:
        return _page_answer(_missing(path), origin, gzipped)
    if document.location is not None:
        headers = {"Location": document.location} if document.location else {}
        return SiteResponse(document.status, headers | {"Content-Type": "text/plain"}, b"Please follow the thread.\n")
    return _page_answer(document, origin, gzipped)


def _missing(path: str) -> Document:
    return Document(path=path, title="This thread ends here", lead="There is no such page in the museum.", status=404)


def _page_answer(document: Document, origin: str, gzipped: bool) -> SiteResponse:
    body = render(document, origin) if document.content is None else document.content
    headers = {"Content-Type": _content_type(document)}
    if document.robots_header:
        headers["X-Robots-Tag"] = document.robots_header
    if document.status == 200:
        headers |= _validators(body, document.published)
    if _is_compressed(document, body):
        headers["Vary"] = "Accept-Encoding"
        if gzipped:
            body = gzip.compress(body, 6, mtime=0)
            headers |= {"Content-Encoding": "gzip", "ETag": headers["ETag"][:-1] + '-gz"'}
    return SiteResponse(
        document.status, headers, body, document.delay, len(body) // 2 if document.cut else None,
        document.chunked, document.busy_first,
    )  # fmt: skip


def _content_type(document: Document) -> str:
    if document.labelled == "meta" or not document.charset:
        return document.content_type
    return f"{document.content_type}; charset={document.charset}"


def _is_compressed(document: Document, body: bytes) -> bool:
    """Whether a page is compressed for clients that accept gzip: about half of the pages above 1 KiB are."""
    even = hashlib.blake2b(document.path.encode(), digest_size=1).digest()[0] % 2 == 0
    return document.is_page and document.status == 200 and not document.cut and len(body) > 1024 and even


def _validators(body: bytes, published: str) -> dict[str, str]:
    moment = datetime.combine(date.fromisoformat(published), time(9), UTC)
    tag = hashlib.blake2b(body, digest_size=8).hexdigest()
    return {"ETag": f'"{tag}"', "Last-Modified": format_datetime(moment, usegmt=True)}


# ---------------------------------------------------------------- other files: robots.txt, sitemaps, pictures


def _asset(site: DemoSite, path: str, origin: str) -> SiteResponse | None:
    """Return robots.txt, a sitemap, the feed, the style sheet or a picture; None for all other paths."""
    picture = _PICTURE.fullmatch(path)
    if picture is not None:
        return _file("image/png", web_png(int(picture[1])))
    match path:
        case "/robots.txt":
            return _file("text/plain; charset=utf-8", site.robots_txt(origin))
        case "/sitemap.xml":
            return _file("application/xml", _sitemap_index(origin))
        case "/sitemap-pages.xml":
            return _file("application/xml", _sitemap(site, origin, of_items=False))
        case "/sitemap-items.xml.gz":
            return _file("application/gzip", gzip.compress(_sitemap(site, origin, of_items=True), 6, mtime=0))
        case "/journal/feed.xml":
            return _file("application/rss+xml; charset=utf-8", museum.feed(origin))
        case "/style.css":
            return _file("text/css; charset=utf-8", STYLE.encode())
        case "/hall.js":
            return _file(
                "text/javascript; charset=utf-8", b"document.getElementById('root').textContent = 'Welcome';\n"
            )
        case "/favicon.ico":
            return _file("image/png", web_png(0))
        case _:
            return None


def _file(content_type: str, body: bytes) -> SiteResponse:
    return SiteResponse(200, {"Content-Type": content_type} | _validators(body, "2026-03-02"), body)


_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def _sitemap_index(origin: str) -> bytes:
    maps = ("/sitemap-pages.xml", "/sitemap-items.xml.gz")
    inner = "".join(f"<sitemap><loc>{origin}{path}</loc></sitemap>\n" for path in maps)
    return f"{_XML}<sitemapindex {_NAMESPACE}>\n{inner}</sitemapindex>\n".encode()


def _sitemap(site: DemoSite, origin: str, *, of_items: bool) -> bytes:
    documents = _documents(site.items, site.slow_seconds)
    inner = "".join(
        f"<url><loc>{origin}{path}</loc><lastmod>{documents[path].published}</lastmod></url>\n"
        for path in _in_sitemap(documents)
        if path.startswith("/collection/items/") == of_items
    )
    return f"{_XML}<urlset {_NAMESPACE}>\n{inner}</urlset>\n".encode()
