"""Parse an HTML page: its links and its metadata.

`scan` is the fast function, for crawling: it returns raw hrefs and metadata after one pass. `parse` is the complete
one, for users and handlers: it decodes the page, resolves URLs and keeps the text of each link. Both follow the same
rules, which are in `links/scan.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gossamer.parse.directives import robots_directives
from gossamer.parse.encoding import decode, encode_query
from gossamer.parse.links.base import base_url, document_base
from gossamer.parse.links.quick import scan
from gossamer.parse.links.scan import Scan, tidy
from gossamer.parse.links.visible import LinkTextReader, visible_text
from gossamer.rules.headers import links as header_links
from gossamer.rules.headers import mime_type
from gossamer.rules.headers import refresh as refresh_of
from gossamer.rules.urls import UrlResolver

__all__ = [
    "PageLink",
    "ParsedPage",
    "Scan",
    "base_url",
    "document_base",
    "is_html",
    "links",
    "parse",
    "robots_directives",
    "scan",
    "tidy",
    "visible_text",
]

_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_UNKNOWN_TYPES: Final = frozenset({"unknown/unknown", "application/unknown"})
_LOOKS_LIKE_HTML: Final = re.compile(
    rb"[\t\n\f\r ]*+<(?:!--|(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P)[ >])",
    re.IGNORECASE,
)


class PageLink(Struct, frozen=True):
    """A link of a page."""

    url: str
    """The canonical URL."""
    nofollow: bool = False
    """Whether each element with this link has rel=nofollow."""
    text: str = ""
    """The visible text of the link, at most 300 characters; of several texts the first."""


class ParsedPage(Struct, frozen=True):
    """The links and the metadata of a page. All URLs are absolute and canonical."""

    links: tuple[PageLink, ...] = ()
    """The distinct links, in document order."""
    title: str = ""
    """The text of the title element, with white space collapsed."""
    language: str = ""
    """The lang attribute of the html element."""
    encoding: str = "utf-8"
    """The WHATWG name of the encoding, in lower case."""
    canonical: str | None = None
    """The target of rel=canonical, of an element or else of a Link header; None if absent."""
    robots: tuple[str, ...] = ()
    """The directives of meta robots and X-Robots-Tag for gossamer, in lower case, as written ("none" stays "none")."""
    refresh: str | None = None
    """The target of a Refresh header, or else of a meta refresh; None if absent."""

    @property
    def noindex(self) -> bool:
        """Whether the page asks not to be indexed."""
        return "noindex" in self.robots or "none" in self.robots

    @property
    def nofollow(self) -> bool:
        """Whether the page asks that none of its links be followed."""
        return "nofollow" in self.robots or "none" in self.robots


def is_html(content_type: str, body: bytes) -> bool:
    """Whether a response is HTML or XHTML, by its Content-Type, or by its first bytes if that has no valid type.

    The first bytes are judged by the MIME Sniffing Standard (section 7.1).
    """
    kind = mime_type(content_type)
    if kind is not None and kind.essence not in _UNKNOWN_TYPES:
        return kind.essence in _HTML_TYPES
    return _LOOKS_LIKE_HTML.match(body) is not None


def parse(body: bytes, url: str = "", headers: Mapping[str, str] | None = None) -> ParsedPage:
    """Parse a page: decode it, find its links and resolve them. Never raises.

    `url` is the page's own URL; without it only absolute links are kept. The names of `headers` may be in any case.
    Links that are not http(s) are left out.
    """
    by_name = {name.lower(): value for name, value in (headers or {}).items()}
    text, encoding = decode(body, by_name.get("content-type", ""))
    reader = LinkTextReader(text)
    page = reader.read()
    resolver = _HrefResolver(page.base, url, encoding)
    header_canonical, header_refresh = _header_targets(by_name, url)
    return ParsedPage(
        links=_links(reader, resolver),
        title=page.title,
        language=page.language,
        encoding=encoding,
        canonical=resolver.of(page.canonical) or header_canonical,
        robots=robots_directives(page.meta_robots, by_name.get("x-robots-tag", "")),
        refresh=header_refresh or resolver.of(page.refresh),
    )


def _header_targets(headers: Mapping[str, str], url: str) -> tuple[str | None, str | None]:
    """Return the targets of Link with rel=canonical and of Refresh; both are relative to the page's own URL."""
    resolve = UrlResolver(url or None).canonical
    canonical, refresh = header_links(headers).canonical, tidy(refresh_of(headers))
    return (resolve(canonical) if canonical else None), (resolve(refresh) if refresh else None)


def links(text: str, url: str, encoding: str) -> tuple[PageLink, ...]:
    """Return the links of a decoded page at `url`, resolved; `encoding` is what it was decoded from. Never raises."""
    reader = LinkTextReader(text)
    return _links(reader, _HrefResolver(reader.read().base, url, encoding))


class _HrefResolver:
    """Resolves the hrefs of one page, with queries in the encoding of the page."""

    def __init__(self, base: str | None, url: str, encoding: str) -> None:
        self._resolver = UrlResolver(base_url(url, base) or None)
        self._encoding = encoding

    def of(self, href: str | None) -> str | None:
        return None if href is None else self._resolver.canonical(encode_query(href, self._encoding))


def _links(reader: LinkTextReader, resolver: _HrefResolver) -> tuple[PageLink, ...]:
    texts = reader.texts()
    links: dict[str, PageLink] = {}
    for href, nofollow in reader.links().items():
        url = resolver.of(href)
        if url is not None:
            known = links.get(url, PageLink(url, nofollow=True))
            links[url] = PageLink(url, known.nofollow and nofollow, known.text or texts.get(href, ""))
    return tuple(links.values())
