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


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a <b>c<br></b>d", "a **c**\\\nd"),
        ("a <em>c<br></em>d", "a *c*\\\nd"),
        ("a <del>c<br></del>d", "a ~~c~~\\\nd"),
        ("a <code>c<br></code>d", "a `c`\\\nd"),
        ("a<code><br>c</code>d", "a\\\n`c`d"),
        ("a <b><code>c<br></code></b>d", "a **`c`**\\\nd"),
        ("a <b><i>c<br></i></b>d", "a ***c***\\\nd"),
        ("a <b>b <i>c<br></i><br></b>d", "a **b *c***\\\nd"),
        ("a <b>c <br> <br> </b> d", "a **c**\\\nd"),
        ("a <b>c<br></b><br>d", "a **c**\\\nd"),
        ("a <b>c<br></b><i>d</i>", "a **c**\\\n*d*"),
        ("a<b><br>c</b> d", "a\\\n**c** d"),
        ("a <b> <br> <i><br>c</i></b> d", "a\\\n***c*** d"),
        ("a <b>x<br></b> <b><br>y</b>z", "a **x**\\\n**y**z"),
        ("a <b>c<br>d</b>", "a **c\\\nd**"),
        ("a<b><br></b>d", "a\\\nd"),
        ("<b><br>c<br></b>", "**c**"),
        ("<b>c<br></b> <i> </i>", "**c**"),
        ("c<br><i> </i> <b> </b><br>d", "c\\\nd"),
        ("a <b>c\\<br></b>d", "a **c\\\\**\\\nd"),
        ("a <b>c<br></b>- d", "a **c**\\\n\\- d"),
    ],
)
def test_a_line_break_at_the_edge_of_an_element_moves_out_of_it(html: str, expected: str) -> None:
    assert markdown(f"<p>{html}") == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [("<h2>a <i>c<br></i>d</h2>", "## a *c* d"), ("<ul><li><b>x<br></b>y</ul>", "- **x**\\\n  y")],
)
def test_a_line_break_that_moved_out_is_one_of_its_block(html: str, expected: str) -> None:
    assert markdown(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"), [("a<b><i>c </i></b>d", "a***c*** d"), ("a<b><i> c</i></b>d", "a ***c***d")]
)
def test_white_space_moves_out_of_all_the_elements_around_it(html: str, expected: str) -> None:
    assert markdown(f"<p>{html}") == expected
