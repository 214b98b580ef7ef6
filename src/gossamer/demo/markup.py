"""The definition of the demo site's documents: anchors, the shared header and footer, the style sheet.

Every link of the site is an `Anchor`, so that what a crawler must find is known without crawling.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator

from msgspec import Struct

from gossamer.values.reasons import Reason

MUSEUM = "The Museum of Silk"


class Anchor(Struct, frozen=True):
    """A link as it is written, and what a crawler must make of it."""

    href: str
    """The URL reference, as written."""

    text: str
    """The link text."""

    rel: str = ""
    """The attribute `rel`; "": none."""

    target: str | None = None
    """The path to which `href` resolves ("": the same page); None if it is `href` itself."""

    markup: str = ""
    """HTML to write in place of the escaped text; "": none."""

    refused: Reason | None = None
    """Why a crawler with default settings must refuse the link; None if it must follow it."""

    @property
    def leads_to(self) -> str:
        """The path, or URL of another site, to which the link leads, without a fragment."""
        return (self.href if self.target is None else self.target).partition("#")[0]

    def html(self) -> str:
        """Return the link as HTML."""
        rel = f' rel="{self.rel}"' if self.rel else ""
        return f'<a href="{html.escape(self.href)}"{rel}>{self.markup or html.escape(self.text)}</a>'


Part = str | Anchor
"""A part of a document: HTML or a link."""


class Document(Struct, frozen=True, kw_only=True):
    """One path of the site and its response."""

    path: str
    """Path and query."""

    title: str = ""
    """The title as text; the part before " | " is the heading too."""

    lead: str = ""
    """The introduction below the heading, which is also the meta description; without one, it is made of the title."""

    described: bool = True
    """Whether it has a meta description."""

    body: tuple[Part, ...] = ()
    """The main part."""

    trail: tuple[Anchor, ...] = ()
    """The breadcrumb links."""

    head: str = ""
    """More HTML for the head element; `{origin}` is replaced."""

    bare: bool = False
    """Whether to leave out the shared header and footer."""

    language: str = "en"
    """The language tag of the page."""

    charset: str = "utf-8"
    """The encoding; "" for content that is not text."""

    labelled: str = "both"
    """Where the encoding is declared: `both`, `header` or `meta`."""

    robots: str = ""
    """The content of the robots meta element; "": none."""

    robots_header: str = ""
    """The X-Robots-Tag header; "": none."""

    canonical: str = ""
    """The path that the page declares as canonical; "": none."""

    published: str = "2026-03-02"
    """The date of publication and last modification, in ISO format."""

    status: int = 200
    """The HTTP status."""

    location: str | None = None
    """The Location header of a redirect ("": the header is missing); None if the response is not a redirect."""

    content: bytes | None = None
    """A body in place of the rendered page, for files that are not pages."""

    content_type: str = "text/html"
    """The Content-Type, without the charset."""

    delay: float = 0.0
    """Seconds before the response is sent."""

    cut: bool = False
    """Whether the connection closes before the body is complete."""

    busy_first: bool = False
    """Whether the first request gets status 429."""

    chunked: bool = False
    """Whether to use chunked transfer coding if the client accepts it."""

    listed: bool = True
    """Whether a page is in the sitemap."""

    @property
    def is_page(self) -> bool:
        """Whether it is rendered as a page of the museum, not a file or a redirect."""
        return self.content is None and self.location is None

    @property
    def anchors(self) -> Iterator[Anchor]:
        """The links of the page, including those of the shared header and footer, in no particular order."""
        if self.is_page:
            shared: tuple[Part, ...] = () if self.bare else (*HEADER, *FOOTER)
            yield from (part for part in (*shared, *self.trail, *self.body) if isinstance(part, Anchor))


def render(document: Document, origin: str) -> bytes:
    """Return the page in its own encoding; `origin` ("http://host:port") is for its absolute URLs."""
    text = "".join(_page(document, origin))
    return text.encode(document.charset, "xmlcharrefreplace")


def text_of(parts: Iterable[Part]) -> str:
    """Return parts as HTML."""
    return "".join(part if isinstance(part, str) else part.html() for part in parts)


def paragraph(*parts: Part) -> tuple[Part, ...]:
    """Return the parts of a paragraph; unlike in a `Part`, strings are text and are escaped."""
    return ("<p>", *(html.escape(part, quote=False) if isinstance(part, str) else part for part in parts), "</p>\n")


def prose(texts: Iterable[str]) -> tuple[Part, ...]:
    """Return each text as a paragraph."""
    return tuple(part for text in texts for part in paragraph(text))


def listing(anchors: Iterable[Anchor], kind: str = "plain") -> tuple[Part, ...]:
    """Return a list of links; `kind` is its CSS class."""
    inner = tuple(part for anchor in anchors for part in ("<li>", anchor, "</li>\n"))
    return (f'<ul class="{kind}">\n', *inner, "</ul>\n")


def json_ld(facts: dict[str, object]) -> str:
    """Return a JSON-LD script; `</` is escaped, so that no string can end the script."""
    return f'<script type="application/ld+json">{json.dumps(facts).replace("</", "<" + chr(92) + "/")}</script>\n'


_DESCRIPTIONS = {"en": "{}, where everything hangs by a thread.", "de": "{}: Hier hängt alles an einem Faden."}
"""The descriptions of pages without an introduction, by language."""


def _page(document: Document, origin: str) -> Iterator[str]:
    yield f'<!DOCTYPE html>\n<html lang="{document.language}">\n<head>\n'
    if document.labelled != "header":
        yield f'<meta charset="{document.charset}">\n'
    yield f"<title>{html.escape(document.title, quote=False)}</title>\n"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<link rel="stylesheet" href="/style.css">\n<link rel="icon" href="/favicon.ico">\n'
    if document.described:
        description = document.lead or _DESCRIPTIONS.get(document.language, "{}.").format(document.title)
        yield f'<meta name="description" content="{html.escape(description)}">\n'
    if document.robots:
        yield f'<meta name="robots" content="{document.robots}">\n'
    if document.canonical:
        yield f'<link rel="canonical" href="{origin}{document.canonical}">\n'
    yield document.head.replace("{origin}", origin)
    yield "</head>\n<body>\n"
    yield from _body(document)
    yield "</body>\n</html>\n"


def _body(document: Document) -> Iterator[str]:
    if document.bare:
        yield text_of(document.body)
        return
    yield text_of(HEADER)
    if document.trail:
        yield '<nav class="trail" aria-label="Breadcrumb">'
        yield " &rsaquo; ".join(anchor.html() for anchor in document.trail)
        yield "</nav>\n"
    yield f'<main id="main">\n<h1>{html.escape(document.title.partition(" | ")[0], quote=False)}</h1>\n'
    if document.lead:
        yield f'<p class="lead">{html.escape(document.lead, quote=False)}</p>\n'
    yield text_of(document.body)
    yield "</main>\n"
    yield text_of(FOOTER)


_LOGO = (
    '<svg width="34" height="34" viewBox="-17 -17 34 34" role="img"><title>A web</title>'
    '<g fill="none" stroke="currentColor" stroke-width="1.2"><path d="M0-16V16M-16 0H16M-11-11 11 11M-11 11 11-11"/>'
    '<path d="M0-6 4-4 6 0 4 4 0 6-4 4-6 0-4-4ZM0-12 8-8 12 0 8 8 0 12-8 8-12 0-8-8Z"/></g></svg>'
)

HEADER: tuple[Part, ...] = (
    '<header class="site">\n',
    Anchor("#main", "Skip to the content", target=""),
    "\n<div class=brand>",
    Anchor("/", MUSEUM, markup=f"{_LOGO}<span>{MUSEUM}</span>"),
    "</div>\n<nav class=main>",
    Anchor("/collection/", "Collection"),
    Anchor("/journal/", "Journal"),
    Anchor("/events/", "Events"),
    Anchor("/people/", "People"),
    Anchor("/visit/", "Visit"),
    Anchor("/cabinet/", "Cabinet"),
    "</nav>\n<nav class=tongues>",
    Anchor("/de/", "Deutsch", rel="alternate"),
    Anchor("/ja/", "日本語", rel="alternate"),
    Anchor("/ru/", "Русский", rel="alternate"),
    "</nav>\n</header>\n",
)

FOOTER: tuple[Part, ...] = (
    '<footer class="site">\n<div><b>Open</b> Tuesday to Sunday, 10 to 18<br>Mulberry Lane 8, by the canal</div>\n<div>',
    Anchor("/about/", "About the museum"),
    "<br>",
    Anchor("/journal/feed.xml", "News feed"),
    "<br>",
    Anchor("mailto:hello@silk.example", "hello@silk.example", refused=Reason.SKIP_SCHEME),
    "</div>\n<div>",
    Anchor("/staff/login", "Staff login", rel="nofollow", refused=Reason.SKIP_NOFOLLOW),
    "<br>",
    Anchor("https://silk-road.example/", "Friends along the Silk Road", refused=Reason.SKIP_SCOPE),
    "</div>\n<p>This museum does not exist. Its spiders would like you to know that they disagree.</p>\n</footer>\n",
)

STYLE = """\
:root { --ink: #2e344a; --silk: #faf6e8; --thread: #b08d57; --paper: #fffdf7; }
* { box-sizing: border-box; }
body { margin: 0; font: 17px/1.65 Georgia, "Times New Roman", serif; color: #33312c; background: var(--paper); }
a { color: #8a4b2a; text-underline-offset: 3px; }
header.site { display: flex; flex-wrap: wrap; gap: 8px 28px; align-items: center; padding: 14px 5vw;
  background: var(--ink); color: var(--silk); border-bottom: 4px double var(--thread); }
header.site a { color: inherit; text-decoration: none; }
header.site > a { position: absolute; left: -999em; }
.brand a { display: flex; gap: 12px; align-items: center; font-size: 22px; letter-spacing: .04em; }
nav.main { display: flex; gap: 20px; flex: 1; }
nav.main a:hover { border-bottom: 1px solid var(--thread); }
nav.tongues a { margin-left: 12px; font-size: 14px; opacity: .8; }
nav.trail { max-width: 980px; margin: 18px auto -14px; padding: 0 24px; font-size: 14px; color: #8d8678; }
main { max-width: 980px; margin: 0 auto; padding: 24px; min-height: 55vh; }
h1 { font-weight: normal; font-size: 38px; line-height: 1.2; margin: .4em 0; }
h2 { font-weight: normal; font-size: 25px; border-bottom: 1px solid #e6dcc3; padding-bottom: 4px; margin-top: 1.8em; }
p { max-width: 68ch; }
.lead { font-size: 20px; color: #6b6456; font-style: italic; }
.byline, figcaption { font-size: 14px; color: #8d8678; }
figure { margin: 0 0 18px 28px; float: right; max-width: 336px; }
figure img { display: block; border: 8px solid #fff; box-shadow: 0 1px 8px #0003; }
ul.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(205px, 1fr)); gap: 18px; padding: 0;
  list-style: none; }
ul.cards li { background: #fff; border: 1px solid #eee3ca; }
ul.cards a { display: block; text-decoration: none; padding: 0 0 10px; }
ul.cards img { width: 100%; height: 118px; object-fit: cover; display: block; }
ul.cards span { display: block; padding: 8px 12px 0; line-height: 1.35; }
ul.pages { display: flex; flex-wrap: wrap; gap: 4px 14px; padding: 0; list-style: none; font-size: 15px; }
table { border-collapse: collapse; margin: 18px 0; }
td, th { border: 1px solid #e6dcc3; padding: 6px 14px; text-align: left; }
hr { clear: both; border: 0; border-top: 1px solid #e6dcc3; margin: 2em 0; }
footer.site { clear: both; display: flex; flex-wrap: wrap; gap: 18px 60px; padding: 26px 5vw; margin-top: 50px;
  background: #efe8d6; font-size: 15px; }
footer.site p { flex-basis: 100%; max-width: none; margin: 0; font-size: 13px; color: #8d8678; }
"""
