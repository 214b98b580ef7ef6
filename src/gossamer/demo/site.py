"""The demo site as a pure function: the Museum of Silk answers a path and headers, always the same way."""

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
from gossamer.demo.pictures import web_png

_CALENDAR = re.compile(r"/calendar/(\d{1,9})/(0[1-9]|1[0-2])")
_PICTURE = re.compile(r"/images/web-(\d|1[01])\.png")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
_NO_HEADERS: Mapping[str, str] = {}


class SiteResponse(Struct, frozen=True):
    """What the site says to one request; a server adds Date and the framing (Content-Length or chunks).

    `delay_seconds`: wait that long first. `cut_after`: announce the whole body, send so many bytes, hang up.
    `busy_first`: a server says 429 with Retry-After: 1 to its first request for this path.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    delay_seconds: float = 0.0
    cut_after: int | None = None
    chunked: bool = False
    busy_first: bool = False


class DemoSite(Struct, frozen=True, kw_only=True):
    """The Museum of Silk: about 300 pages, and one of everything a crawler meets.

    `items` is the size of the collection (at least 1). `calendar_allowed` leaves the rule out of robots.txt that
    shields crawlers from the endless calendar; `crawl_delay` (seconds) asks it of everyone, not only of one foreign
    robot; `slow_seconds` is how long the slow page takes.
    """

    items: int = 200
    calendar_allowed: bool = False
    crawl_delay: float | None = None
    slow_seconds: float = 1.5

    def answer(self, path_and_query: str, headers: Mapping[str, str] = _NO_HEADERS) -> SiteResponse:
        """Answer a GET; header names are lower case. Unknown paths get 404; validators are honoured with 304."""
        host = headers.get("host", "")
        origin = f"http://{host if _HOST.fullmatch(host) else 'localhost'}"
        zipped = "gzip" in headers.get("accept-encoding", "").lower()
        answer = _compose(self, path_and_query, origin, zipped)
        if answer.status == 200 and _is_unchanged(answer.headers, headers):
            kept = {name: value for name, value in answer.headers.items() if name in _KEPT_IN_304}
            return SiteResponse(304, kept)
        return answer

    def expected(self, *, sitemaps: bool = True) -> Expectation:
        """Tell what a correct crawl from "/" with default settings finds.

        `sitemaps=False`: without the orphan that only the sitemap names. With `calendar_allowed` the calendar
        is endless and none of its months is listed.
        """
        documents = _documents(self.items, self.slow_seconds)
        orphans = sorted(_listed(documents)) if sitemaps else []
        expectation = expect(documents, self._disallows, orphans)
        if not self.calendar_allowed:
            return expectation
        pages = {path: found for path, found in expectation.pages.items() if not path.startswith("/calendar/")}
        return Expectation(pages, expectation.refused)

    def robots_txt(self, origin: str) -> bytes:
        """Write the site's robots.txt."""
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


def _is_unchanged(have: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Judge If-None-Match, or without it If-Modified-Since (RFC 9110 section 13.1); a bad date counts as none."""
    tags = asked.get("if-none-match")
    if tags is not None:
        return "ETag" in have and have["ETag"] in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    since = asked.get("if-modified-since")
    if since is None or "Last-Modified" not in have:
        return False
    try:
        return parsedate_to_datetime(have["Last-Modified"]) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # TypeError: a date with zone -0000 is naive and cannot be compared
        return False


@lru_cache(maxsize=8)
def _documents(items: int, slow_seconds: float) -> dict[str, Document]:
    """Make every document of the site but the calendar's, by path."""
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
    first = museum.item(0).href
    printed = next(document for document in museum.collection(items) if document.path == first)
    yield Document(
        path=f"{first}?print=1", title=f"{printed.title} (printable)", body=printed.body, canonical=first, bare=True,
        listed=False,
    )  # fmt: skip


def _listed(documents: Mapping[str, Document]) -> Iterator[str]:
    """List the paths the sitemaps name."""
    return (path for path, document in documents.items() if document.listed and document.is_page)


@lru_cache(maxsize=4096)
def _compose(site: DemoSite, path: str, origin: str, zipped: bool) -> SiteResponse:
    """Make the whole answer for a path; cached, because a page costs 50 us to write."""
    asset = _asset(site, path, origin)
    if asset is not None:
        return asset
    month = _CALENDAR.fullmatch(path)
    if month is not None:
        return _page_answer(museum.calendar_month(int(month[1]), int(month[2])), origin, zipped)
    document = _documents(site.items, site.slow_seconds).get(path)
    if document is None:
        return _page_answer(_missing(path), origin, zipped)
    if document.location is not None:
        headers = {"Location": document.location} if document.location else {}
        return SiteResponse(document.status, headers | {"Content-Type": "text/plain"}, b"Please follow the thread.\n")
    return _page_answer(document, origin, zipped)


def _missing(path: str) -> Document:
    return Document(path=path, title="This thread ends here", lead="There is no such page in the museum.", status=404)


def _page_answer(document: Document, origin: str, zipped: bool) -> SiteResponse:
    body = render(document, origin) if document.content is None else document.content
    headers = {"Content-Type": _content_type(document)}
    if document.robots_header:
        headers["X-Robots-Tag"] = document.robots_header
    if document.status == 200:
        headers |= _validators(body, document.published)
    if _is_compressed(document, body):
        headers["Vary"] = "Accept-Encoding"
        if zipped:
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
    """Choose half of the longer pages for gzip: those whose path has an even checksum."""
    even = hashlib.blake2b(document.path.encode(), digest_size=1).digest()[0] % 2 == 0
    return document.is_page and document.status == 200 and not document.cut and len(body) > 1024 and even


def _validators(body: bytes, published: str) -> dict[str, str]:
    moment = datetime.combine(date.fromisoformat(published), time(9), UTC)
    tag = hashlib.blake2b(body, digest_size=8).hexdigest()
    return {"ETag": f'"{tag}"', "Last-Modified": format_datetime(moment, usegmt=True)}


# ---------------------------------------------------------------- what is not a document: rules, maps, pictures


def _asset(site: DemoSite, path: str, origin: str) -> SiteResponse | None:
    """Answer for robots.txt, sitemaps, the feed, the style sheet and pictures; None for all other paths."""
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
        for path in _listed(documents)
        if path.startswith("/collection/items/") == of_items
    )
    return f"{_XML}<urlset {_NAMESPACE}>\n{inner}</urlset>\n".encode()
