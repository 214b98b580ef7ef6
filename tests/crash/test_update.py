"""Updates of a real site on nginx: its entity tags are believed, and a SIGKILL in the middle costs nothing."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.sites import NginxSite, SiteUnavailable
from gossamer.api.crawler import Crawler
from tests.crash.kill import archived, live, undisturbed

pytestmark = pytest.mark.server
PAGES = 600


@pytest.fixture
def site(tmp_path: Path) -> Iterator[NginxSite]:
    root = tmp_path / "root"
    root.mkdir()
    for number in range(PAGES):
        links = "".join(f"<a href=p{(number * 7 + step * step + 1) % PAGES}.html>x</a>" for step in range(12))
        (root / f"p{number}.html").write_text(f"<title>Page {number}</title>{links}")
    try:
        with NginxSite(root, start="/p0.html", extra="open_file_cache off;") as serving:
            yield serving
    except SiteUnavailable as missing:
        pytest.skip(str(missing))


def rewrite(site: NginxSite) -> None:
    """Change some pages, touch one, remove two, and add one."""
    root = site.root
    for number in (3, 30, 300):
        path = root / f"p{number}.html"
        path.write_text(path.read_text() + "<p>changed")
    first = root / "p0.html"
    first.write_text(first.read_text() + "<a href=new.html>new</a>")
    (root / "new.html").write_text("new")
    os.utime(root / "p5.html", (1_000_000_000, 1_000_000_000))
    for number in (7, 77):
        (root / f"p{number}.html").unlink()


def changes(directory: Path) -> dict[str, Any]:
    records = [json.loads(line) for line in (directory / "pages.jsonl").read_bytes().splitlines()]
    assert max(Counter(record["url"] for record in records).values()) == 1, "recorded once"
    return {record["url"].rpartition("/")[2]: record["change"] for record in records}


def expected() -> dict[str, str]:
    found = {f"p{number}.html": "unchanged" for number in range(PAGES)} | {"new.html": "added"}
    return found | {f"p{it}.html": "changed" for it in (0, 3, 30, 300)} | {f"p{it}.html": "gone" for it in (7, 77)}


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_what_is_not_modified_is_not_sent_again(site: NginxSite, tmp_path: Path, engine: str) -> None:
    crawl = undisturbed(site, tmp_path / "crawl")
    rewrite(site)
    site.forget()
    report = Crawler.update(crawl, engine=engine).run()  # type: ignore[arg-type]
    assert changes(crawl / "update-0001") == expected()
    statuses = Counter(visit.status for visit in site.visits() if visit.path.startswith("/p") or "new" in visit.path)
    # p5 was only touched: it is sent again, and found to be the same.
    assert statuses == {304: PAGES - 7, 200: 6, 404: 2}
    assert report.changes is not None
    assert (report.changes.added, report.changes.changed, report.changes.gone) == (1, 4, 2)


def test_an_update_killed_three_times_is_whole(site: NginxSite, tmp_path: Path) -> None:
    crawl = tmp_path / "crawl"
    assert live(site, crawl, "asyncio", ("jsonl", "warc"), None, 0.0)
    rewrite(site)
    site.forget()
    update, kills = crawl / "update-0001", 0
    for words in (["crawl", "--update", str(crawl)], *[["resume", str(update)]] * 3):
        died = not live(site, update, "asyncio", (), None if kills == 3 else 30_000 * (kills + 1), 0.0, words=words)
        kills += died
    assert kills == 3
    assert changes(update) == expected()
    assert len(archived(update)) == PAGES + 1
