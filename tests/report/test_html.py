"""The HTML report asks nobody, runs nothing of a site's, and is well made."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from gossamer.check.findings import Referrer
from gossamer.report.html import page as page_module
from gossamer.report.html.cells import cell, shown_share
from gossamer.report.html.markup import bar, link, shortened, text
from gossamer.report.rows import Folder
from gossamer.report.tables import Kind
from gossamer.testing import RecordedPage
from tests.support.html_reader import Reader
from tests.support.reports import HOME, Site, crawled, linking, page_of, reported

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp.exe \u2066\x07 & \"quoted\" 'too'"
SITE: Site = {
    "/": linking("/a", "/b", "/gone", "/%3Cscript%3E", "/x\u202ey"),
    "/a": f"<title>{HOSTILE.replace('</title>', '&lt;/title>').replace('<', '&lt;')}</title>{linking('/')}",
    "/b": RecordedPage(200, {"content-type": "text/html; x=<script>"}, "<title>\u05e9\u05dc\u05d5\u05dd</title>"),
    "/%3Cscript%3E": RecordedPage(500),
}


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("crawl") / "example.org.crawl"
    crawled(directory, SITE, retries=0)
    return page_of(directory)


def test_the_policy_allows_the_style_and_the_script_and_nothing_else(html: str) -> None:
    read = Reader(html)
    [policy] = [one for one in read.all("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy"]
    [style], [script] = read.all("style"), read.all("script")
    hashes = [f"'sha256-{b64encode(sha256(one.text.encode()).digest()).decode()}'" for one in (style, script)]
    assert policy.attributes["content"] == (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    assert script.attributes == style.attributes == {}


def test_nothing_is_loaded_and_no_attribute_runs_or_styles(html: str) -> None:
    for element in Reader(html).elements:
        assert (
            not {"src", "srcset", "style", "action", "formaction", "background", "poster"} & element.attributes.keys()
        )
        assert not [name for name in element.attributes if name.startswith("on")]
        if element.name == "link":
            assert element.attributes == {"rel": "icon", "href": "data:,"}
    assert "url(" not in html.partition("</style>")[0]
    assert "@import" not in html


def test_links_lead_to_the_web_or_within_the_page_and_tell_nothing(html: str) -> None:
    read = Reader(html)
    ids = {element.attributes.get("id") for element in read.elements}
    outside = 0
    for one in read.all("a"):
        target = one.attributes["href"] or ""
        if target.startswith("#"):
            assert target[1:] in ids
        else:
            outside += 1
            assert target.startswith(HOME)
            assert one.attributes["rel"] == "noreferrer noopener"
    assert outside > 10


def test_hostile_texts_are_texts(html: str) -> None:
    read = Reader(html)
    assert len(read.all("script")) == 1
    assert read.all("img") == []
    assert "alert(1)" in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]", html)
    assert "\\u202egnp.exe" in html
    assert f'<a href="{HOME}/%3Cscript%3E"' in html


def test_a_title_that_runs_from_right_to_left_keeps_to_its_cell(html: str) -> None:
    assert '<td dir="auto">\u05e9\u05dc\u05d5\u05dd</td>' in html


def test_headings_are_in_order_and_sections_have_one(html: str) -> None:
    read = Reader(html)
    levels = [int(one.name[1]) for one in read.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    ids = {one.attributes.get("id") for one in read.all("h2")}
    assert {one.attributes["aria-labelledby"] for one in read.all("section")} == ids


def test_every_table_has_a_caption_and_heads_with_a_scope(html: str) -> None:
    read = Reader(html)
    tables = read.all("table")
    assert len(tables) > 10
    assert len(read.all("caption")) == len(tables)
    assert all(one.attributes["scope"] in ("col", "row") for one in read.all("th"))
    names = [one.attributes["data-name"] for one in tables]
    assert len(set(names)) == len(names)
    ids = [one.attributes["id"] for one in read.elements if "id" in one.attributes]
    assert len(set(ids)) == len(ids)


def test_the_page_has_its_landmarks_and_a_way_to_the_content(html: str) -> None:
    read = Reader(html)
    assert [len(read.all(name)) for name in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert read.all("html")[0].attributes["lang"] == "en"
    first = read.all("a")[0]
    assert first.attributes["href"] == "#content"
    assert read.all("main")[0].attributes["id"] == "content"


def test_sections_come_in_their_order(html: str) -> None:
    titles = [one.text for one in Reader(html).all("h2")]
    assert titles[1:] == [
        "Since the crawl before", "Problems", "What took the time", "What was not followed, and why", "Hosts",
        "Where the pages are", "How links ended, and what pages are", "Slow and large pages",
        "What links make important", "Duplicates", "Configuration", "Methods",
    ]  # fmt: skip


def test_a_crawl_without_any_visit_has_a_page(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {"/robots.txt": "User-agent: *\nDisallow: /"})
    assert "Nothing fetched" in Reader(page_of(tmp_path / "c")).all("main")[0].text


def test_a_page_that_would_be_too_large_is_cut_and_says_where_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [f"/gone{number}-{'x' * 200}" for number in range(30)]
    crawled(tmp_path / "c", {"/": linking(*gone)})
    monkeypatch.setattr(page_module, "PROBLEMS", 5_000)
    page = page_of(tmp_path / "c")
    more = re.search(r"and (\d+) more: <code>report-broken\.csv</code>", page)
    assert more is not None
    assert page.count("404</td>") + int(more[1]) >= 30
    assert (tmp_path / "c" / "report-broken.csv").read_text().count("\n") == 31


def test_rankings_say_of_how_many_pages_they_are_and_where_all_are(tmp_path: Path) -> None:
    pages = [f"/{number}" for number in range(40)]
    crawled(tmp_path / "c", {"/": linking(*pages), **dict.fromkeys(pages, "x")})
    page = page_of(tmp_path / "c")
    assert page.count('<p class="more">of 41; <code>--format csv</code> writes all (report-pages.csv)</p>') == 3


def test_where_only_referrers_are_cut_the_page_says_where_all_are(tmp_path: Path) -> None:
    pages = [f"/{number}" for number in range(25)]
    crawled(tmp_path / "c", {"/": linking(*pages), **dict.fromkeys(pages, linking("/gone"))})
    page = page_of(tmp_path / "c")
    assert "<summary>17 more</summary>" in page
    assert "with all pages that link there: <code>report-broken.csv</code>" in page


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "ftp://a.example/", "", "//a.example/", "https://a.example/\u202e",
        "https://a.example/" + "x" * 2000, " https://a.example/",
    ],
)  # fmt: skip
def test_what_does_not_lead_to_the_web_is_no_link(url: str) -> None:
    assert "<a" not in link(url)


def test_a_link_is_escaped_and_shortened_but_leads_to_the_whole() -> None:
    url = f"https://a.example/?a=1&b=%22{'x' * 200}end"
    assert link(url).startswith('<a href="https://a.example/?a=1&amp;b=%22')
    assert f'{"x" * 200}end"' in link(url)
    assert len(shortened(url)) == 120
    assert shortened(url).endswith("end")


def test_a_text_is_safe_in_content_and_attributes() -> None:
    assert text("<a b=\"c\" d='e'>&\u202e") == "&lt;a b=&quot;c&quot; d=&#x27;e&#x27;&gt;&amp;\\u202e"


@pytest.mark.parametrize(
    ("value", "kind", "made"),
    [
        (1234, Kind.COUNT, '<td class="n">1,234</td>'),
        (2048, Kind.SIZE, '<td class="n" data-v="2048">2 KB</td>'),
        (0.04, Kind.SECONDS, '<td class="n" data-v="0.04">40 ms</td>'),
        (None, Kind.SECONDS, '<td class="n">\u2013</td>'),
        ("", Kind.TEXT, "<td>\u2013</td>"),
        ("a", Kind.TEXT, '<td dir="auto">a</td>'),
        (0.5, Kind.SHARE, f'<td class="n share" data-v="0.5">{bar(0.5)}<span>50%</span></td>'),
        (Folder(0, "https://a.example/"), Kind.FOLDER,
         '<td class="u l0" data-v="https://a.example/">https://a.example/</td>'),
        (Folder(2, "https://a.example/b/c/"), Kind.FOLDER,
         '<td class="u l2" data-v="https://a.example/b/c/">c/</td>'),
    ],
)  # fmt: skip
def test_a_value_is_shown_by_its_kind(value: object, kind: Kind, made: str) -> None:
    assert cell(value, kind, heads=False) == made


def test_a_place_is_shown_with_what_is_known_of_it() -> None:
    made = cell((Referrer("https://a.example/", "img[src]", "a <cat>", 12),), Kind.REFERRERS, heads=False)
    assert '<span class="soft" dir="auto">line 12, img[src], “a &lt;cat&gt;”</span>' in made
    assert "<details>" not in made


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.474, "47%"),
        (0.0314, "3.1%"),
        (0.000234, "0.023%"),
        (0.0996, "10%"),
        (0.99999, "99.9%"),
    ],
)
def test_a_share_has_two_digits(share: float, shown: str) -> None:
    assert shown_share(share) == shown


@pytest.mark.parametrize(("share", "width"), [(-1.0, "0.0"), (0.333, "33.3"), (2.0, "100.0")])
def test_a_bar_stays_in_its_box(share: float, width: str) -> None:
    assert f'width="{width}"' in bar(share)


def test_each_table_of_a_report_is_on_the_page(tmp_path: Path) -> None:
    same = "<p>" + "the same " * 50
    empty = "<title>App</title><div id=root></div><script src=/app.js></script><noscript>Enable JavaScript</noscript>"
    site: Site = {"/": linking("/a", "/b", "/gone", "/app"), "/a": same, "/b": same, "/app": empty}
    crawled(tmp_path / "c", site, exclude=["/x"])
    filled = [table.name for table in reported(tmp_path / "c").tables if table.rows]
    page = page_of(tmp_path / "c")
    assert {"duplicates", "javascript", "broken", "settings"} <= set(filled)
    assert [name for name in filled if f'data-name="{name}"' not in page] == []
