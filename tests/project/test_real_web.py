"""The web of the real-web races: its pages cost what live ones cost, and a crawl of it finds them all."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.real_web.bodies import figures_of, made_up, saved
from benchmarks.real_web.site import RealWeb, linked
from benchmarks.sites import SiteUnavailable

SOURCE = Path(__file__).parent.parent.parent / "src"


@pytest.fixture(scope="module")
def web() -> Iterator[RealWeb]:
    try:
        with RealWeb(made_up(4), hosts=4, pages=3) as served:
            yield served
    except SiteUnavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.server
def test_every_page_of_every_host_is_found_over_tls(web: RealWeb, tmp_path: Path) -> None:
    web.forget()
    command = [sys.executable, "-m", "gossamer", "crawl", "-i", str(web.seeds), "--ca-file", str(web.ca_file), "-q"]
    command += ["--allow-private", "127.0.0.0/8", "--delay", "0", "-o", str(tmp_path / "site.crawl")]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=True)
    assert len(web.pages()) == web.reachable == 12
    assert {web.file_of(path).suffix for path in web.pages()} == {".gz", ".br"}
    made = web.connections()
    assert made.connections >= 4
    assert made.resumed <= made.connections


def test_made_up_pages_are_as_full_as_saved_ones() -> None:
    made = figures_of(made_up(60))
    assert 110_000 < made.size < 220_000
    assert 4 < made.size / made.compressed_by_gzip < 6.5
    assert 600 < made.tags < 900
    assert 100 < made.links < 190
    assert 25 < made.pages_with_svg < 60
    assert made_up(3) == made_up(3)


def test_links_without_a_host_lead_to_pages_of_the_same_host() -> None:
    body = b'<body><a class=x href="/about">1</a><a href="https://e.example/">2</a><a href=\'#top\'>3</a></body>'
    page = linked(body, 5, 0, 2)
    assert b'href="/about"' not in page
    assert b'<a class=x href="0.html">' in page or b'<a class=x href="1.html">' in page
    assert b"<a href=\"https://e.example/\">2</a><a href='#top'>3</a>" in page
    assert page.endswith(b'<p>Page 0 of host 5.</p>\n<a href="/1.html">more</a>\n</body>')


def test_saved_pages_are_read_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "b.html").write_bytes(b"<p>second")
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(b"<p>first"))
    assert saved(tmp_path) == [b"<p>first", b"<p>second"]
    with pytest.raises(SystemExit, match=r"has no \*\.html"):
        saved(tmp_path / "nothing")
