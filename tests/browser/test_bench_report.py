"""The report of `gossamer bench`, looked at in a real browser: light, dark, narrow, and on paper."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator

import pytest

from gossamer.bench.page import html
from gossamer.bench.verdicts import judge
from tests.bench.test_page import SOME
from tests.support.chromium import Chromium, installed

pytestmark = [pytest.mark.slow, pytest.mark.server]


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    if installed() is None:
        pytest.skip("there is no chromium here")
    with Chromium() as running:
        running._ask("Network.enable")
        yield running


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "gossamer-bench.html"
    path.write_text(html(SOME, judge(SOME)), encoding="utf-8")
    return path.as_uri()


def look(browser: Chromium, url: str, scheme: str, width: int) -> bytes:
    """Load a page as somebody with that taste and screen would see it, and take a picture (PNG)."""
    wish = [{"name": "prefers-color-scheme", "value": scheme}]
    browser._ask("Emulation.setEmulatedMedia", features=wish)
    browser._ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.read(url)
    return base64.b64decode(browser._ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])


def size(picture: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def corner(picture: bytes) -> tuple[int, int, int]:
    """Give the colour of the first pixel: the paper. (The filter of a first row leaves its first pixel as it is.)"""
    packed, at = b"", 8
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        packed += picture[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    row = zlib.decompress(packed)
    return row[1], row[2], row[3]


def test_the_report_is_dark_on_light_or_light_on_dark_as_the_reader_likes(browser: Chromium, report: str) -> None:
    light, dark = (look(browser, report, scheme, 1100) for scheme in ("light", "dark"))
    assert min(corner(light)) > 230
    assert max(corner(dark)) < 60
    assert size(light) == size(dark)


@pytest.mark.parametrize("width", [1100, 390])
def test_nothing_sticks_out_at_the_side(browser: Chromium, report: str, width: int) -> None:
    look(browser, report, "light", width)
    asked = browser._ask("Runtime.evaluate", expression="document.documentElement.scrollWidth")
    assert asked["result"]["value"] <= width


def test_the_report_asks_nobody_for_anything(browser: Chromium, report: str) -> None:
    look(browser, report, "light", 1100)
    asked = [
        event["params"]["request"]["url"] for event in browser._events if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [report]


def test_the_report_can_be_printed(browser: Chromium, report: str) -> None:
    browser.read(report)
    paper = base64.b64decode(browser._ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
    assert paper.startswith(b"%PDF")
    assert 1 <= paper.count(b"/Type /Page\n") <= 4
