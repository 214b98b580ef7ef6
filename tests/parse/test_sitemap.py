"""Sitemaps are read in all their forms, however broken, and nothing in them can harm."""

from __future__ import annotations

import gzip
import resource
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gossamer.parse import sitemap
from gossamer.parse.sitemap import MAX_BYTES, parse
from gossamer.parse.sitemap_entries import MAX_URLS, Sitemap, SitemapURL

HERE = "https://example.org/sitemap.xml"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urls(text: str | bytes, url: str = HERE, content_type: str = "application/xml") -> list[str]:
    return [page.url for page in parse(text.encode() if isinstance(text, str) else text, url, content_type).urls]


def urlset(*entries: str) -> str:
    return f"{HEAD}<urlset {SPACE}>" + "".join(f"<url>{entry}</url>" for entry in entries) + "</urlset>"


# ---------------------------------------------------------------- what the standard says


def test_a_urlset_names_pages_with_their_dates_and_priorities() -> None:
    found = parse(
        urlset(
            "<loc>https://example.org/a</loc><lastmod>2026-01-02</lastmod><changefreq>daily</changefreq>"
            "<priority>0.8</priority>",
            "<loc>https://example.org/b</loc>",
        ).encode(),
        HERE,
    )
    assert found == Sitemap(
        (SitemapURL("https://example.org/a", "2026-01-02", 0.8), SitemapURL("https://example.org/b")), kind="urlset"
    )


def test_an_element_that_never_ends_ends_with_the_one_around_it() -> None:
    assert urls(urlset("<more><loc>https://example.org/a</loc><open></more>", "<loc>https://example.org/b</loc>")) == [
        "https://example.org/b"
    ]


def test_an_index_names_sitemaps() -> None:
    found = parse(
        f"{HEAD}<sitemapindex {SPACE}><sitemap><loc>https://example.org/1.xml.gz</loc><lastmod>2026</lastmod></sitemap>"
        "<sitemap><loc>/2.xml</loc></sitemap></sitemapindex>".encode(),
        HERE,
    )
    assert found == Sitemap((), ("https://example.org/1.xml.gz", "https://example.org/2.xml"), kind="index")


def test_a_text_file_names_one_page_a_line() -> None:
    text = (
        "\ufeffhttps://example.org/a\r\n  https://example.org/b  \n\n# no page\nhttps://example.org/c d\nHTTPS://x.org"
    )
    found = parse(text.encode(), HERE, "text/plain")
    assert (found.kind, [page.url for page in found.urls]) == (
        "text",
        ["https://example.org/a", "https://example.org/b", "https://x.org/"],
    )


def test_an_rss_feed_names_the_pages_of_its_items() -> None:
    text = (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>https://example.org/</link>'
        '<image><url>/logo.png</url><link>/image</link></image><atom:link href="/feed" rel="self"/>'
        "<item><title>A</title><link>https://example.org/a?x=1&amp;y=2</link><pubDate>Mon, 05 Jan 2026</pubDate></item>"
        "<item><atom:link href='/b'/><link/></item></channel></rss>"
    )
    found = parse(text.encode(), HERE)
    assert found.kind == "rss"
    assert found.urls == (
        SitemapURL("https://example.org/a?x=1&y=2", "Mon, 05 Jan 2026"),
        SitemapURL("https://example.org/b"),
    )


def test_an_atom_feed_names_the_pages_of_its_entries_not_their_other_links() -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://example.org/"/><entry><link rel="edit" '
        'href="/edit"/><link rel="alternate" href="/a?b=1&amp;c=2"/><updated>2026-01-01T00:00:00Z</updated>'
        '<content type="xhtml"><link href="/inside"/></content></entry><entry><link href="/b"/></entry></feed>'
    )
    found = parse(text.encode(), HERE)
    assert found.kind == "atom"
    assert found.urls == (
        SitemapURL("https://example.org/a?b=1&c=2", "2026-01-01T00:00:00Z"),
        SitemapURL("https://example.org/b"),
    )


def test_zipped_files_are_told_by_their_first_bytes() -> None:
    page = urlset("<loc>/a</loc>").encode()
    assert urls(gzip.compress(page), content_type="application/octet-stream") == ["https://example.org/a"]
    halves = gzip.compress(page[:40]) + gzip.compress(page[40:])
    assert urls(halves) == ["https://example.org/a"], "of several members"


@pytest.mark.parametrize(
    ("codec", "mark"),
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"),
     ("iso-8859-1", b"")],
)  # fmt: skip
def test_the_encoding_comes_from_the_mark_or_the_declaration(codec: str, mark: bytes) -> None:
    text = f'<?xml version="1.0" encoding="{codec}"?><urlset><url><loc>/käse</loc></url></urlset>'
    assert urls(mark + text.encode(codec)) == ["https://example.org/k%C3%A4se"]


def test_space_cdata_comments_and_prefixes_do_not_matter() -> None:
    text = (
        f'{HEAD}<?xml-stylesheet href="x.xsl"?><!-- <url><loc>/no</loc></url> --><s:urlset xmlns:s="x"><s:url>\n'
        "<s:loc>\n  <![CDATA[ https://example.org/a?x=1&y=2 ]]>\n</s:loc></s:url>"
        "<url><loc>/b<!-- in between -->c</loc></url><URL><LOC>/d</LOC></URL></s:urlset>"
    )
    assert urls(text) == ["https://example.org/a?x=1&y=2", "https://example.org/bc", "https://example.org/d"]


def test_an_image_of_a_page_is_no_page() -> None:
    image = "<image:image><image:loc>/i.png</image:loc><image:url>/j</image:url></image:image>"
    assert urls(urlset(f"{image}<loc>/a</loc>{image}", f"{image}<loc>/b</loc>")) == [
        "https://example.org/a",
        "https://example.org/b",
    ]


def test_an_address_is_named_once_and_the_unusable_ones_are_counted() -> None:
    found = parse(urlset("<loc>/a</loc>", "<loc>/a#x</loc>", "<loc>mailto:x</loc>", "<loc> </loc>", "").encode(), HERE)
    assert [page.url for page in found.urls] == ["https://example.org/a"]
    assert found.notes == ("3 entries have no usable address",)
    assert not found.truncated
    assert parse(urlset("").encode(), HERE).notes == ("one entry has no usable address",)


@pytest.mark.parametrize("written", ["high", "1.5", "-1", "nan", "inf", ""])
def test_an_absurd_priority_is_none(written: str) -> None:
    found = parse(urlset(f"<loc>/a</loc><priority>{written}</priority>").encode(), HERE)
    assert found.urls[0].priority is None


def test_without_an_address_of_its_own_only_absolute_ones_count() -> None:
    assert urls(urlset("<loc>/a</loc>", "<loc>https://example.org/b</loc>"), url="") == ["https://example.org/b"]


# ---------------------------------------------------------------- broken files


@pytest.mark.parametrize(
    "text",
    [
        "<urlset><url><loc>/a</url><url><loc>/b</url></urlset>",
        "<urlset><url><loc>/a<lastmod>2026<url><loc>/b<x",
        "<urlset><url><loc>/a<lastmod>2026<url><loc>/b</l",
        "<url><loc>/a</loc></url><url><loc>/b</loc></url>",
        "<urlset><url><loc>/a</loc></urlset></url><url></b></loc><loc>/b</loc></url>",
        "<urlset><url><loc>/a</loc <lastmod>2026</lastmod></url><url><loc>/b</loc></url>",
        "<br />\n<b>Warning</b>: it is late in <b>x.php</b><br />\n<urlset><url><loc>/a</loc></url><url><loc>/b</loc>",
        "<urlset><url><loc>/a</loc></url><url><loc>/b</loc></url><url><loc",
        "<urlset><url><loc>/a</loc></url><url><loc>/b</loc></url><!-- never closed <url><loc>/c</loc></url>",
    ],
)
def test_broken_files_give_what_they_have(text: str) -> None:
    assert urls(text)[:2] == ["https://example.org/a", "https://example.org/b"]
    assert len(urls(text)) == 2


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("<loc>/a?b=1&c=2&copy;=3</loc>", "/a?b=1&c=2&copy;=3"),
        ("<loc>/&#97;&#x62;&#0;&#xD800;&#x110000;</loc>", "/ab%EF%BF%BD%EF%BF%BD%EF%BF%BD"),
        ("<loc>/&lt;&gt;&quot;&apos;&amp;amp;</loc>", "/%3C%3E%22'&amp;"),
        ("<loc>/a</loc><loc>/b</loc>", "/a"),
        ("<loc/><loc>/b</loc>", None),
        ("<loc>/<![CDATA[never closed", None),
    ],
)
def test_text_is_read_literally(text: str, url: str | None) -> None:
    assert urls(urlset(text)) == ([f"https://example.org{url}"] if url else [])


@pytest.mark.parametrize(
    "text", ["", " ", "hello", "<", "<!doctype html><title>404</title><html><p>https://example.org/", "<a/>" * 99, "{}"]
)
def test_what_is_no_sitemap_is_none(text: str) -> None:
    found = parse(text.encode(), HERE)
    assert (found.kind, found.urls, found.notes) == ("none", (), ("it is no sitemap",))


def test_a_zipped_file_that_is_cut_or_broken_gives_what_came_before() -> None:
    lines = "".join(f"https://example.org/{number * 7919 % 10007}\n" for number in range(5000)).encode()
    whole = gzip.compress(lines)
    cut = parse(whole[: len(whole) // 2], HERE)
    assert 1000 < len(cut.urls) < 5000
    assert cut.truncated
    assert cut.notes[0] == "its gzip ends too early"
    broken = parse(gzip.compress(lines) + b"\x1f\x8bgarbage", HERE)
    assert len(broken.urls) == 5000
    assert broken.notes == ("its gzip is broken",)


# ---------------------------------------------------------------- limits


def test_a_file_has_fifty_thousand_addresses_at_most() -> None:
    lines = "".join(f"https://example.org/{number}\n" for number in range(MAX_URLS + 10))
    assert sum(map(len, lines.split())) < MAX_BYTES
    for text in (lines, "<urlset>" + "".join(f"<url><loc>{line}</loc></url>" for line in lines.split()) + "</urlset>"):
        found = parse(text.encode(), HERE)
        assert len(found.urls) == MAX_URLS
        assert found.truncated
        assert found.notes == ("only its first 50,000 addresses were read",)


def test_a_file_may_not_explode() -> None:
    bomb = gzip.compress(b"\0" * 20 * 1024 * 1024, 9)
    assert "it expands to more than" in parse(bomb, HERE).notes[0]
    assert "only the first" in parse(b" " * (MAX_BYTES + 1), HERE).notes[0]


def test_no_entity_is_ever_expanded_and_no_file_opened() -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY l0 "lol">{laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        '<urlset xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="https://example.com/" parse="text"/>'
        "<url><loc>/&l9;</loc></url><url><loc>/&f;</loc></url></urlset>"
    )
    assert urls(text) == ["https://example.org/&l9;", "https://example.org/&f;"]


@pytest.mark.parametrize(
    "piece",
    [
        "<loc>", "<url>", "<url><loc>", "</url>", "<", "<!", "<![", "<!--", "<![CDATA[", "<?", "<a b='", '<a b="', "&",
        "&#", "<link a", "<link  ", "a", "<a", "<!DOCTYPE x [", "<url><image>", "]", "https://a/\n", "\n", "<a/>",
        "<url><link " + "x" * 500 + ">", "<loc><![CDATA[x]]>",
    ],
)  # fmt: skip
def test_time_grows_with_size_alone(piece: str) -> None:
    def seconds(size: int) -> float:
        text = f"<feed><entry>{piece * (size // len(piece))}".encode()
        began = time.process_time()
        parse(text, HERE)
        parse(text[6:], HERE)
        return time.process_time() - began

    small = min(seconds(100_000) for _ in range(2))
    assert seconds(800_000) < 8 * 5 * small + 0.3, "quadratic would be 64 times"


def test_ten_megabytes_of_open_tags_are_read_in_little_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = parse(b"<urlset>" + b"<loc>" * 2_100_000, HERE)
    assert found.truncated, "absurdly many tags end the reading"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024


markup = st.sampled_from(
    ["<urlset>", "<sitemapindex>", "<feed>", "<rss>", "<url>", "</url>", "<loc>", "</loc>", "<entry>", "<item>",
     "<link>", "<link href='/x'/>", "</link>", "<image>", "</image>", "<![CDATA[", "]]>", "<!--", "-->",
     "<!DOCTYPE x [", "]>", "&#x41;", "https://example.org/a", "/b", "\n", "<?xml encoding='utf-16'?>",
     "<priority>", "1", "<html>"]
)  # fmt: skip


@given(st.lists(markup | st.text(max_size=5), max_size=40).map("".join))
@example("<feed><entry><link><link></link></link></entry>")
@example("<urlset><url><url></url></url>")
def test_any_markup_gives_a_sitemap(text: str) -> None:
    found = parse(text.encode("utf-8", "replace"), HERE)
    assert len(found.urls) + len(found.sitemaps) <= MAX_URLS
    assert all(page.url.startswith(("https://", "http://")) for page in found.urls)
    assert (found.kind == "none") == ("it is no sitemap" in found.notes)


@given(st.binary(max_size=200), st.text(max_size=30), st.text(max_size=30))
def test_any_bytes_give_a_sitemap(body: bytes, url: str, content_type: str) -> None:
    for prefix in (b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"<urlset><url><loc>"):
        assert isinstance(parse(prefix + body, url, content_type), Sitemap)


def test_the_limits_are_those_of_the_standard() -> None:
    assert (MAX_BYTES, MAX_URLS) == (52_428_800, 50_000)


def test_pages_are_asked_for_by_priority_then_the_newest_first() -> None:
    def entry(name: str, rest: str = "") -> str:
        return f"<url><loc>https://a.example/{name}</loc>{rest}</url>"

    body = "".join(
        (
            entry("plain"),
            entry("old", "<lastmod>2019-01-01</lastmod>"),
            entry("low", "<priority>0.1</priority><lastmod>2026-01-01</lastmod>"),
            entry("new", "<lastmod>Wed, 05 Nov 2025 10:00:00 GMT</lastmod>"),
            entry("newer", "<lastmod>2025-11-05T10:00:01Z</lastmod>"),
            entry("half", "<priority>0.5</priority>"),
            entry("high", "<priority>0.9</priority>"),
            entry("broken", "<lastmod>yesterday</lastmod>"),
        )
    )
    found = sitemap.in_order(parse(f"<urlset>{body}</urlset>".encode()).urls)
    names = [page.url.rpartition("/")[2] for page in found]
    assert names == ["high", "newer", "new", "old", "plain", "half", "broken", "low"]


# ---------------------------------------------------------------- what is cut, and what is left out


@pytest.mark.parametrize(
    "text",
    [
        "<urlset><url><loc>/a</loc></url><url><loc>https://example.org/lon",
        "<urlset><url><loc>/a</loc></url><url><loc><![CDATA[https://example.org/lon",
        "<urlset><url><loc>/a</loc></url><url><loc>",
        "<urlset><url><loc>/a</loc></url><url",
        "<urlset><url><loc>/a</loc><lastmod>2026-0",
        "<urlset><url><loc>/a</loc></url>",
        "<rss><channel><item><link>/a</link></item><item><guid>https://example.org/lon",
        "<feed><entry><link href='/a'/></entry><entry><link href='https://example.org/lon",
    ],
)
def test_of_a_file_that_was_cut_only_whole_addresses_count(text: str) -> None:
    found = parse(text.encode(), HERE)
    assert [(page.url, page.lastmod) for page in found.urls] == [("https://example.org/a", None)]
    assert found.truncated
    assert found.notes == ("its end is missing",)


def test_of_an_index_that_was_cut_only_whole_addresses_count() -> None:
    found = parse(b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc>/b.x", HERE)
    assert (found.sitemaps, found.truncated) == (("https://example.org/a.xml",), True)


def test_the_last_line_of_a_list_that_was_cut_is_no_address() -> None:
    whole = gzip.compress(b"https://example.org/a\nhttps://example.org/b", 0)
    assert [page.url for page in parse(whole[:-9], HERE).urls] == ["https://example.org/a"]
    assert len(parse(whole, HERE).urls) == 2


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link/><guid>https://example.org/g</guid>", "https://example.org/g"),
        ("<guid isPermaLink='true'>https://example.org/g</guid>", "https://example.org/g"),
        ("<guid isPermaLink='false'>https://example.org/g</guid>", None),
        ("<guid>tag:example.org,2026:1</guid>", None),
        ("<guid>https://example.org/g</guid><link>https://example.org/l</link>", "https://example.org/l"),
        ("<a10:link href='/r' rel='self'/><link> </link><link>/l</link>", "https://example.org/l"),
        ("<a10:link rel='alternate' href='/r'/><link></link>", "https://example.org/r"),
        ("<link><![CDATA[ /l ]]></link><source url='/s'>x</source>", "https://example.org/l"),
    ],
)
def test_an_item_of_a_feed_has_its_own_link_or_permalink(item: str, url: str | None) -> None:
    feed = f"<rss xmlns:a10='http://www.w3.org/2005/Atom'><channel><item>{item}</item></channel></rss>"
    assert urls(feed) == ([url] if url else [])


def test_an_atom_feed_has_a_base_and_long_names_of_relations() -> None:
    rel = "http://www.iana.org/assignments/relation/alternate"
    entries = f"<entry><link rel='{rel}' href='one'/></entry><entry><link href='/two'/></entry>"
    assert urls(f"<feed xml:base='/blog/'>{entries}</feed>") == [
        "https://example.org/blog/one",
        "https://example.org/two",
    ]


def test_items_of_rss_1_are_named_by_their_identifier() -> None:
    item = "<item rdf:about='https://example.org/one'><title>One</title></item>"
    assert urls(f"<rdf:RDF xmlns='http://purl.org/rss/1.0/'>{item}</rdf:RDF>") == ["https://example.org/one"]


@pytest.mark.parametrize(
    ("text", "kind", "note"),
    [
        ("https://example.org/a\n# pages\n/b\n", "text", "2 lines are no addresses"),
        (urlset("<loc>/a</loc>").replace("</urlset>", "<sitemap><loc>/b</loc></sitemap></urlset>"), "urlset",
         "a sitemap among its entries was left out"),
        ("<sitemapindex><sitemap><loc>/a</loc></sitemap><url><loc>/b</loc></url><url><loc>/c</loc></url></sitemapindex>",
         "index", "2 pages among its entries were left out"),
        ("<?xml version='1.0'?><opml><body/></opml>", "none", "its first element is <opml>"),
        ('{"items": [{"url": "https://example.org/a"}]}', "none", "it looks like JSON, which is not read"),
    ],
)  # fmt: skip
def test_what_is_left_out_is_noted(text: str, kind: str, note: str) -> None:
    found = parse(text.encode(), HERE)
    assert (found.kind, note in found.notes) == (kind, True), found.notes


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_or_none_does_not_matter(codec: str) -> None:
    assert urls(("<?xml version='1.0'?>" + urlset("<loc>/\u00e9</loc>")).encode(codec)) == [
        "https://example.org/%C3%A9"
    ]


# ---------------------------------------------------------------- JSON Feed (jsonfeed.org)

FEED = "application/feed+json"
VERSION = '"version": "https://jsonfeed.org/version/1.1"'


def feed(*items: str, head: str = VERSION) -> str:
    return f'{{{head}, "title": "Blog", "items": [{", ".join(items)}]}}'


def test_the_items_of_a_json_feed_are_pages_with_their_dates() -> None:
    first = '{"id": "1", "url": "/a", "date_published": "2026-01-02T00:00:00Z", "date_modified": "2026-01-03"}'
    second = '{"id": "2", "url": "https://example.org/b", "date_published": "2026-01-01", "content_html": "<p>[]}"}'
    found = parse(feed(first, second).encode(), "https://example.org/feed.json", FEED)
    assert found == Sitemap(
        (SitemapURL("https://example.org/a", "2026-01-03"), SitemapURL("https://example.org/b", "2026-01-01")),
        kind="json",
    )


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ('{"url": "/a", "external_url": "/c", "id": "https://example.org/b"}', "/a"),
        ('{"id": "https://example.org/b", "external_url": "/c"}', "/b"),
        ('{"id": "7", "external_url": "/c"}', "/c"),
        ('{"id": 7, "url": "\\/a"}', "/a"),
        ('{"url": "/\u00e9", "title": "\\ud800"}', "/%C3%A9"),
    ],
)
def test_an_item_of_a_json_feed_is_named_by_its_url_or_its_id(item: str, url: str) -> None:
    assert urls(feed(item), content_type=FEED) == [f"https://example.org{url}"]


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        (feed('{"url": "/a"}'), "application/json"),
        (feed('{"url": "/a"}', head=VERSION.replace("/", "\\/")), "text/plain"),
        (feed('{"url": "/a"}', head='"version": "2"'), f"{FEED}; charset=utf-8"),
        ("\ufeff  \n" + feed('{"url": "/a"}'), ""),
    ],
)
def test_a_json_feed_is_told_by_its_version_or_its_type(text: str, content_type: str) -> None:
    assert urls(text, content_type=content_type) == ["https://example.org/a"]
    assert urls(gzip.compress(text.encode()), content_type=content_type) == ["https://example.org/a"]


@pytest.mark.parametrize(
    "text",
    ['{"items": [{"url": "/a"}]}', '["items"]', '{"version": "https://jsonfeed.org/version/1"}', feed(head='"x": ""')],
)
def test_other_json_is_no_feed(text: str) -> None:
    assert parse(text.encode(), HERE, "application/json").kind == "none"


def test_of_a_json_feed_that_was_cut_off_the_whole_items_count() -> None:
    whole = feed('{"url": "/a"}', '{"url": "/b", "content_text": "\\"items\\": []"}', '{"url": "/c"}')
    for size, expected in ((len(whole) - 2, "abc"), (len(whole) - 3, "ab"), (whole.index('"/b"') + 4, "a")):
        found = parse(whole[:size].encode(), HERE, FEED)
        assert [page.url for page in found.urls] == [f"https://example.org/{name}" for name in expected]
        assert (found.truncated, found.notes) == (True, ("its end is missing",))
    assert not parse(whole.encode(), HERE, FEED).truncated


@pytest.mark.parametrize("items", ["7", "[7, null, {}]", "[" * 100_000, '[{"url": 7, "id": []}]'])
def test_a_json_feed_that_is_wrong_has_no_items(items: str) -> None:
    found = parse(f'{{{VERSION}, "items": [], "items": {items}}}'.encode(), HERE, FEED)
    assert (found.urls, found.kind) == ((), "json")


def test_a_json_feed_without_end_takes_linear_time() -> None:
    item = '{"url": "/a", "content_html": "' + "x" * 1000 + '"},'
    began = time.process_time()
    assert parse((feed(head=VERSION)[:-2] + item * 20_000 + "{" * 100_000).encode(), HERE, FEED).truncated
    assert time.process_time() - began < 3


def test_a_json_feed_has_a_limit_too() -> None:
    found = parse(feed(*(f'{{"url": "/{number}"}}' for number in range(MAX_URLS + 1))).encode(), HERE, FEED)
    assert (len(found.urls), found.truncated) == (MAX_URLS, True)


def test_a_year_or_a_month_is_a_date() -> None:
    dates = ("2025", "2026-03", "2026-02-27", "2026", None)
    pages = [SitemapURL(f"https://example.org/{date}", date) for date in dates]
    assert [page.lastmod for page in sitemap.in_order(pages)] == ["2026-03", "2026-02-27", "2026", "2025", None]
