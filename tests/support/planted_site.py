"""A site with one of each fault, and beside each something that looks like it and is none, for a real server.

`site(other)` has the answers by path, `PLANTED` what a check must find; `other` is the origin of another site.
"""

from __future__ import annotations

from typing import Final

from tests.support.scripted_server import answer

HTML: Final = "Content-Type: text/html; charset=utf-8"
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(40)

PLANTED: Final = [
    ("broken_link", "/gone"),
    ("broken_link", "/withdrawn"),
    ("broken_link", "/failing"),
    ("broken_link", "/moved-to-nowhere"),
    ("broken_link", "OTHER/gone"),
    ("broken_link", "http://"),
    ("broken_resource", "/empty.png"),
    ("broken_resource", "/page.png"),
    ("broken_resource", "/missing.woff2"),
    ("broken_resource", "/style.txt"),
    ("broken_fragment", "/guide#instal"),
    ("broken_fragment", "/guide-moved-for-now#lost"),
    ("redirect_loop", "/left"),
    ("redirect_chain", "/first"),
    ("orphan", "/alone"),
    ("duplicate_content", "/twin?a"),
    ("missing_title", "/untitled"),
    ("missing_alt", "/pictures"),
    ("canonical", "/canonical-gone"),
    ("canonical", "/canonical-twice"),
    ("hreflang", "/en/"),
    ("noindex_in_sitemap", "/hidden"),
    ("insecure_form", "/login"),
    ("needs_js", "/app"),
    ("encoding", "/mixed-up"),
    ("robots_blocked_resource", "/private/map.png"),
    ("unverifiable", "/members"),
    ("unverifiable", "/private/"),
    ("redirect", "/old"),
    ("redirect", "OTHER/old"),
    ("duplicate_title", "/looms/1"),
    ("missing_description", "/undescribed"),
    ("nofollow_internal", "/guide"),
    ("large", "/long"),
    ("deep", "/deep/6"),
    ("deep", "/deep/7"),
]
"""What must be found: kind, and path or URL."""


def page(body: str, title: str = "", *, head: str = "", description: str = "x") -> bytes:
    described = f"<meta name=description content='{description}'>" if description else ""
    return answer(f"<title>{title}</title>{described}{head}{body}".encode(), HTML)


def moved(to: str, status: str = "301 Moved Permanently") -> bytes:
    return answer(b"", f"Location: {to}", status=status)


def file(content_type: str, body: bytes = b"x") -> bytes:
    return answer(body, f"Content-Type: {content_type}")


def site(origin: str, other: str) -> dict[str, bytes]:
    """Return the answers of the site at an origin by path."""
    links = (
        "/gone /withdrawn /failing /moved-to-nowhere /guide#instal /guide-moved-for-now#lost /left /first /untitled "
        "/pictures /canonical-gone /canonical-twice /en/ /hidden /login /app /mixed-up /members /private/ /old "
        f"/looms/1 /looms/2 /undescribed /long /deep/1 /twin?a /twin?b /resources {other}/gone {other}/old http://"
    ).split()
    innocent = (
        f"/guide#install /guide#caf%C3%A9 /guide#top # /guide#:~:text=x /plan.pdf#page=3 /now /guide-moved-for-now "
        f"/moved-to-guide#elsewhere /canonical-self /print?guide /list/page/2 /list /list/page/3 /de/ /search-form "
        f"{other}/ {other}/now mailto:x@example.org tel:1 javascript:void(0) /app#/route /beacon "
        f"/large.zip /noindex-copy"
    ).split()
    home = "".join(f"<a href='{link}'>{link}</a>\n" for link in (*links, *innocent))
    home += "<a rel=nofollow href=/guide>guide</a><a rel=nofollow href='/cart?add=7'>cart</a>"
    english = "<link rel=alternate hreflang=en href=/en/><link rel=alternate hreflang=de href=/de/>"
    named = "".join(f"<url><loc>{origin}{path}</loc></url>" for path in ("/", "/alone", "/hidden", "/guide"))
    pictures = "<img src=/picture.png><img src=/picture.png alt=''><img src=/picture.png aria-hidden=true>"
    forms = "<form action=/find><input name=q></form><form method=post action=/post-only></form>"
    lists = ("/list", "/list/page/2", "/list/page/3")
    long = "<p>" + "silk " * 250_000
    text = "<p>The loom stands in the hall, and nobody has touched it for years. "
    return {
        "/": page(home, "Home"),
        "/robots.txt": answer(b"User-agent: *\nDisallow: /private/\n", "Content-Type: text/plain"),
        "/sitemap.xml": file("application/xml", f"<urlset>{named}</urlset>".encode()),
        "/withdrawn": answer(b"", status="410 Gone"),
        "/failing": answer(b"", status="500 Internal Server Error"),
        "/moved-to-nowhere": moved("/nowhere", "302 Found"),
        "/guide": page("<h2 id=install>x</h2><a name='café'></a>" + text, "Guide"),
        "/guide-moved-for-now": moved("/guide", "302 Found"),
        "/moved-to-guide": moved("/guide#install", "302 Found"),
        "/left": moved("/right", "302 Found"),
        "/right": moved("/left", "302 Found"),
        "/first": moved("/second"),
        "/second": moved("/guide"),
        "/old": moved("/guide"),
        "/now": moved("/guide", "307 Temporary Redirect"),
        "/alone": page(text, "Alone"),
        "/untitled": page(text),
        "/undescribed": page(text, "Undescribed", description=""),
        "/pictures": page(pictures, "P"),
        "/picture.png": file("image/png", PNG),
        "/canonical-gone": page(text, "C1", head="<link rel=canonical href=/nowhere-canonical>"),
        "/canonical-twice": page(text, "C2", head="<link rel=canonical href=/><link rel=canonical href=/guide>"),
        "/canonical-self": page(text + "self", "C3", head="<link rel=canonical href=/canonical-self>"),
        "/print": page(text + "print", "Guide", head="<link rel=canonical href=/guide>"),
        "/noindex-copy": page(text, "Guide", head="<meta name=robots content=noindex>"),
        "/en/": page(text, "E", head=english.replace("/de/", "/fr/").replace("=de", "=fr")),
        "/fr/": page(text, "F", head="<link rel=alternate hreflang=fr href=/fr/>"),
        "/de/": page(text, "D", head="<link rel=alternate hreflang=de href=/de/>"),
        "/hidden": page(text, "Hidden", head="<meta name=robots content=noindex>"),
        "/login": page("<form method=post action=/in><input type=password name=p></form>" + text, "Login"),
        "/search-form": page(forms, "S"),
        "/find": answer(b"", status="400 Bad Request"),
        "/app": page("<div id=root></div><script src=/app.js></script>", "App"),
        "/app.js": file("text/javascript", b"1"),
        "/mixed-up": answer("<title>M</title><meta name=description content=x><p>Größe".encode("latin-1"), HTML),
        "/members": answer(b"", status="403 Forbidden"),
        "/looms/1": page(text + "one", "A loom"),
        "/looms/2": page(text + "two", "A loom"),
        **{path: page(f"<a href=/list>1</a>{text}{path}", "List") for path in lists},
        "/long": page(long, "Long"),
        "/large.zip": file("application/zip", bytes(2_000_000)),
        "/plan.pdf": file("application/pdf"),
        "/beacon": answer(b"", status="204 No Content"),
        "/twin": page(text + "twin", "Twin"),
        "/resources": page(
            "<img alt='' src=/empty.png><img alt='' src=/page.png><link rel=stylesheet href=/style.css>"
            "<link rel=stylesheet href=/style.txt><img alt='' src=/private/map.png><img alt='' src=/octets.png>"
            "<img alt='' src=/plain.png><script src=/app.js></script><iframe src=/frame.html></iframe>"
            "<img alt='' src='data:image/png;base64,AA=='><img alt='' src=/pixel>",
            "Resources",
        ),
        "/empty.png": file("image/png", b""),
        "/page.png": page("<p>not found", "x"),
        "/style.css": file("text/css", b"@font-face { font-family: x; src: url(missing.woff2), url(there.woff2) }"),
        "/style.txt": file("text/plain"),
        "/there.woff2": file("application/octet-stream"),
        "/octets.png": file("application/octet-stream", PNG),
        "/plain.png": file("text/plain", PNG),
        "/pixel": answer(b"", status="204 No Content"),
        "/frame.html": answer(b"<p>framed", HTML),
        **{f"/deep/{n}": page(f"<a href=/deep/{n + 1}>on</a>" if n < 7 else text, f"Deep {n}") for n in range(1, 8)},
    }  # fmt: skip


def others() -> dict[str, bytes]:
    """Return the answers of the other site by path."""
    return {
        "/": page("<p>fine", "Other"),
        "/old": moved("/"),
        "/now": moved("/", "302 Found"),
        "/gone": answer(b"", status="404 Not Found"),
    }
