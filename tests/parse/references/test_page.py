"""What is known of a reference beside its kind, and of the page beside its references."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.parse.references import page, reader
from gossamer.parse.references.addresses import Addresses
from gossamer.parse.references.page import references_of_page, references_of_stylesheet
from gossamer.parse.references.quick import read_references
from gossamer.rules.policy import Policy
from gossamer.values.references import AuditFacts, PageReferences, references_line, references_of
from tests.parse.references.fuzz_references import made_of

URL = "http://site.test/a/page?q"


def read(html: str, **more: Any) -> PageReferences:
    return references_of_page(html, URL, **more)


def texts(html: str) -> list[str]:
    return [one.text for one in read(html).references]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<a href=x> one\n two </a>", "one two"),
        ("<a href=x>one", "one"),
        ("<a href=x>one<a href=x>two", "one"),
        ("<a href=x><b>o</b>ne</a>", "one"),
        ("<a href=x><div>one</div><div>two</div></a>", "one two"),
        ("<a href=x>one<br>two</a>", "one two"),
        ("<a href=x>R&amp;D&nbsp;x</a>", "R&D x"),
        ("<a href=x>a\xadb 中\n文</a>", "ab 中文"),
        ("<a href=x><img src=i alt='A  logo'></a>", "A logo"),
        ("<a href=x>The<img src=i alt=logo>here</a>", "The logo here"),
        ("<a href=x><script>s</script><style>s</style>one<!-- no --><title>no</title></a>", "one"),
        ("<a href=x><iframe>no</iframe><noscript>one</noscript><template>no</template></a>", "one"),
        ("<a href=x><svg><title>one</title><path></svg></a>", "one"),
        ("<svg><a href=x><text>one</text></a></svg>", "one"),
        ("<a href=x title=T aria-label=' the  label '></a>", "the label"),
        ("<a href=x title=T><img src=i alt=''></a>", "T"),
        ("<a href=x title=T>one</a>", "one"),
        ("<area href=x alt=one>", "one"),
        ("<iframe src=x title=one></iframe>", "one"),
        ("<img src=x alt='a  b'>", "a b"),
        ("<form action=x method=POST>", "post"),
        ("<form action=x method=put>", "get"),
        ("<form method=post><button formaction=x>", "post"),
        ("<form method=post><button formaction=x formmethod=get>", "get"),
        ("<link rel=alternate hreflang=de-AT href=x>", "de-AT"),
        ("<link rel=alternate title='Feed' type=application/rss+xml href=x>", "Feed"),
        (f"<a href=x>{'word ' * 50}</a>", f"{('word ' * 50)[:99].rstrip()}…"),
        (f"<a href=x>{'w' * 100}</a>", "w" * 100),
    ],
)
def test_a_reference_has_a_text(html: str, text: str) -> None:
    assert texts(html)[0] == text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_reference_has_the_line_on_which_its_element_begins(end: str) -> None:
    html = end.join(
        [
            "<!doctype html>",
            "<a",
            " href=a>",
            "text</a><img src=b><!--",
            "--><style>",
            "",
            " p{x:url(c)}</style><svg><style",
            ">",
            "q{x:url(d)}</style><title>",
            "<a href=e></a></title></svg>",
            "<noscript>",
            "<img src=f></noscript>",
            "<p title='",
            "'><a href=g>",
        ]
    )
    lines = {one.url[-1]: one.line for one in read(html).references}
    assert lines == {"a": 2, "b": 4, "c": 7, "d": 9, "e": 10, "f": 12, "g": 14}


def test_what_asks_not_to_be_followed_is_marked() -> None:
    html = (
        "<a href=a rel='x NoFollow'><a href=b rel=nofollower><area href=c rel=nofollow>"
        "<link rel='next nofollow' href=d>"
    )
    assert [(one.url[-1], one.nofollow) for one in read(html).references] == [
        ("a", True), ("b", False), ("c", True), ("d", True),
    ]  # fmt: skip


def test_the_base_counts_wherever_it_stands_but_not_for_the_header() -> None:
    made = read("<a href=x><a href=#y><base href=/b/c>", headers={"link": "<z>; rel=next"})
    assert [(one.url, one.fragment) for one in made.references] == [
        ("http://site.test/a/z", None), ("http://site.test/b/x", None), ("http://site.test/b/c", "y"),
    ]  # fmt: skip


def test_the_fragment_is_as_written() -> None:
    html = "<a href='x#a b%20&auml;'><a href='x#'><a href='x'><a href='x#a#b'>"
    assert [one.fragment for one in read(html).references] == ["a b%20ä", "", None, "a#b"]


def test_a_query_is_in_the_encoding_of_the_page() -> None:
    assert read("<a href='x?ä'>", encoding="windows-1252").references[0].url == "http://site.test/a/x?%E4"
    assert read("<a href='x?ä'>").references[0].url == "http://site.test/a/x?%C3%A4"


def test_an_address_is_what_the_crawl_calls_it() -> None:
    addresses = Addresses(URL, policy=Policy(strip_tracking=True, sort_query=True))
    assert addresses.of("x?utm_source=n&b=2&a=1") == "http://site.test/a/x?a=1&b=2"
    assert addresses.of("ftp://site.test/x?utm_source=n") == "ftp://site.test/x?utm_source=n"


def test_addresses_of_one_directory_are_resolved_once() -> None:
    known: dict[str, str | None] = {}
    first = Addresses("http://site.test/a/1", known=known)
    long = "y" * 600
    assert [first.of(each) for each in ("x", "", "?q", "mailto:x", long, "x", "")] == [
        "http://site.test/a/x", "http://site.test/a/1", "http://site.test/a/1?q", None, f"http://site.test/a/{long}",
        "http://site.test/a/x", "http://site.test/a/1",
    ]  # fmt: skip
    assert (known, first.added) == ({"x": "http://site.test/a/x", "mailto:x": None}, 2)
    second = Addresses("http://site.test/a/2", known=known)
    assert [second.of(each) for each in ("x", "", "mailto:x")] == ["http://site.test/a/x", "http://site.test/a/2", None]
    assert second.added == 0


def test_what_a_page_repeats_word_for_word_is_listed_once() -> None:
    html = (
        "<a href=x>1</a>\n<a href=x>1</a><a href=x#f>1</a><a href=x>2</a><a href=x rel=nofollow>1</a>"
        "<img src=x><img src=x>"
    )
    assert [(one.kind.value, one.fragment, one.text, one.line, one.nofollow) for one in read(html).references] == [
        ("link", None, "1", 1, False), ("link", "f", "1", 2, False), ("link", None, "2", 2, False),
        ("link", None, "1", 2, True), ("image", None, "", 2, False),
    ]  # fmt: skip


def test_the_fields_of_the_header_point_too() -> None:
    link = (
        "<a>; rel=canonical, <b>; rel=next; type=text/html, <c>; rel=alternate; hreflang=de, "
        "<d>; rel=preload; as=script, "
        '<e>; rel=stylesheet, <f>; rel=preload; as=image; imagesrcset="g 1x, h 2x", <no>; rel=next; anchor=other, '
        "<no>; rel=preconnect, <>; rel=next, <i>; rel='nofollow next'"
    ).replace("'", '"')
    made = read("", headers={"link": link, "refresh": "5; url=r"})
    assert [(one.kind.value, one.url[-1], one.element, one.text, one.line) for one in made.references] == [
        ("link", "r", "Refresh", "", 0),
        ("canonical", "a", "Link", "", 0),
        ("pagination", "b", "Link", "", 0),
        ("hreflang", "c", "Link", "de", 0),
        ("script", "d", "Link", "", 0),
        ("stylesheet", "e", "Link", "", 0),
        ("image", "f", "Link", "", 0),
        ("image", "g", "Link", "", 0),
        ("image", "h", "Link", "", 0),
        ("pagination", "i", "Link", "", 0),
    ]
    assert [one.nofollow for one in made.references].count(True) == 1
    assert len(references_of_stylesheet("", URL, headers={"link": "<x>; rel=next"}).references) == 1


def test_one_element_may_point_for_several_reasons() -> None:
    kinds = [one.kind.value for one in read("<link rel='icon apple-touch-icon canonical next' href=x>").references]
    assert kinds == ["icon", "canonical", "pagination"]


def test_the_anchors_of_a_page_are_ids_and_names_of_links() -> None:
    html = (
        "<p id=a><a name=b id=c><p id=a><img name=no><p id=''><svg id=d><g id=e></svg>"
        "<template id=f><p id=no></template>"
        "<div><template shadowrootmode=open><p id=no></template></div><noscript id=g></noscript>"
        "<p id='&lt;h&gt;'><a name='&amp;'>"
        "<!-- <p id=no> --><script id=i>'<p id=no>'</script><math id=j></math>"
    )
    assert set(read(html).anchors) == {*"abcdefgij", "<h>", "&"}
    assert read("<a href=x name=n>t</a>").anchors == ("n",)


def test_the_facts_of_a_page() -> None:
    html = (
        "<title>one</title><title>two</title><meta name=Description content=' a\n b '><meta name=description content=c>"
        "<h1>x</h1><h1>y</h1>\n<img src=i><img src=j alt=''><form action=/f method=post></form><form></form>"
    )
    made = read(
        html, headers={"x-frame-options": "DENY", "server": "x", "referrer-policy": "origin"}, encoding_problem="bad"
    )
    assert made.facts == AuditFacts(
        description="a b",
        headings=2,
        missing_alt=(("i", 3),),
        titles=2,
        security_headers=("referrer-policy", "x-frame-options"),
        forms=(("post", "http://site.test/f", 3), ("get", URL, 3)),
        encoding_problem="bad",
    )
    assert read("").facts == AuditFacts(titles=0)


@pytest.mark.parametrize(
    ("policy", "upgrades"),
    [
        ("upgrade-insecure-requests", True),
        ("default-src 'self'; Upgrade-Insecure-Requests ;", True),
        ("default-src 'self', upgrade-insecure-requests", True),
        ("default-src upgrade-insecure-requests", False),
        ("upgrade-insecure-requests-not", False),
        ("default-src 'self'", False),
    ],
)
def test_a_policy_may_have_browsers_ask_by_https_for_what_is_named_by_http(policy: str, upgrades: bool) -> None:
    assert read("", headers={"content-security-policy": policy}).facts.upgrades is upgrades
    assert read(f'<meta http-equiv=Content-Security-Policy content="{policy}">').facts.upgrades is upgrades
    assert not read("", headers={"content-security-policy-report-only": policy}).facts.upgrades


def test_a_meta_element_may_stand_for_a_security_header() -> None:
    html = "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">"
    assert read(html).facts.security_headers == ("content-security-policy",)


@pytest.mark.parametrize(
    "attributes",
    [
        "alt=''", "alt=x", "aria-label=x", "aria-labelledby=x", "title=x", "hidden", "role=presentation", "role=NONE",
        "aria-hidden=true", "width=1 height=1", "width=0 height=1",
    ],
)  # fmt: skip
def test_an_image_that_needs_no_alternative_text(attributes: str) -> None:
    assert read(f"<img src=i {attributes}>").facts.missing_alt == ()
    assert read(f"<input type=image src=i {attributes}>").facts.missing_alt == ()


@pytest.mark.parametrize(
    "attributes", ["", "title=' '", "aria-hidden=false", "role=img", "width=1", "width=1 height=20"]
)
def test_an_image_that_lacks_an_alternative_text(attributes: str) -> None:
    assert read(f"<img src=i {attributes}>").facts.missing_alt == (("i", 1),)
    assert read(f"<input type=image src=i {attributes}>").facts.missing_alt == (("i", 1),)


def test_an_image_is_named_by_what_it_loads() -> None:
    assert read("<img srcset='a 1x'><img>").facts.missing_alt == (("a 1x", 1), ("", 1))


def test_a_page_of_references_is_a_line() -> None:
    made = read("<p id=i><a href=x#y>z</a>", headers={"x-frame-options": "DENY"})
    line = references_line(made)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert references_of(line) == made


def test_lone_surrogates_are_replaced() -> None:
    assert references_of(references_line(read("<a href=x\ud800 id=\ud800>\ud800</a>"))).anchors == ("\ufffd",)


def test_noscript_is_written_as_it_was() -> None:
    html = (
        "<a href='x?<noscript>' id='<NoScript>'>t</a><img src='<noscript>'><form action='<noscript>'>"
        "<noscript></noscript>"
    )
    made = read(html)
    assert made.references[0].url == "http://site.test/a/x?%3Cnoscript%3E"
    assert made.anchors == ("<NoScript>",)
    assert made.facts.missing_alt == (("<noscript>", 1),)
    assert made.facts.forms[0][1] == "http://site.test/a/%3Cnoscript%3E"


def test_a_page_with_too_many_references_says_how_many_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_REFERENCES", 3)
    html = "".join(f"<a href={n} id=i{n}>t</a><img src=i{n}><form action=f{n}><input type=password>" for n in range(5))
    made = read(html)
    assert (len(made.references), made.omitted, made.omitted_anchors) == (3, 12, 2)
    assert (len(made.anchors), len(made.facts.missing_alt), len(made.facts.forms)) == (3, 3, 3)


def test_short_addresses_of_a_long_base_are_left_out_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MAX_CHARACTERS", 100)
    made = read("".join(f"<a href={number}>t</a>" for number in range(9)))
    assert (len(made.references), made.omitted) == (5, 4)


def test_the_references_of_an_old_crawl_have_its_urls() -> None:
    made = read("<a href='x?utm_source=n&b=1'>t</a>", policy=Policy(strip_tracking=True))
    assert made.references[0].url == "http://site.test/a/x?b=1"


@pytest.mark.parametrize(
    "part",
    [
        "<a href=x>", "<a href=x>&amp;", "<a href='x", "<svg>", "<svg><style>", "<svg><a href=x>", "<math><mi>",
        "<p style='x:url(y)'>", "<img srcset='a 1x,b 2x'>", "<style>@import '", "<style>p{x:url(", "<title>",
        "<noscript>", "<template>",
        "<link rel='icon next' href=x>", "<form action=x><button formaction=y>", "<![CDATA[", "<!--", "<base href=x>",
    ],
)  # fmt: skip
def test_hostile_pages_take_linear_time(part: str) -> None:
    assert len(read(part * (200_000 // len(part))).references) <= 200_000 // 10


@pytest.mark.parametrize(
    "html",
    [
        "<div hidden><p><div></div><img src=i></div>",
        "<div hidden=until-found><img src=i></div>",
        "<span aria-hidden=TRUE><b><img src=i></b></span>",
        "<div style='color:red; DISPLAY : none'><input type=image src=i></div>",
        "<div style='display:none !important;color:red'><img src=i></div>",
        "<ul><li hidden><ul><li>x</li></ul><img src=i></ul>",
        "<p hidden><img src=i>",
        "<dl><dt hidden><img src=i><dd>x</dl>",
        "<div hidden><div hidden></div><img src=i></div>",
        "<svg hidden><g hidden/><foreignObject><img src=i></foreignObject></svg>",
        "<div hidden><svg><svg/></svg><img src=i></div>",
        "<img src=i style=display:none>",
    ],
)
def test_an_image_in_a_hidden_part_needs_no_alternative_text(html: str) -> None:
    text = f"{html}<a href=x>after</a>"
    assert read(text).facts.missing_alt == ()
    assert made_of(read_references(text)[1])[0].facts.missing_alt == ()


@pytest.mark.parametrize(
    "html",
    [
        "<div hidden></div><img src=i>",
        "<div hidden><div></div></div><img src=i>",
        "<div aria-hidden=false><img src=i></div>",
        "<div style='display:nonesuch'><img src=i></div>",
        "<div style='--display:none'><img src=i></div>",
        "<p hidden>x<div><img src=i></div>",
        "<ul><li hidden>x<li><img src=i></ul>",
        "<ul><li hidden>x</ul><img src=i>",
        "<table><tr hidden><td>x<tr><td><img src=i></table>",
        "<br hidden><img src=i>",
        "<svg hidden/><img src=i>",
        "<svg hidden><path/></svg><img src=i>",
        "<svg><path hidden /></svg><img src=i>",
        "<template><div hidden></template><img src=i>",
        "<span hidden>x</span><template></span></template><img src=i>",
    ],
)
def test_an_image_beside_a_hidden_part_needs_an_alternative_text(html: str) -> None:
    assert read(html).facts.missing_alt == (("i", 1),)
    assert made_of(read_references(html)[1])[0].facts.missing_alt == (("i", 1),)
