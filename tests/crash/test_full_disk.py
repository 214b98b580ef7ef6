"""A disk of its own, too small for the crawl: it ends with code 4 and a sentence, and goes on once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.sites import NginxSite, SiteUnavailable
from tests.crash.kill import AT_ONCE, SOURCE, judge, undisturbed
from tests.crash.kill import Campaign as Found

PAGES, SMALL, ROOMY = 220, "4m", "64m"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxSite]:
    root = tmp_path_factory.mktemp("site")
    for number in range(PAGES):
        links = "".join(f"<a href=p{(number * 3 + step + 1) % PAGES}.html>x</a>" for step in range(5))
        (root / f"p{number}.html").write_text(f"<title>Page {number}</title>{links}<!--{os.urandom(30_000).hex()}-->")
    try:
        with NginxSite(root, start="/p0.html") as serving:
            yield serving
    except SiteUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[str], None]]]:
    """A file system in memory, small at first, and how to make it larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*options: str) -> None:
        subprocess.run(["mount", *options, str(place)], check=True, capture_output=True)

    try:
        mount("-t", "tmpfs", "-o", f"size={SMALL}", "none")
    except (OSError, subprocess.CalledProcessError) as trouble:
        pytest.skip(f"mounting a file system needs root: {trouble}")
    yield place, lambda size: mount("-o", f"remount,size={size}")
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.server
@pytest.mark.parametrize("engine", [pytest.param("threads", marks=pytest.mark.slow), "asyncio"])
def test_a_crawl_on_a_full_disk_stops_in_words_and_goes_on(
    site: NginxSite, disk: tuple[Path, Callable[[str], None]], tmp_path: Path, engine: str
) -> None:
    place, grow = disk
    crawl = place / "crawl"
    words = ["crawl", site.url, "-o", str(crawl), "-f", "jsonl", "-f", "warc", "--allow-private", "127.0.0.1"]
    code, said = gossamer(*words, "--delay", "0", "--host-concurrency", str(AT_ONCE), "-e", engine)
    assert code == 4, said
    assert "full" in said or "No space left" in said
    assert f"gossamer resume {crawl}" in said
    assert "Traceback" not in said
    code, again = gossamer("resume", str(crawl))
    assert code == 4, again
    grow(ROOMY)
    code, said = gossamer("resume", str(crawl))
    assert code == 0, said
    found = Found(engine)
    judge(found, crawl, ("jsonl", "warc"), undisturbed(site, tmp_path / "whole"))
    assert (found.links, found.lost, found.twice, found.strangers) == (PAGES, 0, 0, 0)


def gossamer(*words: str) -> tuple[int, str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "gossamer", *words, "-q"],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stderr
