"""The report stands alone: no script, nothing from elsewhere, everything escaped, every run drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import msgspec

from gossamer.bench.cells import Interpreter
from gossamer.bench.page import html, noise
from gossamer.bench.plots import Dots, Panel, Row, nice_ticks, strip_plot
from gossamer.bench.verdicts import judge
from tests.support.bench_runs import ASYNCIO, INLINE, THREADS, results, run

BROKEN = "it was not steady: 1 < 2 & so on."
SOME = results(
    *(run(ASYNCIO, 500.0 + number, number) for number in range(3)),
    *(run(THREADS, 90.0 + number, number) for number in range(3)),
    run(INLINE, 10.0, 0),
    run(INLINE, 11.0, 1, broken=(BROKEN,)),
)


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    page = html(SOME, judge(SOME))
    assert "://" not in page
    assert not re.search(r"<(?:script|link|img|iframe|object|embed|base)\b|@import|url\(|\bon\w+=|\bsrc=", page)
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', page))


def test_every_run_is_a_dot_in_every_panel_and_the_broken_ones_are_hollow() -> None:
    page = html(SOME, judge(SOME))
    assert page.count('<circle class="dot') == 2 * len(SOME.runs)
    assert page.count('<circle class="dot hollow') == 2
    assert "it was not steady: 1 &lt; 2 &amp; so on." in page
    assert BROKEN not in page


def test_the_page_says_what_to_set_and_what_took_part() -> None:
    there = msgspec.structs.replace(
        SOME, interpreters=(Interpreter("/opt/python3.14t", "python3.14t", trouble="gossamer is not installed for it"),)
    )
    page = html(there, judge(there))
    assert "engine = &quot;asyncio&quot;" in page
    assert "python3.14t (/opt/python3.14t): gossamer is not installed for it" in page


def test_a_noisy_machine_is_named() -> None:
    assert noise(SOME) == ""
    noisy = results(*(run(ASYNCIO, 500.0, number, others=1.2) for number in range(3)))
    assert noise(noisy).startswith("Other programs used 1.2 of 2 cores")


def test_a_plot_is_well_formed_and_escapes_its_labels() -> None:
    row = Row("a < b", "asyncio", (Dots((1.0, 2.0), (False, True), 1.0, 1.5, 2.0),))
    drawn = strip_plot("what & why", [Panel("pages")], [row], standalone=True)
    root = ET.fromstring(drawn)
    assert root.attrib["aria-label"] == "what & why"
    assert "a < b" in [element.text for element in root.iter() if element.tag.endswith("text")]


def test_ticks_are_round_and_reach_the_largest_value() -> None:
    assert nice_ticks(0) == [0.0, 1.0]
    for largest in (0.013, 0.9, 1, 7, 99, 1234, 56_000):
        ticks = nice_ticks(largest)
        assert ticks[-1] >= largest > ticks[-2]
        assert 3 <= len(ticks) <= 6
