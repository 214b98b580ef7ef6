"""Pages are read quickly where that is possible, and say exactly what reading them token by token would say."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from gossamer.parse.links import quick
from gossamer.parse.links.quick import FindLinks, native_links, quick_scan, scan, tame_links
from gossamer.parse.links.scan import RAW, Reader
from tests.parse.fuzz_native import NO_SANITIZERS
from tests.parse.fuzz_scan import NAMES, differs, page

TAME = '<!DOCTYPE html><html lang="de"><meta name="robots" content="noindex"><title>t &amp; u</title>{}</html>'


def test_both_ways_read_made_up_pages_alike() -> None:
    rng = random.Random(20)
    answers = [differs(page(rng)) for _ in range(20_000)]
    assert True not in answers
    assert answers.count(False) > 2_000, "too few of the pages are tame"


@pytest.fixture
def native() -> FindLinks:
    if native_links is None:
        wanted = os.environ.get("GOSSAMER_REQUIRE_SERVERS") == "1"
        (pytest.fail if wanted else pytest.skip)("the native part was not compiled: is there a C compiler?")
    return native_links


@pytest.fixture(params=["python", "native"])
def find(request: pytest.FixtureRequest) -> FindLinks:
    return tame_links if request.param == "python" else request.getfixturevalue("native")


def test_a_tame_page_is_read_quickly(find: FindLinks) -> None:
    text = TAME.format(
        '<a href="x" rel="nofollow">1</a><a href="y">2</a><a href="#z">3</a><noscript><a href="w"></noscript>'
    )
    found = quick_scan(text, find)
    assert found == Reader(text).read()
    assert found is not None
    assert (found.hrefs, found.nofollow_hrefs, found.title, found.language) == (("y", "w"), ("x",), "t & u", "de")


def test_tags_are_remembered_up_to_a_bound_and_still_understood_beyond_it(
    find: FindLinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: dict[bytes, object] = {}
    monkeypatch.setattr(quick, "_meanings", remembered)
    monkeypatch.setattr(quick, "_REMEMBERED", 5)
    for number in range(20):
        # the tags of one page alone are more than fit
        tags = "".join(f"<area href='{number}/{place}'><area rel=nofollow href='n{place}'>" for place in range(4))
        text = TAME.format(tags)
        assert quick_scan(text, find) == Reader(text).read()
        assert 0 < len(remembered) <= 5


def test_a_long_tag_is_understood_and_not_remembered(find: FindLinks, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: dict[bytes, object] = {}
    monkeypatch.setattr(quick, "_meanings", remembered)
    text = f"<area rel=nofollow href='{'x' * 1000}'><area rel=nofollow href=y>"
    assert quick_scan(text, find) == Reader(text).read()
    assert list(remembered) == [b"<area rel=nofollow href=y>"]


@pytest.mark.parametrize(
    "wild",
    [
        "<!-- <a href=x> -->",
        '<img alt="1 > 2">',
        '<img alt="1 < 2">',
        "<img alt = '1 > 2'>",
        "<script>a < b</script>",
        "<script>document.write('<a href=x>')</script>",
        "<title>a <b> c</title>",
        "<svg><a href=x></a></svg>",
        "<template><a href=x></a></template>",
        "<frameset><frame src=x></frameset>",
        "<plaintext><a href=x>",
        "<style>a",
        "<a href=x",
        '<meta name="robots" content="noindex">',  # the second one
    ],
)
def test_a_wild_page_is_left_to_the_reader(wild: str) -> None:
    text = TAME.format(wild)
    assert quick_scan(text, tame_links) is None
    assert scan(text) == Reader(text).read()


@pytest.mark.parametrize(
    ("markup", "hrefs"),
    [
        ('<!-- <a href=x> --><a href="y">', ("y",)),
        ("<!--> <a href=x> -->", ("x",)),
        ("<!---> <a href=x> -->", ("x",)),
        ("<!-- x --!><a href=x>", ("x",)),
        ("<!-- x -- > <a href=x> --->", ()),
        ("<!-- x", ()),
        ("<img alt=\"1 > 2 <a href=x>\"><a href='<y>'>", ("<y>",)),
        ('<b ="<a href=x>"><a href=y>', ("y",)),
        ('<b x=="><a href=y>', ("y",)),
        ('<b x=y"><a href=y>', ("y",)),
        ("<b/x=/><a/href=y/>", ("y/",)),
        ("</b x='<a href=x>'><a href=y>", ("y",)),
        ("<script>document.write('<a href=x>')</script ><a href=y>", ("y",)),
        ("<script><!-- </script><a href=y>", ("y",)),
        ("<STYLE>a > b </styles></style/x><a href=y>", ("y",)),
        ("<title>a <a href=x> c</title><a href=y>", ("y",)),
        ("<iframe src=z><a href=x></iframe><a href=y>", ("z", "y")),
        ("<textarea></textareas><a href=x></TEXTAREA><a href=y>", ("y",)),
        ("<?php <a href=x> ?><!x <a href=x2>></ <a href=x3><a href=y>", ("y",)),
        ("< a href=x><3><>", ()),
        ("<a href=y", ()),
        ("<a href='y", ()),
        ("a<", ()),
        ("</", ()),
        ("</b", ()),
        ("<!", ()),
        ("<!-", ()),
        ("<!--", ()),
        ("<!-->", ()),
        ("<b x=", ()),
        ("<svg><path/><title>t</title><use href='#u'/></svg><a href=x>", ("x",)),
        ("<svg width='1'/><a href=x>", ("x",)),
        ("<a href=x><svg><svg><g></g></svg><!-- </svg> --></svg></a>", ("x",)),
    ],
)
def test_what_is_no_tame_page_is_read_natively(markup: str, hrefs: tuple[str, ...], native: FindLinks) -> None:
    found = quick_scan(markup, native)
    assert found is not None
    assert found.hrefs == hrefs
    assert found == Reader(markup).read()


@pytest.mark.parametrize(
    "wild",
    [
        "<script><!-- <script></script><a href=x>",
        "<script>",
        "<title>a",
        "<style></style",
        "<svg>",
        "<svg a=b/><a href=x>",
        "<svg><a href=x></a></svg>",
        "<svg><p></svg>",
        "<svg><path></p></svg>",
        "<svg><title>t<b></title></svg>",
        "<svg><desc><b></desc></svg>",
        "<svg><![CDATA[ </svg> ]]></svg>",
        "<svg></></svg>",
        "<svg><path",
        "<svg><",
        "<MATH x>",
        "<plaintext>",
    ],
)
def test_what_the_native_part_does_not_understand_it_leaves_to_the_reader(wild: str, native: FindLinks) -> None:
    assert native(wild.encode()) is None
    assert scan(wild) == Reader(wild).read()


def test_the_native_part_takes_bytes_and_nothing_else(native: FindLinks) -> None:
    with pytest.raises(TypeError, match="a page is bytes, not str"):
        native("<a>")  # type: ignore[arg-type]


def test_every_tag_that_means_anything_is_looked_at(find: FindLinks) -> None:
    silent = {"a", "area", "script", "style", "textarea", "xmp", "noembed", "noframes", "svg"}  # nothing in it
    for name in Reader.TAGS | RAW - {"noscript"}:
        end = f"</{name}>" if name in RAW else ""
        for tag in (f"<{name}>", f"<{name.upper()}\tx=y>", f"<{name}/>"):
            found = find(f"<u>{tag}{end}</u>".encode())
            if found:
                first = next(iter(found))
                assert isinstance(first, bytes)
                assert first.startswith(tag.encode())
            else:
                assert found is None or name in silent, tag
    assert set(NAMES) > Reader.TAGS | RAW, "the made-up pages must contain them all"


def test_the_native_part_reads_no_byte_beyond_a_page(native: FindLinks) -> None:
    script = Path(__file__).with_name("fuzz_native.py")
    command = [sys.executable, str(script), "--seconds", "3"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    if ended.returncode == NO_SANITIZERS:
        pytest.skip(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "nothing reported" in ended.stdout
