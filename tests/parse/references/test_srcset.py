"""The images of srcset, by the algorithm of the HTML standard."""

from __future__ import annotations

import pytest

from gossamer.parse.references.srcset import images_of


@pytest.mark.parametrize(
    ("srcset", "images"),
    [
        ("", []),
        (" , ,", []),
        ("a", ["a"]),
        ("a,b", ["a,b"]),
        ("a, b", ["a", "b"]),
        ("a ,b", ["a", "b"]),
        ("a,,, b", ["a", "b"]),
        (",a 1x,b 2x", ["a", "b"]),
        ("a 100w, b 200w", ["a", "b"]),
        ("a 100w 50h", ["a"]),
        ("a 1.5x, b .5x, c 1e2x, d 0x", ["a", "b", "c", "d"]),
        ("a\n\t100w\n,\nb", ["a", "b"]),
        ("data:x,y 1x, b", ["data:x,y", "b"]),
        ("a (1, 2) 1x, b", ["b"]),
        ("a (1, 2, b 1x", []),
        ("a 1x 2x, b", ["b"]),
        ("a 1x 2w, b", ["b"]),
        ("a 50h, b", ["b"]),
        ("a 0w, b", ["b"]),
        ("a -1x, b", ["b"]),
        ("a 1.w, b 1.x, c +1x, d 1y, e", ["e"]),
        ("a?b=(c) 1x", ["a?b=(c)"]),
    ],
)
def test_candidates_are_told_apart(srcset: str, images: list[str]) -> None:
    assert list(images_of(srcset)) == images


@pytest.mark.parametrize("part", [",", "(", "a ", "a,", "1w ", "a (", ") "])
def test_hostile_values_take_linear_time(part: str) -> None:
    assert len(list(images_of("x " + part * 100_000))) <= 100_001
