"""`Page`: a visited page as users and handlers see it. Expensive properties are computed on first use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from gossamer.parse import encoding, html
from gossamer.parse.data.article import Article, article
from gossamer.parse.data.page_tables import Table, tables
from gossamer.parse.data.structured import PageData, data
from gossamer.parse.html import PageLink
from gossamer.parse.text.markdown import main_text, markdown
from gossamer.rules.urls import UrlResolver
from gossamer.values.errors import UserError, needs_extra
from gossamer.values.model import Item, OutcomeKind, PageRecord, Response, Timings
from gossamer.values.reasons import Reason
from gossamer.visit.items import values_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

TREE_MOST_BYTES: Final = 2 * 1024 * 1024
"""Maximum length (characters) of a page for `css` and `xpath`: hostile pages make tree parsers use gigabytes."""
TREE_MOST_TAGS: Final = 50_000
"""Maximum number of tags of a page for `css` and `xpath`, for the same reason."""

_LINKS: Final = ("a", "area", "link")
"""Elements that may have an href; `follow` ignores those without one."""


class Page:
    """A visited link: its record, and the server's answer where there was one.

    `status` is None where no answer came; then `reason` is why, and the body is empty.
    """

    def __init__(
        self,
        record: PageRecord,
        response: Response | None = None,
        items: tuple[Item, ...] | None = None,
        *,
        html: str | None = None,
    ) -> None:
        self._record = record
        self._response = response
        self._items = items  # None until the page is recorded: links can be followed only before that
        self._followed: dict[str, None] = {}
        if html is not None:
            self.__dict__["html"] = html  # decoded by the visit already

    @classmethod
    def of(cls, body: str | bytes, *, url: str = "http://localhost/", status: int = 200) -> Page:
        """Return a page made from HTML, to test handlers without a crawl."""
        raw = body.encode() if isinstance(body, str) else body
        headers = {"content-type": "text/html; charset=utf-8" if isinstance(body, str) else "text/html"}
        parsed = html.parse(raw, url, headers)
        record = PageRecord(
            url,
            OutcomeKind.DONE,
            status=status,
            title=parsed.title,
            language=parsed.language,
            content_type=headers["content-type"],
            encoding=parsed.encoding,
            size=len(raw),
            outlinks=len(parsed.links),
        )
        return cls(record, Response(url, status, headers, raw, raw_body=raw))

    def __repr__(self) -> str:
        return f"<Page {self.status or self.reason} {self.url}>"

    # ------------------------------------------------------------ facts from the record and the answer

    @property
    def record(self) -> PageRecord:
        """All facts of the visit, as they are recorded; `detail` is a sentence on what went wrong."""
        return self._record

    @property
    def url(self) -> str:
        """The canonical URL."""
        return self.record.url

    @property
    def status(self) -> int | None:
        """The HTTP status, or None where no answer came."""
        return self.record.status

    @property
    def ok(self) -> bool:
        """Whether the visit succeeded: a whole answer that is neither an error nor a redirect."""
        return self.record.outcome is OutcomeKind.DONE

    @property
    def outcome(self) -> OutcomeKind:
        """How the visit ended."""
        return self.record.outcome

    @property
    def reason(self) -> Reason | None:
        """Why the page was refused or failed; None where nothing was wrong."""
        return self.record.reason

    @property
    def title(self) -> str:
        """The title, white space collapsed."""
        return self.record.title

    @property
    def language(self) -> str:
        """The language the page declares."""
        return self.record.language

    @property
    def depth(self) -> int:
        """The number of links from a seed, by the path on which the page was found first."""
        return self.record.depth

    @property
    def via(self) -> str:
        """The URL of the page that linked here first; empty for a seed."""
        return self.record.via

    @property
    def timings(self) -> Timings:
        """The time of each phase of the fetch, in seconds."""
        return self.record.timings

    @property
    def fetched_at(self) -> datetime | None:
        """When the page was fetched (UTC)."""
        return self.record.fetched_at

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's header fields, by lower-case name."""
        return self._response.headers if self._response is not None else {}

    @property
    def body(self) -> bytes:
        """The body, after decoding its Content-Encoding."""
        return self._response.body if self._response is not None else b""

    # ------------------------------------------------------------ the results of handlers

    @property
    def items(self) -> tuple[dict[str, Any], ...]:
        """The items that a handler yielded, as they were recorded; none before that."""
        return values_of(self._items or ())

    def follow(self, what: object) -> None:
        """Follow a link in a handler: a URL, an href, an element with an href, None (for no element), or several.

        The link must pass scope, robots.txt and limits like any other; only nofollow is ignored.
        """
        if self._items is not None:
            raise UserError(f"{self.url} is recorded already: page.follow() belongs into a handler.")
        for href in _hrefs(what):
            self._followed[href] = None

    @property
    def hrefs_followed(self) -> tuple[str, ...]:
        """The hrefs that `follow` was called with, as written."""
        return tuple(self._followed)

    @property
    def followed(self) -> tuple[str, ...]:
        """The absolute URLs that `follow` was called with; invalid ones are left out."""
        resolver = UrlResolver(self.base)
        spelt = (encoding.encode_query(href, self.record.encoding or "utf-8") for href in self._followed)
        return tuple(dict.fromkeys(url for href in spelt if (url := resolver.canonical(href)) is not None))

    # ------------------------------------------------------------ computed from the body on first use

    @cached_property
    def base(self) -> str:
        """The URL that links are relative to: the page's own, or that of its base element."""
        return html.document_base(self.html, self.url)

    @property
    def is_html(self) -> bool:
        """Whether the body is HTML or XHTML."""
        return self._response is not None and html.is_html(self.headers.get("content-type", ""), self.body)

    @cached_property
    def html(self) -> str:
        """The decoded body; empty where it is not HTML."""
        return encoding.decode(self.body, self.headers.get("content-type", ""))[0] if self.is_html else ""

    @cached_property
    def text(self) -> str:
        """The main text: without menus, headers, footers, related pages and comments, and without marks."""
        return main_text(self.html, self.url)

    @cached_property
    def visible_text(self) -> str:
        """All the text a person sees on the page."""
        return html.visible_text(self.html)

    @cached_property
    def markdown(self) -> str:
        """The main text as Markdown, headings, code, lists, tables and links included."""
        return markdown(self.html, self.url, main=True)

    @cached_property
    def article(self) -> Article:
        """The page as an article: title, byline, date, language; each "" where the page does not state it."""
        return article(self.data, title=self.title, language=self.language)

    @cached_property
    def data(self) -> PageData:
        """The structured data: `json_ld`, `microdata`, `opengraph`, `meta`."""
        return data(self.html, self.url)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables, each with `caption`, `header` and `rows` of text."""
        return tables(self.html)

    @cached_property
    def links(self) -> tuple[PageLink, ...]:
        """All links of the page, in scope or not: each has `url`, `text` and `nofollow`."""
        return html.links(self.html, self.url, self.record.encoding or "utf-8") if self.is_html else ()

    def css(self, selector: str) -> Nodes:
        """Find elements by CSS selector. Raise UserError for a page that is too large to parse into a tree safely."""
        return Nodes(self._tree.css(selector))

    @cached_property
    def _tree(self) -> Any:
        from selectolax.lexbor import LexborHTMLParser  # heavy, and few crawls need it

        self._refuse_monsters()
        return LexborHTMLParser(self.html)

    def xpath(self, expression: str) -> Any:
        """Evaluate an XPath expression with lxml. Raise UserError where lxml is missing or the page is too large."""
        return self._lxml_tree.xpath(expression)

    @cached_property
    def _lxml_tree(self) -> Any:
        try:
            import lxml.html
        except ImportError:
            raise UserError(f"page.xpath() needs {needs_extra('xpath')}") from None
        self._refuse_monsters()
        return lxml.html.document_fromstring(self.html or "<html></html>", base_url=self.url)

    def _refuse_monsters(self) -> None:
        if len(self.html) > TREE_MOST_BYTES or self.html.count("<") > TREE_MOST_TAGS:
            raise UserError(
                f"{self.url} is too large to search safely: {len(self.html):,} characters, {self.html.count('<'):,} "
                f"tags (bounds: {TREE_MOST_BYTES:,} and {TREE_MOST_TAGS:,}). page.text and page.links work on any page."
            )


class Nodes(list["LexborNode"]):
    """The elements a selector found, in document order."""

    @property
    def first(self) -> LexborNode | None:
        """The first element, or None."""
        return self[0] if self else None

    @property
    def text(self) -> str:
        """The text of all of them, white space collapsed."""
        return " ".join(" ".join(node.text(separator=" ").split()) for node in self)

    def attributes(self, name: str) -> list[str]:
        """Return the values of an attribute, of the elements that have it."""
        return [value for node in self if (value := node.attributes.get(name)) is not None]


def _hrefs(what: object) -> Iterable[str]:
    """Yield the hrefs in an argument of `follow`. Raise UserError for what cannot be followed."""
    if isinstance(what, str):
        yield what
    elif isinstance(what, PageLink):
        yield what.url
    elif hasattr(what, "tag"):
        yield from _href_of(what)
    elif isinstance(what, Iterable):
        for one in what:
            yield from _hrefs(one)
    elif what is not None:
        raise UserError(f"page.follow() takes URLs, hrefs and elements; {what!r} is none of them.")


def _href_of(element: Any) -> Iterable[str]:
    """Yield the href of an element of selectolax or lxml, if it has one."""
    attributes = element.attributes if hasattr(element, "attributes") else element.attrib
    if href := attributes.get("href"):
        yield href
    elif "href" not in attributes and element.tag not in _LINKS:
        raise UserError(f"page.follow() was given <{element.tag}>, which has no href; choose the links inside it.")
