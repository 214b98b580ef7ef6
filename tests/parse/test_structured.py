"""Structured data and tables are read from pages as they are, and what is broken costs only itself."""

from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer import Page
from gossamer.parse.data import page_tables
from gossamer.parse.data import structured as reading
from gossamer.parse.data.article import Article
from gossamer.parse.data.page_tables import Table
from gossamer.parse.data.structured import DataItem

HERE = "https://site.test/dir/page"


def of(html: str) -> Page:
    return Page.of(html, url=HERE)


def ld(text: str) -> str:
    return f"<script type='application/ld+json; charset=utf-8'>{text}</script>"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{"@type": "Thing", "n": 1}', {"@type": "Thing", "n": 1}),
        ('<!-- {"a": "b & c"} -->', {"a": "b & c"}),
        ('//<![CDATA[\n["x"]\n//]]>', ["x"]),
        ('{"a": "line\nend\tand tab"};', {"a": "line\nend\tand tab"}),
        ('{"a": "&amp;"}', {"a": "&amp;"}),
        ('/* one */ {"a": 1, // two "b"\n "u": "http://x/*y*/", "c": [1, 2,], /* three */ }',
         {"a": 1, "u": "http://x/*y*/", "c": [1, 2]}),
        ('/*<![CDATA[*/ {"a": "]]>, }"} /*]]>*/', {"a": "]]>, }"}),
        ('<!--\n//<![CDATA[\n{"a": "<!-- b -->",}\n//]]>\n-->', {"a": "<!-- b -->"}),
        ('\ufeff{"a": 1},;', {"a": 1}),
        ('{"a": "\\ud83d\\ude00 \\ude00", "\\ud83d": ["\\udfff"]}', {"a": "\U0001f600 \ufffd", "\ufffd": ["\ufffd"]}),
    ],
)  # fmt: skip
def test_json_ld_is_read_with_the_usual_mistakes(written: str, read: object) -> None:
    assert of(ld(written)).data.json_ld == (read,)


def test_broken_json_ld_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ["{", "", "[" * 100_000, '{"a": }', "1" * 10_000, "nonsense"]
    monkeypatch.setattr(reading, "MAX_JSON", 200_000)
    page = of("".join(map(ld, [*broken, '"' + "x" * 200_000 + '"', '{"good": true}'])) + "<script>{}</script>")
    assert page.data.json_ld == ({"good": True},)


def test_objects_are_found_by_type_however_deep() -> None:
    page = of(ld('{"@graph": [{"@type": ["A", "B"], "in": {"@type": "A", "deep": 1}}, {"@type": "C"}, 5]}'))
    assert [one.get("deep") for one in page.data.of_type("A")] == [None, 1]
    assert len(page.data.of_type("B")) == 1


def test_a_type_may_be_written_as_a_url() -> None:
    types = ["Product", "https://schema.org/Product", "http://schema.org/Product", "https://w3.test/ns#Product"]
    others = ["Products", "https://schema.org/ProductGroup", 5, None, {"@id": "Product"}]
    page = of(ld(json.dumps([{"@type": one} for one in [*types, *others, ["Thing", types[1]]]])))
    found: list[object] = [*types, ["Thing", types[1]]]
    assert [one["@type"] for one in page.data.of_type("Product")] == found
    assert [one["@type"] for one in page.data.of_type("https://schema.org/Product")] == found


def test_microdata_is_read_by_the_rules_of_html() -> None:
    html = """<div itemscope itemtype="https://schema.org/Product https://x.test/Y" itemid=urn:1><h1 itemprop=name>
      Silk <b>bale</b></h1><a itemprop="url other" href=/bale>here</a><meta itemprop=price content=" 12 ">
      <img itemprop=image src=i.png><time itemprop=date datetime=2026-05-03>May</time>
      <data itemprop=n value=7>seven</data>
      <p itemprop=empty></p><object itemprop=o></object>
      <span itemprop=brand itemscope><i itemprop=name>Ada<script>no</script></i></span></div>
      <em itemprop=stray>x</em><div itemscope><i itemprop=open>never ended"""
    first, second = of(html).data.microdata
    assert (first.types, first.id) == (("https://schema.org/Product", "https://x.test/Y"), "urn:1")
    assert first.properties == (
        ("name", "Silk bale"),
        ("url", "https://site.test/bale"),
        ("other", "https://site.test/bale"),
        ("price", "12"),
        ("image", "https://site.test/dir/i.png"),
        ("date", "2026-05-03"),
        ("n", "7"),
        ("empty", ""),
        ("o", ""),
        ("brand", DataItem((), "", (("name", "Ada"),))),
    )
    assert second.first("open") == "never ended"
    assert second.first("none") is None


def test_meta_elements_are_read_by_name_and_property() -> None:
    html = (
        "<meta property=og:title content='Silk &amp;  more'><meta property=og:image content=/1><meta property=OG:image "
        "content=/2><meta name=Author content=Ada><meta name=x><template><meta name=y content=z></template>"
    )
    found = of(html).data
    assert found.opengraph == {"og:title": ("Silk & more",), "og:image": ("/1", "/2")}
    assert found.meta["author"] == ("Ada",)
    assert "y" not in found.meta


def test_what_a_page_says_too_often_is_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ENTRIES", 5)
    page = of("<meta name=a content=b>" * 9 + "<i itemscope></i>" + ld("{}"))
    assert len(page.data.meta["a"]) == 5
    assert page.data.microdata == page.data.json_ld == ()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            ld('{"@type": "NewsArticle", "headline": "A  b", "datePublished": "2026-05-03", "inLanguage": "de",'
               ' "author": [{"name": "Ada"}, "Bob", {"name": "Ada"}, {"url": "x"}, "https://a.test/me"]}'),
            Article("A b", "Ada, Bob", "2026-05-03", "de"),
        ),
        (
            """<html lang=en><title>T</title><meta property=og:title content=O><meta name=author content=Ada>
            <meta property=article:author content=https://fb.test/ada><meta name=date content=2026>""",
            Article("O", "Ada", "2026", "en"),
        ),
        (
            """<div itemscope itemtype=https://schema.org/BlogPosting><h1 itemprop=headline>H</h1>
            <b itemprop=author itemscope><i itemprop=name>Ada</i></b><i itemprop=author>Bob</i>
            <time itemprop=datePublished datetime=2026-01-01>x</time></div><meta property=og:locale content=en_GB>""",
            Article("H", "Ada, Bob", "2026-01-01", "en-GB"),
        ),
        ("<title>Only a title</title>", Article("Only a title")),
        (ld('{"@type": "Article", "headline": 5, "author": 7, "datePublished": null}'), Article()),
    ],
)  # fmt: skip
def test_an_article_is_what_its_page_says(html: str, expected: Article) -> None:
    assert of(html).article == expected


def test_tables_are_rows_of_text() -> None:
    html = """<table><caption>Bales <b>a year</b></caption><thead><tr><th>Year<th colspan=2>Bales</thead>
      <tr><td rowspan=2>1300<td>12<td>x <br>y<tr><td>13<td></table>
      <table><td>no row<td>two<tr></table><table><tr></table>
      <table><tr><td>out<table><tr><th>in</table>side<td>b</table><table><tr><td>never ended"""
    assert of(html).tables == (
        Table("Bales a year", ("Year", "Bales", "Bales"), (("1300", "12", "x y"), ("1300", "13", ""))),
        Table("", (), (("no row", "two"), ("", ""))),
        Table("", (), (("in",),)),
        Table("", (), (("outside", "b"),)),
        Table("", (), (("never ended",),)),
    )


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_tables, "MAX_CELLS", 3)
    [table] = of("<table><tr><td>1<td>2<td>3<td>4<tr><td>5</table></table>").tables
    assert table.rows == (("1", "2", "3"), ("", "", ""))


@given(
    st.lists(
        st.sampled_from(
            "<table> </table> <tr> <td> <th/rowspan=3> <td/colspan=0> </td> <caption> x <i/itemprop=a> </i> "
            "<i/itemscope> <div/itemscope/itemprop=b> </div> <meta/itemprop=c> <svg> <template> </template>".split()
        )
    )
)  # fmt: skip
def test_no_order_of_tags_breaks_it(tags: list[str]) -> None:
    page = of("".join(tag.replace("/", " ") if "=" in tag or "scope" in tag else tag for tag in tags))
    assert page.tables is page.tables
    assert page.data is page.data


def test_pages_that_are_no_html_have_nothing() -> None:
    page = Page.of("")
    assert (page.tables, page.text, page.markdown, page.visible_text) == ((), "", "", "")
    assert page.article == Article()


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ("<thead><tr><th rowspan=9>a<th>b<tbody><tr><td>c<td>d", [("a", "b"), ("c", "d")]),
        ("<tbody><tr><td rowspan=2>a<td>b</tbody><tr><td>c<td>d", [("a", "b"), ("c", "d")]),
        ("<tr><td rowspan=0>a<td>b<tr><td>c<tr><td>d<tbody><tr><td>e<td>f",
         [("a", "b"), ("a", "c"), ("a", "d"), ("e", "f")]),
        ("<tr><td rowspan='2px'>a<td>b<tr><td>c", [("a", "b"), ("a", "c")]),
        ("<tr><td rowspan=-2>a<td colspan=+1>b<tr><td>c<td>d", [("a", "b"), ("c", "d")]),
        ("<tr><td colspan=1000>all<tr><td>a<td>b", [("all", "all"), ("a", "b")]),
        ("<tr><td colspan=0>a<td>b", [("a", "b")]),
        ("<tr><td>10<sup>6</sup><td>a<b>b</b>c<br>d<math><mi>x</mi><annotation>y</annotation></math>",
         [("10^6", "abc dx")]),
    ],
)  # fmt: skip
def test_cells_span_what_html_says(rows: str, read: list[tuple[str, ...]]) -> None:
    [table] = of(f"<table>{rows}</table>").tables
    assert [row for row in (table.header, *table.rows) if row] == read


def test_addresses_in_microdata_follow_the_base_wherever_it_stands() -> None:
    page = of("<p itemscope><a itemprop=url href=x>y</a></p><base href=https://other.test/>")
    assert page.data.microdata[0].first("url") == "https://other.test/x"


@pytest.mark.parametrize("piece", ['\\"', "/*", "<!--", "//", ",\n ", '"', "[,"])
def test_time_for_broken_json_ld_stays_linear(piece: str) -> None:
    began = process_time()
    of(ld('"' + piece * (500_000 // len(piece)))).data  # noqa: B018  # it is read when asked for
    of(ld(piece * (500_000 // len(piece)))).data  # noqa: B018  # as above
    assert process_time() - began < 2
