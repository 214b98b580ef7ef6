"""Tame pages are read quickly, and say exactly what reading them token by token would say."""

from __future__ import annotations

import random

import pytest

from fuzz_scan import NAMES, differs, page
from gossamer.parse.quick import _TAGS, quick_scan, scan
from gossamer.parse.scan import RAW, Reader

TAME = '<!DOCTYPE html><html lang="de"><meta name="robots" content="noindex"><title>t &amp; u</title>{}</html>'


def test_both_ways_read_made_up_pages_alike() -> None:
    rng = random.Random(20)
    answers = [differs(page(rng)) for _ in range(20_000)]
    assert True not in answers
    assert answers.count(False) > 2_000, "too few of the pages are tame"


def test_a_tame_page_is_read_quickly() -> None:
    text = TAME.format(
        '<a href="x" rel="nofollow">1</a><a href="y">2</a><a href="#z">3</a><noscript><a href="w"></noscript>'
    )
    found = quick_scan(text)
    assert found == Reader(text).read()
    assert found is not None
    assert (found.hrefs, found.nofollow_hrefs, found.title, found.language) == (("y", "w"), ("x",), "t & u", "de")


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
    assert quick_scan(text) is None
    assert scan(text) == Reader(text).read()


def test_every_tag_that_means_anything_is_looked_at() -> None:
    for name in Reader.TAGS | RAW:
        for tag in (f"<{name}>", f"<{name.upper()}\tx=y>", f"<{name}/>"):
            assert _TAGS.fullmatch(tag), tag
    assert set(NAMES) > Reader.TAGS | RAW, "the made-up pages must contain them all"
