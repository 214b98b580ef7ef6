"""The URLs that stylesheets load, by the rules of CSS Syntax."""

from __future__ import annotations

import pytest

from gossamer.parse.references.css import urls_of, urls_of_declarations
from gossamer.parse.references.page import references_of_stylesheet

IMPORT, FONT, IMAGE = ("stylesheet", "@import"), ("font", "@font-face"), ("image", "url()")


def found(css: str) -> list[tuple[str, str, str]]:
    return [(url.kind.value, url.holder, url.href) for url in urls_of(css)]


CASES = {
    "@import 'x';": IMPORT,
    '@import "x" ;': IMPORT,
    "@import url(x);": IMPORT,
    "@import url('x');": IMPORT,
    "@import src('x');": IMPORT,
    "@IMPORT URL( x ) screen;": IMPORT,
    "@\\69mport 'x'": IMPORT,
    "@import 'x'": IMPORT,
    "@import/**/'x'": IMPORT,
    "@import 'x' layer(y) supports(background: url(z)) print;": IMPORT,
    "@charset 'utf-8'; @layer a, b; @import 'x';": IMPORT,
    "<!-- @import 'x'; -->": IMPORT,
    "@font-face { src: url(x) }": FONT,
    "@font-face { font-family: 'F'; src: local('no'), url('x') format('woff') }": FONT,
    "@media print { @font-face { src: url(x) } }": FONT,
    "@Font-Face{src:src('x')}": FONT,
    "p { background: url(x) }": IMAGE,
    "p { background: url(x": IMAGE,
    "p { background: url('x": IMAGE,
    "p { background: url( \t'x' ) no-repeat }": IMAGE,
    "p { background: url(\n  x\n) }": IMAGE,
    "p { background: \\75\nrl(x) }": IMAGE,
    "p { background: u\\r\\l(x) }": IMAGE,
    "p { background: url(\\78 ) }": IMAGE,
    "p { background: url('\\\nx') }": IMAGE,
    "p { background: url('x' crossorigin('use-credentials')) }": IMAGE,
    "p { background: image-set('x' type('image/png') 1x) }": IMAGE,
    "p { background: -webkit-image-set(url(x) 1x) }": IMAGE,
    "p { width: calc(1px + (2px)); cursor: url(x), auto }": IMAGE,
    "p { content: 'url(no)'; background: url(x) }": IMAGE,
    "p { content: '\\'url(no)'; background: url(x) }": IMAGE,
    'p { content: "/*"; background: url(x) /* url(no) */ }': IMAGE,
    "p { background: url(no no) } p { background: url(x) }": IMAGE,
    "p { background: url(no'no') } p { background: url(x) }": IMAGE,
    "p { background: url(no\\) } no) } p { background: url(x) }": IMAGE,
    "p { content: 'no\n background: url(x) }": IMAGE,
    "p { background: url() } p { background: url(x) }": IMAGE,
    "p { color: rgb(1, 2, 3; background: url(x) } ": IMAGE,
    "p) } { background: url(x) } }": IMAGE,
    "p { & b { background: url(x) } }": IMAGE,
    "p { --own: url(x) }": IMAGE,
    "@page { background: url(x) }": IMAGE,
    "@supports (background: url(no)) { p { background: url(x) } }": IMAGE,
    "@-moz-document url(http://no/) { p { background: url(x) } }": IMAGE,
    "@namespace url(http://no/); p { background: url(x) }": IMAGE,
    "@ \\\n p { background: url(x) }": IMAGE,
}


@pytest.mark.parametrize("css", CASES)
def test_a_stylesheet_loads_one_thing(css: str) -> None:
    assert found(css) == [(*CASES[css], "x")]


@pytest.mark.parametrize(
    "css",
    [
        "",
        "p { color: red }",
        "/* @import 'x'; */",
        "/* @import 'x';",
        "p { content: 'url(x)' }",
        "p {} @import 'x';",
        "@font-face {} @import 'x';",
        "@layer a { } @import 'x';",
        "@media print { @import 'x'; }",
        "@import (x) 'y';",
        "@importer 'x';",
        "@namespace 'x';",
        "url(x) src('x') image-set('x')",
        "p { background: myurl(x) }",
        "p { background: url }",
        "p { background: attr('x') }",
        "src: 'x'",
    ],
)
def test_a_stylesheet_loads_nothing(css: str) -> None:
    assert found(css) == []


def test_a_stylesheet_loads_several_things_in_order() -> None:
    css = "@import 'a'; @import url(b); @font-face { src: url(c), url(d) } p { x: url(e), image-set('f' 1x, 'g' 2x) }"
    assert [href for _, _, href in found(css)] == list("abcdefg")
    assert [href for _, _, href in found("@import 'a', 'no'; @import 'b'")] == ["a", "b"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a\\26 b", "a&b"),
        ("a\\000026b", "a&b"),
        ("\\1F600", "\U0001f600"),
        ("\\0\\d800\\110000", "\ufffd\ufffd\ufffd"),
        ("\\'\\(", "'("),
        ("x\\", "x"),
    ],
)
def test_escapes_are_decoded(written: str, meant: str) -> None:
    assert [url.href for url in urls_of(f"p {{ background: url({written}")] == [meant]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_of_a_url_is_known(end: str) -> None:
    css = end.join(["@import 'a';", "/*", "*/ p {", "x: url(b); y: url(", "  'c')", "}", "p{z:url(d)}"])
    assert [(url.href, url.line) for url in urls_of(css)] == [("a", 1), ("b", 4), ("c", 5), ("d", 7)]
    assert [url.line for url in urls_of(css, 10)] == [10, 13, 14, 16]


def test_declarations_alone_load_images_and_nothing_else() -> None:
    css = "background: url(x); @import 'no'; b: url('y')"
    assert [(url.kind.value, url.href) for url in urls_of_declarations(css)] == [("image", "x"), ("image", "y")]


@pytest.mark.parametrize(
    "part", ["url(", "'", '"', "(", "{", "\\", "/*", "@", "a\\", "url('", "*", "url(\\", "b", "'\\\n"]
)
def test_hostile_stylesheets_take_linear_time(part: str) -> None:
    css = "url(x)" + part * (200_000 // len(part))
    assert len(found(css)) < 3


def test_a_stylesheet_is_a_line_of_references() -> None:
    made = references_of_stylesheet(
        "@import 'b.css';\np{x:url(i.png#f)} q{x:url(data:x)} r{x:url(#g)}", "http://site.test/css/a"
    )
    assert made.url == "http://site.test/css/a"
    assert [(one.kind.value, one.url, one.fragment, one.element, one.line) for one in made.references] == [
        ("stylesheet", "http://site.test/css/b.css", None, "@import", 1),
        ("image", "http://site.test/css/i.png", "f", "url()", 2),
    ]
