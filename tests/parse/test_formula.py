"""Formulas are written in one line, with brackets wherever their layout alone tells what belongs together."""

from __future__ import annotations

import pytest

from gossamer.parse.text.markdown import main_text, markdown

SUM = "<mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow>"


def formula(inside: str) -> str:
    return main_text(f"<p><math>{inside}</math>")


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<msup><mi>x</mi><mn>2</mn></msup>", "x^2"),
        ("<msup><mi>f</mi><mo>\u2032</mo></msup>", "f\u2032"),
        (f"<msub><mi>x</mi>{SUM}</msub>", "x_(b+1)"),
        ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_1^2"),
        (f"<munderover><mo>\u2211</mo>{SUM}<mi>n</mi></munderover>", "\u2211_(b+1)^n"),
        (f"<mfrac><mi>a</mi>{SUM}</mfrac>", "a/(b+1)"),
        (f"<msqrt>{SUM}</msqrt>", "\u221a(b+1)"),
        (f"<mroot>{SUM}<mn>3</mn></mroot>", "(b+1)^(1/3)"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a,b)"),
        ("<mi>a</mi><mphantom><mi>b</mi></mphantom>", "a"),
        ("<mtable><mtr><mtd>1</mtd><mtd>0</mtd></mtr><mtr><mtd>0</mtd><mtd>1</mtd></mtr></mtable>", "1, 0; 0, 1"),
    ],
)
def test_what_layout_says_is_said_in_one_line(inside: str, expected: str) -> None:
    assert formula(inside) == expected


def test_an_element_with_too_few_children_is_the_text_of_those_it_has() -> None:
    assert formula("<mfrac><mi>a</mi></mfrac>") == formula("<mroot><mi>a</mi></mroot>") == "a"


def test_an_end_tag_ends_what_was_left_open_in_its_element() -> None:
    assert formula("<mfrac><mi>a</mi><mrow><mi>b</mfrac><mi>c</mi>") == "a/bc"
    assert formula("<mi>a</mi></mfrac><mi>b</mi>") == "ab", "one of nothing open ends nothing"


def test_a_formula_that_is_never_ended_ends_with_its_block() -> None:
    assert main_text("<p>a <math><mfrac><mi>x</mi><mi>y</mi><p>b") == "a x/y\nb"


def test_the_end_or_an_empty_tag_of_a_formula_alone_is_nothing() -> None:
    assert main_text("<p>a</math>b <math/>c") == "ab c"


def test_the_code_of_a_formula_is_no_tex() -> None:
    tex = "<annotation encoding='application/x-tex'>x_1</annotation>"
    formula = f"<math><msub><mi>x</mi><mn>1</mn></msub>{tex}</math>"
    assert markdown(f"<p>{formula}") == "$x_1$"
    assert markdown(f"<code>{formula}</code>") == "`x_1`"
