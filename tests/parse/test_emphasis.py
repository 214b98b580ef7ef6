"""Emphasis, subscripts and superscripts that are nested, misplaced or empty leave no stray marks in a text."""

from __future__ import annotations

import pytest

from gossamer.parse.text.markdown import markdown


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<b>a <b>b</b> c</b> d", "**a b c** d"),
        ("<b>a <i>b</b> c", "**a b** c"),
        ("<b>one <i>two</b> three</i> four", "**one two** three four"),
        ("<em>a <em>b", "*a b*"),
        ("a</em> b", "a b"),
        ("a <b>b", "a **b**"),
        ("a <b><i> </i></b>b", "a b"),
    ],
)
def test_elements_in_others_of_their_kind_or_across_them_have_no_marks(html: str, expected: str) -> None:
    assert markdown(f"<p>{html}") == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("x<sup></sup>y", "xy"),
        ("a<sub> </sub>b", "a b"),
        ("<sup>2</sup>H", "2H"),
        ("<b></b><sup>2</sup>", "2"),
        ("<b><sub>n</sub></b>", "**n**"),
        ("a <sub>b</sub> c", "a b c"),
        ("x<sub>[i]</sub>", r"x\[i\]"),
        ("H<sub>2</sub>O", "H2O"),
        ("10<sub>2</sub>", "10_2"),
    ],
)
def test_a_subscript_or_superscript_of_nothing_or_without_need_has_no_mark(html: str, expected: str) -> None:
    assert markdown(f"<p>{html}") == expected


def test_emphasis_does_not_hide_that_a_line_end_between_chinese_characters_is_no_space() -> None:
    assert markdown("<p>\u6f22<i>\n\u5b57</i>") == "\u6f22*\u5b57*"
    assert markdown("<p><b>\u6f22\n</b>\u5b57") == "**\u6f22**\u5b57"
    assert markdown("<p><b>a\n</b>\u5b57") == "**a** \u5b57"
