"""The report of a crawl in a real browser: light, dark, narrow, without its script, and on paper."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gossamer.report.files import write_html
from tests.support.chromium import Chromium, installed
from tests.support.made_up_crawl import write_crawl

pytestmark = [pytest.mark.slow, pytest.mark.server]
LOADED = 1.0  # seconds until a report of 100,000 pages is there


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    if installed() is None:
        pytest.skip("there is no chromium here")
    with Chromium() as running:
        for domain in ("Network", "Log", "Runtime"):
            running._ask(f"{domain}.enable")
        yield running


def written(directory: Path, pages: int) -> str:
    write_crawl(directory / "c", pages, pending=5)
    return write_html(directory / "c").path.as_uri()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("report"), 5000)


def look(browser: Chromium, url: str, *, scheme: str = "light", width: int = 1280, script: bool = True) -> None:
    """Load a page as somebody with that taste, screen and browser would see it."""
    browser._ask("Emulation.setScriptExecutionDisabled", value=not script)
    browser._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser._ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser._events.clear()
    browser._ask("Page.navigate", url=url)
    browser._wait_for("Page.loadEventFired")


def evaluated(browser: Chromium, expression: str) -> Any:
    said = browser._ask("Runtime.evaluate", expression=expression, returnByValue=True)
    assert "exceptionDetails" not in said, said
    return said["result"].get("value")


def complaints(browser: Chromium) -> list[str]:
    """Return what the console of the browser has: errors, and breaches of the page's policy."""
    kinds = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
    return [json.dumps(event["params"]) for event in browser._events if event["method"] in kinds]


@pytest.mark.parametrize("script", [True, False])
def test_the_report_asks_nobody_for_anything_and_breaks_no_rule(browser: Chromium, report: str, script: bool) -> None:
    look(browser, report, script=script)
    asked = [
        event["params"]["request"]["url"] for event in browser._events if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [report]
    assert complaints(browser) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("script", [True, False])
def test_nothing_sticks_out_at_the_side(browser: Chromium, report: str, scheme: str, width: int, script: bool) -> None:
    look(browser, report, scheme=scheme, width=width, script=script)
    assert evaluated(browser, "document.documentElement.scrollWidth") <= width


COLOURS = """
[...document.querySelectorAll("p, a, th, td, button, summary, code, dt, dd, h1, h2, h3, li, caption, label")]
  .filter((one) => one.offsetParent && one.textContent.trim())
  .map((one) => {
    let box = one;
    while (getComputedStyle(box).backgroundColor === "rgba(0, 0, 0, 0)") box = box.parentElement;
    return [one.localName, getComputedStyle(one).color, getComputedStyle(box).backgroundColor].join("|");
  })
"""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(", ")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Chromium, report: str, scheme: str) -> None:
    look(browser, report, scheme=scheme)
    pairs = {tuple(found.split("|")) for found in evaluated(browser, COLOURS)}
    assert len(pairs) > 10
    assert {pair: round(contrast(*pair[1:]), 2) for pair in pairs if contrast(*pair[1:]) < 4.5} == {}
    ground = evaluated(browser, "getComputedStyle(document.body).backgroundColor")
    assert (contrast(ground, "rgb(0, 0, 0)") > 15) is (scheme == "light")


def test_without_the_script_the_page_has_every_table_and_no_tool(browser: Chromium, report: str) -> None:
    look(browser, report)
    tables = evaluated(browser, "document.querySelectorAll('table').length")
    assert evaluated(browser, "document.querySelectorAll('.tools').length") == tables
    look(browser, report, script=False)
    assert evaluated(browser, "document.querySelectorAll('table').length") == tables
    assert evaluated(browser, "document.querySelectorAll('.tools, button, input').length") == 0


SIZES = "[...document.querySelectorAll('[data-name=large] tbody tr')].map((row) => +row.cells[3].dataset.v)"


def test_a_table_is_sorted_by_a_click_on_a_head(browser: Chromium, report: str) -> None:
    look(browser, report)
    before = evaluated(browser, SIZES)
    head = "document.querySelectorAll('[data-name=large] thead th')[3]"
    for wanted in ("descending", "ascending"):
        evaluated(browser, f"{head}.querySelector('button').click()")
        assert evaluated(browser, f"{head}.getAttribute('aria-sort')") == wanted
        assert evaluated(browser, SIZES) == sorted(before, reverse=wanted == "descending")


def test_a_table_is_filtered_by_what_is_typed(browser: Chromium, report: str) -> None:
    look(browser, report)
    evaluated(
        browser, "window.tools = document.querySelector('[data-name=broken]').parentElement.previousElementSibling"
    )
    evaluated(browser, "tools.querySelector('input').value = 'PAGE-180-of'")
    evaluated(browser, "tools.querySelector('input').dispatchEvent(new Event('input'))")
    shown = "[...document.querySelectorAll('[data-name=broken] tbody tr')].filter((row) => !row.hidden)"
    assert evaluated(browser, f"{shown}.length") >= 1
    assert evaluated(browser, f"{shown}.every((row) => row.textContent.includes('page-180-of'))") is True
    assert evaluated(browser, "tools.querySelector('[role=status]').textContent").endswith("of 200")


def test_a_table_can_be_downloaded(browser: Chromium, report: str, tmp_path: Path) -> None:
    look(browser, report)
    evaluated(browser, "URL.createObjectURL = (blob) => { window.saved = blob; return 'blob:x'; }")
    evaluated(
        browser,
        "document.querySelector('[data-name=depths]').parentElement.previousElementSibling.querySelector('button').click()",
    )
    text = browser._ask("Runtime.evaluate", expression="saved.text()", awaitPromise=True, returnByValue=True)
    lines = text["result"]["value"].split("\r\n")
    assert lines[0] == '"links from the start","pages","failed","share of pages"'
    assert lines[1].startswith('"0","1","0","0.000')


def test_the_report_can_be_printed(browser: Chromium, report: str) -> None:
    look(browser, report)
    paper = base64.b64decode(browser._ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") > 3


def test_a_report_of_100_000_pages_opens_at_once(browser: Chromium, tmp_path: Path) -> None:
    url, took = written(tmp_path, 100_000), list[float]()
    for _ in range(3):  # the best of three: other programs may keep this machine busy
        look(browser, url)
        took.append(evaluated(browser, "performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000)
        assert complaints(browser) == []
    assert min(took) < LOADED
