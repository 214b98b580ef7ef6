"""The report in a real browser: it is drawn, light and dark, and asks nobody for anything."""

from __future__ import annotations

import json
import subprocess
import zlib
from pathlib import Path

import pytest

from gossamer.bench.page import html
from gossamer.bench.verdicts import judge
from tests.bench.test_page import SOME
from tests.support.chromium import installed

WIDTH, HEIGHT = 1000, 1400


@pytest.fixture
def chromium() -> str:
    found = installed()
    if found is None:
        pytest.skip("there is no chromium here")
    return found


def photographed(chromium: str, directory: Path, *flags: str) -> tuple[list[bytes], str]:
    """Have the report drawn; give the rows of pixels, and what the network stack was asked for."""
    page, picture, log = (directory / name for name in ("report.html", "report.png", "net.json"))
    page.write_text(html(SOME, judge(SOME)), encoding="utf-8")
    subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-proxy-server",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={directory / 'profile'}",
            f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={picture}", f"--log-net-log={log}", *flags,
            page.as_uri(),
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return pixels(picture.read_bytes()), log.read_text(encoding="utf-8", errors="replace")


def pixels(png: bytes) -> list[bytes]:
    """Unpack a PNG of 8 bits a channel into rows, filters not undone: enough to see whether anything is drawn."""
    at, data, width, channels = 8, b"", 0, 3
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, channels = int.from_bytes(body[:4], "big"), {2: 3, 6: 4}[body[9]]
        elif kind == b"IDAT":
            data += body
        at += 12 + size
    raw, row = zlib.decompress(data), 1 + width * channels
    return [raw[start : start + row] for start in range(0, len(raw), row)]


def asked_for(log: str) -> list[str]:
    """List the URLs that the page had the browser ask for; what the browser asks of its own accord has no origin."""
    events = json.loads(log if log.rstrip().endswith("}") else log.rstrip().rstrip(",") + "]}")["events"]
    said = [event["params"] for event in events if isinstance(event.get("params"), dict)]
    asked = [(params["url"], params.get("initiator", "")) for params in said if "url" in params]
    return [url for url, origin in asked if origin not in ("", "not an origin") and not url.startswith("file:")]


def test_a_browser_draws_the_report_in_light_and_dark_and_asks_nobody(chromium: str, tmp_path: Path) -> None:
    drawn = {}
    for scheme, flag in (("light", "1"), ("dark", "0")):
        directory = tmp_path / scheme
        directory.mkdir()
        rows, log = photographed(chromium, directory, f"--blink-settings=preferredColorScheme={flag}")
        assert len(rows) == HEIGHT
        assert len(set(rows)) > HEIGHT / 4, "a blank page has hardly two kinds of rows"
        assert asked_for(log) == []
        drawn[scheme] = rows
    assert drawn["light"] != drawn["dark"]
