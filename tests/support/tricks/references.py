"""What pages point to, broken and only seemingly broken."""

from __future__ import annotations

import base64

from tests.support.scripted_server import Do, answer
from tests.support.tricks.building import HTML, PNG, Building, at_second_try, file, moved, only_get, page, status


def fragments(site: Building) -> None:
    """Places on pages, as the HTML Standard finds them ("find a potential indicated element")."""
    places = (
        "<h2 id=install>Install</h2><h2 id='über'>Über</h2><a name=old>Old</a><h2 id='x%20y'>Odd</h2>"
        "<svg><g id=figure><path d='M0 0'/></g></svg><p id='a&amp;b'>And</p><div name=label>Label</div>"
        "<!-- <h2 id=commented> --><template><h2 id=templated>T</h2></template>"
        "<a href='#lost'>lost</a> <a href='#install'>install</a> <a href='#'>up</a> <a href=''>here</a>"
    )
    site.room("/doc", page("documents", places))
    site.plant("broken_fragment", "/doc#lost", "a page may be wrong about itself")
    for fragment, why in (
        ("instal", "a letter is missing"),
        ("Install", "ids are told apart by case"),
        ("commented", "it is only in a comment"),
        ("templated", "what is in a template is no part of the page"),
        ("label", "only the name of an a element is a place"),
    ):
        site.door(site.plant("broken_fragment", f"/doc#{fragment}", why))
    for fragment, why in (
        ("install", "it is there"),
        ("%C3%BCber", "it is the id ü, percent-encoded"),
        ("old", "an a element has this name"),
        ("x%20y", "the id is written so: as it stands it counts before it is decoded"),
        ("figure", "a part of a drawing is a place too"),
        ("a&amp;b", "the id has an ampersand, and the link an entity"),
        ("top", "any page has a top"),
        ("TOP", "in capitals too"),
        (":~:text=looms", "a text fragment is searched for"),
        ("install:~:text=Install", "so is one after a place"),
    ):
        site.door(site.fool(f"/doc#{fragment}", why))
    site.answers |= {
        "/to-doc": moved("/doc", "302 Found"),
        "/to-install": moved("/doc#install", "302 Found"),
        "/plan.pdf": file("application/pdf"),
        "/film.mp4": file("video/mp4"),
        "/router": page("routes", "<div id=view></div><script>start()</script>"),
    }
    site.door(site.plant("broken_fragment", "/to-doc#nowhere", "the page that it redirects to has no such place"))
    for href, why in (
        ("/to-doc#install", "a redirect without a fragment keeps that of the link"),
        ("/to-install#elsewhere", "the fragment of the redirect wins"),
        ("/plan.pdf#page=2", "the page of a document"),
        ("/film.mp4#t=10", "a moment of a film"),
        ("/router#/items/7", "the route of an application"),
        ("/router#!/items", "an older kind of route"),
    ):
        site.door(site.fool(href, why))
    based = "<a href='#install'>there</a><a href='#below'>not there</a><p id=below>Below"
    site.room("/based", page("bases", based, head="<base href='/doc'>"))
    site.plant("broken_fragment", "/doc#below", "with <base> a fragment is one of the base, not of the page itself")
    site.fool("/based: #install", "with <base> it is on the other page, and there it is")


def images(site: Building) -> None:
    """Images as browsers choose and load them."""
    site.answers |= {
        "/img/a.png": file("image/png", PNG),
        "/img/w_100,h_50.png": file("image/png", PNG),
        "/img/w_200,h_100.png": file("image/png", PNG),
        "/img/untyped": answer(PNG),
        "/img/octets": file("application/octet-stream", PNG),
        "/img/modern.avif": file("image/avif", PNG),
        "/img/pixel": status("204 No Content"),
        "/img/empty.png": file("image/png", b""),
        "/img/soft.png": page("soft", "<p>Sorry"),
    }
    data = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    lost, fool = site.lost, site.fool
    tricks = (
        f"<img alt=a srcset='{fool('/img/w_100,h_50.png', 'a comma may be part of an address in srcset')} 1x,"
        f" /img/w_200,h_100.png 2x'><img alt=b srcset='{data} 1x, /img/a.png 2x'><img alt=c src='{data}'>"
        f"<img alt=d src='{fool('/img/untyped', 'a PNG without a Content-Type is shown all the same')}'>"
        f"<img alt=e src='{fool('/img/octets', 'browsers look at the bytes of an image')}'>"
        f"<img alt=f src='{fool('/img/pixel', 'a counting pixel is no content on purpose')}'>"
        "<img alt=g src='/img/a.png' data-src='/img/never-asked-for.png'><img alt=h src=''>"
        f"<picture><source srcset='{fool('/img/modern.avif', 'one format of several')}' type=image/avif>"
        f"<source srcset='{lost('/img/missing.webp', 'one format of a picture is missing')}'>"
        "<img alt=i src='/img/a.png'></picture>"
        f"<img alt=j srcset='/img/a.png 1x, {lost('/img/missing-2x.png', 'only sharp screens load it')} 2x'>"
        f"<img alt=k src='{lost('/img/soft.png', 'a page of HTML is no image')}'>"
        f"<img alt=l src='{lost('/img/empty.png', 'an image without a byte')}'>"
        f"<p style=\"background:url('{lost('/img/wall.png', 'in the style of an element')}')\">"
        f"<svg><image href='{lost('/img/drawn.png', 'a drawing loads it')}'/></svg>"
        f"<input type=image alt=Go src='{lost('/img/button.png', 'a button that is an image')}'>"
        "<!-- <img src='/img/commented.png'> --><template><img src='/img/templated.png'></template>"
    )
    site.room("/images", page("images", tricks))
    for what, why in (
        (data[:20], "its comma does not end an entry of srcset"),
        ("/img/never-asked-for.png", "only a script would load what data-src names"),
        ("<img src=''>", "an empty address loads nothing"),
        ("/img/commented.png", "it is in a comment"),
        ("/img/templated.png", "it is in a template"),
    ):
        fool(what, why)
    bare = page("bare images", "<img src=/img/a.png><p>Nobody knows what it shows.")
    site.room(site.plant("missing_alt", "/bare-images", "who hears the page learns nothing of it"), bare)
    decorated = (
        "<img src=/img/a.png alt=''><img src=/img/a.png alt><img src=/img/a.png role=presentation>"
        "<img src=/img/a.png role=none><img src=/img/a.png aria-hidden=true><img src=/img/a.png hidden>"
    )
    site.room(fool("/decorated", "an empty alt, roles of decoration, and hidden"), page("decorations", decorated))


def stylesheets(site: Building) -> None:
    """Stylesheets, what they import, and what only looks like an address in them."""
    site.answers |= {
        "/css/main.css": file(
            "text/css; charset=utf-8",
            b"@import '/css/a.css' screen;\n/* url(/css/commented.png) @import 'commented.css'; */\n"
            b"p { background: url(#filter) } b { background: url( 'data:image/gif;base64,R0lGOD==' ) }\n"
            b".a::after { content: 'url(/css/quoted.png)' }",
        ),
        "/css/a.css": file(
            "text/css", b"@import url(b.css); @font-face { font-family: x; src: local(X), url(/fonts/lost.woff2) }"
        ),
        "/css/plain.css": file("text/plain", b"p { color: red }"),
    }
    head = (
        f"<link rel=stylesheet href='{site.fool('/css/main.css', 'a stylesheet with a charset')}'>"
        f"<link rel='stylesheet' media=print href='{site.lost('/css/print.css', 'it is missing on paper')}'>"
        f"<link rel=stylesheet href='{site.lost('/css/plain.css', 'browsers want it to say that it is CSS')}'>"
        "<style>@import url('/css/a.css'); i { background: url(/css/inline.png) }</style>"
    )
    for url, why in (
        ("/css/b.css", "a stylesheet imports one that imports it"),
        ("/fonts/lost.woff2", "a font that only a stylesheet names"),
        ("/css/inline.png", "an image of a style element"),
    ):
        site.lost(url, why)
    for what, why in (
        ("/css/commented.png", "a comment in CSS"),
        ("/css/quoted.png", "a text in CSS is no address"),
        ("url(#filter)", "a part of the page itself"),
        ("url('data:…')", "the image itself"),
    ):
        site.fool(what, why)
    site.room("/styled", page("styles", head=head))


def parts(site: Building) -> None:
    """Scripts, films, sounds and frames."""
    lost, fool = site.lost, site.fool
    site.answers |= {
        "/js/good.js": file("application/javascript", b"go()"),
        "/js/old.js": file("application/x-javascript", b"go()"),
        "/js/page.js": page("scripts", "<p>No"),
        "/frame": page("frames"),
        "/sprite.svg": file("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><g id='icon'/></svg>"),
        "/sound.ogg": file("audio/ogg"),
    }
    linked_data = '{"@context":"https://schema.org","url":"/never-there","image":"/img/never-there.png"}'
    tricks = (
        f"<script src='{fool('/js/good.js', 'a script')}'></script>"
        f"<script src='{fool('/js/old.js', 'by an old name of its type')}'></script>"
        f"<script type=text/template src='{fool('/js/x.html', 'no script: browsers do not load it')}'></script>"
        f"<script type=application/ld+json>{linked_data}</script>"
        '<script>document.write(\'<a href="/written">x</a><img src="/img/written.png">\')</script>'
        f"<script src='{lost('/js/missing.js', 'it is missing')}'></script>"
        f"<script src='{lost('/js/page.js', 'a page of HTML is no script')}'></script>"
        f"<video poster='{lost('/img/poster.jpg', 'what is shown before the film')}'>"
        f"<source src='{fool('/film.mp4', 'one source of a film')}' type=video/mp4>"
        f"<track src='{lost('/subtitles.vtt', 'the subtitles of a film')}'></video>"
        f"<audio src='{lost('/sound-lost.ogg', 'it is missing')}'></audio><audio><source src=/sound.ogg></audio>"
        f"<iframe title=f src='{lost('/frame-lost', 'what is in the frame')}'></iframe>"
        f"<iframe title=g src='{fool('/frame', 'a frame')}'></iframe><iframe title=h src='about:blank'></iframe>"
        f"<iframe title=i srcdoc='<p>Here' src='{fool('/frame-ignored', 'srcdoc counts, and src does not')}'></iframe>"
        "<svg><use href='/sprite.svg#icon'/></svg><object data='/plan.pdf' type=application/pdf></object>"
        f"<embed src='{lost('/lost.swf', 'an old film')}'>"
    )
    for what, why in (
        ("JSON-LD", "what data says is no reference"),
        ("/written", "the text of a script"),
        ("/sprite.svg#icon", "a part of a drawing"),
        ("about:blank", "an empty frame"),
        ("/sound.ogg", "one source of a sound"),
        ("/plan.pdf", "a document within the page"),
    ):
        fool(what, why)
    site.room("/parts", page("parts", tricks))


def heads(site: Building) -> None:
    """What stands in the head of a page."""
    site.answers |= {
        "/feed.xml": file("application/rss+xml", b"<rss><channel></channel></rss>"),
        "/good.webmanifest": file("application/manifest+json", b"{}"),
        "/icon.png": file("image/png", PNG),
    }
    fine = (
        "<link rel=preconnect href='https://nobody.invalid'><link rel=dns-prefetch href='//nobody.invalid'>"
        f"<link rel=alternate type=application/rss+xml href='{site.fool('/feed.xml', 'a feed is no page')}'>"
        f"<link rel=manifest href='{site.fool('/good.webmanifest', 'a manifest')}'>"
        f"<link rel='shortcut icon' href='{site.fool('/icon.png', 'an icon, by an old name')}'>"
        "<link rel=preload as=image href='/img/a.png'><meta property='og:url' content='/never-there'>"
    )
    for what, why in (
        ("rel=preconnect, dns-prefetch", "a connection to a host loads nothing from it"),
        ("og:url", "for messengers, and no link"),
        ("/favicon.ico", "no page names it, and browsers do without"),
    ):
        site.fool(what, why)
    site.room("/head", page("heads", head=fine))
    lost = (
        f"<link rel=icon href='{site.lost('/icon-lost.png', 'an icon that the page names')}'>"
        f"<link rel=manifest href='{site.lost('/lost.webmanifest', 'a manifest that the page names')}'>"
    )
    site.room("/head-lost", page("lost heads", head=lost))


def links(site: Building) -> None:
    """Links as people write them."""

    def lost(href: str, why: str, url: str = "") -> str:
        site.plant("broken_link", url or href, why)
        return f"<a href='{href}'>x</a>"

    here = site.origin.removeprefix("http:")
    site.answers |= {
        "/guide": page("guides"),
        "/folder/": page("folders"),
        "/gone": status("410 Gone"),
        "/failing": status("500 Internal Server Error"),
        "/blank": answer(b"", HTML),
        "/beacon": status("204 No Content"),
        "/~keeper": page("keepers"),
        "/flaky": at_second_try(page("flaky things")),
    }
    site.plant("broken_link", "/missing-area", "a part of an image map")
    site.plant("broken_link", "/missing-in-svg", "a link in a drawing")
    site.plant("broken_link", "/missing-refresh", "where the page leads after a while")
    wrong = (
        lost("/missing", "not found"),
        lost("/gone", "withdrawn"),
        lost("/failing", "it still fails after another try"),
        lost("/blank", "a page of HTML without a byte"),
        lost("/Guide", "a capital letter"),
        lost("/folder", "a slash is missing"),
        lost("http://", "no address at all"),
        lost("https//example.org/", "a colon is missing", "/https//example.org/"),
        lost(f"{here}/missing-too", "without a scheme", "/missing-too"),
        "<map name=m><area alt=x href='/missing-area'></map>",
        "<svg><a href='/missing-in-svg'><text>x</text></a></svg>",
    )
    fine = (
        (f"<a href='{here}/guide'>x</a>", "without a scheme"),
        ("<a href=' \n/guide\t'>x</a>", "blanks and line ends around an address do not count"),
        (f"<a href='HTTP:{here}/guide'>x</a>", "a scheme in capitals"),
        ("<a href='/folder/../guide'>x</a>", "a path with dots"),
        ("<a href='./guide'>x</a>", "relative to the page"),
        ("<a href='/%7Ekeeper'>x</a>", "an unreserved character, encoded"),
        ("<a href='/beacon'>x</a>", "no content on purpose"),
        ("<a href='/flaky'>x</a>", "it was busy at first"),
        ("<a href='/folder/'>x</a>", "with the slash"),
        ("<a name=here>x</a><a>x</a>", "no links"),
        ("<a href>x</a>", "the page itself"),
        ("<a href='mailto:keeper@looms.example'>x</a>", "a letter"),
        ("<a href='tel:+1-555'>x</a><a href='sms:1'>x</a>", "a call"),
        ("<a href='javascript:void(0)'>x</a>", "a script"),
        ("<a href='data:text/plain,x'>x</a>", "the text itself"),
        ("<a href='about:blank'>x</a>", "an empty page"),
        ("<a href='magnet:?xt=x'>x</a>", "for another program"),
        ("<textarea><a href='/in-textarea'>x</a></textarea>", "the text of a field"),
        ("<!-- <a href='/in-comment'>x</a> -->", "a comment"),
    )
    body = "".join([*wrong, *(site.fool(markup, why) for markup, why in fine)])
    refresh = "<meta http-equiv=refresh content=\"600; url='/missing-refresh'\">"
    site.room("/links", page("links", body, head=refresh))


def redirects(site: Building) -> None:
    """Redirects: only what has moved for good is worth telling, and what leads nowhere."""
    site.answers |= {
        "/for-good": moved("/guide"),
        "/for-good-too": moved("/guide", "308 Permanent Redirect"),
        "/for-now": moved("/guide", "302 Found"),
        "/see-other": moved("/guide", "303 See Other"),
        "/for-now-too": moved("/guide", "307 Temporary Redirect"),
        "/first": moved("/second"),
        "/second": moved("/guide", "302 Found"),
        "/now-1": moved("/now-2", "302 Found"),
        "/now-2": moved("/guide", "302 Found"),
        "/left": moved("/right", "302 Found"),
        "/right": moved("/left", "302 Found"),
        "/itself": moved("/itself"),
        "/no-target": status("301 Moved Permanently"),
        "/to-nothing": moved("/nothing", "302 Found"),
        "/section": moved("/section/"),
        "/section/": page("sections"),
        "/ways-out": moved(f"{site.other}/", "302 Found"),
    }
    for kind, url, why in (
        ("redirect", "/for-good", "301"),
        ("redirect", "/for-good-too", "308"),
        ("redirect", "/section", "for good, to the same address with a slash"),
        ("redirect_chain", "/first", "two hops, the first of them for good"),
        ("redirect_loop", "/left", "it leads to a page that leads back"),
        ("redirect_loop", "/itself", "it leads to itself"),
        ("broken_link", "/no-target", "it does not say where to"),
        ("broken_link", "/to-nothing", "what it leads to is not there"),
    ):
        site.door(site.plant(kind, url, why))
    for path, why in (
        ("/for-now", "302"),
        ("/see-other", "303"),
        ("/for-now-too", "307"),
        ("/now-1", "two hops, none of them for good"),
        ("/ways-out", "for now, to another site"),
    ):
        site.door(site.fool(path, why))


def externals(site: Building) -> None:
    """What other sites have, and how their servers treat HEAD."""

    def head(line: str) -> bytes:
        return answer(b"", status=line, length=0)

    fine, gone = page("others"), status("404 Not Found")
    site.others |= {
        "/": only_get(head("200 OK"), fine),
        "/no-head": only_get(head("405 Method Not Allowed"), fine),
        "/head-404": only_get(head("404 Not Found"), fine),
        "/head-403": only_get(head("403 Forbidden"), fine),
        "/head-500": only_get(head("500 Internal Server Error"), fine),
        "/head-hangs-up": only_get(Do.CLOSE, fine),
        "/now": moved("/", "302 Found"),
        "/gone": gone,
        "/for-good": moved("/"),
        "/for-good-gone": moved("/gone"),
        "/members": status("403 Forbidden"),
        "/login": status("401 Unauthorized"),
        "/busy": status("429 Too Many Requests"),
        "/overloaded": status("503 Service Unavailable"),
        "/picture.png": only_get(head("200 OK"), file("image/png", PNG)),
        "/lost.png": gone,
        "/gone-but-nofollow": gone,
    }
    for kind, path, why in (
        ("broken_link", "/gone", "not found, by HEAD and by GET"),
        ("broken_link", "/for-good-gone", "what it leads to is not found"),
        ("redirect", "/for-good", "it has moved"),
        ("unverifiable", "/members", "others may see it"),
        ("unverifiable", "/login", "others may see it"),
        ("unverifiable", "/busy", "it asks to come later"),
        ("unverifiable", "/overloaded", "it may be well tomorrow"),
    ):
        site.plant(kind, f"OTHER{path}", why)
        site.door(f"{site.other}{path}")
    for path, why in (
        ("/", "it is there"),
        ("/#anything", "the places on the pages of others are their business"),
        ("/no-head", "it only knows GET"),
        ("/head-404", "HEAD lies"),
        ("/head-403", "HEAD is refused"),
        ("/head-500", "HEAD fails"),
        ("/head-hangs-up", "HEAD gets no answer"),
        ("/now", "for now only"),
    ):
        site.fool(f"OTHER{path}", why)
        site.door(f"{site.other}{path}")
    site.plant("broken_link", "OTHER/gone-but-nofollow", "nofollow is for search engines, people follow it")
    site.door(f"{site.other}/gone-but-nofollow", " rel='nofollow sponsored'")
    site.plant("broken_link", "DEAD/", "nobody listens there")
    site.door(f"{site.dead}/")
    site.door(site.plant("broken_link", "http://looms.invalid/", "there is no such host"))
    site.fool("OTHER/picture.png", "an image of another site")
    site.plant("broken_resource", "OTHER/lost.png", "an image of another site that is not there")
    borrowed = f"<img alt=x src='{site.other}/picture.png'><img alt=x src='{site.other}/lost.png'>"
    site.room("/borrowed", page("borrowed things", borrowed))


PARTS = (fragments, images, stylesheets, parts, heads, links, redirects, externals)
