"""References are found natively where that is possible, and are those that reading token by token finds."""

from __future__ import annotations

import os
import random

import pytest

from gossamer.parse.references import quick
from gossamer.parse.references import reader as reader_module
from gossamer.parse.references.quick import FindReferences, native_references, read_references
from gossamer.parse.references.reader import ReferenceReader
from tests.parse import fuzz_scan
from tests.parse.references.fuzz_references import differs, made_of, page
from tests.parse.references.test_elements import ELEMENTS, NOTHING


@pytest.fixture
def native() -> FindReferences:
    if native_references is None:
        wanted = os.environ.get("GOSSAMER_REQUIRE_SERVERS") == "1"
        (pytest.fail if wanted else pytest.skip)("the native part was not compiled: is there a C compiler?")
    return native_references


@pytest.mark.usefixtures("native")
@pytest.mark.parametrize("make", [page, fuzz_scan.page])
def test_both_ways_read_made_up_pages_alike(make: object) -> None:
    rng = random.Random(7)
    answers = [differs(make(rng)) for _ in range(10_000)]  # type: ignore[operator]  # it makes pages
    assert True not in answers
    assert answers.count(False) > 3_000, "too few of the pages are read natively"


@pytest.mark.usefixtures("native")
@pytest.mark.parametrize("html", [*ELEMENTS, *NOTHING])
def test_both_ways_read_each_element_alike(html: str) -> None:
    assert not differs(html)
    assert not differs(f"<title>t</title>\n<a href=before>b</a>{html}\n<a href=after>a</a>")


@pytest.mark.parametrize(
    "wild",
    [
        "<svg><a>",
        "<svg><p>",
        "<svg><style>",
        "<MATH>",
        "<template>",
        "<frameset>",
        "<plaintext>",
        "<script>",
        "<style>x",
    ],
)
def test_what_the_native_part_does_not_understand_it_leaves_to_the_reader(native: FindReferences, wild: str) -> None:
    assert native(f"<a href=x>x</a>{wild}".encode()) is None


def test_a_page_with_too_many_links_is_left_to_the_reader(native: FindReferences) -> None:
    assert native(b"".join(b"<a href=%d></a>" % number for number in range(100_002))) is None


@pytest.mark.usefixtures("native")
def test_both_ways_leave_out_the_same_of_a_page_with_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (quick, reader_module):
        monkeypatch.setattr(module, "MAX_REFERENCES", 3)
    text = "".join(f"<a href={n} id=i{n}>t</a><script src=s{n}></script><img src=i{n}>" for n in range(5))
    made, anchors = made_of(read_references(text)[1])
    assert (len(made.references), made.omitted, len(anchors), made.omitted_anchors) == (3, 12, 3, 2)
    assert not differs(text)


def test_a_page_is_read_without_the_native_part_too(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "<title>t</title><a href=x>one</a><a href=y rel=nofollow>two</a><img src=i>"
    scan, reader = read_references(text)
    monkeypatch.setattr(quick, "native_references", None)
    again, slow = read_references(text)
    assert type(slow) is ReferenceReader
    assert (scan, made_of(reader)) == (again, made_of(slow))


@pytest.mark.usefixtures("native")
def test_what_is_remembered_is_bounded_and_still_understood_beyond_that(monkeypatch: pytest.MonkeyPatch) -> None:
    caches: dict[str, dict[bytes, object]] = {name: {} for name in ("_tokens", "_texts", "_alone")}
    for name, cache in caches.items():
        monkeypatch.setattr(quick, name, cache)
    monkeypatch.setattr(quick, "_REMEMBERED", 5)
    for number in range(20):
        assert not differs(
            "".join(f"<script src={number}/{at}></script><a href=x>{at}&amp;{number}</a>" for at in range(4))
        )
        assert all(0 < len(cache) <= 5 for cache in caches.values())


@pytest.mark.usefixtures("native")
def test_what_is_long_is_understood_and_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    caches: dict[str, dict[bytes, object]] = {name: {} for name in ("_tokens", "_texts", "_alone")}
    for name, cache in caches.items():
        monkeypatch.setattr(quick, name, cache)
    assert not differs(f"<img src={'x' * 1000}><a href=x>{'y&amp;' * 300}</a>")
    assert not any(caches.values())


def test_the_native_part_takes_bytes_and_nothing_else(native: FindReferences) -> None:
    with pytest.raises(TypeError, match="a page is bytes, not str"):
        native("<a>")  # type: ignore[arg-type]
    with pytest.raises(UnicodeDecodeError):
        native(b"<p id=\xff>")
