"""Read an HTML page: its links, resolved, and what it says of itself.

`scan` is the fast way, for crawling: raw hrefs and metadata in one pass. `parse` is the whole answer, for people and
handlers: decoded, resolved, with the text of each link. Both follow the same rules, which are in `scan.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gossamer.parse.directives import robots_directives
from gossamer.parse.encoding import decode, encode_query
from gossamer.parse.links.quick import scan
from gossamer.parse.links.scan import Scan
from gossamer.parse.links.visible import LinkTextReader, visible_text
from gossamer.rules.urls import UrlResolver

__all__ = [
    "PageLink",
    "ParsedPage",
    "Scan",
    "base_url",
    "is_html",
    "parse",
    "robots_directives",
    "scan",
    "visible_text",
]

_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_UNKNOWN_TYPES: Final = frozenset({"", "*/*", "unknown/unknown", "application/unknown"})
_LOOKS_LIKE_HTML: Final = re.compile(
    rb"[\t\n\f\r ]*+<(?:!--|(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P)[ >])",
    re.IGNORECASE,
)
_FOREIGN: Final = re.compile(r"(?!https?:|data:|javascript:)[a-z][a-z0-9+.\-]*+:", re.IGNORECASE)


class PageLink(Struct, frozen=True):
    """A link of a page: its canonical URL, whether the page says not to follow it, and the text people click on."""

    url: str
    nofollow: bool = False
    text: str = ""


class ParsedPage(Struct, frozen=True):
    """What a page says. URLs are absolute and canonical, None where there is none; `encoding` is the WHATWG name.

    `links` are distinct, in document order; `robots` are the directives for us of meta robots and X-Robots-Tag, in
    lower case, as written ("none" stays "none").
    """

    links: tuple[PageLink, ...] = ()
    title: str = ""
    language: str = ""
    encoding: str = "utf-8"
    canonical: str | None = None
    robots: tuple[str, ...] = ()
    refresh: str | None = None

    @property
    def noindex(self) -> bool:
        """Tell whether the page asks not to be indexed."""
        return "noindex" in self.robots or "none" in self.robots

    @property
    def nofollow(self) -> bool:
        """Tell whether the page asks that none of its links be followed."""
        return "nofollow" in self.robots or "none" in self.robots


def is_html(content_type: str, body: bytes) -> bool:
    """Tell whether a response is HTML or XHTML: by its Content-Type, or by its first bytes where it names no type.

    The first bytes are judged by the MIME Sniffing standard (section 7.1).
    """
    kind = content_type.rpartition(",")[2] if ";" not in content_type else content_type.partition(";")[0]
    kind = kind.strip().lower()
    return kind in _HTML_TYPES or (kind in _UNKNOWN_TYPES and _LOOKS_LIKE_HTML.match(body) is not None)


def parse(body: bytes, url: str = "", headers: Mapping[str, str] | None = None) -> ParsedPage:
    """Read a whole page from its bytes: decode it, find its links, resolve them. Never raises.

    `url` is the page's own address, without which only absolute links are kept; `headers` may spell its names in any
    case. Links that are not http(s) are left out.
    """
    named = {name.lower(): value for name, value in (headers or {}).items()}
    text, encoding = decode(body, named.get("content-type", ""))
    reader = LinkTextReader(text)
    found = reader.read()
    address = _Address(found.base, url, encoding)
    return ParsedPage(
        links=_links(reader, address),
        title=found.title,
        language=found.language,
        encoding=encoding,
        canonical=address.of(found.canonical),
        robots=robots_directives(found.meta_robots, named.get("x-robots-tag", "")),
        refresh=address.of(found.refresh),
    )


def base_url(url: str, href: str | None) -> str:
    """Tell what the hrefs of a page at `url` are relative to, where its base element says `href` (None: it has none).

    A base that is no URL, or a data or javascript URL, is as good as none (HTML section 4.2.3). One of another scheme
    that no crawler follows is given as written: relative to it there are no links to the web.
    """
    if href is None:
        return url
    resolved = UrlResolver(url or None).canonical(href)
    if resolved is None and _FOREIGN.match(href):
        return href
    return resolved or url


class _Address:
    """Resolves hrefs of one page, against its base element where it has a usable one."""

    def __init__(self, base: str | None, url: str, encoding: str) -> None:
        self._resolver = UrlResolver(base_url(url, base) or None)
        self._encoding = encoding

    def of(self, href: str | None) -> str | None:
        return None if href is None else self._resolver.canonical(encode_query(href, self._encoding))


def _links(reader: LinkTextReader, address: _Address) -> tuple[PageLink, ...]:
    texts = reader.texts()
    links: dict[str, PageLink] = {}
    for href, nofollow in reader.links().items():
        url = address.of(href)
        if url is not None:
            known = links.get(url, PageLink(url, nofollow=True))
            links[url] = PageLink(url, known.nofollow and nofollow, known.text or texts.get(href, ""))
    return tuple(links.values())
