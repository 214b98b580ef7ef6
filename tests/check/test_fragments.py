"""A fragment leads to an element whose id or name it is, as browsers find it."""

from __future__ import annotations

from time import process_time

import pytest

from gossamer.check.fragments import indicated, nearest


@pytest.mark.parametrize(
    ("fragment", "ids"),
    [
        ("install", ("install",)),
        ("Install", ("Install",)),
        ("caf%C3%A9", ("caf%C3%A9", "café")),
        ("café", ("caf%C3%A9", "café")),
        ("a b", ("a%20b", "a b")),
        ("a%20b", ("a%20b", "a b")),
        ("100%", ("100%",)),
        ("%FF", ("%FF", "\ufffd")),
        ("a+b", ("a+b",)),
        ("new\nline", ("newline",)),
        ("intro:~:text=silk", ("intro",)),
        ("operator==", ("operator==",)),
    ],
)
def test_an_id_is_compared_as_written_in_the_url_and_then_decoded(fragment: str, ids: tuple[str, ...]) -> None:
    assert indicated(fragment) == ids


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "top",
        "TOP",
        "%74op",
        ":~:text=silk",
        "/users/7",
        "!/users/7",
        "t=10,20",
        "page=3",
        "xywh=0,0,9,9",
        "a=1&b=2",
        "elementor-action%3Aaction%3Dpopup%3Aopen%26settings%3DeyJpZCI6IjEifQ%3D%3D",
    ],
)
def test_some_fragments_lead_somewhere_on_any_page(fragment: str) -> None:
    assert indicated(fragment) == ()


@pytest.mark.parametrize(
    ("fragment", "anchors", "meant"),
    [
        ("Install", ["usage", "install"], "install"),
        ("getting_started", ["getting-started"], "getting-started"),
        ("getting-startd", ["about", "getting-started"], "getting-started"),
        ("caf%C3%A9s", ["café"], "café"),
        ("section-9", ["section-4", "section-5"], ""),
        ("weather", ["install", "usage"], ""),
        ("install", [], ""),
        ("top", ["install"], ""),
        ("+", ["-"], ""),
    ],
)
def test_the_nearest_anchor_is_suggested(fragment: str, anchors: list[str], meant: str) -> None:
    assert nearest([fragment], anchors).get(fragment, "") == meant


def test_no_page_has_its_fragments_searched_for_longer_than_a_moment() -> None:
    anchors = [f"section-{number:05}-{'ab' * (number % 9)}" for number in range(5000)]
    missing = [f"part-{number:05}-{'ba' * (number % 9)}" for number in range(5000)]
    began = process_time()
    assert nearest([*missing, "Section_00000_"], anchors)["Section_00000_"] == anchors[0]
    assert nearest(["x" * 100_000], ["xy" * 50_000]) == {}
    assert process_time() - began < 30  # seconds: without limits it takes hours
