"""Numbers, sizes and durations are written for people."""

from __future__ import annotations

import pytest

from gossamer.values.formatting import cell, numbered, printable, shown_duration, shown_size


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (shown_duration(0.44), "0.4 s"),
        (shown_duration(12.4), "12 s"),
        (shown_duration(59.7), "1 min"),
        (shown_duration(185), "3 min 05 s"),
        (shown_duration(7800), "2 h 10 min"),
        (shown_duration(11.125 * 86400), "11 d 03 h"),
        (numbered(1, "page"), "1 page"),
        (numbered(2000, "page"), "2,000 pages"),
        (shown_size(0), "0 B"),
        (shown_size(1536), "1.5 KB"),
        (shown_size(10 * 1024**2), "10 MB"),
        (shown_size(3 * 1024**4), "3.0 TB"),
    ],
)
def test_figures_are_written_for_people(shown: str, text: str) -> None:
    assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcödé", "plain ünïcödé"),
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f"),
        ("\ud800", "\\ud800"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("x" * 2001, "x" * 2000 + "…"),
    ],
)
def test_a_text_of_strangers_moves_nothing_on_the_screen(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell(f"a{text}") == f"a{text}"
