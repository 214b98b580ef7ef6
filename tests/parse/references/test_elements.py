"""What each element points to: its kind, address, fragment, text and line."""

from __future__ import annotations

import pytest

from gossamer.parse.references.page import references_of_page
from gossamer.values.references import PageReferences, ReferenceKind

URL = "http://site.test/a/page"
K = ReferenceKind


def read(html: str, **more: object) -> PageReferences:
    return references_of_page(html, URL, **more)  # type: ignore[arg-type]  # named arguments


def pointed(html: str, **more: object) -> list[tuple[str, str, str]]:
    """Return kind, element and address (with its fragment, and without this site's origin) of every reference."""
    return [
        (
            one.kind.value,
            one.element,
            one.url.removeprefix("http://site.test") + (f"#{one.fragment}" if one.fragment else ""),
        )
        for one in read(html, **more).references
    ]


ELEMENTS = {
    "<a href=x>": ("link", "a[href]", "/a/x"),
    "<area href=x>": ("link", "area[href]", "/a/x"),
    "<a href='?q#f'>": ("link", "a[href]", "/a/page?q#f"),
    "<a href>": ("link", "a[href]", "/a/page"),
    "<a href=' #top '>": ("link", "a[href]", "/a/page#top"),
    "<meta http-equiv=Refresh content='5; url=x'>": ("link", "meta[content]", "/a/x"),
    "<img src=x>": ("image", "img[src]", "/a/x"),
    "<image src=x>": ("image", "img[src]", "/a/x"),
    "<img srcset=' x 2x'>": ("image", "img[srcset]", "/a/x"),
    "<picture><source srcset=x>": ("image", "source[srcset]", "/a/x"),
    "<input type=IMAGE src=x>": ("image", "input[src]", "/a/x"),
    "<video poster=x>": ("image", "video[poster]", "/a/x"),
    "<body background=x>": ("image", "body[background]", "/a/x"),
    "<table background=x>": ("image", "table[background]", "/a/x"),
    "<svg><image href=x>": ("image", "image[href]", "/a/x"),
    "<svg><image xlink:href=x>": ("image", "image[xlink:href]", "/a/x"),
    "<svg><use href=x#y>": ("image", "use[href]", "/a/x#y"),
    "<svg><feImage href=x>": ("image", "feimage[href]", "/a/x"),
    "<p style='background: url(x)'>": ("image", "p[style]", "/a/x"),
    "<script src=x></script>": ("script", "script[src]", "/a/x"),
    "<script type=module src=x></script>": ("script", "script[src]", "/a/x"),
    "<script type='Text/JavaScript ' src=x></script>": ("script", "script[src]", "/a/x"),
    "<script language=JavaScript src=x></script>": ("script", "script[src]", "/a/x"),
    "<svg><script xlink:href=x>": ("script", "script[xlink:href]", "/a/x"),
    "<link rel=modulepreload href=x>": ("script", "link[href]", "/a/x"),
    "<link rel=preload as=script href=x>": ("script", "link[href]", "/a/x"),
    "<link rel=preload as=style href=x>": ("stylesheet", "link[href]", "/a/x"),
    "<link rel=preload as=font href=x>": ("font", "link[href]", "/a/x"),
    "<link rel=preload as=image href=x>": ("image", "link[href]", "/a/x"),
    "<link rel=preload as=image imagesrcset='x 1x'>": ("image", "link[imagesrcset]", "/a/x"),
    "<link rel=StyleSheet href=x>": ("stylesheet", "link[href]", "/a/x"),
    "<link rel='alternate stylesheet' type=text/css href=x>": ("stylesheet", "link[href]", "/a/x"),
    "<style>@import 'x'</style>": ("stylesheet", "style", "/a/x"),
    "<style>@font-face{src:url(x)}</style>": ("font", "style", "/a/x"),
    "<style>p{background:url(x)}</style>": ("image", "style", "/a/x"),
    "<svg><style>p{background:url(&quot;x&quot;)}</style>": ("image", "style", "/a/x"),
    "<svg><style><![CDATA[ p{background:url(x)} ]]></style>": ("image", "style", "/a/x"),
    "<video src=x>": ("media", "video[src]", "/a/x"),
    "<audio src=x>": ("media", "audio[src]", "/a/x"),
    "<audio><source src=x>": ("media", "source[src]", "/a/x"),
    "<video><track src=x>": ("media", "track[src]", "/a/x"),
    "<embed src=x>": ("media", "embed[src]", "/a/x"),
    "<object data=x>": ("media", "object[data]", "/a/x"),
    "<iframe src=x></iframe>": ("frame", "iframe[src]", "/a/x"),
    "<frameset><frame src=x>": ("frame", "frame[src]", "/a/x"),
    "<link rel=icon href=x>": ("icon", "link[href]", "/a/x"),
    "<link rel='shortcut icon' href=x>": ("icon", "link[href]", "/a/x"),
    "<link rel=apple-touch-icon href=x>": ("icon", "link[href]", "/a/x"),
    "<link rel=mask-icon href=x>": ("icon", "link[href]", "/a/x"),
    "<link rel=manifest href=x>": ("manifest", "link[href]", "/a/x"),
    "<form action=x>": ("form", "form[action]", "/a/x"),
    "<form><button formaction=x>": ("form", "button[formaction]", "/a/x"),
    "<form><input type=submit formaction=x>": ("form", "input[formaction]", "/a/x"),
    "<link rel=canonical href=x>": ("canonical", "link[href]", "/a/x"),
    "<link rel=alternate hreflang=de href=x>": ("hreflang", "link[href]", "/a/x"),
    "<link rel=next href=x>": ("pagination", "link[href]", "/a/x"),
    "<link rel=prev href=x>": ("pagination", "link[href]", "/a/x"),
    "<link rel=alternate type=application/atom+xml href=x>": ("link", "link[href]", "/a/x"),
    "<link rel=license href=x>": ("link", "link[href]", "/a/x"),
    "<noscript><img src=x></noscript>": ("image", "img[src]", "/a/x"),
    "<template shadowrootmode=open><img src=x></template>": ("image", "img[src]", "/a/x"),
    "<a href='http://[bad'>": ("link", "a[href]", "http://[bad"),
    "<a href='ftp://other.test/x'>": ("link", "a[href]", "ftp://other.test/x"),
    "<a href='&#x2F;x'>": ("link", "a[href]", "/x"),
}


@pytest.mark.parametrize("html", ELEMENTS)
def test_an_element_points_somewhere(html: str) -> None:
    assert pointed(html) == [ELEMENTS[html]]


NOTHING = [
    *(f"<a href='{scheme}:x'>" for scheme in ("mailto", "tel", "JavaScript", "data", "about", "blob")),
    "<a href=' java\nscript:x'>",
    "<img src='data:image/gif;base64,R0lGOD'>",
    "<img data-src=x loading=lazy>",
    "<img src=''>",
    "<img src=#x>",
    "<svg><use href=#x>",
    "<video><source srcset=x>",
    "<picture><source src=x>",
    "<script type=application/ld+json src=x></script>",
    "<script type=text/template src=x></script>",
    "<script language=vbscript src=x></script>",
    "<script>document.write('<img src=x>')</script>",
    "<!-- <img src=x> -->",
    "<!--[if IE]><img src=x><![endif]-->",
    "<template><img src=x><p style='background:url(x)' id=a></template>",
    "<textarea><img src=x></textarea>",
    "<title><img src=x></title>",
    "<iframe srcdoc='<img src=x>' src=x></iframe>",
    "<iframe><img src=x></iframe>",
    "<noembed><img src=x></noembed>",
    "<frame src=x>",
    "<style type=text/less>p{background:url(x)}</style>",
    "<style>/* p{background:url(x)} */</style>",
    "<link rel=stylesheet type=text/less href=x>",
    "<link rel=preload as=fetch href=x>",
    "<link rel=preconnect href=x>",
    "<link rel=canonical type=application/pdf href=x>",
    "<link rel=canonical>",
    "<link href=x>",
    "<meta property=og:image content=x>",
    "<meta http-equiv=refresh content=5>",
    "<blockquote cite=x>",
    "<form>",
    "<form method=dialog action=x>",
    "<form><button type=button formaction=x>",
    "<form><button formmethod=dialog formaction=x>",
    "<form><input formaction=x>",
    "<base href=x>",
]


@pytest.mark.parametrize("html", NOTHING)
def test_what_no_browser_loads_is_no_reference(html: str) -> None:
    assert pointed(html) == []


def test_the_lines_of_fields_that_ask_for_a_password_are_kept() -> None:
    html = "<form>\n<input type=text>\n<input type=PassWord>\n</form><button type=password>x</button>"
    assert read(html).facts.passwords == (3,)
