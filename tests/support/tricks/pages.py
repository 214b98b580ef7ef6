"""What pages say of themselves, rightly and wrongly."""

from __future__ import annotations

from tests.support.scripted_server import answer
from tests.support.tricks.building import (
    HIDDEN,
    HTML,
    PNG,
    TEXT,
    Answers,
    Building,
    Planted,
    file,
    only_get,
    page,
    status,
)


def missing_pages(site: Building) -> None:
    """Pages that are not there or empty, and say so or not."""
    lost = page("x", "<h1>Page not found</h1><p>Try the search.", title="Page not found", text="")
    site.room(site.plant("soft_404", "/sold-out", "it says so, and answers 200"), lost)
    essay = f"<h1>Designing a page for 404</h1>{TEXT * 12}<p>A good one says: page not found, and what to do."
    site.room(site.fool("/about-404", "an article about such pages"), page("e", essay, title="Not found: 404 pages"))
    loading = page("applications", "<div id=root></div><script src=/js/good.js></script>", text="")
    site.room(site.plant("needs_js", "/application", "nothing is there before its script runs"), loading)
    hint = f"<noscript>Some things here need JavaScript.</noscript>{TEXT * 3}<script src=/js/good.js></script>"
    site.room(site.fool("/with-script", "it has its text without the script"), page("with scripts", hint))


def forms(site: Building) -> None:
    """Forms, which must not be sent."""
    body = (
        f"<form method=post action='{site.fool('/post-here', 'nobody but people may send it')}'><input name=a></form>"
        "<form method=get action='/guide'><input name=q></form><form><input name=q></form>"
        f"<form method=dialog action='{site.fool('/dialog', 'it only closes a dialog')}'></form>"
        f"<form><button formmethod=post formaction='{site.fool('/post-too', 'a button that sends')}'>x</button></form>"
        f"<form action='{site.plant('broken_link', '/search-lost', 'a search that is lost')}'><input name=q></form>"
    )
    site.room("/forms", page("forms", body))
    password = page("signs", "<form method=post action='/post-here'><input type=password name=p></form>")
    site.room(site.plant("insecure_form", "/sign-in", "anybody on the way reads the password"), password)


def titles(site: Building) -> None:
    """Titles, descriptions and headings."""
    drawing = "<svg><title>A loom</title></svg>"
    for path, body, title, why in (
        ("/untitled", "", "", "it has none"),
        ("/blank-title", "", " \n\t ", "blanks are no title"),
        ("/svg-title", drawing, "", "the title of a drawing is not the page's"),
    ):
        site.room(site.plant("missing_title", path, why), page(path, body, title=title))
    site.plant("duplicate_title", "/loom/1", "two looms of one name")
    for path, content in (
        ("/loom/1", page("looms 1", title="A loom")),
        ("/loom/2", page("looms 2", title="A loom")),
        ("/loom/1/print", page("prints", title="A loom", head="<link rel=canonical href=/loom/1>")),
        ("/list", page("lists 1", title="All looms")),
        ("/list?page=2", page("lists 2", title="All looms")),
        ("/list?page=3", page("lists 3", title="All looms")),
        ("/loom/de", page("Webstuhl", title="Guide", language="de")),
        ("/loom/en", page("guide to looms", title="Guide")),
        ("/two-titles", page("drawings", drawing)),
        ("/described", page("capitals", description="<META NAME=Description CONTENT='About WHAT'>")),
        ("/hidden-undescribed", page("hidden looms", description="", head=HIDDEN)),
        ("/two-h1", page("heads of halls", "<h1>One</h1><h1>Two</h1>")),
    ):
        site.room(path, content)
    for what, why in (
        ("/two-titles", "a drawing has a title too"),
        ("/list?page=2", "the pages of a list have its title"),
        ("/loom/1/print", "a copy that names its original"),
        ("/loom/de, /loom/en", "one title in two languages"),
        ("/described", "names of meta elements know no case"),
        ("/hidden-undescribed", "nobody lists it, so nobody shows a description"),
        ("/two-h1", "HTML allows it, and it is off by default"),
    ):
        site.fool(what, why)
    site.room(site.plant("missing_description", "/undescribed", "it has none"), page("looms", description=""))


def texts(site: Building) -> None:
    """Pages that are alike, and how their letters are encoded."""
    site.plant("duplicate_content", "/shelf?by=a", "one page at two addresses")
    site.fool("/rack?by=a", "one page at two addresses, which both name the one that counts")
    rack = page("racks", head="<link rel=canonical href=/rack>")
    latin = "<title>Maße</title><meta name=description content=m><p>Größe und Länge".encode("latin-1") + TEXT.encode()
    signed = b"\xef\xbb\xbf" + "<title>Maß</title><meta name=description content=s><p>Größe".encode()
    for path, content in (
        ("/shelf?by=a", page("shelves")),
        ("/shelf?by=b", page("shelves")),
        ("/rack", rack),
        ("/rack?by=a", rack),
        ("/almost-left", page("almost alike", f"{TEXT * 3}<p>left", title="Almost left")),
        ("/almost-right", page("almost alike", f"{TEXT * 3}<p>right", title="Almost right")),
        ("/mixed-up", answer(latin, HTML)),
        ("/western", answer(latin + b"!", "Content-Type: text/html; charset=windows-1252")),
        ("/signed", answer(signed, "Content-Type: text/html")),
    ):
        site.room(path, content)
    site.plant("encoding", "/mixed-up", "it says UTF-8, and is not")
    site.fool("/almost-left, /almost-right", "nearly the same, which nobody asked for")
    site.fool("/western", "another encoding, truly named")
    site.fool("/signed", "a byte order mark says UTF-8")


def canonicals(site: Building) -> None:
    """The address that a page says is its own."""

    def canonical(*hrefs: str) -> str:
        return "".join(f"<link rel=canonical href='{href}'>" for href in hrefs)

    site.answers["/noindexed"] = page("hidden halls", head=HIDDEN)
    for path, hrefs, why in (
        ("/c/lost", ("/c/nowhere",), "it is not there"),
        ("/c/moved", ("/for-good",), "it redirects"),
        ("/c/hidden", ("/noindexed",), "it must not be indexed"),
        ("/c/two", ("/c/two", "/guide"), "there are two"),
        ("/c/chain", ("/loom/1/print",), "that page names another one"),
    ):
        site.room(site.plant("canonical", path, why), page(path, head=canonical(*hrefs)))
    for path, hrefs, why in (
        ("/c/self", ("/c/self",), "itself"),
        ("/c/relative", ("relative",), "itself, by a relative address"),
        ("/c/absolute", (f"{site.origin}/c/absolute",), "itself, by its whole address"),
        ("/c/copy", ("/guide",), "another page that is there"),
        ("/c/other", (f"{site.other}/",), "a page of another site"),
        ("/c/twice", ("/c/twice", "/c/twice"), "the same one, twice"),
    ):
        site.room(site.fool(path, why), page(path, head=canonical(*hrefs)))


def languages(site: Building) -> None:
    """The versions of a page in other languages."""

    def versions(*several: tuple[str, str]) -> str:
        return "".join(f"<link rel=alternate hreflang={code} href='{href}'>" for code, href in several)

    good = versions(("en", "/en/"), ("de", "/de/"), ("pt-BR", "/pt/"), ("zh-Hant", "/zh/"), ("x-default", "/en/"))
    for path in ("/en/", "/de/", "/pt/", "/zh/"):
        site.room(site.fool(path, "versions that name each other, and a default"), page(path, head=good))
    for path, head, why in (
        ("/h/alone", versions(("en", "/h/alone"), ("fr", "/h/silent")), "the other version does not name it"),
        ("/h/code", versions(("en-UK", "/h/code")), "there is no such country code"),
        ("/h/lost", versions(("en", "/h/lost"), ("fr", "/h/nowhere")), "the other version is not there"),
        ("/h/without", versions(("fr", "/h/back")), "it leaves itself out"),
    ):
        site.room(site.plant("hreflang", path, why), page(path, head=head))
    site.room("/h/silent", page("silence"))
    both = versions(("fr", "/h/back"), ("en", "/h/without"))
    site.room(site.fool("/h/back", "it names both"), page("returns", head=both))


def sitemaps(site: Building) -> None:
    """What the sitemap names."""
    site.listed += ["/alone", "/listed-hidden", "/guide", "/by-area", "/folder/"]
    site.plant("orphan", "/alone", "only the sitemap names it")
    site.answers["/alone"] = page("loneliness", "<a href='/alone'>itself</a>")
    hidden = page("listed hidden halls", head=HIDDEN)
    site.room(site.plant("noindex_in_sitemap", "/listed-hidden", "the sitemap sends there"), hidden)
    site.room(site.fool("/unlisted-hidden", "no sitemap names it"), page("unlisted halls", head=HIDDEN))
    site.answers["/by-area"] = page("areas")
    site.room("/plan", page("plans", "<map name=n><area alt=area href='/by-area'></map>"))
    site.fool("/by-area", "an image map links to it")


def sizes(site: Building) -> None:
    """What is large, and what is far away."""
    site.room(site.plant("large", "/long", "more than a megabyte of text"), page("long things", TEXT * 14_000))
    site.room(site.fool("/archive.zip", "a download may be large"), file("application/zip", bytes(2_000_000)))
    site.room("/heavy", page("heavy things", "<img alt=x src=/img/heavy.png>"))
    site.answers["/img/heavy.png"] = file("image/png", PNG + bytes(1_500_000))
    site.plant("large", "/img/heavy.png", "every visitor loads it")
    for number in range(1, 8):
        onward = f"<a href='/deep/{number + 1}'>on</a>" if number < 7 else ""
        site.answers[f"/deep/{number}"] = page(f"depth {number}", onward)
    site.door("/deep/1")
    site.plant("deep", "/deep/7", "seven links away")
    site.fool("/deep/6", "six links away")


def manners(site: Building) -> None:
    """What crawlers are asked not to do."""
    site.door(site.plant("unverifiable", "/closed/room", "robots.txt keeps crawlers out, people may enter"))
    site.plant("robots_blocked_resource", "/closed/map.png", "who crawls cannot see it")
    site.room("/with-closed", page("closed things", "<img alt=x src='/closed/map.png'>"))
    site.answers["/members-only"] = status("403 Forbidden")
    site.door(site.plant("unverifiable", "/members-only", "some may see it"))
    own = site.plant("nofollow_internal", "/guide", "a page of the site itself, marked as if it were not")
    site.door(own, " rel=nofollow")
    site.door(site.fool("/noindexed", "a page that is hidden anyway"), " rel=nofollow")
    site.door(site.fool("/basket?add=7", "it would do something: nobody may ask for it"), " rel=nofollow")


PARTS = (missing_pages, forms, titles, texts, canonicals, languages, sitemaps, sizes, manners)


def secure_site(site: Building, secure: str) -> tuple[Answers, list[Planted]]:
    """Return the answers of a small site at `secure`, by https, and what is planted there."""
    other, host = site.other, secure.removeprefix("https:")
    mixed = (
        f"<script src='{other}/tool.js'></script><img alt=x src='{other}/picture.png'><a href='{other}/'>x</a>"
        f"<img alt=x src='/own.png'><img alt=x src='{host}/own.png'>"
    )
    site.others["/tool.js"] = only_get(answer(b"", "Content-Type: text/javascript"), file("text/javascript"))
    unsafe = f"<form method=post action='{other}/send'><input name=a></form>"
    safe = "<form method=post action='/send'><input type=password name=p></form>"
    site.fool("https: a link to http", "a link loads nothing")
    site.fool("https: //HOST/own.png", "it comes by the scheme of the page")
    site.fool("https: /safe", "a password that is sent by https")
    answers: Answers = {
        "/": page("secure halls", "<a href=/mixed>m</a><a href=/form>f</a><a href=/safe>s</a>"),
        "/mixed": page("mixed things", mixed),
        "/form": page("forms by http", unsafe),
        "/safe": page("safe forms", safe),
        "/own.png": file("image/png", PNG),
    }
    return answers, [
        Planted("mixed_content", "OTHER/tool.js", "browsers block it"),
        Planted("mixed_content", "OTHER/picture.png", "anybody on the way could change it"),
        Planted("insecure_form", "/form", "what people type can be read on the way"),
    ]
